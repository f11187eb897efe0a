"""Several processes at one PostgreSQL: each is a store of its own here, since that is all it is."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from builders.postgresql import PostgresServer
from builders.sessions import notification, session
from builders.waiting import until
from db import neighbours
from db.storage import SqlStorage
from nef.domain.errors import Conflict
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import Delivery, DeliveryState
from nef.domain.sessions import Session

LEASE_S = 30.0
InThreads = Callable[[int, Callable[[int], None]], None]
Open = Callable[[], SqlStorage]


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
def opened(database: str) -> Iterator[Open]:
    """Opens the store for one more process."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(SqlStorage.open(database, lambda: 0.0)))


def claim(store: SqlStorage, now_s: float = 0.0, limit: int = 10) -> list[Delivery]:
    with store.at_once() as work:
        return list(work.outbox.claim(now_s, LEASE_S, limit))


def tell(store: SqlStorage, *names: str) -> None:
    with store.transaction() as work:
        work.outbox.add_all([notification(name) for name in names], 0.0)


def take_back(store: SqlStorage) -> None:
    with store.transaction() as work:
        work.outbox.take_back()


# --- the outbox ---


def test_each_is_sent_once_in_order_and_never_two_of_a_session_at_once(
    opened: Open, in_threads: InThreads
) -> None:
    stores = [opened(), opened()]
    names, each = [f"s{n}" for n in range(5)], 12
    sent: dict[str, list[int]] = defaultdict(list)
    in_hand: set[str] = set()
    turn, overlaps = threading.Lock(), []

    def send(delivery: Delivery) -> None:
        name = delivery.notification.subscription_id
        with turn:
            overlaps.extend([name] if name in in_hand else [])
            in_hand.add(name)
        time.sleep(0.001)
        with turn:
            sent[name].append(delivery.id)
            in_hand.remove(name)

    def work(number: int) -> None:
        store = stores[number % 2]
        if number < 2:
            for _ in range(each // 2):
                tell(store, *names)
        while sum(map(len, sent.values())) < each * len(names):
            for delivery in claim(store, limit=2):
                send(delivery)
                with store.at_once() as unit:
                    unit.outbox.settle(replace(delivery, state=DeliveryState.DELIVERED))

    in_threads(8, work)
    assert overlaps == []
    assert {name: len(ids) for name, ids in sent.items()} == dict.fromkeys(names, each)
    assert all(ids == sorted(ids) for ids in sent.values())


def test_a_claim_does_not_wait_for_what_somebody_is_about_to_write(opened: Open) -> None:
    here, there = opened(), opened()
    tell(here, "held", "free")
    with here.transaction() as work:
        work.outbox.wake("held")
        found = [delivery.notification.subscription_id for delivery in claim(there)]
    assert found == ["free"]


def test_who_tells_of_a_session_later_is_heard_later_whoever_commits_first(opened: Open) -> None:
    first, second = opened(), opened()
    told = threading.Thread(target=tell, args=(second, "a"))
    with first.transaction() as work:
        work.outbox.add(notification("a"), 0.0)
        told.start()
        tell(second, "b")  # of another session it may be told at any time
        assert [d.notification.subscription_id for d in claim(second)] == ["b"]
    told.join()
    (one,) = claim(first)
    with first.reading() as work:
        of_a = [d.id for d in work.outbox.find("a", None, 10)]
    assert [one.id, *of_a] == [min(of_a), *sorted(of_a, reverse=True)]


def test_a_start_takes_nothing_out_of_the_hands_of_the_living(opened: Open) -> None:
    living, dead = opened(), opened()
    tell(living, "a", "b", "c")
    (of_a,), (of_b,) = claim(living, limit=1), claim(dead, limit=1)
    dead.close()
    born = opened()
    take_back(born)
    assert [d.id for d in claim(born)] == [of_b.id, of_b.id + 1]
    with living.at_once() as work:
        work.outbox.settle(replace(of_a, state=DeliveryState.PENDING, due_at_s=0.0, attempts=1))
    assert [(d.id, d.attempts) for d in claim(living)] == [(of_a.id, 1)]


def test_what_is_intended_by_those_who_are_no_more_is_told_from_what_others_intend(
    opened: Open,
) -> None:
    here, there, gone = opened(), opened(), opened()
    for name, store in (("mine", here), ("theirs", there), ("left", gone)):
        claim(store)  # whoever serves looks for what is due, and is alive to the others by that
        with store.at_once() as work:
            work.sessions.add(session(name, state=SessionState.REQUESTED))
            work.sessions.add(session(f"{name}-settled"))
    gone.close()
    for store in (here, there):
        with store.reading() as work:
            assert set(work.sessions.deserted(10)) == {("left", 0)}
    with there.transaction() as work:
        left = work.sessions.get("left")
        assert left is not None
        work.sessions.replace(left)
    with here.reading() as work:
        assert not work.sessions.deserted(10), "somebody has taken it on"


def test_the_time_to_be_delivered_begins_anew_only_where_nobody_tried(opened: Open) -> None:
    living = opened()
    tell(living, "a")
    (mine,) = claim(living)
    with living.at_once() as work:
        work.outbox.settle(replace(mine, due_at_s=5.0, waiting_since_s=-7.0))
    take_back(opened())
    with living.reading() as work:
        (waiting,) = work.outbox.find(None, None, 10)
    assert (waiting.due_at_s, waiting.waiting_since_s) == (5.0, -7.0)


def test_who_comes_too_late_does_not_undo_what_another_does(opened: Open) -> None:
    slow, quick = opened(), opened()
    tell(slow, "a")
    (too_late,) = claim(slow)
    (again,) = claim(quick, now_s=LEASE_S)
    assert again.id == too_late.id
    with slow.at_once() as work:
        work.outbox.settle(replace(too_late, attempts=1, due_at_s=0.0, last_error="no answer"))
    assert claim(slow, now_s=LEASE_S) == [], "it is in the other's hand"
    with quick.at_once() as work:
        work.outbox.settle(replace(again, state=DeliveryState.DELIVERED, settled_at_s=1.0))
    assert claim(slow, now_s=9 * LEASE_S) == []


# --- sessions ---


def test_what_is_read_to_be_written_is_nobody_elses_until_it_is_written(
    opened: Open, in_threads: InThreads
) -> None:
    stores = [opened(), opened()]
    with stores[0].transaction() as work:
        work.sessions.add(session())

    def count_up(number: int) -> None:
        for _ in range(10):
            with stores[number % 2].transaction() as work:
                found = work.sessions.get("s1")
                assert found is not None
                work.sessions.replace(replace(found, changed_at_s=found.changed_at_s + 1.0))

    in_threads(4, count_up)
    with stores[0].reading() as work:
        found = work.sessions.get("s1")
    assert found is not None
    assert found.changed_at_s == session().changed_at_s + 40


def test_of_two_who_wait_for_each_other_one_is_told_to_try_again(opened: Open) -> None:
    store, both = opened(), threading.Barrier(2)
    with store.transaction() as work:
        rows = [work.sessions.add(session(name)) for name in ("a", "b")]
    outcomes: list[str] = []

    def write(first: Session, second: Session) -> None:
        try:
            with store.transaction() as work:
                work.sessions.replace(first)
                both.wait()
                work.sessions.get(second.id)
            outcomes.append("written")
        except Conflict:
            outcomes.append("try again")

    other = threading.Thread(target=write, args=(rows[1], rows[0]))
    other.start()
    write(*rows)
    other.join()
    assert sorted(outcomes) == ["try again", "written"]


def test_the_simulation_is_written_by_one_at_a_time(opened: Open, in_threads: InThreads) -> None:
    stores = [opened(), opened()]

    def count_up(number: int) -> None:
        for _ in range(10):
            with stores[number % 2].transaction() as work:
                work.simulations.hold()
                state = work.simulations.load() or {"count": 0}
                work.simulations.save({"count": state["count"] + 1})

    in_threads(4, count_up)
    with stores[0].reading() as work:
        assert work.simulations.load() == {"count": 40}


# --- hearing of each other ---


def test_the_others_hear_of_what_is_due_once_it_is_stored(opened: Open) -> None:
    teller, hearer = opened(), opened()
    heard, own = threading.Event(), threading.Event()
    with hearer.listening(heard.set), teller.listening(own.set):
        assert heard.wait(120), "it may have missed something"
        assert own.wait(120)
        heard.clear()
        own.clear()
        with pytest.raises(ZeroDivisionError), teller.transaction() as work:
            work.outbox.add(notification("lost"), 1 / 0)
        with teller.transaction() as work:
            work.outbox.add(notification("a"), 0.0)
            assert not heard.wait(0.1), "it is not stored yet"
        assert heard.wait(120)
        assert len(claim(hearer)) == 1
        heard.clear()
        with teller.transaction() as work:
            work.outbox.wake("nobody")
        with teller.transaction() as work:
            work.outbox.wake("a")
        assert heard.wait(120)
        assert not own.is_set(), "nobody needs to hear himself"


def test_who_was_cut_off_is_alive_again_before_it_has_anything_in_hand(
    opened: Open, postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "_CONNECT_EVERY_S", 1.0)
    teller, hearer = opened(), opened()
    tell(teller, "a")
    rung, cut_off = threading.Event(), threading.Event()
    monkeypatch.setattr(neighbours._LOG, "warning", lambda *_: cut_off.set())
    with hearer.listening(rung.set):
        assert rung.wait(120)
        postgres.end_connections(database)
        assert cut_off.wait(120)
        assert len(claim(hearer)) == 1
        take_back(opened())
        assert claim(teller) == []


def test_that_others_cannot_be_heard_is_said_once_and_when_it_is_over(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect, fails = neighbours._Neighbours._connection, iter([True] * 5)

    def broken_for_a_while(self: neighbours._Neighbours) -> Connection:
        if next(fails, False):
            raise OperationalError("LISTEN", None, Exception("gone"))
        return connect(self)

    monkeypatch.setattr(neighbours, "_CONNECT_EVERY_S", 0.01)
    monkeypatch.setattr(neighbours._Neighbours, "_connection", broken_for_a_while)
    hearer, heard = opened(), threading.Event()
    with hearer.listening(heard.set):
        assert heard.wait(120)
    first, last = (one.getMessage() for one in caplog.records)
    assert first.startswith("other processes cannot be heard: ")
    assert last == "other processes are heard again"


def test_who_was_cut_off_hears_again_and_is_alive_again(
    opened: Open, postgres: PostgresServer, database: str
) -> None:
    teller, hearer = opened(), opened()
    rung: list[None] = []
    with hearer.listening(lambda: rung.append(None)):
        until(lambda: bool(rung))
        postgres.end_connections(database)
        until(lambda: len(rung) > 1)  # when it is connected again, for it may have missed something
        rung.clear()
        tell(teller, "a")
        until(lambda: bool(rung))
        (held,) = claim(hearer)
        take_back(opened())
        assert claim(teller) == []
        assert held.notification.subscription_id == "a"
