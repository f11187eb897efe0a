"""What every store promises: the same tests on the fake, on a file, and in memory."""

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from builders.sessions import notification, request, session
from nef.domain.breakdowns import Breakdown
from nef.domain.errors import Conflict
from nef.domain.faultplan import FaultPlan
from nef.domain.faults import Fault, FaultName, Victim
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import Delivery, DeliveryState
from nef.domain.qos import FlowGrant, Held, NoBearer
from nef.domain.sessions import Session
from nef.ports.storage import Storage

LEASE_S = 30.0


def add(store: Storage, *sessions: Session) -> list[Session]:
    with store.transaction() as work:
        return [work.sessions.add(one) for one in sessions]


def read(store: Storage, session_id: str = "s1") -> Session | None:
    with store.reading() as work:
        return work.sessions.get(session_id)


def tell(store: Storage, *session_ids: str, due_at_s: float = 0.0) -> None:
    with store.transaction() as work:
        for session_id in session_ids:
            work.outbox.add(notification(session_id), due_at_s)


def claim(store: Storage, now_s: float = 0.0, limit: int = 10) -> list[Delivery]:
    with store.transaction() as work:
        return list(work.outbox.claim(now_s, LEASE_S, limit))


def found(store: Storage) -> list[Delivery]:
    with store.reading() as work:
        return list(work.outbox.find(None, None, 100))


# --- sessions ---


def test_a_session_is_read_as_it_was_written(store: Storage) -> None:
    asked = session(pending=request(qosDuration=5), expires_at_s=7.5)
    (written,) = add(store, asked)
    assert written == replace(asked, number=written.number)
    assert read(store) == written


def test_nothing_is_deserted_while_its_process_lives(store: Storage) -> None:
    add(store, session(state=SessionState.REQUESTED))
    with store.reading() as work:
        assert len(work.sessions.unsettled(10)) == 1
        assert not work.sessions.deserted(10)


def test_a_single_call_is_a_transaction_by_itself(store: Storage) -> None:
    with store.at_once() as work:
        added = work.sessions.add(session())
    assert read(store) == added
    with store.at_once() as work:
        work.sessions.remove("s1")
    assert read(store) is None


def test_numbers_grow_in_the_order_of_creation(store: Storage) -> None:
    numbers = [one.number for one in add(store, session("b"), session("a"), session("c"))]
    assert numbers == sorted(set(numbers))


def test_a_session_that_was_never_granted_anything_stays_so(store: Storage) -> None:
    (written,) = add(store, session(state=SessionState.REQUESTED, grants=()))
    assert read(store) == written


def test_an_exception_takes_back_everything_of_its_transaction(store: Storage) -> None:
    add(store, session("kept"))
    with pytest.raises(Conflict), store.transaction() as work:  # noqa: PT012 - the last one raises
        work.sessions.add(session("lost"))
        work.sessions.remove("kept")
        work.outbox.add(notification("kept"), 0.0)
        work.sessions.replace(session("kept"))
    assert read(store, "lost") is None
    assert read(store, "kept") is not None
    assert found(store) == []


def test_of_two_writers_who_read_the_same_only_one_wins(store: Storage) -> None:
    (first,) = add(store, session())
    second = first
    grants = (FlowGrant(0, None, allocated=True),)
    with store.transaction() as work:
        written = work.sessions.replace(replace(first, grants=grants))
    with pytest.raises(Conflict), store.transaction() as work:
        work.sessions.replace(replace(second, af_id="thief"))
    assert read(store) == written
    assert written.version == first.version + 1
    assert written.grants == grants


@pytest.mark.parametrize("level", [0, 2, None, *NoBearer])
def test_what_a_flow_holds_is_remembered_or_why_it_has_no_bearer(
    store: Storage, level: Held
) -> None:
    grants = (FlowGrant(0, level, allocated=True),)
    add(store, session(grants=grants))
    written = read(store)
    assert written is not None
    assert written.grants == grants


def test_a_session_that_moves_still_asks_for_what_it_did(store: Storage) -> None:
    (first,) = add(store, session(state=SessionState.REQUESTED, grants=(), expires_at_s=7.5))
    stands = {"state": SessionState.ACTIVE, "grants": (FlowGrant(0, 0, allocated=True),)}
    with store.transaction() as work:
        moved = work.sessions.move(replace(first, changed_at_s=9.5, **stands))  # type: ignore[arg-type]
    assert read(store) == moved == replace(first, changed_at_s=9.5, version=1, **stands)  # type: ignore[arg-type]
    with pytest.raises(Conflict), store.transaction() as work:
        work.sessions.move(first)


def test_what_was_removed_cannot_be_replaced(store: Storage) -> None:
    add(store, session())
    with store.transaction() as work:
        work.sessions.remove("s1")
        work.sessions.remove("s1")
    with pytest.raises(Conflict), store.transaction() as work:
        work.sessions.replace(session())
    assert read(store) is None


