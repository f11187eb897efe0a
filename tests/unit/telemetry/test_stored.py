"""What the store's metrics say, and what it may cost to find out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from builders.sessions import notification, session
from builders.waiting import until
from fakes.clock import FakeClock
from fakes.storage import MemoryStorage
from nef.domain.errors import StoreUnavailable
from nef.domain.lifecycle import SessionState
from nef.telemetry import stored
from nef.telemetry.stored import StoreMetrics


class SlowStorage(MemoryStorage):
    """Each reading takes a time, or fails; how many there were is known."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now_s)
        self.clock, self.takes_s, self.read, self.down = clock, 0.0, 0, False

    @contextmanager
    def reading(self) -> Iterator[Any]:
        self.read += 1
        self.clock.advance(self.takes_s)
        if self.down:
            raise StoreUnavailable("gone")
        with super().reading() as work:
            yield work


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.storage = SlowStorage(self.clock)
        self.registry = CollectorRegistry()
        self.registry.register(StoreMetrics(self.storage, self.clock.now_s, self.clock.now_s))

    def __getitem__(self, name: str) -> float | None:
        base, _, label = name.partition(":")
        return self.registry.get_sample_value(base, {"state": label} if label else {})


def test_sessions_are_counted_by_state_also_those_there_are_none_of() -> None:
    rig = Rig()
    with rig.storage.transaction() as work:
        work.sessions.add(session("a"))
        work.sessions.add(session("b"))
        work.sessions.add(session("c", state=SessionState.RELEASING))
    assert (rig["nef_sessions:active"], rig["nef_sessions:releasing"]) == (2, 1)
    assert rig["nef_sessions:requested"] == 0
    assert rig["nef_store_up"] == 1


def test_what_waits_is_counted_with_the_age_of_the_oldest() -> None:
    rig = Rig()
    assert rig["nef_outbox_oldest_age_seconds"] == 0
    for name in ("a", "b"):
        with rig.storage.transaction() as work:
            work.outbox.add(notification(name), 0.0)
        rig.clock.advance(5.0)
    assert rig["nef_outbox_notifications:pending"] == 2
    assert rig["nef_outbox_oldest_age_seconds"] == 10
    assert rig["nef_outbox_notifications:given_up"] == 0


def test_a_count_holds_a_second_and_a_slow_one_a_hundred_times_as_long_as_it_took() -> None:
    rig = Rig()
    for takes_s, holds_s in ((0.0, 1.0), (0.25, 25.0)):
        rig.storage.takes_s, before = takes_s, rig.storage.read
        assert rig["nef_store_up"] == 1
        rig.clock.advance(holds_s - 0.125)
        assert rig["nef_store_up"] == 1
        assert rig.storage.read == before + 1
        rig.clock.advance(0.25)


def test_a_store_that_is_gone_is_told_and_the_rest_is_left_out() -> None:
    rig = Rig()
    rig.storage.down = True
    assert rig["nef_store_up"] == 0
    assert rig["nef_sessions:active"] is None
    rig.storage.down = False
    rig.clock.advance(2.0)
    assert rig["nef_store_up"] == 1
    assert rig["nef_sessions:active"] == 0


def test_a_store_that_was_silent_for_long_is_up_as_soon_as_it_answers_again() -> None:
    rig = Rig()
    rig.storage.down, rig.storage.takes_s = True, 20.0
    assert rig["nef_store_up"] == 0
    rig.storage.down, rig.storage.takes_s = False, 0.0
    rig.clock.advance(1.0)
    assert rig["nef_store_up"] == 1


def test_nobody_who_reads_waits_for_a_store_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    rig, answers = Rig(), threading.Event()
    until(lambda: rig["nef_store_up"] == 1)
    monkeypatch.setattr(stored, "_WAITED_S", 0.01)
    monkeypatch.setattr(rig.storage, "reading", lambda: silent(rig.storage.transaction, answers))
    rig.clock.advance(1.0)
    assert rig["nef_outbox_notifications:pending"] == 0, "as it was"
    rig.clock.advance(2.0)
    assert rig["nef_store_up"] == 0
    assert rig["nef_sessions:active"] is None
    answers.set()
    until(lambda: rig["nef_store_up"] == 1)


@contextmanager
def silent(reading: Callable[[], Any], answers: threading.Event) -> Iterator[Any]:
    assert answers.wait(60)
    with reading() as work:
        yield work


def test_nobody_asks_the_store_before_somebody_reads() -> None:
    assert Rig().storage.read == 0
