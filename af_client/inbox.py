"""Where notifications wait for the AF: bounded, in order, each once, for known sessions only."""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from af_client.messages import Notification, Session, SessionRequest
from af_client.schemas.notifications import notification_of

_log = logging.getLogger(__name__)

#: How many notifications may come before the reply that names their session has been read.
_EARLY_LIMIT = 64
#: How many delivery ids are remembered to know a repetition; a NEF repeats soon or never.
_REMEMBERED = 1024


class NoNotification(Exception):
    """Nothing arrived in the given time, or the inbox is closed."""


class Receipt(Enum):
    """What became of a notification that came in."""

    ACCEPTED = auto()
    UNKNOWN_SESSION = auto()
    FULL = auto()


class Inbox:
    """The notifications of some sessions, at a `url` that nobody can guess.

    Made by `NotificationReceiver.inbox`. It takes what belongs to the sessions it `expect`s;
    as long as it expects none, or a session is being created, it also holds what may belong to
    the next one. A full inbox tells the NEF to try again later. All methods are thread-safe.
    """

    def __init__(self, url: str, limit: int = 1000) -> None:
        self.url = url
        self._limit = limit
        self._changed = threading.Condition()
        self._waiting: deque[Notification] = deque()
        self._early: list[Notification] = []
        self._expected: set[str] = set()
        self._known_any = False
        self._creations = 0
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._closed = False

    def destined(self, request: SessionRequest) -> SessionRequest:
        """Return the request with this inbox as the destination, where it names none."""
        if request.notification_destination is not None:
            return request
        return replace(request, notification_destination=self.url)

    def joined(self, session: Session) -> None:
        """Take notifications of a session that was made for this inbox."""
        self.expect(session.url)

    def expect(self, session_url: str) -> None:
        """Take notifications of this session, the ones that came early first.

        Sessions are compared by the path of their URLs: behind a proxy hosts differ.
        """
        with self._changed:
            self._known_any = True
            self._expected.add(_path(session_url))
            early, self._early = self._early, []
            for notification in early:
                known = _path(notification.session_url) in self._expected
                (self._waiting if known else self._early).append(notification)
            self._changed.notify_all()

    def forget(self, session_url: str) -> None:
        """Refuse notifications of this session from now on; what waits stays."""
        with self._changed:
            self._expected.discard(_path(session_url))

    @contextmanager
    def awaiting_session(self) -> Iterator[None]:
        """Hold early notifications while a session is created; `expect` it inside the block."""
        with self._changed:
            self._creations += 1
        try:
            yield
        finally:
            with self._changed:
                self._creations -= 1

    def get(self, timeout_s: float | None = None) -> Notification:
        """Return the next notification; None waits for ever. Raises NoNotification."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout_s)
            if self._waiting:
                return self._waiting.popleft()
        came = f"none in {timeout_s} s{self._where}"
        raise NoNotification("the inbox is closed" if self._closed else came)

    @property
    def _where(self) -> str:
        """Where it listens, for who looks why nothing came."""
        parts = urlsplit(self.url)
        return f" at {parts.scheme}://{parts.netloc}"

    def __iter__(self) -> Iterator[Notification]:
        """Yield notifications as they come, until the inbox is closed."""
        while True:
            try:
                yield self.get()
            except NoNotification:
                return

    def on_notification(self, callback: Callable[[Notification], object]) -> None:
        """Call back for each notification, in order, in a thread of its own, instead of `get`.

        An exception of the callback is logged and the next notification is taken.
        """
        name = "notifications"
        threading.Thread(target=self._call, args=(callback,), name=name, daemon=True).start()

    def receive(self, document: Any, delivery_id: str | None) -> Receipt:
        """Take in the JSON of a notification as `accept` does; raises Malformed."""
        return self.accept(notification_of(document), delivery_id)

    def accept(self, notification: Notification, delivery_id: str | None = None) -> Receipt:
        """Take one in; a `delivery_id` seen before for its session is accepted and dropped."""
        if delivery_id is None:
            with self._changed:
                return self._place(notification)
        # A NEF that begins anew may count from one again, but not with the same sessions.
        delivery = (_path(notification.session_url), delivery_id)
        with self._changed:
            if delivery in self._seen:
                return Receipt.ACCEPTED
            receipt = self._place(notification)
            if receipt is Receipt.ACCEPTED:
                self._remember(delivery)
            return receipt

    def close(self) -> None:
        """Take nothing more; who waits is told."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _place(self, notification: Notification) -> Receipt:
        if self._closed:
            return Receipt.UNKNOWN_SESSION
        if _path(notification.session_url) in self._expected:
            if len(self._waiting) >= self._limit:
                return Receipt.FULL
            self._waiting.append(notification)
            self._changed.notify_all()
            return Receipt.ACCEPTED
        if self._known_any and not self._creations:
            return Receipt.UNKNOWN_SESSION
        if len(self._early) >= _EARLY_LIMIT:
            return Receipt.FULL
        self._early.append(notification)
        return Receipt.ACCEPTED

    def _remember(self, delivery: tuple[str, str]) -> None:
        self._seen[delivery] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _call(self, callback: Callable[[Notification], object]) -> None:
        for notification in self:
            try:
                callback(notification)
            except Exception:
                _log.exception("the callback failed for a notification of %s", notification)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")
