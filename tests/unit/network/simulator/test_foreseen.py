"""What the simulated network knows of what comes."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.known_courses import STEPS, at, cell, known, rate, steps
from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.network.simulator.scenario import shipped_scenarios
from nef.ports.information import ORDINARY_FLOW

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
