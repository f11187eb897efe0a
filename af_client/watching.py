"""Questions that are answered again and again, for the length of a `with` block."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Self, TypeVar

from af_client.answers import Answer
from af_client.errors import NefError
from af_client.inbox import NoNotification
from af_client.mailbox import Channel, Mailbox, Reception, Tray
from af_client.questions import Terms
from af_client.reports import Report

_log = logging.getLogger(__name__)

_A = TypeVar("_A", bound=Answer)

#: A watch ends by itself after a day: no process that dies leaves a subscription for ever.
DAY_S = 86_400.0
#: How long a last notification may be under way.
_GRACE_S = 10.0
#: How long the end of a watch waits for a callback that is still at work.
_PATIENCE_S = 5.0


class Watch(Generic[_A]):
    """Subscribes where its `with` block begins, and unsubscribes where it ends.

    Iterating yields a `Report` for each answer as it comes, the first ones at once, and ends when
    the NEF ends the subscriptions, `max_reports` or the duration are reached, or the receiver
    closes. Made by `watch` of a UE, a group or an area.
    """

    def __init__(
        self,
        receiver: Reception,
        channels: Sequence[Channel],
        terms: Terms,
    ) -> None:
        self._receiver, self._channels, self._terms = receiver, channels, terms
        self._tray: Tray | None = None
        self._urls: list[str] = []
        self._caller: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Subscribe to every question, or to none; raises what the client's methods raise."""
        self._tray = Tray()
        try:
            for channel in self._channels:
                self._subscribe(channel, self._tray)
        except BaseException as error:
            self._end(error)
            raise
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Unsubscribe; a fault in that does not hide the error of the block."""
        self._end(error)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come in; what waits can still be taken."""
        return self._opened().is_over

    def get(self, timeout_s: float | None = None) -> Report[_A]:
        """Return the next report; None waits until the end. Raises NoNotification."""
        return self._opened().get(timeout_s)

    def __iter__(self) -> Iterator[Report[_A]]:
        """Yield reports as they come, until the end of the watch."""
        tray = self._opened()
        while True:
            try:
                yield tray.get(None)
            except NoNotification:
                return

    def on_report(self, callback: Callable[[Report[_A]], object]) -> None:
        """Call back for each report, in order, in a thread of its own, instead of iterating.

        An exception of the callback is logged and the next report is taken.
        """
        self._opened()
        name = "reports"
        self._caller = threading.Thread(target=self._call, args=(callback,), name=name, daemon=True)
        self._caller.start()

    def _subscribe(self, channel: Channel, tray: Tray) -> None:
        mailbox = Mailbox(channel, tray, self._terms.max_reports)
        url = self._receiver.lend(mailbox)
        self._urls.append(url)
        tray.expect(self._terms.duration_s + _GRACE_S)
        mailbox.open(channel.open(url, self._terms))

    def _end(self, error: BaseException | None) -> None:
        faults = [fault for channel in self._channels if (fault := _closed(channel)) is not None]
        for url in self._urls:
            self._receiver.take_back(url)
        self._opened().close()
        if self._caller is not None and self._caller is not threading.current_thread():
            self._caller.join(_PATIENCE_S)
        for fault in faults:
            if error is None:
                raise fault
            error.add_note(f"and a subscription may still exist: {fault}")

    def _opened(self) -> Tray:
        if self._tray is None:
            raise RuntimeError("open the watch first: with ue.watch(...) as watch")
        return self._tray

    def _call(self, callback: Callable[[Report[_A]], object]) -> None:
        for report in self:
            try:
                callback(report)
            except Exception:
                _log.exception("the callback failed for %s", report)


def _closed(channel: Channel) -> NefError | None:
    try:
        channel.close()
    except NefError as fault:
        return fault
    return None
