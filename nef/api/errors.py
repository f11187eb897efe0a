"""The one place that knows HTTP statuses: every error becomes a ProblemDetails (TS 29.500 5.2.7).

The causes are those of TS 29.500 table 5.2.7.2-1 and, for a refusal, of TS 29.514 table 5.7-1.
"""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from connexion import FlaskApp
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nef.api.documents import api_at, apis, resource_at
from nef.api.mandatory import cause_of_wrong
from nef.domain.errors import (
    Conflict,
    InvalidParam,
    InvalidQuery,
    InvalidRequest,
    MixedWindow,
    NefError,
    NotFound,
    NotModifiable,
    NotReady,
    NoWindow,
    QuotaExceeded,
    ResourcesRefused,
    StoreUnavailable,
    TooLate,
    UeNotFound,
    Unfinished,
)
from nef.ports.tokens import InvalidToken, KeysOutOfReach
from nef.schemas.problems import acceptable_document
from nef.telemetry.requests import current

_LOG = logging.getLogger(__name__)
PROBLEM = "application/problem+json"

#: When a refused AF may ask again: the radio of a UE has moved on by then.
RETRY_AFTER_S = 5
#: When somebody is back who was out of reach, and when an AF may ask again that asked too often.
_BACK_AFTER_S = 1
#: When it is worth trying again to have a token verified.
_KEYS_AFTER_S = 10


class MalformedBody(NefError):
    """The body is no JSON at all."""


class BodyTooLarge(NefError):
    """The body is longer than this service takes."""


class NotAcceptable(NefError):
    """The client takes no JSON."""


class UnsupportedMediaType(NefError):
    """The body is of another type, or in an encoding that JSON does not use (RFC 8259 8.1)."""

    def __init__(self, message: str, accepted: Mapping[str, str]) -> None:
        """`accepted` is the header that names the types which are taken, for the answer."""
        self.accepted = accepted
        super().__init__(message)


class UnsupportedCoding(NefError):
    """The body is compressed."""


class TooManyRequests(NefError):
    """The AF has asked more often than it may; nothing was carried out."""


class MissingToken(NefError):
    """The request has no access token."""


class InsufficientScope(NefError):
    """The token is good, and not for this API."""

    def __init__(self, scope: str) -> None:
        """`scope` is what a token for this API has."""
        self.scope = scope
        super().__init__(f"the token is not for this API: its scope lacks {scope}")


class AnotherAf(NefError):
    """The token is good, and its holder may not act as the AF that the path names."""


class ForeignPage(NefError):
    """A browser asks for a page that is not of this service."""


class UnknownApi(NefError):
    """The path names an API, or a version of one, that is not served."""


