"""Websockets go one way, HTTP the other: connexion refuses every websocket (seen with 3.3.0)."""

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from nef.api.authorisation import Authorisation
from nef.api.documents import api_name
from nef.api.errors import answer
from nef.domain.errors import NefError
from nef.domain.subscriptions import Api
from nef.schemas.links import API_PATHS, WEBSOCKET_PATH

_PATH = compile_path(WEBSOCKET_PATH + "/{api}/{af_id}/{subscription_id}")[0]


class Websockets:
    """An ASGI application of two."""

    def __init__(
        self, http: ASGIApp, websocket: ASGIApp, authorisation: Authorisation | None
    ) -> None:
        """`http` also has the lifespan; without `authorisation` everybody may open a websocket."""
        self._http, self._websocket, self._authorisation = http, websocket, authorisation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on by the kind of the connection."""
        if scope["type"] != "websocket":
            await self._http(scope, receive, send)
            return
        try:
            await self._check(scope)
        except NefError as error:
            refusal = answer(error, scope["path"])
            await WebSocket(scope, receive, send).send_denial_response(refusal)
            return
        await self._websocket(scope, receive, send)

    async def _check(self, scope: Scope) -> None:
        """As for a subscription of the same API; other paths lead nowhere anyway."""
        match = _PATH.match(scope["path"])
        if self._authorisation is None or match is None or match["api"] not in set(Api):
            return
        api = api_name(API_PATHS[Api(match["api"])])
        named = {name: match[name] for name in ("af_id", "subscription_id")}
        await self._authorisation.check(scope["headers"], api, named)
