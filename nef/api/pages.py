"""Without authorisation: web pages in a browser of this machine may not ask for anything.

A browser sends what a page says to whatever listens on loopback, and a POST without asking first.
It names the page (`Origin`), but a name that the page's site has led to this machine makes both
look the same (DNS rebinding): so the name by which the service is called counts too.
"""

import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from nef.api.errors import ForeignPage, answer
from nef.domain.internet import is_loopback

_ADDRESS = re.compile(r"[0-9.]+|\[.*")


class NoForeignPages:
    """ASGI middleware: refuses what a page of another site asks for."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        """Wrap an application, which is reached at `public_url`."""
        self._app = app
        root = urlsplit(public_url)
        self._origin = f"{root.scheme}://{root.netloc}".lower().encode()
        self._only_here = is_loopback(root.hostname or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one websocket."""
        why = None if scope["type"] == "lifespan" else self._objection(scope)
        if why is None:
            await self._app(scope, receive, send)
            return
        refusal = answer(ForeignPage(why), scope["path"])
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)

    def _objection(self, scope: Scope) -> str | None:
        for name, value in scope["headers"]:
            if name == b"origin" and value.lower() != self._origin:
                return "without authorisation nothing is done for a page of another site (Origin)"
            if name == b"host" and self._only_here and not _names_this_machine(value):
                return "it is called by an address of this machine, or set --public-url (Host)"
        return None


def _names_this_machine(host: bytes) -> bool:
    """Whether a Host can be this machine; a name without a dot is nobody's on the internet."""
    name = re.sub(":[0-9]*$", "", host.decode("latin-1")).lower().removesuffix(".")
    return "." not in name or bool(_ADDRESS.fullmatch(name)) or name.endswith(".localhost")
