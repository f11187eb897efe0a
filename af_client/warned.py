"""Where the warnings about plans wait for the AF: bounded, in order, each once."""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any

from af_client.inbox import NoNotification, Receipt
from af_client.plans import PlanWarning
from af_client.schemas.planning import warning_of

_log = logging.getLogger(__name__)

#: How many delivery ids are remembered to know a repetition; a NEF repeats soon or never.
_REMEMBERED = 1024


class Warnings:
    """The warnings about plans that name its `url`, which nobody can guess.

    Made by `NotificationReceiver.warnings`. It takes those about any plan, also before the reply
    that names the plan has been read; `PlanWarning.is_about` tells which one is meant. A full one
    tells the NEF to try again later. All methods are thread-safe.
    """

    def __init__(self, limit: int = 1000) -> None:
        self.url = ""
        self._limit = limit
        self._changed = threading.Condition()
        self._waiting: deque[PlanWarning] = deque()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._closed = False

    def get(self, timeout_s: float | None = None) -> PlanWarning:
        """Return the next warning; None waits for ever. Raises NoNotification."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout_s)
            if self._waiting:
                return self._waiting.popleft()
        raise NoNotification("the receiver is closed" if self._closed else f"none in {timeout_s} s")

    def __iter__(self) -> Iterator[PlanWarning]:
        """Yield warnings as they come, until the receiver closes."""
        while True:
            try:
                yield self.get()
            except NoNotification:
                return

    def on_warning(self, callback: Callable[[PlanWarning], object]) -> None:
        """Call back for each warning, in order, in a thread of its own, instead of `get`.

        An exception of the callback is logged and the next warning is taken.
        """
        name = "warnings"
        threading.Thread(target=self._call, args=(callback,), name=name, daemon=True).start()

    def receive(self, document: Any, delivery_id: str | None) -> Receipt:
        """Take in the JSON of a notification; raises Malformed.

        A `delivery_id` seen before for its plan is accepted and dropped.
        """
        warning = warning_of(document)
        with self._changed:
            if self._closed:
                return Receipt.UNKNOWN_SESSION
            if delivery_id is not None and (warning.reference, delivery_id) in self._seen:
                return Receipt.ACCEPTED
            if len(self._waiting) >= self._limit:
                return Receipt.FULL
            self._waiting.append(warning)
            if delivery_id is not None:
                self._remember((warning.reference, delivery_id))
            self._changed.notify_all()
            return Receipt.ACCEPTED

    def close(self) -> None:
        """Take nothing more; who waits is told."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _remember(self, delivery: tuple[str, str]) -> None:
        self._seen[delivery] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _call(self, callback: Callable[[PlanWarning], object]) -> None:
        for warning in self:
            try:
                callback(warning)
            except Exception:
                _log.exception("the callback failed for %s", warning)