def test_an_af_lists_its_visible_sessions_oldest_first(store: Storage) -> None:
    add(
        store,
        session("b"),
        session("a"),
        session("c", state=SessionState.UPDATING),
        session("foreign", af_id="other"),
        session("wanted", state=SessionState.REQUESTED),
        session("going", state=SessionState.RELEASING),
    )
    with store.reading() as work:
        assert [s.id for s in work.sessions.of_af("af")] == ["b", "a", "c"]
        assert list(work.sessions.of_af("nobody")) == []


def test_the_sessions_of_an_af_are_counted_as_long_as_they_are_stored(store: Storage) -> None:
    add(
        store,
        session("a"),
        session("foreign", af_id="other"),
        session("going", state=SessionState.RELEASING),
    )
    with store.reading() as work:
        assert work.sessions.count_of_af("af") == 2
        assert work.sessions.count_of_af("nobody") == 0


def test_an_af_can_ask_for_the_sessions_of_a_ue(store: Storage) -> None:
    add(
        store,
        session("v4"),
        session("other", request(ueIpv4Addr=None, ueIpv6Addr="2001:db8::2"), ue_id="ue-2"),
        session("gpsi", request(ueIpv4Addr=None, gpsi="msisdn-12345")),
        session("theirs", af_id="other"),
    )

    def found(*ue_ids: str) -> list[str]:
        with store.reading() as work:
            return [s.id for s in work.sessions.of_af("af", set(ue_ids))]

    assert found("ue-1") == ["v4", "gpsi"]
    assert found("ue-2", "ue-1") == ["v4", "other", "gpsi"]
    assert found() == found("nobody") == []
    many = [f"nobody-{n}" for n in range(70_000)]
    assert found("ue-2", *many) == ["other"], "more than a statement can name"


def test_sessions_expire_in_order_and_not_before(store: Storage) -> None:
    add(
        store,
        session("late", expires_at_s=20.0),
        session("early", expires_at_s=10.0),
        session("never"),
        session("going", expires_at_s=5.0, state=SessionState.RELEASING),
    )
    with store.reading() as work:
        assert [s.id for s in work.sessions.expired(15.0, 10)] == ["early"]
        assert [s.id for s in work.sessions.expired(20.0, 10)] == ["early", "late"]
        assert [s.id for s in work.sessions.expired(20.0, 1)] == ["early"]


def test_what_waits_for_its_end_is_found_by_its_age(store: Storage) -> None:
    add(
        store,
        session("requested", state=SessionState.REQUESTED, changed_at_s=3.0),
        session("updating", state=SessionState.UPDATING, changed_at_s=1.0),
        session("releasing", state=SessionState.RELEASING, changed_at_s=2.0),
        session("active", changed_at_s=0.0),
    )
    with store.reading() as work:
        waiting = [s.id for s in work.sessions.unsettled(10)]
        assert waiting == ["updating", "releasing", "requested"]
        assert [s.id for s in work.sessions.unsettled(2)] == waiting[:2]


def test_what_sessions_hold_comes_in_the_order_of_their_creation_some_at_a_time(
    store: Storage,
) -> None:
    add(
        store,
        session("c", admitted_at_s=2.0),
        session("b", admitted_at_s=1.0),
        session("asked", state=SessionState.REQUESTED),
        session("a", state=SessionState.UPDATING),
        session("gone", state=SessionState.RELEASING),
    )
    with store.reading() as work:
        first = work.sessions.claims(0, 2)
        rest = work.sessions.claims(first[-1].number, 2)
        assert [s.id for s in (*first, *rest)] == ["c", "b", "a"]
        assert work.sessions.claims(rest[-1].number, 2) == []


def test_a_claim_is_what_the_session_says(store: Storage) -> None:
    (wanted,) = add(store, session("s", expires_at_s=7.0, version=4))
    with store.reading() as work:
        (claim,) = work.sessions.claims(0, 10)
    names = [one.name for one in fields(claim)]
    assert [getattr(claim, name) for name in names] == [getattr(wanted, name) for name in names]


def test_a_standing_is_what_the_session_says(store: Storage) -> None:
    asked = request(websockNotifConfig={"requestWebsocketUri": True}, events=["QOS_GUARANTEED"])
    add(store, session(asked=asked), session("s2", admitted_at_s=107.25))
    with store.reading() as work:
        found = {one.id: one for one in work.sessions.standings(["s2", "s1", "nobody"])}
    assert found.keys() == {"s1", "s2"}
    for name, standing in found.items():
        stored = read(store, name)
        assert stored is not None
        for field in fields(standing):
            assert getattr(standing, field.name) == getattr(stored, field.name), field.name


def test_sessions_are_counted_by_state(store: Storage) -> None:
    states = (SessionState.ACTIVE, SessionState.ACTIVE, SessionState.UPDATING)
    add(store, *(session(f"s{n}", state=state) for n, state in enumerate(states)))
    with store.reading() as work:
        counts = work.sessions.count_by_state()
    assert {state: counts.get(state, 0) for state in SessionState} == {
        SessionState.REQUESTED: 0,
        SessionState.ACTIVE: 2,
        SessionState.UPDATING: 1,
        SessionState.RELEASING: 0,
    }


