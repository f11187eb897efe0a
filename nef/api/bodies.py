"""Request bodies are bounded, and complete before anybody looks at them."""

from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nef.api.errors import problem


class BoundedBodies:
    """ASGI middleware: refuses a body above a limit, and gives every other one its length.

    A body that comes in chunks has no Content-Length, which connexion takes for no body at all.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap an application; `max_bytes` is the largest body it will see."""
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await self._body(receive)
        if body is None:
            await self._refuse(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        headers["content-length"] = str(len(body))
        del headers["transfer-encoding"]
        await self._app(scope, _replay(body, receive), send)

    async def _body(self, receive: Receive) -> bytes | None:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
            more = message.get("more_body", False)
            if size > self._max_bytes:
                return None
        return b"".join(parts)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        detail = f"the body is larger than the {self._max_bytes} bytes this service takes"
        body = problem(status, "INCORRECT_LENGTH", detail)
        headers = {"Connection": "close"}
        response = Response(body, status.value, headers, "application/problem+json")
        await response(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    first = True

    async def again() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again
