"""Notifications over websockets that the AF opens to the NEF: it needs no port of its own.

One websocket a session, opened as soon as the NEF has said where (TS 29.122 5.2.5.4). What breaks
is opened again; what the NEF could not send meanwhile it keeps and sends then.
"""

import asyncio
import json
import logging
import ssl
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from af_client.errors import InvalidReply, NefError
from af_client.inbox import Inbox, Receipt
from af_client.messages import Session, SessionRequest
from af_client.schemas.base import Malformed
from af_client.tokens import Credentials, Tokens
from af_client.transport import RequestsTransport, Tls, is_loopback

_log = logging.getLogger(__name__)
# At DEBUG the library tells the headers of an opening, and so the token.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.INFO)

#: TS 29.122 wants a destination also where nothing is ever posted to it.
NOWHERE = "http://no-notifications.invalid/"
_OPEN_S = 5.0
#: How long the other end may take to say goodbye.
_CLOSE_S = 2.0
_MAX_MESSAGE_BYTES = 1_000_000
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 8.0
#: A full inbox is tried again this soon; until then nothing more is read.
_FULL_WAIT_S = 0.05
#: The NEF says that the subscription has ended (RFC 6455 7.4.1).
_ENDED = 1000


class WebsocketReceiver:
    """Hears of sessions by websocket for the length of a `with` block.

    `headers` go with every opening; `credentials` and `tls` are those of `NefClient`.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._opening = _Opening(dict(headers or {}), tls)
        self._transport: RequestsTransport | None = None
        if credentials is not None:
            environment = not is_loopback(credentials.token_url)
            self._transport = RequestsTransport(environment=environment, tls=tls)
            self._opening.tokens = Tokens(credentials, self._transport)
        self._inboxes: list[WebsocketInbox] = []
        self._loop = _Loop()

    def __enter__(self) -> Self:
        """Return the receiver itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every inbox, and every websocket with it."""
        for inbox in self._inboxes:
            inbox.close()
        self._loop.close()
        if self._transport is not None:
            self._transport.close()

    def inbox(self, limit: int = 1000) -> "WebsocketInbox":
        """Open an inbox for at most `limit` waiting notifications."""
        inbox = WebsocketInbox(self._opening, limit, self._loop)
        self._inboxes.append(inbox)
        return inbox


class WebsocketInbox(Inbox):
    """An inbox whose sessions are heard of by websocket; made by `WebsocketReceiver.inbox`."""

    def __init__(self, opening: "_Opening", limit: int, loop: "_Loop") -> None:
        super().__init__(NOWHERE, limit)
        self._opening, self._loop = opening, loop
        self._streams: dict[str, Future[None]] = {}

    def destined(self, request: SessionRequest) -> SessionRequest:
        """Return the request with its notifications by websocket."""
        destination = request.notification_destination or NOWHERE
        return replace(request, notification_destination=destination, websocket=True)

    @property
    def _where(self) -> str:
        return " by websocket"

    def joined(self, session: Session) -> None:
        """Open the session's websocket; raises InvalidReply where the NEF offers none."""
        if session.websocket_url is None:
            raise InvalidReply("the NEF has no websocket for it: use NotificationReceiver")
        self.expect(session.url)
        stream = _Stream(session.websocket_url, self, self._opening)
        self._streams[_path(session.url)] = self._loop.start(stream.run())

    def forget(self, session_url: str) -> None:
        """Refuse notifications of this session from now on, and close its websocket."""
        super().forget(session_url)
        stream = self._streams.pop(_path(session_url), None)
        if stream is not None:
            stream.cancel()

    def close(self) -> None:
        """Take nothing more; who waits is told."""
        super().close()
        for stream in self._streams.values():
            stream.cancel()
        self._streams.clear()