def test_many_sessions_are_regraded_at_once(store: Storage) -> None:
    add(store, *(session(f"s{n}") for n in range(1, 4)))
    with store.transaction() as work:
        standings = work.sessions.standings(["s1", "s3"])
        fallen = tuple(FlowGrant(g.component, None, g.allocated) for g in standings[0].grants)
        work.sessions.regrade([replace(one, grants=fallen) for one in standings])
    grants = {name: found.grants for name in ("s1", "s2", "s3") if (found := read(store, name))}
    assert grants == {"s1": fallen, "s2": session().grants, "s3": fallen}
    written = read(store, "s1")
    assert written is not None
    assert replace(written, grants=session().grants, version=0, number=0) == session()
    assert written.version == 1, "whoever read it before must not write it back"


def test_where_one_of_many_was_written_since_none_is_regraded(store: Storage) -> None:
    first, second = add(store, session("s1"), session("s2"))
    with store.reading() as work:
        standings = work.sessions.standings(["s1", "s2"])
    with store.transaction() as work:
        work.sessions.replace(replace(second, ue_id="ue-2"))
    none = tuple(FlowGrant(g.component, None, g.allocated) for g in first.grants)
    with pytest.raises(Conflict), store.transaction() as work:
        work.sessions.regrade([replace(one, grants=none) for one in standings])
    assert read(store, "s1") == first


def test_nothing_to_regrade_and_nothing_to_tell_is_no_harm(store: Storage) -> None:
    with store.transaction() as work:
        work.sessions.regrade([])
        work.outbox.add_all([], 0.0)
    assert found(store) == []


def test_what_is_told_together_keeps_its_order(store: Storage) -> None:
    with store.transaction() as work:
        work.outbox.add_all([notification(name) for name in ("s2", "s1", "s2")], 0.0)
    told = [row.notification.subscription_id for row in reversed(found(store))]
    assert told == ["s2", "s1", "s2"]


# --- simulation ---


def test_faults_are_remembered_beside_the_simulation(store: Storage) -> None:
    with store.reading() as work:
        assert work.simulations.load_faults() is None
    fault = Fault.of(FaultName.BEARER_LOST, probability=0.25, times=3, until_s=9.0, ue_id="ue-1")
    breakdown = Breakdown("s", fault.name, (1, 2), 5.0, None)
    plan, _ = (
        FaultPlan.of(7, [fault]).broken(breakdown).asked(fault.name, Victim("af", "ue-1"), 0.0)
    )
    with store.transaction() as work:
        work.simulations.save({"time": 1.5})
        work.simulations.save_faults(FaultPlan())
        work.simulations.save_faults(plan)
    with store.reading() as work:
        assert work.simulations.load_faults() == plan
        assert work.simulations.load() == {"time": 1.5}


def test_the_simulation_is_remembered_as_it_was_last_saved(store: Storage) -> None:
    def saved() -> dict[str, object] | None:
        with store.reading() as work:
            return work.simulations.load()

    assert saved() is None
    for state in ({"a": 1}, {"b": [1.5, None, "x"]}):
        with store.transaction() as work:
            work.simulations.save(state)
        assert saved() == state


def test_the_last_moment_is_noted_beside_the_state(store: Storage) -> None:
    with store.reading() as work:
        assert work.simulations.lived_until_s() is None
    for moment_s in (1_800_000_000.25, 1_800_000_001.5):
        with store.transaction() as work:
            work.simulations.note_moment(moment_s)
            work.simulations.save({"a": moment_s})
        with store.reading() as work:
            assert work.simulations.lived_until_s() == moment_s
            assert work.simulations.load() == {"a": moment_s}


def test_threads_do_not_lose_each_others_writes(
    store: Storage, in_threads: Callable[[int, Callable[[int], None]], None]
) -> None:
    def write(number: int) -> None:
        add(store, *(session(f"{number}-{i}") for i in range(5)))

    in_threads(8, write)
    with store.reading() as work:
        assert len(work.sessions.of_af("af")) == 40


def test_several_attempts_are_settled_together_each_as_by_itself(store: Storage) -> None:
    tell(store, "told", "dropped", "failed")
    delivered = DeliveryState.DELIVERED
    told, dropped, failed = claim(store)
    with store.transaction() as work:
        work.outbox.drop("dropped")
    with store.transaction() as work:
        work.outbox.settle_all(
            [
                replace(told, state=delivered, attempts=1, settled_at_s=5.0),
                replace(dropped, state=delivered, attempts=1, settled_at_s=5.0),
                replace(failed, attempts=1, due_at_s=7.0, last_error="nobody there"),
            ]
        )
    states = {one.notification.subscription_id: one.state for one in found(store)}
    assert states == {"told": delivered, "failed": DeliveryState.PENDING}
    assert claim(store, now_s=6.0) == []
    (again,) = claim(store, now_s=7.0)
    assert (again.id, again.attempts, again.last_error) == (failed.id, 1, "nobody there")
