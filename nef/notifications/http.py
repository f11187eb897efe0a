"""Notifications over HTTP: one POST, in bounded time, to exactly the place the AF named."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp
import orjson

from nef.domain.destinations import CallbackPolicy, shown, without_secrets
from nef.domain.notifications import Delivery
from nef.notifications.resolving import PoliticResolver
from nef.ports.notifier import DeliveryFailed, DeliveryForbidden
from nef.schemas.notifications import notification_document

_Result = TypeVar("_Result")

#: From looking up the receiver's name to the status of its answer, however the receiver is slow.
TOTAL_S = 5.0


class HttpNotifier:
    """A Notifier that posts to the AF's notificationDestination (TS 29.122 5.2.5.2).

    Redirects are not followed, no proxy is used and no cookie kept: the destination is where it
    says it is. Of an answer only the status counts; its body is not read. `X-Notification-Id` is
    the same in each attempt of one notification, so that a receiver can tell a repetition;
    `X-Request-Id` names the request that has caused it, if one has.

    The policy is asked again whenever something is sent, and then for each address to which the
    name of the receiver leads: the address that it has judged is the one that is connected to.
    """

    def __init__(self, api_root: str, connections: int, policy: CallbackPolicy) -> None:
        """`connections` bounds how many receivers are talked to at once."""
        self._api_root, self._connections, self._policy = api_root, connections, policy
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None

    def send(self, delivery: Delivery) -> None:
        """Post one notification; raises DeliveryFailed unless the AF answers with 2xx in time.

        Raises DeliveryForbidden where the policy does not let it go there.
        """
        url = delivery.notification.destination
        # An address in place of a name is resolved by nobody: it is judged here.
        refusal = self._policy.refusal_of_uri(url)
        if refusal:
            raise DeliveryForbidden(f"{shown(url)!r} {refusal}")
        document = notification_document(delivery.notification, self._api_root)
        try:
            status, asked_s = self._run(self._posted(delivery, orjson.dumps(document)))
        except TimeoutError:
            raise DeliveryFailed(f"no answer within {TOTAL_S:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise DeliveryFailed(without_secrets(_unreached(error))[:500]) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            said = without_secrets(f"{type(error).__name__}: {error}")
            raise DeliveryFailed(said[:500]) from None
        if not 200 <= status < 300:
            raise DeliveryFailed(f"the receiver answered {status}", asked_s)

    def close(self) -> None:
        """Close every connection; the next notification opens its own."""
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._closed(), loop).result()
            loop.call_soon_threadsafe(loop.stop)

    async def _posted(self, delivery: Delivery, content: bytes) -> tuple[int, float]:
        headers = {
            "Content-Type": "application/json",
            "X-Notification-Id": str(delivery.id),
        }
        if delivery.request_id is not None:
            headers["X-Request-Id"] = delivery.request_id
        url = delivery.notification.destination
        async with self._opened().post(
            url, data=content, headers=headers, allow_redirects=False
        ) as response:
            # A number of seconds (RFC 9110 10.2.3); a date would be by a clock that is not ours.
            asked = response.headers.get("Retry-After", "")
            return response.status, float(asked) if asked.isdecimal() else 0.0

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, resolver=PoliticResolver(self._policy)
                ),
                timeout=aiohttp.ClientTimeout(total=TOTAL_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def _closed(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """The result of work on the loop, whose thread starts with the first."""
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_turning, args=(self._loop,), name="nef-notifier", daemon=True
                ).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _turning(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _unreached(error: aiohttp.ClientConnectorError) -> str:
    where = f"{error.host}:{error.port}"
    if isinstance(error.os_error, ConnectionRefusedError):
        return f"nobody listens at {where}"
    return f"no connection to {where}: {error.os_error}"
