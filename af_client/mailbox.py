"""Where the reports of a watch arrive: each delivery once, in order, none before the first."""

import threading
import time
from collections import OrderedDict, deque
from typing import Any, Protocol

from af_client.inbox import NoNotification, Receipt
from af_client.questions import Terms
from af_client.reports import Report, Told

#: How many reports may wait, and how many notifications may come before the reply is read.
_LIMIT = 1000
_EARLY_LIMIT = 64
#: How many delivery ids are remembered to know a repetition; a NEF repeats soon or never.
_REMEMBERED = 1024


class Channel(Protocol):
    """The way of one question: a subscription at the NEF, and what comes of it."""

    def open(self, url: str, terms: Terms) -> Told:
        """Subscribe with notifications to `url`; returns what is reported at once."""
        ...

    def read(self, document: Any) -> Told:
        """Return what a notification says; raises Malformed."""
        ...

    def close(self) -> None:
        """Unsubscribe, if that is still to be done; that it is gone already is no error."""
        ...


class Box(Protocol):
    """What lies behind a secret URL of a `NotificationReceiver`."""

    def receive(self, document: Any, delivery_id: str | None) -> Receipt:
        """Take in the JSON of a notification; raises Malformed."""
        ...

    def close(self) -> None:
        """Take nothing more."""
        ...


class Reception(Protocol):
    """Lends secret URLs, as `NotificationReceiver` does."""

    def lend(self, box: Box) -> str:
        """Return a new URL whose notifications go to the box."""
        ...

    def take_back(self, url: str) -> None:
        """Let a URL lead nowhere again."""
        ...


class Tray:
    """The reports of a whole watch, in the order in which they came; thread-safe.

    It is empty for good when it is `close`d, or all its mailboxes are over.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Report[Any]] = deque()
        self._mailboxes = 0
        self._closed = False
        self._deadline_s: float | None = None

    def expect(self, duration_s: float) -> None:
        """Wait for one more mailbox, and for no longer than this from now on."""
        with self._changed:
            self._mailboxes += 1
            self._deadline_s = time.monotonic() + duration_s

    def put(self, reports: tuple[Report[Any], ...], *, over: bool) -> bool:
        """Take reports of a mailbox, the last ones if it is `over`; False where it is full."""
        with self._changed:
            if len(self._waiting) + len(reports) > _LIMIT:
                return False
            self._waiting.extend(reports)
            self._mailboxes -= over
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float | None) -> Report[Any]:
        """Return the next report; raises NoNotification where none comes, or none in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.is_over, self._patience(timeout_s))
            if self._waiting:
                return self._waiting.popleft()
            over = self.is_over
        raise NoNotification("the watch is over" if over else f"none in {timeout_s} s")

    @property
    def is_over(self) -> bool:
        """Whether no more reports will come in."""
        return self._closed or self._mailboxes <= 0 or self._patience(None) == 0.0

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _patience(self, timeout_s: float | None) -> float | None:
        if self._deadline_s is None:
            return timeout_s
        left_s = max(0.0, self._deadline_s - time.monotonic())
        return left_s if timeout_s is None else min(timeout_s, left_s)


class Mailbox:
    """Takes in what the NEF notifies about one question, and puts it into the tray."""

    def __init__(self, channel: Channel, tray: Tray, max_reports: int | None) -> None:
        self._channel, self._tray = channel, tray
        self._left = max_reports
        self._lock = threading.Lock()
        self._early: list[Told] | None = []
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._closed = False

    def open(self, told: Told) -> None:
        """Hand on what came with the reply, and then what was faster than the reply."""
        with self._lock:
            early, self._early = self._early or [], None
            for one in (told, *early):
                self._hand_on(one)

    def receive(self, document: Any, delivery_id: str | None) -> Receipt:
        """Take a notification in; a `delivery_id` seen before is accepted and dropped."""
        with self._lock:
            if self._closed:
                return Receipt.UNKNOWN_SESSION
            if delivery_id in self._seen:
                return Receipt.ACCEPTED
            if not self._placed(self._channel.read(document)):
                return Receipt.FULL
            if delivery_id is not None:
                self._remember(delivery_id)
            return Receipt.ACCEPTED

    def close(self) -> None:
        """Take nothing more."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._tray.put((), over=True)

    def _placed(self, told: Told) -> bool:
        if self._early is None:
            return self._hand_on(told)
        if len(self._early) < _EARLY_LIMIT:
            self._early.append(told)
            return True
        return False

    def _hand_on(self, told: Told) -> bool:
        if self._closed:
            return True
        left = self._left
        if left is not None and told.reports:
            left -= 1
        over = told.over or left == 0
        if not self._tray.put(told.reports, over=over):
            return False
        self._left, self._closed = left, over
        return True

    def _remember(self, delivery_id: str) -> None:
        self._seen[delivery_id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
