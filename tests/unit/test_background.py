"""The threads of the service, with work that the test watches."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from builders.sessions import notification
from nef.background import Background, Bell, Chores, Ticker, Work
from nef.domain.errors import StoreUnavailable
from nef.domain.notifications import Delivery, DeliveryState


class Watched:
    """Work that counts what is asked of it."""

    def __init__(self) -> None:
        self.ticks = 0
        self.quiet_s = math.inf
        self.due: list[Delivery] = []
        self.begun: list[int] = []
        self.delivered: list[int] = []
        self.settled: list[int] = []
        self.fails = 0
        self.store_fails = 0
        self.may_send = threading.Event()
        self.may_send.set()
        self.seen = threading.Condition()

    def tick(self) -> None:
        with self.seen:
            self.ticks += 1
            self.seen.notify_all()
        if self.fails:
            self.fails -= 1
            raise RuntimeError("a bad moment")

    def exchange(self, outcomes: Sequence[Delivery], limit: int) -> Sequence[Delivery]:
        with self.seen:
            if self.store_fails:
                self.store_fails -= 1
                raise StoreUnavailable("gone for a moment")
            self.settled += [one.id for one in outcomes]
            claimed, self.due = self.due[:limit], self.due[limit:]
            self.seen.notify_all()
            return claimed

    def attempt(self, delivery: Delivery) -> Delivery:
        with self.seen:
            self.begun.append(delivery.id)
            self.seen.notify_all()
        self.may_send.wait(120)
        with self.seen:
            self.delivered.append(delivery.id)
            self.seen.notify_all()
        return delivery

    def next_due_s(self) -> float | None:
        return 0.0 if self.due else None

    def until(self, condition: Callable[[], bool]) -> bool:
        with self.seen:
            return self.seen.wait_for(condition, timeout=60)


def deliveries(*ids: int) -> list[Delivery]:
    return [Delivery(n, notification(f"s{n}"), DeliveryState.PENDING, 0, 0.0, 0.0) for n in ids]


@contextmanager
def running(work: Watched, bell: Bell, tick_s: float = 0.01) -> Iterator[Background]:
    ticker = Ticker(Chores(work.tick, lambda: work.quiet_s, lambda: None), tick_s)
    calls = Work(work.exchange, work.attempt, work.next_due_s, time.time)
    background = Background(calls, bell, 2, ticker)
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
        work.due.extend(deliveries(1, 2, 3))
        bell.ring()
        assert work.until(lambda: sorted(work.settled) == [1, 2, 3])
    assert sorted(work.delivered) == [1, 2, 3]


def test_what_becomes_due_without_a_bell_is_found_all_the_same() -> None:
    work = Watched()
    with running(work, Bell(), tick_s=60.0):
        work.due.extend(deliveries(1))
        assert work.until(lambda: work.delivered == [1])


def test_what_is_being_sent_at_the_end_is_settled_and_what_is_in_line_given_back() -> None:
    work, bell = Watched(), Bell()
    work.may_send.clear()
    work.due.extend(deliveries(1, 2, 3, 4, 5))
    with running(work, bell, tick_s=60.0) as background:
        assert work.until(lambda: len(work.due) == 1 and sorted(work.begun) == [1, 2])
        rung = bell.count
        ending = threading.Thread(target=background.stop)
        ending.start()
        bell.wait(rung, 10)  # it is about to stop
        work.may_send.set()
        ending.join()
        assert sorted(work.delivered) == [1, 2]
        assert sorted(work.settled) == [1, 2, 3, 4]
        assert len(work.due) == 1


def test_an_outcome_that_the_store_did_not_take_is_handed_in_again() -> None:
    work, bell = Watched(), Bell()
    work.may_send.clear()
    work.due.extend(deliveries(1))
    with running(work, bell):
        assert work.until(lambda: not work.due)
        work.store_fails = 3
        work.may_send.set()
        assert work.until(lambda: work.settled == [1])
    assert work.delivered == [1]


def test_it_ticks_when_the_scenario_changes_something() -> None:
    work = Watched()
    work.quiet_s = 0.0
    with running(work, Bell(), tick_s=3600.0):
        assert work.until(lambda: work.ticks >= 3)


def test_what_fails_again_and_again_is_told_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Watched()
    work.fails = 20
    with running(work, Bell(), tick_s=0.001):
        assert work.until(lambda: work.ticks >= 25)
    assert [(r.levelname, r.getMessage(), bool(r.exc_info)) for r in caplog.records] == [
        ("ERROR", "tick failed, and will be tried again: RuntimeError('a bad moment')", True),
        ("WARNING", "tick goes on", False),
    ]
