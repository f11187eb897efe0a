"""What can go wrong between an AF and a NEF.

    NefError
    ├── TransportError            no answer came
    │   ├── ConnectFailed         no connection: nothing reached the NEF, asking again is safe
    │   ├── TimedOut              no answer in time: it may have been carried out
    │   └── ConnectionBroken      the connection broke: it may have been carried out
    ├── InvalidReply              an answer came that is none by the standard
    ├── NoAnalytics               the NEF has no analytics about this UE now
    └── ProblemError              the NEF answered with a problem (a status of its own: 406, 415 …)
        ├── BadRequest            400
        ├── NotAuthorized         401
        ├── Refused               403, with what would be accepted
        ├── NotFound              404
        ├── Conflict              409
        ├── TooLarge              413
        ├── TooMany               429, with the time to wait
        └── ServerFailed          5xx, with the time to wait

`ProblemError` is made from `ProblemDetails` (TS 29.122 5.2.1, RFC 9457).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class NefError(Exception):
    """The AF did not get what it asked the NEF for.

    `request_id` is what the request was called in `X-Request-Id`, and is in the log of a NEF that
    takes it from there; None where the error is not about one request.
    """

    request_id: str | None = None


class TransportError(NefError):
    """No answer came from the NEF."""


class ConnectFailed(TransportError):
    """No connection was made, so nothing was carried out."""


class TimedOut(TransportError):
    """The NEF did not answer in time; it may or may not have carried out the request."""


class ConnectionBroken(TransportError):
    """The connection broke before the answer; the request may have been carried out."""


class InvalidReply(NefError):
    """The NEF answered with something that the standard does not allow there."""


class NoAnalytics(NefError):
    """The NEF has no such analytics now (204, or an answer without a rate)."""


@dataclass(frozen=True, slots=True)
class InvalidParam:
    """What in the request was wrong: a JSON Pointer or a header's name, and why."""

    param: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AcceptableRate:
    """The rates that the network would accept for one media flow."""

    max_rate_dl_bps: int | None = None
    min_rate_dl_bps: int | None = None
    max_rate_ul_bps: int | None = None
    min_rate_ul_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What a ProblemDetails body and its headers say; `raw` is the body, {} if it was no JSON.

    `acceptable` maps the number of a media flow to its rates, 0 standing for the whole session.
    """

    status: int
    title: str | None = None
    cause: str | None = None
    detail: str | None = None
    invalid_params: tuple[InvalidParam, ...] = ()
    acceptable: Mapping[int, AcceptableRate] = field(default_factory=dict)
    retry_after_s: float | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class ProblemError(NefError):
    """The NEF refused a request; `str()` says which, why, and what was wrong in it."""

    def __init__(self, problem: Problem, where: str = "", request_id: str | None = None) -> None:
        self.problem = problem
        self.request_id = request_id
        self.status = problem.status
        self.cause = problem.cause
        self.detail = problem.detail
        self.invalid_params = problem.invalid_params
        super().__init__(_sentence(problem, where, request_id))

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which asking again makes sense, if the NEF says so."""
        return self.problem.retry_after_s


class BadRequest(ProblemError):
    """The request is wrong: see `invalid_params`."""


class NotAuthorized(ProblemError):
    """The NEF does not know who asks."""


class Refused(ProblemError):
    """The network does not give this: no resources, or no permission; see `cause`."""

    @property
    def acceptable(self) -> dict[int, AcceptableRate]:
        """What would be accepted, by number of the media flow (0: the whole session).

        From `acceptableServInfo`; empty where the NEF does not say.
        """
        return dict(self.problem.acceptable)


class NotFound(ProblemError):
    """There is no such session for this AF, or no such UE."""


class Conflict(ProblemError):
    """The request contradicts the present state."""


class TooLarge(ProblemError):
    """The request's body is larger than the NEF takes."""


class TooMany(ProblemError):
    """The AF asks too often."""


class ServerFailed(ProblemError):
    """The NEF failed, or is not available now (5xx)."""


_KINDS: Mapping[int, type[ProblemError]] = {
    400: BadRequest,
    401: NotAuthorized,
    403: Refused,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: TooMany,
}


def problem_error(problem: Problem, where: str = "", request_id: str | None = None) -> ProblemError:
    """Return the error of the tree for a problem; `where` names the request in its text."""
    other = ServerFailed if problem.status >= 500 else ProblemError
    return _KINDS.get(problem.status, other)(problem, where, request_id)


def _sentence(problem: Problem, where: str, request_id: str | None) -> str:
    head = f"{where} -> {problem.status}" if where else str(problem.status)
    wrong = problem.invalid_params
    # A NEF may tell in its detail already what is wrong where, or only what.
    said = "" if any(p.reason == problem.detail for p in wrong) else problem.detail or ""
    params = (f"{p.param}: {p.reason}" if p.reason else p.param for p in wrong)
    parts = [problem.cause or problem.title, said, *(text for text in params if text not in said)]
    parts.append(f"request {request_id}" if request_id else "")
    return "; ".join([head, *(part for part in parts if part)])
