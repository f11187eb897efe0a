"""What the simulated network tells of itself: past, present and future, each as it is."""

from typing import Any

import pytest

from builders.analytics_rig import question
from builders.known_courses import STEPS, at, cell, known, rate, steps, window
from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.domain.analytics import Target
from nef.domain.areas import Area, Ncgi, Plmn, Tai
from nef.domain.errors import UeNotFound
from nef.domain.sessions import UeAddress
from nef.domain.units import PacketErrorRate
from nef.network.simulator.scenario import shipped_scenarios
from nef.ports.information import ORDINARY_FLOW, FlowClass
from nef.services.analytics import Analyst

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


def test_who_asked_a_network_that_has_ended_meanwhile_hears_of_the_present_of_the_next_one() -> (
    None
):
    network = Simulated(one_cell(STEPS))
    network.step(18)
    asked_s = network.now_s
    network.step(2)
    network.stage.play(network.stage.ledger.run, network.now_s)
    asked = question(target=Target(gpsi="msisdn-10001"))
    answers = [Analyst(network.information).answer(asked, s) for s in (asked_s, network.now_s)]
    assert answers[0] == answers[1] is not None


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
