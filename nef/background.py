"""The threads of the service: one ticker, and the deliverers of the outbox."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: A deliverer looks this often even where nobody woke it, for leases that fell back.
LONGEST_WAIT_S = 1.0
_PRUNE_EVERY_S = 60.0
#: What goes on failing for the same reason is told this often.
_TOLD_EVERY_S = 60.0


@dataclass(frozen=True)
class Work:
    """What the threads call; each may raise, which is logged and changes nothing for the next.

    `tick` is None where another process ticks, and prunes.
    """

    tick: Callable[[], None] | None
    deliver: Callable[[], int]
    next_due_s: Callable[[], float | None]
    prune: Callable[[], None]
    now_s: Callable[[], float]


class Bell:
    """Wakes the deliverers when something may be due."""

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
        self._last: dict[object, tuple[str, float]] = {}

    def failed(self, work: object, error: Exception) -> None:
        """It has failed, by this error, which is being handled."""
        why, now_s = repr(error), time.monotonic()
        told, told_at_s = self._last.get(work, ("", 0.0))
        if why != told or now_s >= told_at_s + _TOLD_EVERY_S:
            self._last[work] = why, now_s
            _LOG.error("%s failed; it will be tried again", work, exc_info=why != told)

    def went_well(self, work: object) -> None:
        """It has not failed."""
        if self._last.pop(work, None) is not None:
            _LOG.warning("%s goes on", work)


class Background:
    """Runs the work until it is stopped."""

    def __init__(self, work: Work, bell: Bell, tick_s: float, deliverers: int) -> None:
        """`tick_s` is the time between two ticks; `deliverers` receivers are served at once."""
        self._work, self._bell, self._tick_s = work, bell, tick_s
        self._stopping, self._troubles = threading.Event(), Troubles()
        self._deliverers = [
            threading.Thread(target=self._deliverer, name=f"nef-deliverer-{n}", daemon=True)
            for n in range(deliverers)
        ]
        self._threads = list(self._deliverers)
        if work.tick is not None:
            ticker = threading.Thread(
                target=self._ticker, args=(work.tick,), name="nef-ticker", daemon=True
            )
            self._threads.append(ticker)

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what is under way finish, and stop."""
        self._stopping.set()
        self._bell.ring()
        for thread in self._threads:
            thread.join()

    def missing_deliverers(self) -> str | None:
        """How many deliverers do not run, None where all do."""
        dead = sum(not thread.is_alive() for thread in self._deliverers)
        return f"{dead} of {len(self._deliverers)} deliverers do not run" if dead else None

    def _ticker(self, tick: Callable[[], None]) -> None:
        elapsed_s = 0.0
        while not self._stopping.wait(self._tick_s):
            self._guarded(tick)
            elapsed_s += self._tick_s
            if elapsed_s >= _PRUNE_EVERY_S:
                self._guarded(self._work.prune)
                elapsed_s = 0.0

    def _deliverer(self) -> None:
        while not self._stopping.is_set():
            seen = self._bell.count
            wait_s = self._guarded(self._until_due_s)
            due = wait_s is not None and wait_s <= 0
            attempted = self._guarded(self._work.deliver) if due else 0
            if attempted:
                continue
            # Something due that could not be claimed is in other hands; look again soon.
            self._bell.wait(seen, max(0.05, LONGEST_WAIT_S if wait_s is None else wait_s))

    def _until_due_s(self) -> float:
        due_s = self._work.next_due_s()
        if due_s is None:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, due_s - self._work.now_s())

    def _guarded(self, work: Callable[[], _Result]) -> _Result | None:
        try:
            result = work()
        except Exception as error:
            self._troubles.failed(work, error)
            self._stopping.wait(self._tick_s)
            return None
        self._troubles.went_well(work)
        return result
