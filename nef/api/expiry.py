"""Tokens that a fault lets expire before their time."""

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.api.authorisation import bearer_of
from nef.api.errors import MissingToken, answer
from nef.api.faults import Occasions
from nef.domain.errors import NefError
from nef.domain.faults import FaultName, Victim
from nef.ports.faults import Faults
from nef.ports.tokens import InvalidToken

#: So many tokens that have expired are remembered, the last ones.
_MOST_EXPIRED = 1000


class ExpiringTokens:
    """ASGI middleware around the standard APIs: refuses a token as if it had just expired.

    It stays expired as long as the fault is set: only a new one helps, as it would in earnest.
    """

    def __init__(self, app: ASGIApp, faults: Faults, occasions: Occasions | None = None) -> None:
        """Wrap an application."""
        self._app, self._faults = app, faults
        self._occasions = occasions or Occasions(faults)
        self._expired: dict[str, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        victim = await self._occasions.victim(scope, FaultName.TOKEN_EXPIRED)
        if victim is not None:
            try:
                await run_in_threadpool(self._check, scope, victim)
            except NefError as error:
                await answer(error, scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, victim: Victim) -> None:
        """Raises InvalidToken where the token of a request has expired now or before."""
        try:
            token = bearer_of(scope["headers"])
        except (MissingToken, InvalidToken):
            return  # it has none that could expire
        if token not in self._expired:
            if self._faults.strike(FaultName.TOKEN_EXPIRED, victim) is None:
                return
            if len(self._expired) >= _MOST_EXPIRED:
                del self._expired[next(iter(self._expired))]
            self._expired[token] = None
        raise InvalidToken("the token has expired")
