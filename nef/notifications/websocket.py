"""Notifications over websockets that AFs hold open to this service (TS 29.122 5.2.5.4).

The AF opens one for each subscription, at the URI that the subscription names. Each text message
is one notification, the same JSON document that a POST would carry. What the AF says is ignored.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from nef.domain.notifications import Delivery
from nef.domain.subscriptions import Api
from nef.ports.notifier import DeliveryFailed
from nef.schemas.links import WEBSOCKET_PATH
from nef.schemas.notifications import notification_document

#: How long an AF that reads nothing may hold up a message.
TIMEOUT_S = 5.0
#: How often it is looked whether a websocket still has a purpose.
CHECK_S = 2.0
#: Close codes: RFC 6455 7.4.1, and one of ours from the range for private use.
_ENDED, _REFUSED, _REPLACED = 1000, 1008, 4000
_TAKEN_OVER = "another websocket has taken over"

_PATH, _, _CONVERTERS = compile_path(WEBSOCKET_PATH + "/{api}/{af_id}/{subscription_id}")

#: Whether a subscription, named by its API, its AF and its id, wants a websocket or has yet to be
#: told something.
Expected = Callable[[Api, str, str], bool]


@dataclass(frozen=True, eq=False)
class _Connection:
    socket: WebSocket
    loop: asyncio.AbstractEventLoop


class WebsocketHub:
    """The websockets that are open; a Notifier, and the ASGI application that takes them.

    `opened` is called with the id of a subscription whose AF has just come: what waits is due.
    """

    def __init__(self, api_root: str, expected: Expected, opened: Callable[[str], None]) -> None:
        """Nobody has come yet."""
        self._api_root, self._expected, self._opened = api_root, expected, opened
        self._connections: dict[str, _Connection] = {}

    def send(self, delivery: Delivery) -> None:
        """Write one message; raises DeliveryFailed unless it was handed to an open websocket."""
        note = delivery.notification
        connection = self._connections.get(note.subscription_id)
        if connection is None:
            raise DeliveryFailed("the AF has no websocket open for this subscription")
        text = orjson.dumps(notification_document(note, self._api_root)).decode()
        sending = asyncio.run_coroutine_threadsafe(
            connection.socket.send_text(text), connection.loop
        )
        try:
            sending.result(TIMEOUT_S)
        except TooSlow:
            sending.cancel()
            raise DeliveryFailed(f"the AF read nothing for {TIMEOUT_S:g} s") from None
        except Exception as error:
            # Whatever broke in the protocol below: what was not sent is due again.
            raise DeliveryFailed(f"the websocket broke: {error!r}"[:500]) from error

    def holds(self, subscription_id: str) -> bool:
        """Whether the websocket of a subscription is open here."""
        return subscription_id in self._connections

    def take(self, delivery: Delivery) -> bool:
        """Write one message, as `send` does; False where that websocket is not open here."""
        here = self.holds(delivery.notification.subscription_id)
        if here:
            self.send(delivery)
        return here

    def dismiss(self, subscription_id: str) -> None:
        """Close the websocket of a subscription, whose AF has opened another one elsewhere."""
        connection = self._connections.get(subscription_id)
        if connection is not None:
            closing = _closed(connection.socket, _REPLACED, _TAKEN_OVER)
            asyncio.run_coroutine_threadsafe(closing, connection.loop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a websocket of an AF, and hold it until the AF goes or the subscription ends."""
        socket = WebSocket(scope, receive, send)
        named = _named(scope["path"])
        if named is None or not await run_in_threadpool(self._expected, *named):
            await socket.close(_REFUSED)  # before it is accepted: the AF sees 403
            return
        await socket.accept()
        connection = _Connection(socket, asyncio.get_running_loop())
        before = self._connections.get(named[2])
        self._connections[named[2]] = connection
        try:
            if before is not None:
                await _closed(before.socket, _REPLACED, _TAKEN_OVER)
            await run_in_threadpool(self._opened, named[2])
            await self._hold(socket, named)
        finally:
            if self._connections.get(named[2]) is connection:
                del self._connections[named[2]]

    async def _hold(self, socket: WebSocket, named: tuple[Api, str, str]) -> None:
        loop = asyncio.get_running_loop()
        hearing, check_at_s = asyncio.create_task(socket.receive()), loop.time() + CHECK_S
        try:
            while True:
                left_s = max(0.0, check_at_s - loop.time())
                done, _ = await asyncio.wait({hearing}, timeout=left_s)
                if done:
                    if hearing.result()["type"] == "websocket.disconnect":
                        return
                    hearing = asyncio.create_task(socket.receive())
                if loop.time() >= check_at_s:  # however much the AF says
                    if not await run_in_threadpool(self._expected, *named):
                        await _closed(socket, _ENDED, "the subscription has ended")
                        return
                    check_at_s = loop.time() + CHECK_S
        finally:
            hearing.cancel()


async def _closed(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        return  # the other side was quicker


def _named(path: str) -> tuple[Api, str, str] | None:
    match = _PATH.match(path)
    if match is None or match["api"] not in set(Api) or "\0" in path:
        return None  # nothing is named by a NUL, and PostgreSQL refuses to look for it
    return Api(match["api"]), match["af_id"], match["subscription_id"]
