"""A service that is about to end asks its clients to come by another connection."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CLOSE = (b"connection", b"close")


class Leaving:
    """ASGI middleware: once it is `leaving`, each connection ends with its next answer."""

    def __init__(self, app: ASGIApp, leaving: Callable[[], bool]) -> None:
        """Wrap an application."""
        self._app, self._leaving = app, leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._leaving():
            await self._app(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        await self._app(scope, receive, closing)
