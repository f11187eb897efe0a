"""Each request has an id, by which its answer and all that is logged of it can be found."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nef.api.errors import answer as error_answer
from nef.domain.errors import NotReady
from nef.telemetry.logs import log_access
from nef.telemetry.metrics import RequestMetrics
from nef.telemetry.requests import begin

_CUT_OFF = "the service ends, and waits no longer; what was asked may have happened"


class Tracing:
    """ASGI middleware, the outermost one of HTTP: answers with `X-Request-Id`, logs and counts."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        """Wrap an application."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = time.perf_counter(), 0
        trace = begin(scope["headers"])
        named = (b"x-request-id", trace.id.encode())

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), named]
            await send(message)

        self._metrics.in_flight += 1
        try:
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:
            # The server ends, and has waited for long enough; it would say 500 in plain text.
            if status == 0:
                await error_answer(NotReady(_CUT_OFF), scope["path"])(scope, receive, answer)
            raise
        finally:
            duration_s = time.perf_counter() - began_s
            self._metrics.in_flight -= 1
            self._metrics.answered(trace.operation, scope["method"], status, duration_s)
            log_access(scope["method"], _path(scope), status, duration_s)


def _path(scope: Scope) -> str:
    """As it was sent, without its query."""
    raw: bytes | None = scope.get("raw_path")
    return raw.partition(b"?")[0].decode("latin-1") if raw else str(scope["path"])
