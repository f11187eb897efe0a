"""Deliveries: tried, tried again, given up; one dead receiver costs nobody else anything."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from fakes.storage import MemoryStorage
from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.notifications import Delivery, DeliveryState, Notification, SessionEvents
from nef.domain.retries import PATIENCE_S
from nef.ports.notifier import DeliveryFailed, DeliveryForbidden
from nef.services.deliveries import KEPT_S, DeliveryService, Upkeep


@dataclass
class ScriptedNotifier:
    """A notifier whose receivers at `dead` destinations do not answer, and `forbidden` ones."""

    dead: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    sent: list[tuple[str, UserPlaneEvent]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def send(self, delivery: Delivery) -> None:
        note = delivery.notification
        if note.destination in self.dead:
            self.meanwhile()
            raise DeliveryFailed("nobody there")
        if note.destination in self.forbidden:
            raise DeliveryForbidden("not there")
        assert isinstance(note.content, SessionEvents)
        self.sent.append((note.subscription_id, note.content.reports[0].event))


class Rig:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.storage = MemoryStorage(lambda: self.now_s)
        self.notifier = ScriptedNotifier()
        self.service = DeliveryService(self.storage, self.notifier, lambda: self.now_s)
        self.upkeep = Upkeep(self.storage, lambda: self.now_s)

    def add(
        self,
        session_id: str,
        destination: str = "http://alive/",
        event: UserPlaneEvent = UserPlaneEvent.QOS_GUARANTEED,
        af_id: str = "af",
    ) -> None:
        content = SessionEvents((EventReport(event),))
        note = Notification(session_id, af_id, destination, content, self.now_s)
        with self.storage.transaction() as work:
            work.outbox.add(note, 0.0)

    def deliver_all(self) -> None:
        while self.service.deliver(limit=10):
            pass

    def states(self) -> dict[str, DeliveryState]:
        rows = self.service.find(None, None, 100)
        return {row.notification.subscription_id: row.state for row in rows}


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_what_a_crash_left_in_hand_is_delivered_after_the_start(rig: Rig) -> None:
    rig.add("a")
    with rig.storage.transaction() as work:
        work.outbox.claim(rig.now_s, 30.0, 1)  # by a process that died then
    rig.deliver_all()
    assert rig.states() == {"a": DeliveryState.PENDING}
    rig.upkeep.recover()
    rig.deliver_all()
    assert rig.states() == {"a": DeliveryState.DELIVERED}


def test_what_is_due_is_delivered_once(rig: Rig) -> None:
    rig.add("a")
    rig.deliver_all()
    rig.deliver_all()
    assert rig.notifier.sent == [("a", UserPlaneEvent.QOS_GUARANTEED)]
    assert rig.states() == {"a": DeliveryState.DELIVERED}


def test_the_notifications_of_a_session_stay_in_order(rig: Rig) -> None:
    events = [
        UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION,
        UserPlaneEvent.QOS_NOT_GUARANTEED,
        UserPlaneEvent.QOS_GUARANTEED,
    ]
    for event in events:
        rig.add("a", event=event)
    rig.deliver_all()
    assert [event for _, event in rig.notifier.sent] == events


def test_a_dead_receiver_costs_only_its_own_rows(rig: Rig) -> None:
    rig.notifier.dead.add("http://dead/")
    rig.add("a", "http://dead/")
    rig.add("a", "http://dead/")
    rig.add("b")
    rig.deliver_all()
    assert rig.notifier.sent == [("b", UserPlaneEvent.QOS_GUARANTEED)]
    assert rig.states()["a"] is DeliveryState.PENDING


def test_a_failed_attempt_is_repeated_later_and_says_why(rig: Rig) -> None:
    rig.notifier.dead.add("http://dead/")
    rig.add("a", "http://dead/")
    rig.deliver_all()
    (row,) = rig.service.find("a", None, 10)
    assert (row.attempts, row.last_error) == (1, "nobody there")
    assert row.due_at_s > rig.now_s
    assert rig.service.next_due_s() == row.due_at_s
    rig.notifier.dead.clear()
    rig.now_s = row.due_at_s
    rig.deliver_all()
    assert rig.states() == {"a": DeliveryState.DELIVERED}


def test_a_receiver_that_comes_back_while_an_attempt_fails_is_told_at_once(rig: Rig) -> None:
    def comes_back() -> None:
        rig.notifier.dead.clear()
        rig.service.wake("a")

    rig.notifier.dead.add("http://dead/")
    rig.notifier.meanwhile = comes_back
    rig.add("a", "http://dead/")
    rig.deliver_all()
    assert rig.states() == {"a": DeliveryState.DELIVERED}


def test_it_is_given_up_after_a_bounded_time_and_then_visible(rig: Rig) -> None:
    rig.notifier.dead.add("http://dead/")
    rig.add("a", "http://dead/")
    while (due_s := rig.service.next_due_s()) is not None:
        rig.now_s = max(rig.now_s, due_s)
        rig.deliver_all()
    (row,) = rig.service.find(None, DeliveryState.GIVEN_UP, 10)
    assert row.last_error == "nobody there"
    assert row.settled_at_s is not None
    assert row.settled_at_s <= row.waiting_since_s + PATIENCE_S


def test_what_may_not_be_sent_is_given_up_at_once_and_what_follows_is_not_held_up(rig: Rig) -> None:
    rig.notifier.forbidden.add("http://inside/")
    rig.add("a", "http://inside/")
    rig.add("a")
    rig.deliver_all()
    (row,) = rig.service.find(None, DeliveryState.GIVEN_UP, 10)
    assert (row.attempts, row.last_error) == (1, "not there")
    assert len(rig.notifier.sent) == 1


def test_what_waits_behind_it_is_given_up_in_the_same_time(rig: Rig) -> None:
    rig.notifier.dead.add("http://dead/")
    for _ in range(20):
        rig.add("a", "http://dead/")
    rig.add("b", "http://dead/")
    rig.deliver_all()
    rig.now_s += PATIENCE_S + 1
    rig.add("a", "http://dead/")
    rig.upkeep.prune()
    rows = rig.service.find("a", DeliveryState.GIVEN_UP, 100)
    assert len(rows) == 20
    assert rows[-1].last_error == "nobody there", "the first was tried"
    assert "waited 300 s for those before it" in str(rows[0].last_error)
    assert rig.states()["b"] is DeliveryState.GIVEN_UP
    rig.notifier.dead.clear()
    rig.deliver_all()
    newest = rig.service.find("a", None, 1)[0]
    assert newest.state is DeliveryState.DELIVERED, "its time is not over"


def test_the_time_that_the_service_was_down_is_not_counted(rig: Rig) -> None:
    rig.add("a")
    rig.now_s += 10 * PATIENCE_S
    rig.upkeep.recover()
    rig.upkeep.prune()
    rig.deliver_all()
    assert rig.states() == {"a": DeliveryState.DELIVERED}


def test_what_comes_after_a_given_up_one_is_still_delivered(rig: Rig) -> None:
    rig.notifier.dead.add("http://dead/")
    rig.add("a", "http://dead/")
    rig.deliver_all()
    rig.add("a", "http://alive/")
    rig.now_s += PATIENCE_S
    rig.deliver_all()
    assert rig.notifier.sent == [("a", UserPlaneEvent.QOS_GUARANTEED)]


def test_an_af_that_takes_long_leaves_room_for_the_others(rig: Rig) -> None:
    def meanwhile() -> None:
        rig.notifier.meanwhile = lambda: None
        assert rig.service.deliver() == 1, "the other AF's, though it came last"
        assert rig.service.next_due_s() is None

    rig.notifier.dead.add("http://slow/")
    rig.notifier.meanwhile = meanwhile
    for session_id in "abc":
        rig.add(session_id, "http://slow/", af_id="slow")
    rig.add("z", af_id="quick")
    assert rig.service.deliver() == 1
    assert rig.notifier.sent == [("z", UserPlaneEvent.QOS_GUARANTEED)]
    assert rig.service.deliver() == 1, "and then the next of the slow one's"


def test_afs_that_did_not_take_the_last_one_leave_room_for_the_others_together(rig: Rig) -> None:
    service = replace(rig.service, share=2)
    rig.notifier.dead.add("http://slow/")
    for name in "abcdef":
        rig.add(name, "http://slow/", af_id=name)
    while service.deliver(limit=10):
        pass  # nobody knew them
    rig.now_s += 1.0
    rig.add("z", af_id="quick")
    assert sorted(d.notification.af_id for d in service.exchange((), 10)) == ["a", "b", "quick"]


def test_an_af_that_takes_one_again_is_one_of_the_others(rig: Rig) -> None:
    service = replace(rig.service, share=1)
    rig.notifier.dead.add("http://slow/")
    for name in "ab":
        rig.add(name, "http://slow/", af_id=name)
    while service.deliver(limit=10):
        pass
    rig.notifier.dead.clear()
    rig.now_s += 1.0
    assert service.deliver(limit=10) == 1
    assert service.deliver(limit=10) == 1
    for name in "ab":
        rig.add(name, af_id=name)
    assert len(service.exchange((), 10)) == 2


def test_what_was_settled_is_forgotten_after_a_while_and_not_what_waits(rig: Rig) -> None:
    rig.add("a")
    rig.deliver_all()
    rig.now_s += KEPT_S + 1
    rig.add("b", "http://dead/")
    rig.upkeep.prune()
    assert rig.states() == {"b": DeliveryState.PENDING}
