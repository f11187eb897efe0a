"""Whether the process answers, and whether it is of use: asked by those who run it.

Both are outside of the documents of `openapi/`, open to everybody, and say nothing worth hiding:
what a check answers is written for that, and an exception is named, not quoted, unless it is one
that AFs are told.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.domain.errors import NefError
from nef.telemetry.requests import note

_LOG = logging.getLogger(__name__)

#: What is missing, in words for everybody; None where all is well. It may block, and may raise.
Check = Callable[[], str | None]

#: How long an answer holds: whoever asks often costs no more than whoever asks every second.
KEPT_S = 1.0
#: A check that has not answered by then has failed; it is not asked again until it has.
PATIENCE_S = 2.0
_FINE = "ok"


class _Probe:
    """A check that runs at most once at a time, in a thread of its own."""

    def __init__(self, name: str, check: Check) -> None:
        self._name, self._check = name, check
        self._thread = ThreadPoolExecutor(1, f"nef-check-{name}")
        self._last: Future[str] | None = None
        self._asked_s = 0.0

    async def outcome(self) -> str:
        last, now_s = self._last, time.monotonic()
        if last is None or (last.done() and now_s - self._asked_s > KEPT_S):
            self._asked_s = now_s
            self._last = last = self._thread.submit(self._asked)
        await asyncio.wait({asyncio.wrap_future(last)}, timeout=PATIENCE_S)
        return last.result() if last.done() else f"no answer within {PATIENCE_S:g} s"

    def _asked(self) -> str:
        try:
            return self._check() or _FINE
        except Exception as error:
            _LOG.warning("the check %r failed", self._name, exc_info=True)
            if isinstance(error, NefError):
                return str(error)  # it is written for AFs
            return f"failed with {type(error).__name__}; the log says more"


class Health:
    """ASGI middleware: `GET /healthz` and `GET /readyz` in front of an application."""

    def __init__(self, app: ASGIApp, checks: Mapping[str, Check]) -> None:
        """`checks` are what it takes to be ready, by the names under which they are answered."""
        self._app = app
        self._probes = {name: _Probe(name, check) for name, check in checks.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            if scope["path"] == "/healthz":
                note("healthz", None)
                await _answer(200, {"status": _FINE})(scope, receive, send)
                return
            if scope["path"] == "/readyz":
                note("readyz", None)
                await (await self._readiness())(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _readiness(self) -> Response:
        outcomes = await asyncio.gather(*(probe.outcome() for probe in self._probes.values()))
        ready = all(outcome == _FINE for outcome in outcomes)
        said = dict(zip(self._probes, outcomes, strict=True))
        document = {"status": "ready" if ready else "not ready", "checks": said}
        return _answer(200 if ready else 503, document)


def _answer(status: int, document: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(document), status, headers, "application/json")
