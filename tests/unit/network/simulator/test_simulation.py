"""Driving the simulated network: the port `Simulation`, and what the network makes of it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.domain.errors import Conflict, InvalidRequest, NotFound, ResourcesRefused, UeNotFound
from nef.domain.qos import Held
from nef.domain.sessions import UeAddress
from nef.network.simulator.run import MOST_LOOKS, Run

STEPS = {"trace": [[0, 22], [5, 8.5], [9, -30]]}


def test_a_scenario_begins_at_its_beginning() -> None:
    network = Simulated("fading-ue")
    status = network.status(network.now_s)
    assert (status.scenario, status.time_s, status.mode) == ("fading-ue", 0.0, "manual")
    assert (status.seed, status.duration_s) == (7, 30.0)


def test_the_first_scenario_is_steady() -> None:
    network = Simulated()
    assert network.status(network.now_s).scenario == "steady"
    assert "steady" in network.scenarios()


def test_the_seed_of_a_load_wins_over_that_of_the_scenario() -> None:
    network = Simulated()
    network.load("fading-ue", 99, None, network.now_s)
    assert network.status(network.now_s).seed == 99
    network.reset(network.now_s)
    assert network.status(network.now_s).seed == 99


@pytest.mark.parametrize("epoch_s", [1_800_000_000.0, 1_795_436_150.1234567, 1e9 / 7])
def test_steps_add_up_without_noise(epoch_s: float) -> None:
    network = Simulated()
    network.wall.time_s = network.wall.time_s + epoch_s
    network.load("steady", None, "real", network.now_s)
    network.load(one_cell(STEPS), None, "manual", network.now_s)
    for tenth in range(1, 51):
        network.step(0.1)
        assert network.status(network.now_s).time_s == round(tenth * 0.1, 1)
    assert network.ues(network.now_s)[0].sinr_db == 8.5


def test_manual_time_begins_at_nothing_however_long_the_load_took() -> None:
    network = Simulated()
    network.load("steady", None, "real", network.now_s)
    asked_s = network.now_s
    network.wall.advance(0.3)
    network.load("fading-ue", None, "manual", asked_s)
    assert network.status(network.now_s).time_s == 0.0


def test_real_time_is_not_stepped() -> None:
    network = Simulated()
    network.load("steady", None, "real", network.now_s)
    with pytest.raises(Conflict):
        network.step(1)


def test_real_time_runs_by_itself() -> None:
    network = Simulated()
    network.load(one_cell(STEPS), None, "real", network.now_s)
    network.wall.advance(6)
    assert network.status(network.now_s).time_s == pytest.approx(6)
    assert network.ues(network.now_s)[0].sinr_db == 8.5


@pytest.mark.parametrize(
    ("scenario", "mode", "pointer"),
    [
        ("no-such", None, "/scenario"),
        ("../steady", None, "/scenario"),
        ({"name": "empty"}, None, "/document/cells"),
        ("steady", "fast", "/mode"),
    ],
)
def test_a_load_that_makes_no_sense_lets_the_running_scenario_go_on(
    scenario: Any, mode: str | None, pointer: str
) -> None:
    network = Simulated("fading-ue")
    network.step(3)
    with pytest.raises(InvalidRequest) as caught:
        network.load(scenario, None, mode, network.now_s)
    assert caught.value.params[0].pointer == pointer
    status = network.status(network.now_s)
    assert (status.scenario, status.time_s, status.mode) == ("fading-ue", 3.0, "manual")


def test_sessions_are_carried_over_to_ues_of_the_same_id_and_the_others_end() -> None:
    network = Simulated(one_cell({"sinr_db": 22}, {"sinr_db": 22}))
    network.reserve(reservation("kept", demand(5)), network.now_s)
    network.reserve(reservation("lost", demand(5), ue="ue-2"), network.now_s)
    network.load(one_cell({"sinr_db": -30}), None, None, network.now_s)
    changes = network.tick(network.now_s)
    assert changes.ended == ("lost",)
    assert changes.levels == {"kept": {1: None}}
    assert network.tick(network.now_s).ended == ("lost",), "until somebody has released it"


def test_a_load_reports_only_what_it_changed() -> None:
    network = Simulated(one_cell({"sinr_db": 22}, {"sinr_db": 22}))
    network.reserve(reservation("same", demand(5)), network.now_s)
    network.reserve(reservation("left", demand(5), ue="ue-2"), network.now_s)
    network.attach("ue-2", False, network.now_s)
    network.load(one_cell({"sinr_db": 20}, {"sinr_db": 20}), None, None, network.now_s)
    changes = network.tick(network.now_s)
    assert changes.levels == {}
    assert changes.ended == ("left",), "it had ended before, and nobody has heard of it yet"


def test_a_session_follows_the_radio_down_its_ladder_and_back() -> None:
    network = Simulated("fading-ue")
    ladder = demand(80, 20, 1)
    assert network.reserve(reservation("s", ladder), network.now_s) == {1: 0}
    heard: list[tuple[int, Held]] = []
    for second in range(30):
        moved = network.tick(network.now_s).levels
        heard += [(second, levels[1]) for levels in moved.values()]
        network.step(1)
    assert heard == [(8, 1), (14, 2), (20, 1), (24, 0)]


def test_a_forced_radio_wins_until_it_is_given_back() -> None:
    network = Simulated(one_cell(STEPS))
    network.force_sinr("ue-1", 0.0, network.now_s)
    network.step(6)
    [forced] = network.ues(network.now_s)
    assert (forced.sinr_db, forced.sinr_forced) == (0.0, True)
    network.force_sinr("ue-1", None, network.now_s)
    [free] = network.ues(network.now_s)
    assert (free.sinr_db, free.sinr_forced) == (8.5, False)
    assert free.rate_dl_bps > forced.rate_dl_bps > 0


def test_a_ue_that_comes_back_is_found_again_and_its_old_sessions_are_not() -> None:
    network = Simulated(one_cell())
    network.reserve(reservation("old", demand(5)), network.now_s)
    network.attach("ue-1", False, network.now_s)
    assert not network.ues(network.now_s)[0].attached
    assert network.ues(network.now_s)[0].rate_dl_bps == 0
    network.attach("ue-1", True, network.now_s)
    assert network.seen_by("ue-1").rate_dl.bps > 0
    assert network.levels("old") is None
    assert network.reserve(reservation("old", demand(5)), network.now_s) == {1: 0}
    assert network.tick(network.now_s).ended == ()


def test_a_planned_outage_takes_the_coverage_and_gives_it_back() -> None:
    network = Simulated("cell-outage")
    network.reserve(reservation("s", demand(20)), network.now_s)
    network.step(10)
    assert network.tick(network.now_s).levels == {"s": {1: None}}
    assert [cell.outage for cell in network.cells(network.now_s)] == [True, False]
    network.step(10)
    assert network.tick(network.now_s).levels == {"s": {1: 0}}


def test_an_outage_by_hand_wins_over_the_plan_until_the_reset() -> None:
    network = Simulated("cell-outage")
    network.set_outage("cell-1", True, network.now_s)
    assert network.cells(network.now_s)[0].outage
    network.set_outage("cell-1", False, network.now_s)
    network.step(15)
    assert not network.cells(network.now_s)[0].outage
    network.reset(network.now_s)
    network.step(15)
    assert network.cells(network.now_s)[0].outage


def test_a_reset_takes_all_overrides_back_and_keeps_the_sessions() -> None:
    network = Simulated(one_cell(STEPS))
    network.reserve(reservation("s", demand(5)), network.now_s)
    network.step(7)
    network.force_sinr("ue-1", -30.0, network.now_s)
    assert network.tick(network.now_s).levels == {"s": {1: None}}
    network.reset(network.now_s)
    assert network.status(network.now_s).time_s == 0.0
    assert network.tick(network.now_s).levels == {"s": {1: 0}}
    assert network.ues(network.now_s)[0].sinr_db == 22


def test_what_is_not_in_the_scenario_is_not_found() -> None:
    network = Simulated()
    with pytest.raises(NotFound, match="no UE ue-99"):
        network.force_sinr("ue-99", 1.0, network.now_s)
    with pytest.raises(NotFound, match="no UE ue-99"):
        network.attach("ue-99", False, network.now_s)
    with pytest.raises(NotFound, match="no cell cell-99"):
        network.set_outage("cell-99", True, network.now_s)


def test_a_background_flow_comes_and_goes_and_the_less_important_feel_it() -> None:
    network = Simulated("busy-cell")
    ladder = demand(100, 2, priority=20)
    network.reserve(reservation("s", ladder), network.now_s)
    granted = network.cells(network.now_s)[0].blocks_granted
    network.step(10)
    assert network.tick(network.now_s).levels == {"s": {1: 1}}
    network.step(10)
    assert network.tick(network.now_s).levels == {"s": {1: 0}}
    assert network.cells(network.now_s)[0].blocks_granted <= granted


def test_reliability_costs_blocks() -> None:
    granted = []
    for per in ("1E-3", "1E-5"):
        network = Simulated(one_cell({"sinr_db": 15}))
        network.reserve(reservation("s", demand(20, per=per)), network.now_s)
        granted.append(network.cells(network.now_s)[0].blocks_granted)
    assert granted[0] < granted[1]
    assert network.seen_by("ue-1", "1E-5").rate_dl < network.seen_by("ue-1", "1E-3").rate_dl


def test_a_forecast_looks_at_a_bounded_number_of_moments() -> None:
    fine = {"trace": [[n / 1000, 22 - n % 2] for n in range(9000)]}
    run = Run.begun(one_cell(fine), None, 0.0)
    assert 50 <= len(run.changes_s(run.scenario.ues, 0.0, 10.0)) <= MOST_LOOKS


def test_a_ue_by_itself_is_as_it_is_among_all() -> None:
    network = Simulated("busy-cell")
    network.step(11)
    all_of_them = network.ues(network.now_s)
    assert [network.ue(one.ue_id, network.now_s) for one in all_of_them] == all_of_them
    with pytest.raises(NotFound, match="no UE nobody"):
        network.ue("nobody", network.now_s)


def test_of_very_many_changes_the_first_are_listed() -> None:
    times_s = [n / 1000 for n in range(1, 12_000)]
    network = Simulated(one_cell({"trace": [[t, 22] for t in times_s]}))
    assert network.changes_s() == times_s[:10_000]


def test_the_delay_is_that_of_the_core_and_a_few_slots() -> None:
    near, far = (Simulated(one_cell(core_delay_ms=ms)).seen_by("ue-1") for ms in (1, 20))
    assert far.delay_ms - near.delay_ms == 19
    assert 3 < near.delay_ms < 4


loads = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["1E-3", "1E-5"]), st.sampled_from([10, 30])),
    max_size=6,
)


@settings(deadline=None, max_examples=40)
@given(loads, st.floats(-12, 30), st.sampled_from(["1E-3", "1E-5"]))
def test_reported_bandwidth_is_never_what_admission_would_refuse(
    load: list[tuple[int, str, int]], sinr_db: float, per: str
) -> None:
    network = Simulated(one_cell({"sinr_db": sinr_db}, {"sinr_db": 20}))
    for n, (mbps, flow_per, priority) in enumerate(load):
        flow = demand(mbps, 1, per=flow_per, priority=priority)
        try:
            network.reserve(reservation(f"s{n}", flow, ue="ue-2"), network.now_s)
        except ResourcesRefused:
            continue
    free = network.seen_by("ue-1", per, 120).rate_dl.bps
    covered = network.ues(network.now_s)[0].sinr_db > -7
    if covered:
        more = demand((free + 1) / 1e6, per=per, priority=120)
        with pytest.raises(ResourcesRefused):
            network.reserve(reservation("new", more), network.now_s)
    if free:
        just = demand(free / 1e6, per=per, priority=120)
        assert network.reserve(reservation("new", just), network.now_s) == {1: 0}
    [cell] = network.cells(network.now_s)
    assert 0 <= cell.blocks_granted <= cell.blocks


def test_a_restart_goes_on_where_it_was() -> None:
    network = Simulated(one_cell(STEPS, {"sinr_db": 20}))
    sessions = [reservation(f"s{n}", demand(30, 8, 1), since_s=n) for n in range(4)]
    for session in sessions:
        network.reserve(session, network.now_s)
    network.step(6)
    network.force_sinr("ue-2", 3.0, network.now_s)
    network.attach("ue-2", False, network.now_s)
    network.set_outage("cell-1", False, network.now_s)
    network.tick(network.now_s)
    again = Simulated()
    again.resume(json.loads(json.dumps(network.saved())))
    again.restore(sessions, again.now_s)
    assert again.saved() == network.saved()
    assert again.now_s == network.now_s
    assert again.ues(again.now_s) == network.ues(network.now_s)
    assert again.cells(again.now_s) == network.cells(network.now_s)
    for session in sessions:
        assert again.levels(session.session_id) == network.levels(session.session_id)


def test_a_restart_in_real_time_finds_the_scenario_farther_on() -> None:
    network = Simulated()
    network.load("fading-ue", None, "real", network.now_s)
    network.wall.advance(5)
    again = Simulated()
    again.wall.time_s = network.wall.time_s + 10
    again.resume(network.saved())
    assert again.status(again.now_s).time_s == pytest.approx(15)
    assert again.ues(again.now_s)[0].sinr_db == 1.0


def test_a_document_survives_a_restart_and_a_name_stays_a_name() -> None:
    document = one_cell()
    for source in (document, "busy-cell"):
        network = Simulated(source)
        assert network.saved()["run"]["source"] == source


def test_what_was_saved_does_not_change_afterwards() -> None:
    network = Simulated()
    saved = network.saved()
    before = json.dumps(saved)
    network.force_sinr("ue-1", 1.0, network.now_s)
    assert json.dumps(saved) == before


def test_the_same_scenario_gives_the_same_story_however_it_is_stepped() -> None:
    def story(step_s: float) -> list[Any]:
        network = Simulated("busy-cell")
        network.reserve(reservation("s", demand(90, 30, 3)), network.now_s)
        told = []
        for n in range(round(30 / step_s)):
            levels = network.tick(network.now_s).levels
            told += [(n * step_s, dict(moved)) for moved in levels.values()]
            network.step(step_s)
        return told

    assert story(0.5) == story(0.25) == story(0.5)
    assert len(story(0.5)) >= 2


def test_a_ue_that_is_not_attached_at_the_start_is_not_found() -> None:
    network = Simulated(one_cell({"sinr_db": 20}, ue={"attached": False}))
    with pytest.raises(UeNotFound):
        network.find_ue(UeAddress(gpsi="msisdn-10001"))
    seen = network.seen_by("ue-1")
    assert (seen.cell_id, seen.reachable, seen.rate_dl.bps) == (None, False, 0)
