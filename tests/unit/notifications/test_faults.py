"""Notifications that are held back, told twice, or lost; the others come as they did."""

from contextlib import suppress
from dataclasses import dataclass, field

from builders.faults import Faulty
from builders.sessions import notification
from nef.domain.faults import FaultName
from nef.domain.notifications import Delivery, DeliveryState
from nef.notifications.faults import FaultyNotifier
from nef.ports.notifier import DeliveryFailed, DeliveryLost
from nef.services.deliveries import DeliveryService


@dataclass
class Sent:
    """A notifier that remembers; its AF answers until it has had `patience` of them."""

    ids: list[int] = field(default_factory=list)
    patience: int = 1000

    def send(self, delivery: Delivery) -> None:
        if len(self.ids) >= self.patience:
            raise DeliveryFailed("nobody there any more")
        self.ids.append(delivery.id)


class Rig:
    def __init__(self, *names: str) -> None:
        """Notifications of these subscriptions wait in the outbox."""
        self.now_s = 100.0
        self.faulty = Faulty()
        self.sent = Sent()
        notifier = FaultyNotifier(self.sent, self.faulty.faults)
        self.service = DeliveryService(self.faulty.storage, notifier, lambda: self.now_s)
        self.add(*names)

    def add(self, *names: str) -> None:
        with self.faulty.storage.transaction() as work:
            for name in names:
                work.outbox.add(notification(name), 0.0)

    def deliver(self) -> None:
        while self.service.deliver(limit=1):
            pass

    def found(self) -> list[Delivery]:
        return list(reversed(self.service.find(None, None, 1000)))

    def states(self) -> list[DeliveryState]:
        return [row.state for row in self.found()]


PENDING, DELIVERED, LOST = DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.LOST


def test_without_faults_each_is_told_once() -> None:
    rig = Rig("a", "b", "a")
    rig.deliver()
    assert sorted(rig.sent.ids) == [1, 2, 3]
    assert rig.states() == [DELIVERED] * 3


def test_a_lost_one_is_shown_as_lost_and_nobody_tries_again() -> None:
    rig = Rig("a", "a")
    rig.faulty.faults.trigger(FaultName.NOTIFICATION_LOST, 1)
    rig.deliver()
    rig.now_s += 1000
    rig.deliver()
    assert rig.sent.ids == [2]
    first, second = rig.found()
    assert (first.state, second.state) == (LOST, DELIVERED)
    assert "notification-lost" in (first.last_error or "")


def test_what_is_held_back_comes_later_and_what_follows_it_waits_but_nobody_else() -> None:
    rig = Rig("a", "a", "b")
    rig.faulty.set(FaultName.NOTIFICATION_DELAYED, times=1, delay_s=5.0)
    rig.deliver()
    assert rig.sent.ids == [3]
    assert rig.states() == [PENDING, PENDING, DELIVERED]
    assert "held back for 5 s" in (rig.found()[0].last_error or "")
    rig.now_s += 4.9
    rig.deliver()
    assert rig.sent.ids == [3]
    rig.now_s += 0.1
    rig.deliver()
    assert rig.sent.ids == [3, 1, 2]


def test_what_is_always_held_back_is_held_back_once() -> None:
    rig = Rig("a")
    rig.faulty.set(FaultName.NOTIFICATION_DELAYED, probability=1.0, delay_s=5.0)
    rig.deliver()
    rig.now_s += 5
    rig.deliver()
    assert rig.sent.ids == [1]


def test_a_duplicate_has_the_same_id() -> None:
    rig = Rig("a", "a")
    rig.faulty.faults.trigger(FaultName.NOTIFICATION_DUPLICATED, 1)
    rig.deliver()
    assert rig.sent.ids == [1, 1, 2]


def test_a_duplicate_that_nobody_takes_is_not_told_a_third_time() -> None:
    rig = Rig("a")
    rig.sent.patience = 1
    rig.faulty.faults.trigger(FaultName.NOTIFICATION_DUPLICATED, 1)
    rig.deliver()
    rig.sent.patience = 1000
    rig.now_s += 1000
    rig.deliver()
    assert rig.sent.ids == [1]
    assert rig.states() == [DELIVERED]


def test_a_fault_of_one_af_strikes_no_other() -> None:
    rig = Rig("a")
    rig.faulty.set(FaultName.NOTIFICATION_LOST, probability=1.0, af_id="somebody-else")
    rig.deliver()
    assert rig.sent.ids == [1]


def lost_of(earlier: int, *, backwards: bool) -> list[int]:
    """Which of sixty are lost, counted from the first after the fault was set."""
    rig = Rig(*("earlier" for _ in range(earlier)))
    rig.deliver()
    rig.faulty.set(FaultName.NOTIFICATION_LOST, probability=0.3)
    rig.add(*(f"s{number}" for number in range(60)))
    with rig.faulty.storage.transaction() as work:
        claimed = sorted(work.outbox.claim(rig.now_s, 30.0, 60), key=lambda one: one.id)
    notifier = FaultyNotifier(rig.sent, rig.faulty.faults)
    for delivery in reversed(claimed) if backwards else claimed:
        with suppress(DeliveryLost):
            notifier.send(delivery)
    return [one.id - earlier for one in claimed if one.id not in rig.sent.ids]


def test_which_are_lost_follows_from_their_order_and_not_from_who_is_sent_first() -> None:
    lost = lost_of(0, backwards=False)
    assert 0 < len(lost) < 60
    assert lost_of(0, backwards=True) == lost
    assert lost_of(3, backwards=False) == lost
