"""The threads of the service: one ticker, one dispatcher of the outbox, and its deliverers."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from nef.domain.errors import NotReady
from nef.domain.notifications import Delivery

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: The dispatcher looks this often even where nobody woke it, for leases that fell back.
LONGEST_WAIT_S = 1.0
#: The ticker rests at least so long, and at least as long as its last tick took.
_LEAST_REST_S = 0.02
_SOON_S = 0.05
#: What has failed is tried again after this time.
_AGAIN_S = 0.1
_PRUNE_EVERY_S = 60.0
#: What goes on failing for the same reason is told this often.
_TOLD_EVERY_S = 60.0


@dataclass(frozen=True)
class Chores:
    """What a ticker calls; each may raise, which is logged and changes nothing for the next.

    `quiet_s` is how long nothing will happen by itself.
    """

    tick: Callable[[], None]
    quiet_s: Callable[[], float]
    prune: Callable[[], None]


@dataclass(frozen=True)
class Work:
    """What the other threads call; each may raise, which is logged likewise.

    What `attempt` makes of what `exchange` gives is handed to that again.
    """

    exchange: Callable[[Sequence[Delivery], int], Sequence[Delivery]]
    attempt: Callable[[Delivery], Delivery]
    next_due_s: Callable[[], float | None]
    now_s: Callable[[], float]


class Bell:
    """Wakes the dispatcher when something may be due, or was attempted."""

    def __init__(self) -> None:
        """A bell that has not rung."""
        self._rung = threading.Condition()
        self.count = 0

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._rung:
            self.count += 1
            self._rung.notify_all()

    def wait(self, seen: int, timeout_s: float) -> None:
        """Wait until it has rung since the count was `seen`, or for a time."""
        with self._rung:
            self._rung.wait_for(lambda: self.count != seen, timeout_s)


class Troubles:
    """Tells of work that fails again and again: when that begins, now and then, and its end."""

    def __init__(self) -> None:
        """Nothing has failed."""
        self._last: dict[str, tuple[str, float]] = {}

    def failed(self, work: str, error: Exception) -> None:
        """It has failed, by this error, which is being handled."""
        why, now_s = repr(error), time.monotonic()
        told, told_at_s = self._last.get(work, ("", 0.0))
        if why != told or now_s >= told_at_s + _TOLD_EVERY_S:
            self._last[work] = why, now_s
            # Of an outage the reason says all; of anything else it matters where it came from.
            traced = why != told and not isinstance(error, NotReady)
            _LOG.error("%s failed, and will be tried again: %s", work, why, exc_info=traced)

    def went_well(self, work: str) -> None:
        """It has not failed."""
        if self._last.pop(work, None) is not None:
            _LOG.warning("%s goes on", work)


class _Guard:
    """Calls work that may raise, and names it in the log; then it rests for a moment."""

    def __init__(self, stopping: threading.Event, rest_s: float) -> None:
        self._stopping, self._rest_s, self._troubles = stopping, rest_s, Troubles()

    def __call__(self, name: str, work: Callable[[], _Result]) -> _Result | None:
        try:
            result = work()
        except Exception as error:
            self._troubles.failed(name, error)
            self._stopping.wait(self._rest_s)
            return None
        self._troubles.went_well(name)
        return result


class Ticker:
    """Ticks when something happens, and every `tick_s` at least, until it is stopped."""

    def __init__(self, chores: Chores, tick_s: float) -> None:
        """`tick_s` is the longest time from one tick to the next."""
        self._chores, self._tick_s = chores, tick_s
        self._stopping = threading.Event()
        self._guarded = _Guard(self._stopping, tick_s)
        self._thread = threading.Thread(target=self._run, name="nef-ticker", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let a tick that is under way finish, and stop."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pruned_s, took_s = time.monotonic(), 0.0
        while not self._stopping.wait(self._quiet_s(took_s)):
            began_s = time.monotonic()
            self._guarded("tick", self._chores.tick)
            if began_s >= pruned_s + _PRUNE_EVERY_S:
                self._guarded("prune", self._chores.prune)
                pruned_s = began_s
            took_s = time.monotonic() - began_s

    def _quiet_s(self, took_s: float) -> float:
        quiet_s = self._guarded("quiet_s", self._chores.quiet_s) or 0.0
        return min(self._tick_s, max(_LEAST_REST_S, took_s, quiet_s))


class Background:
    """Delivers, and ticks unless another process does, until it is stopped."""

    def __init__(self, work: Work, bell: Bell, deliverers: int, ticker: Ticker | None) -> None:
        """`deliverers` receivers are served at once."""
        self._work, self._bell, self._ticker = work, bell, ticker
        self._stopping = threading.Event()
        self._guarded = _Guard(self._stopping, _AGAIN_S)
        # As many as are being sent may wait in line, so that who has sent one need not wait for the
        # store to send another.
        self._room, self._attempted = 2 * deliverers, deque[Delivery]()
        self._deliverers = ThreadPoolExecutor(deliverers, "nef-deliverer")
        self._dispatcher = threading.Thread(
            target=self._dispatch, name="nef-dispatcher", daemon=True
        )

    def start(self) -> None:
        """Start all threads."""
        self._dispatcher.start()
        if self._ticker is not None:
            self._ticker.start()

    def stop(self) -> None:
        """Let what is under way finish, and stop."""
        self._stopping.set()
        self._bell.ring()
        if self._ticker is not None:
            self._ticker.stop()
        self._dispatcher.join()

    def missing_deliverers(self) -> str | None:
        """What is wrong with who delivers, None where nothing is."""
        return (
            None if self._dispatcher.is_alive() else "nobody delivers: the dispatcher does not run"
        )

    def _dispatch(self) -> None:
        """Keep the deliverers at work, and write down together what they did meanwhile."""
        while not self._stopping.is_set():
            seen = self._bell.count
            wait_s = 0.0 if self._attempted else self._until_due_s()
            if wait_s > 0:
                self._bell.wait(seen, wait_s)
            elif not self._exchanged():
                # Something due that could not be claimed is in other hands; look again soon.
                self._bell.wait(seen, _SOON_S)
        self._deliverers.shutdown()
        self._exchanged()

    def _exchanged(self) -> int:
        """Hand in what was attempted, and have others attempted; how many."""
        outcomes = tuple(self._attempted)
        limit = 0 if self._stopping.is_set() else self._room + len(outcomes)
        claimed = self._guarded("exchange", partial(self._work.exchange, outcomes, limit))
        if claimed is None:
            return 0  # it is handed in the next time
        for _ in outcomes:
            self._attempted.popleft()
        self._room += len(outcomes) - len(claimed)
        for delivery in claimed:
            self._deliverers.submit(self._attempt, delivery)
        return len(claimed)

    def _attempt(self, delivery: Delivery) -> None:
        if self._stopping.is_set():
            outcome = replace(delivery, due_at_s=0.0)  # it is given back
        else:
            outcome = self._work.attempt(delivery)
        self._attempted.append(outcome)
        self._bell.ring()

    def _until_due_s(self) -> float:
        due_s = self._guarded("next_due_s", self._work.next_due_s) if self._room else None
        if due_s is None:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, due_s - self._work.now_s())
