"""A network that refuses, breaks and recovers."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from builders.faults import Faulty
from builders.reservations import demand, reservation
from builders.simulations import one_cell
from nef.domain.errors import ResourcesRefused
from nef.domain.faults import FaultName
from nef.domain.qos import NoBearer
from nef.ports.network import Reservation

LOST, RELEASED, AWAITED = NoBearer.LOST, NoBearer.RELEASED, NoBearer.AWAITED


@pytest.fixture
def faulty() -> Faulty:
    return Faulty(one_cell({"sinr_db": 22}, {"sinr_db": 22}))


def reserve(faulty: Faulty, wanted: Reservation) -> object:
    return faulty.network.reserve(wanted, faulty.now_s)


def after(faulty: Faulty, seconds: float) -> Mapping[str, object]:
    """What a tick says has changed, some time later."""
    faulty.inside.step(seconds)
    return faulty.network.tick(faulty.now_s).levels


def test_a_refusal_offers_nothing_and_leaves_an_earlier_reservation_as_it_was(
    faulty: Faulty,
) -> None:
    assert reserve(faulty, reservation("s", demand(5))) == {1: 0}
    faulty.faults.trigger(FaultName.RESOURCES_REFUSED, 1)
    with pytest.raises(ResourcesRefused) as caught:
        reserve(faulty, reservation("s", demand(7)))
    assert caught.value.acceptable == {}
    assert faulty.network.levels("s") == {1: 0}
    assert reserve(faulty, reservation("s", demand(7))) == {1: 0}


def test_only_the_ue_that_a_fault_names_is_refused(faulty: Faulty) -> None:
    faulty.set(FaultName.RESOURCES_REFUSED, probability=1.0, ue_id="ue-2")
    assert reserve(faulty, reservation("s", demand(5))) == {1: 0}
    with pytest.raises(ResourcesRefused):
        reserve(faulty, reservation("t", demand(5), ue="ue-2"))


def test_an_allocation_that_fails_late_is_awaited_and_then_holds_nothing(faulty: Faulty) -> None:
    faulty.set(FaultName.ALLOCATION_FAILED, times=1, after_s=2.0)
    assert reserve(faulty, reservation("s", demand(5), demand(1, component=2))) == {
        1: AWAITED,
        2: AWAITED,
    }
    assert after(faulty, 1.9) == {}
    assert after(faulty, 0.1) == {"s": {1: None, 2: None}}
    assert after(faulty, 1000) == {}
    assert reserve(faulty, reservation("s", demand(4))) == {1: 0}, "who asks anew begins anew"


def test_what_a_lost_bearer_held_is_free_until_it_is_back_in_its_old_place(faulty: Faulty) -> None:
    free_bps = faulty.inside.seen_by("ue-1").rate_dl.bps
    big = demand(free_bps / 1e6 * 0.9, 1)
    reserve(faulty, reservation("old", big, since_s=1.0))
    with pytest.raises(ResourcesRefused):
        reserve(faulty, reservation("new", demand(free_bps / 1e6 * 0.9), since_s=2.0))
    faulty.set(FaultName.BEARER_LOST, times=1, lasts_s=3.0)
    assert after(faulty, 0.1) == {"old": {1: LOST}}
    reserve(faulty, reservation("new", big, since_s=2.0))
    assert faulty.network.levels("new") == {1: 0}
    assert after(faulty, 3.0) == {"old": {1: 0}, "new": {1: 1}}
    assert after(faulty, 1.0) == {}
    assert faulty.faults.breakdowns() == {}


def test_a_bearer_is_lost_and_comes_back_whoever_was_overtaken_before(faulty: Faulty) -> None:
    free_bps = faulty.inside.seen_by("ue-1").rate_dl.bps
    reserve(faulty, reservation("s", demand(10)))
    reserve(faulty, replace(reservation("s", demand(20)), version=2))
    faulty.network.hold(replace(reservation("s", demand(5)), version=1), faulty.now_s)
    held_bps = faulty.inside.seen_by("ue-1").rate_dl.bps
    faulty.set(FaultName.BEARER_LOST, times=1, lasts_s=3.0)
    assert after(faulty, 0.1) == {"s": {1: LOST}}
    assert faulty.inside.seen_by("ue-1").rate_dl.bps == free_bps
    assert after(faulty, 3.0) == {"s": {1: 0}}
    assert faulty.inside.seen_by("ue-1").rate_dl.bps == held_bps


def test_on_demand_standing_sessions_lose_their_bearers_the_oldest_first(faulty: Faulty) -> None:
    for name, since_s in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        reserve(faulty, reservation(name, demand(1), since_s=since_s))
    faulty.faults.trigger(FaultName.BEARER_LOST, 2)
    assert after(faulty, 0.1) == {"a": {1: LOST}, "b": {1: LOST}}
    assert after(faulty, 2.0) == {"a": {1: 0}, "b": {1: 0}}


def test_a_demand_waits_for_a_session_that_holds_something(faulty: Faulty) -> None:
    faulty.faults.trigger(FaultName.BEARER_LOST, 1)
    assert after(faulty, 5.0) == {}
    reserve(faulty, reservation("s", demand(1)))
    assert after(faulty, 0.1) == {"s": {1: LOST}}


def test_one_of_several_flows_is_released_for_good_and_the_others_go_on(faulty: Faulty) -> None:
    reserve(faulty, reservation("s", demand(5), demand(1, component=2)))
    faulty.faults.trigger(FaultName.BEARER_RELEASED, 1)
    changed = after(faulty, 0.1)
    assert changed in ({"s": {1: RELEASED, 2: 0}}, {"s": {1: 0, 2: RELEASED}})
    assert faulty.network.tick(faulty.now_s).ended == ()
    assert after(faulty, 1000) == {}


def test_a_session_ends_with_its_last_flow(faulty: Faulty) -> None:
    reserve(faulty, reservation("s", demand(5)))
    faulty.faults.trigger(FaultName.BEARER_RELEASED, 1)
    for _ in range(2):
        assert faulty.network.tick(faulty.now_s).ended == ("s",), "until somebody has released it"
    assert faulty.network.levels("s") is None
    faulty.network.release("s", faulty.now_s)
    assert faulty.network.tick(faulty.now_s).ended == ()
    assert faulty.faults.breakdowns() == {}


def test_sessions_that_end_at_one_moment_do_so_as_they_were_admitted(faulty: Faulty) -> None:
    names = [f"s{number * 7 % 16}" for number in range(16)]
    for since_s, name in enumerate(names):
        reserve(faulty, reservation(name, demand(0.1), since_s=float(since_s)))
    faulty.faults.trigger(FaultName.BEARER_RELEASED, len(names))
    assert faulty.network.tick(faulty.now_s).ended == tuple(names)


def test_bearers_come_back_at_one_moment_as_they_were_admitted(faulty: Faulty) -> None:
    names = [f"s{number * 7 % 16}" for number in range(16)]
    for since_s, name in enumerate(names):
        reserve(faulty, reservation(name, demand(0.1), since_s=float(since_s)))
    faulty.set(FaultName.BEARER_LOST, times=len(names), lasts_s=3600.0)
    assert list(after(faulty, 0.1)) == names
    faulty.begin()  # as a scenario does: nothing is broken any more
    assert list(after(faulty, 0.1)) == names


def test_a_ue_that_leaves_while_its_bearer_is_lost_ends_its_session(faulty: Faulty) -> None:
    reserve(faulty, reservation("s", demand(5)))
    faulty.set(FaultName.BEARER_LOST, times=1, lasts_s=5.0)
    faulty.network.tick(faulty.now_s)
    faulty.inside.attach("ue-1", False, faulty.now_s)
    assert faulty.network.tick(faulty.now_s).ended == ("s",)
    faulty.network.release("s", faulty.now_s)
    assert after(faulty, 10.0) == {}
    assert faulty.network.levels("s") is None


def broken_in(faulty: Faulty, sessions: int) -> list[str]:
    found = []
    for number in range(sessions):
        reserve(faulty, reservation(f"s{number}", demand(0.01)))
        found += [name for name in faulty.faults.breakdowns() if name not in found]
    return found


def test_the_same_seed_breaks_the_same_sessions() -> None:
    runs = []
    for seed in (1, 1, 2):
        faulty = Faulty(one_cell() | {"seed": seed})
        faulty.begin()
        faulty.set(FaultName.BEARER_LOST, probability=0.3)
        runs.append(broken_in(faulty, 40))
    assert runs[0] == runs[1] != runs[2]
    assert 0 < len(runs[0]) < 40


def test_a_bearer_that_is_lost_by_chance_is_lost_a_while_after_it_was_given(faulty: Faulty) -> None:
    faulty.set(FaultName.BEARER_LOST, probability=1.0, after_s=4.0, lasts_s=2.0)
    assert reserve(faulty, reservation("s", demand(5))) == {1: 0}
    assert after(faulty, 3.9) == {}
    assert after(faulty, 0.1) == {"s": {1: LOST}}
    assert after(faulty, 2.0) == {"s": {1: 0}}


def test_a_new_process_goes_on_with_the_same_chances_and_the_same_broken_sessions() -> None:
    first = Faulty(one_cell())
    first.begin()
    first.set(FaultName.BEARER_LOST, probability=0.3)
    expected = broken_in(first, 40)

    before = Faulty(one_cell())
    before.begin()
    before.set(FaultName.BEARER_LOST, probability=0.3)
    broken_in(before, 20)
    after_restart = Faulty(one_cell(), before.storage)
    after_restart.faults.resume()
    kept = (reservation(f"s{number}", demand(0.01)) for number in range(20))
    after_restart.network.restore(kept, after_restart.now_s)
    for number in range(20, 40):
        reserve(after_restart, reservation(f"s{number}", demand(0.01)))
    assert list(after_restart.faults.breakdowns()) == expected
    lost = after(after_restart, 1.0)
    assert isinstance(lost, dict)
    assert sorted(lost) == sorted(expected)


def test_a_bearer_is_still_lost_after_a_restart(faulty: Faulty) -> None:
    wanted = reservation("s", demand(5))
    reserve(faulty, wanted)
    faulty.faults.trigger(FaultName.BEARER_LOST, 1)
    faulty.network.tick(faulty.now_s)
    other = Faulty(one_cell(), faulty.storage)
    other.faults.resume()
    other.network.restore((wanted,), other.now_s)
    assert other.network.levels("s") == {1: LOST}
    assert after(other, 2.0) == {"s": {1: 0}}


def test_a_new_scenario_ends_what_the_old_one_broke(faulty: Faulty) -> None:
    reserve(faulty, reservation("s", demand(5)))
    faulty.set(FaultName.BEARER_LOST, times=1, lasts_s=1000.0)
    faulty.network.tick(faulty.now_s)
    faulty.begin()
    assert faulty.network.tick(faulty.now_s).levels == {"s": {1: 0}}
    assert faulty.faults.all() == ()
