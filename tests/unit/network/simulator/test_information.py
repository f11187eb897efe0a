"""What the simulated network tells of itself: past, present and future, each as it is."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.domain.areas import Area, Ncgi, Plmn, Tai
from nef.domain.courses import CellMoment, Course, UeMoment
from nef.domain.errors import UeNotFound
from nef.domain.sessions import UeAddress
from nef.domain.units import PacketErrorRate
from nef.network.simulator.scenario import shipped_scenarios
from nef.ports.information import ORDINARY_FLOW, FlowClass

STEPS = {"trace": [[0, 22], [5, 8.5], [9, 15]]}


def window(
    network: Simulated, from_s: float, until_s: float, ue: str = "ue-1"
) -> Course[UeMoment] | None:
    """The course of a UE between two moments of the run."""
    began_s = network.stage.ledger.run.started_s
    return network.information.ue_course(
        ue, ORDINARY_FLOW, began_s + from_s, began_s + until_s, network.now_s
    )


def known(network: Simulated, from_s: float, until_s: float, ue: str = "ue-1") -> Course[UeMoment]:
    found = window(network, from_s, until_s, ue)
    assert found is not None
    return found


def cell(network: Simulated, from_s: float, until_s: float) -> Course[CellMoment]:
    began_s = network.stage.ledger.run.started_s
    found = network.information.cell_course(
        "cell-1", began_s + from_s, began_s + until_s, network.now_s
    )
    assert found is not None
    return found


def steps(network: Simulated, course: Course[UeMoment]) -> list[tuple[float, int]]:
    """(seconds of the run, rate) of each moment."""
    began_s = network.stage.ledger.run.started_s
    return [(round(one.time_s - began_s, 6), one.rate_dl.bps) for one in course.moments]


def at(course: Course[UeMoment], time_s: float) -> UeMoment:
    """What holds at a moment; epoch times are no finer than a microsecond."""
    return [one for one in course.moments if one.time_s <= time_s + 1e-6][-1]


def rate(network: Simulated, ue: str = "ue-1") -> int:
    return next(u.rate_dl_bps for u in network.ues(network.now_s) if u.ue_id == ue)


# --- the past is what was ---


@pytest.mark.parametrize("scenario", shipped_scenarios())
@pytest.mark.parametrize("fraction", [0.0, 0.1234567])
def test_what_was_seen_is_what_the_status_of_the_ue_said_at_that_time(
    scenario: str, fraction: float
) -> None:
    network = Simulated(scenario)
    network.wall.advance(fraction)
    network.load(scenario, None, "manual", network.wall.time_s)
    said: list[tuple[float, str, int]] = []
    for n in range(64):
        said += [(n / 2, ue.ue_id, ue.rate_dl_bps) for ue in network.ues(network.now_s)]
        if n == 20:
            network.reserve(reservation("s", demand(5, 1), ue="ue-1"), network.now_s)
            said = [one for one in said if one[0] != n / 2]  # it changed within this moment
        network.step(0.5)
    began_s = network.stage.ledger.run.started_s
    for ue in network.ues(network.now_s):
        seen = known(network, 0, 32, ue.ue_id)
        assert seen.confidence == 100
        for time_s, ue_id, bps in said:
            if ue_id == ue.ue_id:
                assert at(seen, began_s + time_s).rate_dl.bps == bps, (ue_id, time_s)


def test_a_change_is_seen_at_its_time_also_after_a_leap() -> None:
    network = Simulated(one_cell(STEPS))
    good = rate(network)
    network.step(20)
    middle = rate(network)
    seen = steps(network, known(network, 0, 20))
    assert [time_s for time_s, _ in seen] == [0, 5, 9]
    assert (seen[0][1], seen[2][1]) == (good, middle)
    assert seen[1][1] < middle < good


def test_a_past_window_is_cut_out_of_what_was_seen() -> None:
    network = Simulated(one_cell(STEPS))
    network.step(20)
    assert [time_s for time_s, _ in steps(network, known(network, 3, 7))] == [3, 5]
    assert [time_s for time_s, _ in steps(network, known(network, 5, 9))] == [5]
    assert [time_s for time_s, _ in steps(network, known(network, 6, 6))] == [6]


def test_a_window_that_ends_now_has_nothing_of_now() -> None:
    network = Simulated(one_cell(STEPS))
    network.step(9)
    found = known(network, 6, 9)
    assert [time_s for time_s, _ in steps(network, found)] == [6]
    assert found.until_s == network.now_s
    assert found.confidence == 100


def test_before_the_start_nothing_is_known() -> None:
    network = Simulated(one_cell(STEPS))
    network.step(10)
    assert window(network, -20, -10) is None
    assert window(network, -5, -5) is None
    assert [time_s for time_s, _ in steps(network, known(network, -5, 6))] == [0, 5]


def test_at_the_very_start_the_past_is_the_present() -> None:
    network = Simulated(one_cell())
    found = known(network, -10, 0)
    assert [moment.rate_dl.bps for moment in found.moments] == [rate(network)]


def test_after_a_restart_the_time_before_it_is_not_known() -> None:
    before = Simulated("fading-ue")
    before.step(12)
    before.tick(before.now_s)
    network = Simulated()
    network.resume(before.saved())
    assert window(network, 2, 8) is None
    network.step(10)
    assert steps(network, known(network, 2, 20))[0][0] == 12


# --- now ---


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.1234567, 0.987654321])
def test_now_is_what_admission_sees_now_also_where_something_just_changed(fraction: float) -> None:
    network = Simulated(one_cell(STEPS))
    network.wall.advance(fraction)
    network.load(one_cell(STEPS), None, "manual", network.wall.time_s)
    for step_s in (5.0, 4.0, 1.0):
        network.step(step_s)
        assert network.seen_by("ue-1").rate_dl.bps == rate(network)


def test_a_question_that_comes_a_little_late_is_answered_for_its_own_time() -> None:
    network = Simulated(one_cell(STEPS))
    network.step(4.9)
    asked_s, before = network.now_s, rate(network)
    network.step(0.2)
    network.tick(network.now_s)
    found = network.information.ue_course("ue-1", ORDINARY_FLOW, asked_s, asked_s, asked_s)
    assert found is not None
    assert found.moments[-1].rate_dl.bps == before


# --- the future is what comes when nobody interferes ---

ALL = [(name, ue.ue_id) for name in shipped_scenarios() for ue in Simulated(name).ues(0.0)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ALL), st.integers(0, 80), st.integers(0, 80), st.booleans())
def test_a_forecast_is_what_happens(
    where: tuple[str, str], begin: int, length: int, loaded: bool
) -> None:
    scenario, ue_id = where
    network = Simulated(scenario)
    if loaded:
        network.reserve(reservation("s", demand(20, 4, 1), ue=ue_id), network.now_s)
    network.step(begin / 2 or 0.001)
    from_s = network.now_s
    started_s = network.stage.ledger.run.started_s
    foreseen = known(network, from_s - started_s, from_s - started_s + length / 2, ue_id)
    checked = 0
    for moment in foreseen.moments:
        if moment.time_s > network.now_s + 1e-6:
            network.step(round(moment.time_s - network.now_s, 6))
        happened = network.seen_by(ue_id, "1E-3", ORDINARY_FLOW.priority)
        assert happened.rate_dl == moment.rate_dl
        assert happened.total_rate_dl == moment.total_rate_dl
        assert (happened.cell_id, happened.reachable) == (moment.cell_id, moment.reachable)
        checked += 1
    assert checked >= 1


@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_what_was_foreseen_is_later_what_was_seen(scenario: str) -> None:
    still = [name for name in ALL if name != ("cell-outage", "ue-3")]  # walks: seen more finely
    for _, ue_id in (pair for pair in still if pair[0] == scenario):
        network = Simulated(scenario)
        foreseen = known(network, 0, 35, ue_id)
        network.step(40)
        seen = known(network, 0, 35, ue_id)
        for time_s in (n / 4 for n in range(140)):
            at_s = network.stage.ledger.run.started_s + time_s
            assert at(seen, at_s).rate_dl == at(foreseen, at_s).rate_dl, (ue_id, time_s)


def test_a_forecast_has_nothing_of_what_begins_when_it_ends() -> None:
    network = Simulated(one_cell(STEPS))
    assert [time_s for time_s, _ in steps(network, known(network, 0, 5))] == [0]
    assert [time_s for time_s, _ in steps(network, known(network, 1, 5.001))] == [1, 5]


def test_a_window_of_the_future_begins_with_what_holds_then() -> None:
    network = Simulated(one_cell(STEPS))
    found = steps(network, known(network, 6, 20))
    assert [time_s for time_s, _ in found] == [6, 9]
    network.step(6)
    assert found[0][1] == rate(network)


def test_a_window_that_is_open_at_both_sides_is_what_was_and_what_comes() -> None:
    network = Simulated(one_cell(STEPS))
    network.step(7)
    network.tick(network.now_s)
    found = known(network, 1, 20)
    assert [time_s for time_s, _ in steps(network, found)] == [1, 5, 9]


def test_who_came_since_is_not_in_a_forecast_and_makes_it_less_sure() -> None:
    network = Simulated(one_cell(STEPS, {"sinr_db": 20}))
    before = known(network, 0, 60)
    assert before.confidence == 100
    network.reserve(reservation("s", demand(10), ue="ue-2"), network.now_s)
    after = known(network, 0, 60)
    assert after.moments[0].rate_dl < before.moments[0].rate_dl
    assert after.confidence < 100
    assert known(network, 0, 600).confidence < after.confidence
    assert known(network, 0, 0).confidence == 100


def test_a_forecast_that_was_given_before_is_not_given_again_after_a_change() -> None:
    network = Simulated(one_cell(STEPS, {"sinr_db": 20}))
    before = steps(network, known(network, 0, 20))
    assert steps(network, known(network, 0, 20)) == before
    network.reserve(reservation("s", demand(2), ue="ue-2"), network.now_s)
    taken = steps(network, known(network, 0, 20))
    assert len(taken) == 3
    assert all(less[1] < more[1] for less, more in zip(taken, before, strict=True))
    network.release("s", network.now_s)
    assert steps(network, known(network, 0, 20)) == before
    network.load(one_cell({"sinr_db": 15}), None, None, network.now_s)
    assert len(steps(network, known(network, 0, 20))) == 1


def test_forecasts_that_are_kept_are_not_very_many() -> None:
    network = Simulated(one_cell(STEPS))
    for n in range(3000):
        known(network, 1 + n / 1000, 2 + n / 1000)
    assert len(network.information._ahead) <= 1000


def test_what_is_forced_upon_the_network_is_a_surprise() -> None:
    surprises: tuple[Callable[[Simulated], None], ...] = (
        lambda network: network.force_sinr("ue-1", 3.0, network.now_s),
        lambda network: network.attach("ue-1", False, network.now_s),
        lambda network: network.set_outage("cell-1", True, network.now_s),
    )
    for surprise in surprises:
        network = Simulated(one_cell(STEPS))
        surprise(network)
        assert known(network, 0, 60).confidence < 100


def test_a_forced_radio_stays_in_the_forecast() -> None:
    network = Simulated(one_cell(STEPS))
    network.force_sinr("ue-1", 3.0, network.now_s)
    assert len({bps for _, bps in steps(network, known(network, 0, 20))}) == 1


# --- UEs that are gone, and cells that are out ---


@pytest.mark.parametrize("covered", [True, False])
def test_a_ue_that_leaves_is_nowhere_also_where_it_was_out_of_coverage(covered: bool) -> None:
    network = Simulated(one_cell({"sinr_db": 20 if covered else -30}, {"sinr_db": 20}))
    assert network.seen_by("ue-1").cell_id == "cell-1"
    assert network.seen_by("ue-1").reachable == covered
    network.step(1)
    network.attach("ue-1", False, network.now_s)
    seen = network.seen_by("ue-1")
    assert (seen.cell_id, seen.reachable, seen.rate_dl.bps) == (None, False, 0)
    assert cell(network, 1, 1).moments[0].ues == 1
    network.step(1)
    network.attach("ue-1", True, network.now_s)
    assert network.seen_by("ue-1").cell_id == "cell-1"
    network.step(1)
    places = [moment.cell_id for moment in known(network, 0, 3).moments]
    assert places == ["cell-1", None, "cell-1"]


def test_an_outage_is_seen_while_it_lasts_and_foreseen_before() -> None:
    network = Simulated("cell-outage")
    for at_s in (0.0, 30.0):
        network.step(at_s or 0.001)
        found = cell(network, 5, 25)
        assert [moment.active for moment in found.moments] == [True, False, True]
        assert [moment.load_percent for moment in found.moments] == [0, 100, 0]
        reach = [moment.reachable for moment in known(network, 5, 25).moments]
        assert reach == [True, False, True]


def test_guaranteed_flows_are_the_load_of_a_cell() -> None:
    network = Simulated(one_cell())
    assert cell(network, 0, 0).moments[0].load_percent == 0
    network.reserve(reservation("s", demand(30)), network.now_s)
    moment = cell(network, 0, 0).moments[0]
    [status] = network.cells(network.now_s)
    assert (moment.held_blocks, moment.blocks) == (status.blocks_granted, status.blocks)


def test_what_a_ue_has_counts_to_its_total_and_not_to_that_of_another() -> None:
    network = Simulated(one_cell({"sinr_db": 20}, {"sinr_db": 20}))
    before = network.seen_by("ue-1").total_rate_dl
    network.reserve(reservation("s", demand(10)), network.now_s)
    own, other = network.seen_by("ue-1"), network.seen_by("ue-2")
    assert own.total_rate_dl == before
    assert own.rate_dl < before
    assert other.total_rate_dl == other.rate_dl < before


def test_a_reliable_flow_gets_less_and_an_important_one_more() -> None:
    network = Simulated(one_cell({"sinr_db": 15}))
    network.reserve(reservation("s", demand(10, priority=20)), network.now_s)
    ordinary = network.seen_by("ue-1", "1E-3", 30).rate_dl
    assert network.seen_by("ue-1", "1E-5", 30).rate_dl < ordinary
    assert network.seen_by("ue-1", "1E-3", 10).rate_dl > ordinary


# --- names and places ---

PLMN = Plmn("001", "01")


@pytest.fixture
def two_cells() -> Simulated:
    document = one_cell({"sinr_db": 20}, {"sinr_db": 15}, nci="0000000A1", tac="000A01")
    document["cells"].append({"id": "cell-2", "bandwidth_mhz": 20, "nci": "0000000b2"})
    document["ues"][1]["cell"] = "cell-2"
    document["groups"] = [{"id": "cars@example.com", "ues": ["ue-2", "ue-1"]}]
    return Simulated(document)


def test_a_ue_is_found_by_any_name_also_while_it_is_not_attached(two_cells: Simulated) -> None:
    two_cells.attach("ue-1", False, two_cells.now_s)
    found = two_cells.information.ue(UeAddress(gpsi="msisdn-10001"))
    assert (found.ue_id, found.cell_id) == ("ue-1", "cell-1")
    assert found in two_cells.information.ues()


def test_an_unknown_ue_or_group_is_not_found(two_cells: Simulated) -> None:
    with pytest.raises(UeNotFound):
        two_cells.information.ue(UeAddress(gpsi="msisdn-999"))
    with pytest.raises(UeNotFound):
        two_cells.information.group("nobody@example.com")


def test_a_group_has_its_members(two_cells: Simulated) -> None:
    members = two_cells.information.group("cars@example.com")
    assert [ue.ue_id for ue in members] == ["ue-2", "ue-1"]


def test_cells_are_found_by_their_identity_and_by_their_tracking_area(
    two_cells: Simulated,
) -> None:
    def cells(area: Area | None) -> list[str]:
        return [place.cell_id for place in two_cells.information.cells(area)]

    assert cells(None) == ["cell-1", "cell-2"]
    places = {place.cell_id: place for place in two_cells.information.cells()}
    assert cells(Area(cells=(places["cell-2"].ncgi,))) == ["cell-2"]
    assert cells(Area(tracking_areas=(places["cell-1"].tai,))) == ["cell-1"]
    both = Area((places["cell-2"].ncgi,), (places["cell-1"].tai,))
    assert cells(both) == ["cell-1", "cell-2"]
    assert places["cell-1"].ncgi == Ncgi(PLMN, "0000000a1"), "in small letters"
    assert cells(Area((Ncgi(Plmn("262", "01"), "0000000a1"),))) == [], "of another network"
    assert cells(Area(tracking_areas=(Tai(PLMN, "ffffff"),))) == []


def test_what_another_scenario_has_taken_away_has_no_course() -> None:
    network = Simulated("steady")
    network.load(one_cell(), None, None, network.now_s)
    flow = FlowClass(PacketErrorRate(1, 3), 30)
    now_s = network.now_s
    assert network.information.ue_course("ue-4", flow, now_s, now_s, now_s) is None
    assert network.information.cell_course("cell-9", now_s, now_s, now_s) is None
    assert network.information.communications("ue-4", now_s, now_s + 9) == []


# --- traffic of its own ---

VIDEO: dict[str, Any] = {
    "background": [{"rate": "2 Mbps", "per": "1E-3", "priority": 20, "from_s": 10, "until_s": 20}]
}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((0, 30), [(10, 20)]),
        ((12, 15), [(12, 15)]),
        ((0, 15), [(10, 15)]),
        ((0, 10), []),
        ((20, 30), []),
        ((15, 15), []),
    ],
)
def test_communications_are_cut_to_the_window(
    asked: tuple[float, float], found: list[tuple[float, float]]
) -> None:
    network = Simulated(one_cell(ue=VIDEO))
    began_s = network.stage.ledger.run.started_s
    told = network.information.communications("ue-1", began_s + asked[0], began_s + asked[1])
    assert [(one.from_s - began_s, one.until_s - began_s) for one in told] == found
    assert all(one.rate_dl.bps == 2_000_000 for one in told)


# --- sessions that end by themselves ---


def test_the_end_of_a_session_is_foreseen() -> None:
    network = Simulated(one_cell())
    free_bps = rate(network)
    until_s = network.now_s + 10
    network.reserve(reservation("s", demand(20), until_s=until_s), network.now_s)
    held_bps = rate(network)
    course = known(network, 0, 30)
    assert steps(network, course) == [(0.0, held_bps), (10.0, free_bps)]
    assert [m.held_blocks > 0 for m in cell(network, 0, 30).moments] == [True, False]
    assert held_bps < free_bps


def test_an_end_that_was_foreseen_surprises_nobody() -> None:
    network = Simulated(one_cell())
    network.reserve(reservation("s", demand(20), until_s=network.now_s + 5), network.now_s)
    network.reserve(reservation("t", demand(20), until_s=network.now_s + 50), network.now_s)
    network.step(5)
    before = known(network, 5, 30).confidence
    network.release("s", network.now_s)
    assert known(network, 5, 30).confidence == before
    network.release("t", network.now_s)
    assert known(network, 5, 30).confidence < before


def test_very_many_ends_are_looked_at_as_often_as_many_changes() -> None:
    network = Simulated(one_cell(bandwidth_mhz=100, subcarrier_spacing_khz=30))
    for n in range(250):
        until_s = network.now_s + 1 + n / 100
        network.reserve(reservation(f"s{n}", demand(0.01), until_s=until_s), network.now_s)
    course = known(network, 0, 30)
    assert 80 < len(course.moments) <= 102
