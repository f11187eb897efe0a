"""What is remembered of a run, how far back, and how sure a forecast is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.network.simulator.history import (
    LEAST_STEP_S,
    MOST_SAMPLES,
    SURPRISES_S,
    History,
    Surprises,
)
from nef.network.simulator.ledger import Ledger
from nef.network.simulator.run import Run

SECONDS = {"trace": [[n, 22 - n % 7] for n in range(60)]}


def ledger(scenario: str = "fading-ue") -> Ledger:
    return Ledger(Run.begun(scenario, None, 0.0), 0.0)


def touch(run: Ledger, time_s: float) -> None:
    """Something changes at a moment."""
    run.move(time_s)
    run.revision += 1


def times(history: History, from_s: float, until_s: float) -> list[float]:
    return [sample.time_s for sample in history.samples(from_s, until_s)]


def filled(*moments_s: float) -> History:
    run = ledger()
    history = History(run)
    for time_s in moments_s:
        touch(run, time_s)
        history.record()
    return history


def test_a_history_begins_with_how_things_stand() -> None:
    history = filled()
    assert times(history, 0.0, 5.0) == [0.0]
    assert times(history, 3.0, 5.0) == [3.0], "and they still stand so"


def test_where_nothing_changes_nothing_is_remembered_anew() -> None:
    run = ledger("steady")
    history = History(run)
    for n in range(1, 100):
        run.move(float(n))
        history.record()
    assert times(history, 0.0, 200.0) == [0.0]


def test_a_window_has_what_held_at_its_beginning_and_not_what_began_at_its_end() -> None:
    history = filled(10.0, 20.0, 30.0)
    assert times(history, 10.0, 30.0) == [10.0, 20.0]
    assert times(history, 15.0, 25.0) == [15.0, 20.0]
    assert times(history, 10.0, 10.0) == [10.0]
    assert times(history, 19.999, 20.0) == [19.999]


def test_before_the_beginning_nothing_is_known() -> None:
    run = ledger()
    run.move(100.0)
    history = History(run)
    assert times(history, 10.0, 90.0) == []
    assert times(history, 10.0, 100.0) == []
    assert times(history, 99.0, 99.0) == []
    assert times(history, 90.0, 110.0) == [100.0], "as far as it is known"


def test_several_changes_in_one_step_leave_the_last_one() -> None:
    network = Simulated(one_cell())
    before = network.stage.history.samples(0.0, 1.0)[0].looks["cell-1"].free_blocks()
    for n in range(3):
        network.reserve(reservation(f"s{n}", demand(5)), network.now_s)
        network.step(LEAST_STEP_S / 4)
    [only] = network.stage.history.samples(0.0, 1.0)
    assert only.looks["cell-1"].free_blocks() < before
    assert only.looks["cell-1"] == network.stage.ledger.look("cell-1")


@pytest.mark.parametrize("is_asked_before", [False, True])
def test_what_happens_in_the_next_step_is_not_taken_for_what_held_at_the_end_of_one(
    is_asked_before: bool,
) -> None:
    network = Simulated(one_cell())
    held = [network.stage.ledger.look("cell-1")]
    for n, wait_s in enumerate((LEAST_STEP_S / 4, LEAST_STEP_S, LEAST_STEP_S)):
        network.reserve(reservation(f"s{n}", demand(5)), network.now_s)
        held.append(network.stage.ledger.look("cell-1"))
        if is_asked_before:
            network.stage.history.samples(0.0, 9.0)
        network.step(wait_s)
    network.tick(network.now_s)
    found = network.stage.history.samples(0.0, 9.0)
    assert [sample.looks["cell-1"] for sample in found] == held[2:]


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    run = ledger()
    history = History(run)
    for n in range(1, MOST_SAMPLES + 500):
        touch(run, float(n))
        history.record()
    known = times(history, 0.0, 1e9)
    assert len(known) == MOST_SAMPLES
    assert known[-1] == MOST_SAMPLES + 499
    assert times(history, 0.0, 100.0) == [], "too long ago"


def test_a_large_network_is_remembered_for_a_shorter_time() -> None:
    ues = [{"sinr_db": 20}] * 2
    many = one_cell(*ues)
    many["ues"] = [
        dict(many["ues"][0], id=f"u{n}", gpsi=f"msisdn-2{n:05}", supi=f"imsi-2{n:05}")
        | {"ipv4": f"10.46.{n // 250}.{n % 250 + 1}"}
        for n in range(2000)
    ]
    run = Ledger(Run.begun(many, None, 0.0), 0.0)
    history = History(run)
    for n in range(1, 3000):
        run.time_s, run.revision = float(n), run.revision + 1
        history.record()
    assert 1000 <= len(times(history, 0.0, 1e9)) <= 2000


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(0, 110), st.floats(0, 30))
def test_samples_are_in_order_and_inside_their_window(
    moments: list[float], from_s: float, length_s: float
) -> None:
    found = times(filled(*sorted(moments)), from_s, from_s + length_s)
    assert found == sorted(set(found))
    assert found[0] == from_s, "the history began before"
    assert all(from_s <= time_s < from_s + length_s or time_s == from_s for time_s in found)


# --- what was missed while nobody looked ---


def test_a_leap_of_the_clock_leaves_the_same_history_as_small_steps() -> None:
    def seen(step_s: float) -> list[tuple[float, int]]:
        network = Simulated(one_cell(SECONDS))
        for _ in range(round(40 / step_s)):
            network.step(step_s)
            network.tick(network.now_s)
        samples = network.stage.history.samples(0.0, 40.0)
        return [(s.time_s, s.looks["cell-1"].rates["ue-1"][0]) for s in samples]

    assert seen(40.0) == seen(0.25)
    assert len(seen(40.0)) > 20


def test_another_scenario_begins_another_history() -> None:
    network = Simulated("fading-ue")
    network.step(30)
    network.tick(network.now_s)
    assert len(network.stage.history.samples(0.0, 30.0)) > 2
    network.load("steady", None, None, network.now_s)
    assert len(network.stage.history.samples(0.0, 30.0)) == 1


def test_a_restart_begins_a_new_history() -> None:
    network = Simulated("fading-ue")
    network.step(20)
    network.tick(network.now_s)
    again = Simulated()
    again.resume(network.saved())
    assert again.stage.history.samples(0.0, 19.0) == []
    assert len(again.stage.history.samples(0.0, 21.0)) == 1


# --- confidence ---


def sure(noted: list[float], now_s: float, ahead_s: float) -> int:
    surprises = Surprises(0.0)
    for time_s in noted:
        surprises.note("cell-1", time_s)
    return surprises.confidence("cell-1", now_s, now_s + ahead_s)


def test_without_surprises_a_forecast_is_sure() -> None:
    assert sure([], 100.0, 3600.0) == 100


def test_now_is_always_sure() -> None:
    assert sure([1.0, 2.0, 3.0], 100.0, 0.0) == 100


moments = st.lists(st.floats(0, 500), max_size=30)


@given(moments, st.floats(0, 3600), st.floats(0, 3600))
def test_farther_ahead_is_less_sure(noted: list[float], near_s: float, more_s: float) -> None:
    near, far = sure(sorted(noted), 500.0, near_s), sure(sorted(noted), 500.0, near_s + more_s)
    assert 0 <= far <= near <= 100


@given(moments, st.floats(1, 3600))
def test_each_surprise_makes_less_sure(noted: list[float], ahead_s: float) -> None:
    before, after = sorted(noted), sorted([*noted, 250.0])
    assert sure(after, 500.0, ahead_s) <= sure(before, 500.0, ahead_s)


def test_one_surprise_a_minute_is_what_its_chance_says() -> None:
    noted = [60.0 * n for n in range(1, 11)]
    assert sure(noted, SURPRISES_S, 60.0) == round(100 * math.exp(-1))


def test_what_was_long_ago_is_forgotten() -> None:
    assert sure([1.0, 2.0], 2.0 + SURPRISES_S, 60.0) < 100
    assert sure([1.0, 2.0], 2.1 + SURPRISES_S, 60.0) == 100


@pytest.mark.parametrize("age_s", [0.0, 1.0, 59.0])
def test_a_young_run_is_not_taken_for_a_wild_one(age_s: float) -> None:
    assert sure([0.0], age_s, 60.0) == round(100 * math.exp(-1))


def test_what_happens_in_one_cell_is_no_surprise_in_another() -> None:
    network = Simulated("cell-outage")
    network.reserve(reservation("s"), network.now_s)
    ahead_s = network.stage.ledger.time_s + 60.0
    known = network.stage.surprises
    assert known.confidence("cell-1", 0.0, ahead_s) < 100
    assert known.confidence("cell-2", 0.0, ahead_s) == 100
