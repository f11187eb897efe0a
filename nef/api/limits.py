"""How often an AF may ask, and how many websockets it may hold open."""

import time
from collections import Counter
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from nef.api.errors import TooManyRequests, answer
from nef.domain.errors import QuotaExceeded


class Rates:
    """Counts the requests of each AF to this process, second by second."""

    def __init__(self, most_a_second: int, now_s: Callable[[], float] = time.monotonic) -> None:
        """`most_a_second` are accepted of each; `now_s` never jumps, as the wall clock may."""
        self._most, self._now_s = most_a_second, now_s
        self._second, self._counts = 0, Counter[str]()

    def take(self, af_id: str) -> None:
        """Count a request; raises TooManyRequests. Called by one thread alone, that of the loop."""
        second = int(self._now_s())
        if second != self._second:
            self._second, self._counts = second, Counter()
        self._counts[af_id] += 1
        if self._counts[af_id] > self._most:
            raise TooManyRequests(f"this AF may ask {self._most} times a second")


class BoundedWebsockets:
    """ASGI middleware around what takes websockets, whose paths end with an AF and a name."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """Each AF may have `most` open, any number if that is 0."""
        self._app, self._most = app, most
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a websocket, unless its AF has enough."""
        af_id = scope["path"].rpartition("/")[0].rpartition("/")[2]  # a path may also be "*"
        if 0 < self._most <= self._open[af_id]:
            refusal = QuotaExceeded(f"this AF has {self._most} websockets open, and may not more")
            response = answer(refusal, scope["path"])
            await WebSocket(scope, receive, send).send_denial_response(response)
            return
        self._open[af_id] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[af_id] -= 1
            if not self._open[af_id]:
                del self._open[af_id]
