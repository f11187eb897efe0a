"""Websockets go one way, HTTP the other: connexion refuses every websocket (seen with 3.3.0)."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Websockets:
    """An ASGI application of two."""

    def __init__(self, http: ASGIApp, websocket: ASGIApp) -> None:
        """`http` also has the lifespan."""
        self._http, self._websocket = http, websocket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on by the kind of the connection."""
        app = self._websocket if scope["type"] == "websocket" else self._http
        await app(scope, receive, send)
