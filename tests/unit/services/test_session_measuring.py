"""What is watched of a session, from its creation to its end, in store and outbox."""

import itertools
from dataclasses import replace

import pytest

from builders.measurements import measurement, rate_above
from builders.sessions import request, session
from fakes.clock import FakeClock
from fakes.metering import FakeMetering
from fakes.storage import MemoryStorage
from nef.domain.notifications import SessionEvents
from nef.domain.sessions import Session, Usage
from nef.domain.subscriptions import Api
from nef.services.measuring import SessionMeasuring
from nef.services.subscriptions import SubscriptionService

RATE = {"qosMonDatRate": rate_above("5 Mbps")}


class Rig:
    """A session that is watched, and the ticker's look at it."""

    def __init__(self) -> None:
        self.metering = FakeMetering()
        self.storage = MemoryStorage()
        self.clock = FakeClock(100.0)
        self.measuring = SessionMeasuring(self.metering)
        self.restart()

    def restart(self) -> None:
        watches = {Api.SESSIONS: self.measuring}
        changes = itertools.count()
        self.subscriptions = SubscriptionService(
            self.storage, self.clock, watches, lambda: "never", lambda: None, changes.__next__
        )

    def follow(self, one: Session) -> None:
        with self.storage.transaction() as work:
            self.measuring.follow(work, one, self.clock.now_s())

    def end(self, one: Session) -> Usage | None:
        carried = self.metering.carried_bytes(one.id)
        with self.storage.transaction() as work:
            return self.measuring.end(work, one, carried, self.clock.now_s())

    def pass_time(self, seconds: float, mbps: float = 0) -> None:
        self.metering.measured = {"s1": {0: measurement(mbps)}}
        self.clock.advance(seconds)
        self.subscriptions.tick()

    def told(self) -> list[str]:
        with self.storage.reading() as work:
            rows = reversed(work.outbox.find(None, None, 100))
        contents = [row.notification.content for row in rows]
        return [r.event for c in contents if isinstance(c, SessionEvents) for r in c.reports]

    def is_watched(self) -> bool:
        with self.storage.reading() as work:
            return work.subscriptions.get(Api.SESSIONS, "s1") is not None


@pytest.fixture
def rig() -> Rig:
    return Rig()


def asked(**changes: object) -> Session:
    return session(asked=request(**changes))


def test_a_crossing_is_told_once_also_by_another_process(rig: Rig) -> None:
    rig.follow(asked(**RATE))
    rig.pass_time(1, mbps=9)
    rig.restart()
    rig.pass_time(1, mbps=9)
    assert rig.told() == ["QOS_MONITORING"]
    rig.pass_time(1, mbps=1)
    assert rig.told() == ["QOS_MONITORING"] * 2


def test_a_report_goes_where_the_session_wants_it_now(rig: Rig) -> None:
    rig.follow(asked(**RATE))
    rig.follow(asked(**RATE, notificationDestination="http://127.0.0.1:9/other"))
    rig.pass_time(1, mbps=9)
    with rig.storage.reading() as work:
        (delivery,) = work.outbox.find("s1", None, 10)
    assert delivery.notification.destination == "http://127.0.0.1:9/other"


def test_a_look_that_a_change_overtook_tells_nothing(rig: Rig) -> None:
    rig.follow(asked(**RATE))
    with rig.storage.reading() as work:
        (old,) = work.subscriptions.due(1000.0, 0, 10, changed=True)
    rig.follow(asked(**RATE))
    rig.metering.measured = {"s1": {0: measurement(9)}}
    rig.subscriptions._look(old, 101.0)  # what a slower thread would do
    assert rig.told() == []


def test_a_session_that_asks_for_nothing_is_not_watched(rig: Rig) -> None:
    rig.follow(asked())
    assert not rig.is_watched()
    assert rig.end(asked()) is None


def test_what_is_asked_for_later_begins_and_ends_with_it(rig: Rig) -> None:
    rig.follow(asked())
    rig.follow(asked(**RATE))
    assert rig.is_watched()
    rig.follow(asked())
    assert not rig.is_watched()


def test_the_end_of_a_session_sums_up_to_the_last_report(rig: Rig) -> None:
    one = asked(usageThreshold={"totalVolume": 10**9})
    rig.follow(one)
    rig.metering.carried["s1"] = {"0/first": 500}
    rig.pass_time(1.5)
    rig.metering.carried["s1"] = {"0/second": 70}
    assert rig.end(one) == Usage(1, 570, 570)
    assert not rig.is_watched()


def test_without_a_threshold_no_usage_is_told_at_the_end(rig: Rig) -> None:
    one = asked(**RATE)
    rig.follow(one)
    assert rig.end(one) is None
    assert not rig.is_watched()


def test_a_session_whose_network_is_silent_tells_nothing(rig: Rig) -> None:
    rig.follow(replace(asked(**RATE)))
    rig.clock.advance(5)
    rig.subscriptions.tick()
    assert rig.told() == []