_STATUSES: dict[type[NefError], tuple[HTTPStatus, str | None]] = {
    MalformedBody: (HTTPStatus.BAD_REQUEST, "INVALID_MSG_FORMAT"),
    UnknownApi: (HTTPStatus.BAD_REQUEST, "INVALID_API"),
    # INCORRECT_LENGTH is for a Content-Length that is wrong (411).
    BodyTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, None),
    NotAcceptable: (HTTPStatus.NOT_ACCEPTABLE, None),
    UnsupportedCoding: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, None),
    UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, None),
    InvalidRequest: (HTTPStatus.BAD_REQUEST, "OPTIONAL_IE_INCORRECT"),
    # every parameter of a query is optional in our documents
    InvalidQuery: (HTTPStatus.BAD_REQUEST, "OPTIONAL_QUERY_PARAM_INCORRECT"),
    NotModifiable: (HTTPStatus.FORBIDDEN, "MODIFICATION_NOT_ALLOWED"),
    MixedWindow: (HTTPStatus.BAD_REQUEST, "BOTH_STAT_PRED_NOT_ALLOWED"),
    TooLate: (HTTPStatus.BAD_REQUEST, "UNSATISFIED_REQUESTED_ANALYTICS_TIME"),
    UeNotFound: (HTTPStatus.NOT_FOUND, "UE_NOT_FOUND"),
    NotFound: (HTTPStatus.NOT_FOUND, None),
    Conflict: (HTTPStatus.CONFLICT, "RESOURCE_BUSY"),
    Unfinished: (HTTPStatus.GATEWAY_TIMEOUT, "TIMED_OUT_REQUEST"),
    NoWindow: (HTTPStatus.FORBIDDEN, "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED"),
    # The cause of a network function whose work another one takes over, with the status that tells
    # a client to come back.
    NotReady: (HTTPStatus.SERVICE_UNAVAILABLE, "NF_FAILOVER"),
    ResourcesRefused: (HTTPStatus.FORBIDDEN, "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED"),
    StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "SYSTEM_FAILURE"),
    TooManyRequests: (HTTPStatus.TOO_MANY_REQUESTS, "NF_CONGESTION_RISK"),
    # No table has causes for these: the errors of RFC 6750 3.1 stand there, and some of ours.
    QuotaExceeded: (HTTPStatus.FORBIDDEN, "QUOTA_EXCEEDED"),
    MissingToken: (HTTPStatus.UNAUTHORIZED, "missing_token"),
    InvalidToken: (HTTPStatus.UNAUTHORIZED, "invalid_token"),
    InsufficientScope: (HTTPStatus.FORBIDDEN, "insufficient_scope"),
    ForeignPage: (HTTPStatus.FORBIDDEN, "REQUESTED_SERVICE_NOT_AUTHORIZED"),
    AnotherAf: (HTTPStatus.FORBIDDEN, "REQUESTED_SERVICE_NOT_AUTHORIZED"),
    KeysOutOfReach: (HTTPStatus.SERVICE_UNAVAILABLE, "SYSTEM_FAILURE"),
}

#: Of many things that are wrong so many are listed, and of a long text so many characters shown.
_MOST_PARAMS, _LONGEST = 20, 300

#: What is wrong where an error is about the body as a whole, or about a header.
_WHERE: dict[type[NefError], str] = {
    MalformedBody: "/",
    BodyTooLarge: "/",
    UnsupportedMediaType: "Content-Type",
    UnsupportedCoding: "Content-Encoding",
    NotAcceptable: "Accept",
}

#: The part of a path that names what has ended, or is of another AF.
_SUBSCRIPTION = "{subscriptionId}"


