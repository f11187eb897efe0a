"""The threads of the service, with work that the test watches."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from nef.background import Background, Bell, Work


class Watched:
    """Work that counts what is asked of it."""

    def __init__(self) -> None:
        self.ticks = 0
        self.due: list[int] = []
        self.delivered: list[int] = []
        self.fails = 0
        self.seen = threading.Condition()

    def tick(self) -> None:
        with self.seen:
            self.ticks += 1
            self.seen.notify_all()
        if self.fails:
            self.fails -= 1
            raise RuntimeError("a bad moment")

    def deliver(self) -> int:
        with self.seen:
            if not self.due:
                return 0
            self.delivered.append(self.due.pop(0))
            self.seen.notify_all()
            return 1

    def next_due_s(self) -> float | None:
        return 0.0 if self.due else None

    def until(self, condition: Callable[[], bool]) -> bool:
        with self.seen:
            return self.seen.wait_for(condition, timeout=10)


@contextmanager
def running(work: Watched, bell: Bell, tick_s: float = 0.01) -> Iterator[Background]:
    calls = Work(work.tick, work.deliver, work.next_due_s, lambda: None, time.time)
    background = Background(calls, bell, tick_s, deliverers=2)
    background.start()
    try:
        yield background
    finally:
        background.stop()


def test_it_ticks_until_it_is_stopped() -> None:
    work = Watched()
    with running(work, Bell()):
        assert work.until(lambda: work.ticks >= 3)
    ticks = work.ticks
    time.sleep(0.05)
    assert work.ticks == ticks


def test_a_tick_that_fails_does_not_stop_the_clock() -> None:
    work = Watched()
    work.fails = 2
    with running(work, Bell()):
        assert work.until(lambda: work.ticks >= 4)


def test_the_bell_has_everything_due_delivered() -> None:
    work, bell = Watched(), Bell()
    with running(work, bell, tick_s=60.0):
        work.due.extend([1, 2, 3])
        bell.ring()
        assert work.until(lambda: sorted(work.delivered) == [1, 2, 3])


def test_what_becomes_due_without_a_bell_is_found_all_the_same() -> None:
    work = Watched()
    with running(work, Bell(), tick_s=60.0):
        work.due.append(1)
        assert work.until(lambda: work.delivered == [1])


def test_what_fails_again_and_again_is_told_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Watched()
    work.fails = 20
    with running(work, Bell(), tick_s=0.001):
        assert work.until(lambda: work.ticks >= 25)
    told = [(r.levelname, bool(r.exc_info)) for r in caplog.records if "tick" in r.getMessage()]
    assert told == [("ERROR", True), ("WARNING", False)]
