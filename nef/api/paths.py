"""Paths that the two routers behind us would read differently."""

from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.api.errors import problem


class OneLinePaths:
    """ASGI middleware: a path with a line break in it is no resource of ours.

    connexion's router does not match it and Flask's does, so that Flask would run a handler which
    connexion knows nothing of, and fail (seen with connexion 3.3.0).
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or "\n" not in scope["path"]:
            await self._app(scope, receive, send)
            return
        status = HTTPStatus.NOT_FOUND
        body = problem(status, "RESOURCE_URI_STRUCTURE_NOT_FOUND", "a path is a single line")
        await Response(body, status.value, media_type="application/problem+json")(
            scope, receive, send
        )