class _Loop:
    """A thread that reads all websockets of a receiver.

    It is one alone: OpenSSL lets no two use a connection, one to read and one to write, and what is
    asked while it reads what TLS 1.3 sends after a handshake may be lost.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, threading.Thread] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        """Do this as well, until it ends or is cancelled."""
        with self._turn:
            if self._running is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=loop.run_forever, name="websockets", daemon=True)
                thread.start()
                self._running = loop, thread
            started = asyncio.run_coroutine_threadsafe(work, self._running[0])
        started.add_done_callback(_tell_failure)
        return started

    def close(self) -> None:
        """Wait until what was cancelled has ended, and end."""
        with self._turn:
            running, self._running = self._running, None
        if running is not None:
            loop, thread = running
            asyncio.run_coroutine_threadsafe(_others_ended(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _others_ended() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, late = await asyncio.wait(others, timeout=_CLOSE_S)
        for one in late:
            one.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _tell_failure(done: "Future[None]") -> None:
    if not done.cancelled() and (failure := done.exception()) is not None:
        _log.error("a websocket is read no more", exc_info=failure)


class _Opening:
    """What goes with the opening of a websocket."""

    def __init__(self, headers: Mapping[str, str], tls: Tls | None) -> None:
        self._headers, self._tls = headers, tls or Tls()
        self.tokens: Tokens | None = None

    def headers(self) -> Mapping[str, str]:
        """Return the headers; raises NefError where no token can be had."""
        if self.tokens is None:
            return self._headers
        return {**self._headers, "Authorization": self.tokens.header()}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Forget the token of these headers; whether there was one."""
        if self.tokens is None:
            return False
        self.tokens.refused(headers.get("Authorization", ""))
        return True

    def context(self, url: str) -> ssl.SSLContext | None:
        """Return what TLS needs, None for a websocket without; raises OSError."""
        if urlsplit(url).scheme != "wss":
            return None
        context = ssl.create_default_context(cafile=self._tls.ca)
        if self._tls.certificate is not None:
            context.load_cert_chain(self._tls.certificate, self._tls.key)
        return context


class _Connect(connect):
    """The opening of a websocket, which goes nowhere else: it may have a token with it."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class _Stream:
    """Keeps one websocket open, and puts what comes into an inbox."""

    def __init__(self, url: str, inbox: WebsocketInbox, opening: "_Opening") -> None:
        self._url, self._inbox, self._opening = url, inbox, opening
        self._headers: Mapping[str, str] = {}
        self._has_renewed = False

    async def run(self) -> None:
        """Read until the NEF says that nothing more comes; who is cancelled closes it."""
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                if not await self._heard():
                    return
                wait_s = _FIRST_WAIT_S
            except InvalidStatus as refusal:
                if self._renews(refusal.response.status_code):
                    continue
                _log.debug("the NEF takes no websocket at %s: %s", self._url, refusal)
                return
            except (NefError, OSError, WebSocketException) as fault:
                _log.debug("no websocket to %s, again in %g s: %s", self._url, wait_s, fault)
            await asyncio.sleep(wait_s)
            wait_s = min(_LONGEST_WAIT_S, 2 * wait_s)

    async def _heard(self) -> bool:
        """Read until the websocket closes; whether to open it again."""
        self._headers = await asyncio.to_thread(self._opening.headers)
        async with _Connect(
            self._url,
            additional_headers=self._headers,
            ssl=self._opening.context(self._url),
            logger=_library_log,
            open_timeout=_OPEN_S,
            close_timeout=_CLOSE_S,
            max_size=_MAX_MESSAGE_BYTES,
            # No proxy leads to this very machine, whatever the environment says.
            proxy=None if is_loopback(self._url) else True,
        ) as connection:
            self._has_renewed = False
            try:
                while True:
                    await self._take(await connection.recv())
            except ConnectionClosed as closed:
                return closed.rcvd is None or closed.rcvd.code != _ENDED

    def _renews(self, status: int) -> bool:
        """Whether a refusal is worth another token: once, until a websocket opens."""
        unauthorized = status == HTTPStatus.UNAUTHORIZED and self._opening.refused(self._headers)
        self._has_renewed = unauthorized and not self._has_renewed
        return self._has_renewed

    async def _take(self, text: str | bytes) -> None:
        try:
            document = json.loads(text)
            while self._inbox.receive(document, None) is Receipt.FULL:
                await asyncio.sleep(_FULL_WAIT_S)
        except (Malformed, ValueError) as fault:
            _log.warning("dropped a message of %s that is no notification: %s", self._url, fault)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")