def problem(
    status: HTTPStatus,
    cause: str | None,
    detail: str,
    params: Iterable[InvalidParam] = (),
    **more: Any,
) -> bytes:
    """The body of a ProblemDetails, which may have members of ours (RFC 9457 3.2): `requestId`.

    Where no table has a cause the status says it all.
    """
    document: dict[str, Any] = {
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if cause is not None:
        document["cause"] = cause
    trace = current()
    if trace is not None:
        document["requestId"] = trace.id
    wrong = [{"param": _short(p.pointer), "reason": _short(p.reason)} for p in params]
    if wrong:
        document["invalidParams"] = wrong
    return orjson.dumps(document | more)


def register(app: FlaskApp) -> None:
    """Let every error that leaves the framework or a service pass through here."""
    app.add_error_handler(NefError, _of_service)
    app.add_error_handler(ProblemException, _of_framework)
    app.add_error_handler(HTTPException, _of_framework)
    app.add_error_handler(Exception, _unforeseen)


def answer(error: NefError, path: str) -> Response:
    """The answer to a request at a path, where the framework has not been reached yet."""
    status, body, headers = _told(error, path)
    return Response(body, status.value, headers, PROBLEM)


async def _of_service(request: ConnexionRequest, error: NefError) -> ConnexionResponse:
    return _response(*_told(error, request.scope["path"], request.method))


def _told(error: NefError, path: str, method: str = "") -> tuple[HTTPStatus, bytes, dict[str, str]]:
    kind = next(k for k in type(error).__mro__ if k in _STATUSES)
    status, _ = _STATUSES[kind]
    params = _params_of(error, path)
    cause = _cause_of(kind, params, method, path)
    detail = _named(params) if isinstance(error, InvalidRequest) else _short(str(error))
    headers, more = {}, {}
    if isinstance(error, ResourcesRefused):
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        more = acceptable_document(error.acceptable)
    elif isinstance(error, (NotReady, TooManyRequests)):
        headers = {"Retry-After": str(_BACK_AFTER_S)}
    elif isinstance(error, BodyTooLarge):
        headers = {"Connection": "close"}  # the rest of it is not read
    elif isinstance(error, UnsupportedMediaType):
        headers = dict(error.accepted)
    elif isinstance(error, UnsupportedCoding):
        headers = {"Accept-Encoding": "identity"}  # RFC 9110 15.5.16
    elif isinstance(error, KeysOutOfReach):
        headers = {"Retry-After": str(_KEYS_AFTER_S)}
    elif isinstance(error, (MissingToken, InvalidToken, InsufficientScope)):
        headers = {"WWW-Authenticate": challenge(error)}
    return status, problem(status, cause, detail, params[:_MOST_PARAMS], **more), headers


def challenge(error: MissingToken | InvalidToken | InsufficientScope) -> str:
    """What a client is told of the token it needs (RFC 6750 3)."""
    if isinstance(error, MissingToken):
        return 'Bearer realm="nef"'  # no error: it may not have known (RFC 6750 3.1)
    code = _STATUSES[InvalidToken if isinstance(error, InvalidToken) else type(error)][1]
    text = f'Bearer realm="nef", error="{code}", error_description="{error}"'
    return text + (f', scope="{error.scope}"' if isinstance(error, InsufficientScope) else "")


def _params_of(error: NefError, path: str) -> tuple[InvalidParam, ...]:
    """What was wrong, by a JSON pointer, a header's or query's name, or a path's `{variable}`.

    TS 29.122 has the first two, TS 29.571 5.2.4.1 the form of the last.
    """
    if isinstance(error, InvalidRequest):
        return error.params
    if isinstance(error, UeNotFound):
        return (error.param,)
    name = _WHERE.get(type(error))
    resource = resource_at(path)
    if isinstance(error, NotFound) and resource and resource.variables:
        name = f"{{{resource.variables[-1]}}}"
    return (InvalidParam(name, str(error)),) if name else ()


def _named(params: tuple[InvalidParam, ...]) -> str:
    """All that is wrong in one text, or the first of it and how much more there is."""
    told = [f"{_short(param.pointer)}: {_short(param.reason)}" for param in params[:_MOST_PARAMS]]
    left = len(params) - len(told)
    return "; ".join(told) + (f"; and {left} more, which are not listed" if left else "")


def _short(text: str) -> str:
    """What an AF wrote may be long, and need not come back as a whole."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _cause_of(
    kind: type[NefError], params: tuple[InvalidParam, ...], method: str, path: str
) -> str | None:
    if kind is InvalidRequest:
        return cause_of_wrong(params, method, path)
    if kind is NotFound and any(param.pointer == _SUBSCRIPTION for param in params):
        return "SUBSCRIPTION_NOT_FOUND"
    return _STATUSES[kind][1]


async def _of_framework(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    status = HTTPStatus(int(getattr(error, "status", getattr(error, "status_code", 500))))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return await _unforeseen(request, error)
    headers = {}
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        resource = resource_at(request.scope["path"])
        headers["Allow"] = ", ".join(resource.methods if resource else ())
    # It is for a fixed part of a path that an API does not have.
    of_an_api = status is HTTPStatus.NOT_FOUND and api_at(request.scope["path"]) in apis()
    cause = "RESOURCE_URI_STRUCTURE_NOT_FOUND" if of_an_api else None
    detail = str(getattr(error, "detail", None) or status.description)
    return _response(status, problem(status, cause, detail), headers)


async def _unforeseen(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    _LOG.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _response(status, problem(status, "SYSTEM_FAILURE", "an error of this service"), {})


def _response(status: HTTPStatus, body: bytes, headers: dict[str, str]) -> ConnexionResponse:
    return ConnexionResponse(status_code=status.value, mimetype=PROBLEM, body=body, headers=headers)
