"""Request bodies are bounded, not compressed, and complete before anybody looks at them."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nef.api.errors import BodyTooLarge, UnsupportedCoding, answer
from nef.domain.errors import NefError


class BoundedBodies:
    """ASGI middleware: refuses a body above a limit, or compressed.

    Every other one gets its length: a body that comes in chunks has no Content-Length, which
    connexion takes for no body at all.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap an application; `max_bytes` is the largest body it will see."""
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        try:
            body = await self._body(receive)
            coding = headers.get("content-encoding", "identity")
            if body and coding.strip().lower() not in ("", "identity"):
                raise UnsupportedCoding(f"a body is sent as it is, not by {coding[:40]!r}")
        except NefError as error:
            await answer(error, scope["path"])(scope, receive, send)
            return
        headers["content-length"] = str(len(body))
        del headers["transfer-encoding"]
        await self._app(scope, _replay(body, receive), send)

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
            more = message.get("more_body", False)
            if size > self._max_bytes:
                limit = f"the body is larger than the {self._max_bytes} bytes this service takes"
                raise BodyTooLarge(limit)
        return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    first = True

    async def again() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again
