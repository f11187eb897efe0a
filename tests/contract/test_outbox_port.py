"""What every outbox promises: the same tests on the fake, on a file, in memory, on PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from builders.sessions import REAL_S, notification
from nef.domain.notifications import Delivery, DeliveryState
from nef.ports.storage import Outbox, Storage

LEASE_S = 30.0


def tell(store: Storage, *session_ids: str, due_at_s: float = 0.0) -> None:
    with store.transaction() as work:
        for session_id in session_ids:
            work.outbox.add(notification(session_id), due_at_s)


def claim(store: Storage, now_s: float = 0.0, limit: int = 10) -> list[Delivery]:
    with store.transaction() as work:
        return list(work.outbox.claim(now_s, LEASE_S, limit))


def settle(store: Storage, delivery: Delivery, **changes: object) -> None:
    with store.transaction() as work:
        work.outbox.settle(replace(delivery, **changes))  # type: ignore[arg-type]


def wake(store: Storage, session_id: str) -> None:
    with store.transaction() as work:
        work.outbox.wake(session_id)


def found(store: Storage) -> list[Delivery]:
    with store.reading() as work:
        return list(work.outbox.find(None, None, 100))


def test_a_claim_takes_what_is_due_once(store: Storage) -> None:
    tell(store, "a", "b")
    assert [d.notification.subscription_id for d in claim(store)] == ["a", "b"]
    assert claim(store) == []


def test_a_claim_respects_its_limit_and_the_time(store: Storage) -> None:
    tell(store, "a", "b")
    tell(store, "c", due_at_s=50.0)
    assert len(claim(store, limit=1)) == 1
    assert len(claim(store)) == 1
    assert [d.notification.subscription_id for d in claim(store, now_s=50.0 - 25)] == []


def test_a_notification_is_claimed_as_it_was_written(store: Storage) -> None:
    tell(store, "a")
    (delivery,) = claim(store)
    assert delivery.notification == notification("a")
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)


def test_the_second_of_a_session_waits_for_the_first(store: Storage) -> None:
    tell(store, "a", "a")
    (first,) = claim(store)
    assert claim(store) == []
    settle(store, first, due_at_s=10.0, attempts=1)
    assert claim(store, now_s=5.0) == []
    (again,) = claim(store, now_s=10.0)
    assert (again.id, again.attempts) == (first.id, 1)
    settle(store, again, state=DeliveryState.DELIVERED, settled_at_s=10.0)
    (second,) = claim(store, now_s=10.0)
    assert second.id > first.id


def test_those_behind_one_that_is_tried_again_later_are_due_no_sooner(store: Storage) -> None:
    tell(store, "a", "a", "b")
    tell(store, "a", due_at_s=70.0)
    first, of_b = claim(store)
    settle(store, of_b, state=DeliveryState.DELIVERED, settled_at_s=1.0)
    settle(store, first, due_at_s=60.0, attempts=1)
    waiting = {d.id: d.due_at_s for d in found(store) if d.state is DeliveryState.PENDING}
    assert waiting == {first.id: 60.0, first.id + 1: 60.0, first.id + 3: 70.0}
    wake(store, "a")
    assert {d.due_at_s for d in found(store) if d.state is DeliveryState.PENDING} == {0.0}


def test_a_claim_that_was_not_settled_falls_back_with_its_lease(store: Storage) -> None:
    tell(store, "a")
    (first,) = claim(store)
    assert claim(store, now_s=LEASE_S - 1) == []
    (again,) = claim(store, now_s=LEASE_S)
    assert again.id == first.id


def test_the_next_attempt_is_due_when_nobody_has_it_in_hand(store: Storage) -> None:
    def next_due_s() -> float | None:
        with store.reading() as work:
            return work.outbox.next_due_s()

    assert next_due_s() is None
    tell(store, "a", "a", due_at_s=5.0)
    assert next_due_s() == 5.0
    (first,) = claim(store, now_s=5.0)
    assert next_due_s() == 5.0 + LEASE_S
    settle(store, first, due_at_s=99.0)
    assert next_due_s() == 99.0


def test_the_notifications_of_a_busy_af_are_left_alone(store: Storage) -> None:
    tell(store, "a")
    with store.transaction() as work:
        assert work.outbox.claim(0.0, LEASE_S, 10, ["af", "another"]) == []
        assert work.outbox.next_due_s(["af"]) is None
        assert work.outbox.next_due_s(["another"]) == 0.0
        assert len(work.outbox.claim(0.0, LEASE_S, 10, ["another"])) == 1


def give_up(store: Storage, waiting_before_s: float, now_s: float) -> None:
    with store.transaction() as work:
        work.outbox.give_up(waiting_before_s, now_s, "waited")


def test_what_waits_since_long_ago_is_given_up_but_not_out_of_somebodys_hand(
    store: Storage,
) -> None:
    tell(store, "a", "a", "b", "c")
    first, of_b, of_c = claim(store, now_s=REAL_S)
    settle(store, first, due_at_s=REAL_S + 9.0, last_error="nobody there")
    settle(store, of_b, due_at_s=REAL_S + 9.0, waiting_since_s=REAL_S + 9.0)
    give_up(store, REAL_S, REAL_S + 1.0)
    assert {d.state for d in found(store)} == {DeliveryState.PENDING}, "nothing is that old"
    give_up(store, REAL_S + 1.0, REAL_S + 2.0)
    given_up = [d for d in found(store) if d.state is DeliveryState.GIVEN_UP]
    assert [d.last_error for d in given_up] == ["waited", "nobody there"]
    assert {d.settled_at_s for d in given_up} == {REAL_S + 2.0}
    assert {d.notification.subscription_id for d in given_up} == {"a"}
    settle(store, of_c, state=DeliveryState.DELIVERED, settled_at_s=REAL_S + 3.0)
    assert found(store)[0].state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    "begin_anew",
    [
        lambda o: o.take_back(),
        lambda o: o.wake("a"),
        lambda o: o.redirect("a", "http://elsewhere/"),
    ],
    ids=["take_back", "wake", "redirect"],
)
def test_the_time_to_be_delivered_begins_anew(
    store: Storage, restarted: Callable[[], Storage], begin_anew: Callable[[Outbox], None]
) -> None:
    tell(store, "a")
    (delivery,) = claim(store)
    assert delivery.waiting_since_s == REAL_S
    settle(store, delivery, due_at_s=0.0, waiting_since_s=1.0)
    store = restarted()
    with store.transaction() as work:
        begin_anew(work.outbox)
    assert [d.waiting_since_s for d in found(store)] == [REAL_S]


def test_what_is_dropped_is_not_sent_even_if_it_is_in_hand(store: Storage) -> None:
    tell(store, "a", "a", "b")
    (of_a, _) = claim(store)
    with store.transaction() as work:
        work.outbox.drop("a")
    settle(store, of_a, due_at_s=0.0)
    assert [d.notification.subscription_id for d in found(store)] == ["b"]


def test_what_is_redirected_goes_elsewhere_at_once(store: Storage) -> None:
    tell(store, "a", "b", due_at_s=500.0)
    with store.transaction() as work:
        work.outbox.redirect("a", "http://elsewhere/")
    (delivery,) = claim(store)
    assert delivery.notification.destination == "http://elsewhere/"
    assert delivery.notification.subscription_id == "a"


def test_an_attempt_that_failed_elsewhere_does_not_undo_a_redirection(store: Storage) -> None:
    tell(store, "a")
    (in_hand,) = claim(store)
    with store.transaction() as work:
        work.outbox.redirect("a", "http://elsewhere/")
    settle(store, in_hand, attempts=1, due_at_s=5.0, last_error="nobody there")
    (again,) = claim(store)
    assert again.notification.destination == "http://elsewhere/"
    assert again.attempts == 0


@pytest.mark.parametrize("earlier_wakes", [0, 1])
@pytest.mark.parametrize("outcome", [DeliveryState.PENDING, DeliveryState.GIVEN_UP])
def test_what_is_woken_while_an_attempt_fails_is_due_at_once(
    store: Storage, earlier_wakes: int, outcome: DeliveryState
) -> None:
    tell(store, "a", due_at_s=0.0)
    for _ in range(earlier_wakes):
        wake(store, "a")
    (in_hand,) = claim(store)
    wake(store, "a")
    assert claim(store) == [], "it is still in hand"
    settle(store, in_hand, state=outcome, attempts=7, due_at_s=60.0, last_error="broke")
    (again,) = claim(store)
    assert (again.state, again.attempts) == (DeliveryState.PENDING, 0)
    settle(store, again, attempts=1, due_at_s=60.0, last_error="broke anew")
    assert claim(store) == [], "one wake is one attempt more"


def test_what_is_woken_while_it_is_delivered_is_not_sent_again(store: Storage) -> None:
    tell(store, "a")
    (in_hand,) = claim(store)
    wake(store, "a")
    settle(store, in_hand, state=DeliveryState.DELIVERED, settled_at_s=5.0)
    assert claim(store, now_s=LEASE_S) == []


def test_what_is_given_up_elsewhere_is_still_due_at_the_new_destination(store: Storage) -> None:
    tell(store, "a")
    (in_hand,) = claim(store)
    with store.transaction() as work:
        work.outbox.redirect("a", "http://elsewhere/")
    settle(store, in_hand, state=DeliveryState.GIVEN_UP, settled_at_s=5.0)
    assert [d.state for d in claim(store)] == [DeliveryState.PENDING]


def test_what_was_delivered_elsewhere_is_delivered(store: Storage) -> None:
    tell(store, "a")
    (in_hand,) = claim(store)
    with store.transaction() as work:
        work.outbox.redirect("a", "http://elsewhere/")
    settle(store, in_hand, state=DeliveryState.DELIVERED, settled_at_s=5.0)
    assert claim(store, now_s=LEASE_S) == []


def test_a_lease_that_is_taken_back_lets_the_next_one_claim_at_once(
    store: Storage, restarted: Callable[[], Storage]
) -> None:
    tell(store, "a", "b")
    first, other = claim(store)
    settle(store, other, state=DeliveryState.DELIVERED, settled_at_s=1.0)
    store = restarted()
    with store.transaction() as work:
        work.outbox.take_back()
    assert [d.id for d in claim(store)] == [first.id]


def test_no_number_is_given_twice_and_who_has_a_dropped_one_in_hand_settles_no_other(
    store: Storage,
) -> None:
    tell(store, "a")
    (in_hand,) = claim(store)
    with store.transaction() as work:
        work.outbox.drop("a")
    tell(store, "b")
    settle(store, in_hand, state=DeliveryState.DELIVERED, settled_at_s=1.0)
    (other,) = found(store)
    assert other.state is DeliveryState.PENDING, "nobody has sent it"
    assert other.id > in_hand.id


def test_what_was_to_be_tried_later_is_due_at_a_start(
    store: Storage, restarted: Callable[[], Storage]
) -> None:
    tell(store, "a")
    (delivery,) = claim(store)
    settle(store, delivery, due_at_s=REAL_S + 3600.0)  # by a clock that went an hour back since
    assert claim(store) == []
    store = restarted()
    with store.transaction() as work:
        work.outbox.take_back()
    assert [d.id for d in claim(store)] == [delivery.id]


def test_dropping_keeps_what_was_delivered(store: Storage) -> None:
    tell(store, "a")
    (delivery,) = claim(store)
    settle(store, delivery, state=DeliveryState.DELIVERED, settled_at_s=1.0)
    with store.transaction() as work:
        work.outbox.drop("a")
    assert [d.state for d in found(store)] == [DeliveryState.DELIVERED]


def test_deliveries_are_found_by_session_and_state_the_newest_first(store: Storage) -> None:
    tell(store, "a", "b", "a")
    with store.reading() as work:
        of_a = work.outbox.find("a", None, 10)
        assert [d.id for d in of_a] == sorted((d.id for d in of_a), reverse=True)
        assert len(of_a) == 2
        assert len(work.outbox.find(None, DeliveryState.PENDING, 2)) == 2
        assert list(work.outbox.find(None, DeliveryState.GIVEN_UP, 10)) == []


def test_pruning_forgets_what_was_settled_long_ago_only(store: Storage) -> None:
    tell(store, "old", "new", "waiting")
    old, new, _ = claim(store)
    settle(store, old, state=DeliveryState.GIVEN_UP, settled_at_s=1.0, last_error="gone")
    settle(store, new, state=DeliveryState.DELIVERED, settled_at_s=9.0)
    with store.transaction() as work:
        work.outbox.prune(5.0)
    assert {d.notification.subscription_id for d in found(store)} == {"new", "waiting"}


def test_what_waits_or_is_lost_is_counted_with_the_oldest_that_waits(store: Storage) -> None:
    with store.reading() as work:
        assert work.outbox.backlog().oldest_since_s is None
    tell(store, "a", "b", "c", "d")
    given_up, lost, delivered, waits = claim(store)
    settle(store, given_up, state=DeliveryState.GIVEN_UP, settled_at_s=1.0)
    settle(store, lost, state=DeliveryState.LOST, settled_at_s=1.0)
    settle(store, delivered, state=DeliveryState.DELIVERED, settled_at_s=1.0)
    with store.reading() as work:
        backlog = work.outbox.backlog()
    assert backlog.counts == {
        DeliveryState.PENDING: 1,
        DeliveryState.GIVEN_UP: 1,
        DeliveryState.LOST: 1,
    }
    assert backlog.oldest_since_s == waits.waiting_since_s
