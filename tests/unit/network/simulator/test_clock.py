"""The clock of the simulation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import FakeClock
from nef.domain.errors import Conflict, InvalidRequest
from nef.network.simulator.clock import SimulationClock


@pytest.fixture
def wall() -> FakeClock:
    return FakeClock()


@pytest.fixture
def clock(wall: FakeClock) -> SimulationClock:
    return SimulationClock(wall.now_s)


def test_real_time_is_that_of_the_wall(clock: SimulationClock, wall: FakeClock) -> None:
    wall.advance(3)
    assert clock.now_s() == wall.now_s()


def test_it_stands_still_where_the_wall_goes_back(clock: SimulationClock, wall: FakeClock) -> None:
    before = clock.now_s()
    wall.time_s -= 100
    assert clock.now_s() == before


def test_manual_time_moves_only_by_steps(clock: SimulationClock, wall: FakeClock) -> None:
    clock.switch("manual")
    before = clock.now_s()
    wall.advance(50)
    assert clock.now_s() == before
    clock.advance(2.5)
    assert clock.now_s() == before + 2.5


def test_real_time_is_not_stepped(clock: SimulationClock) -> None:
    with pytest.raises(Conflict, match="manual"):
        clock.advance(1)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_step_is_a_positive_number(clock: SimulationClock, seconds: float) -> None:
    clock.switch("manual")
    before = clock.now_s()
    with pytest.raises(InvalidRequest) as caught:
        clock.advance(seconds)
    assert caught.value.params[0].pointer == "/seconds"
    assert clock.now_s() == before


@given(
    st.lists(st.sampled_from(["real", "manual", "x10", "wall", "back", "step", "on"]), max_size=30)
)
def test_it_never_goes_back_and_does_not_jump_where_its_mode_changes(moves: list[str]) -> None:
    wall = FakeClock()
    clock = SimulationClock(wall.now_s)
    for move in moves:
        before = clock.now_s()
        if move in ("real", "manual", "x10"):
            clock.switch(move)
            assert clock.now_s() == pytest.approx(before, abs=1e-5)
        elif move == "step" and clock.mode == "manual":
            clock.advance(1.25)
        elif move == "on":
            clock.catch_up(clock.behind_s())
        elif move != "step":
            wall.time_s += -7.0 if move == "back" else 3.5
        assert clock.now_s() >= before


def test_three_hundred_steps_of_a_tenth_are_thirty_seconds(clock: SimulationClock) -> None:
    clock.switch("manual")
    before = clock.now_s()
    for _ in range(300):
        clock.advance(0.1)
    assert clock.now_s() - before == pytest.approx(30, abs=4e-7)


def resumed(clock: SimulationClock, wall: FakeClock) -> SimulationClock:
    state = json.loads(json.dumps(clock.saved()))
    again = SimulationClock(wall.now_s)
    again.resume(state)
    return again


def test_manual_time_stands_still_over_a_restart(clock: SimulationClock, wall: FakeClock) -> None:
    clock.switch("manual")
    clock.advance(5)
    now_s = clock.now_s()
    wall.advance(1000)
    again = resumed(clock, wall)
    assert (again.now_s(), again.mode) == (now_s, "manual")


def test_real_time_goes_on_over_a_restart(clock: SimulationClock, wall: FakeClock) -> None:
    clock.switch("manual")
    clock.advance(60)
    clock.switch("real")
    state = clock.saved()
    wall.advance(1000)
    again = SimulationClock(wall.now_s)
    again.resume(state)
    assert again.now_s() == pytest.approx(clock.now_s())
    assert again.now_s() == pytest.approx(wall.now_s() + 60)


def test_real_time_goes_on_over_a_restart_before_which_the_wall_clock_was_set_back(
    clock: SimulationClock, wall: FakeClock
) -> None:
    clock.switch("real")
    state = clock.saved()
    wall.advance(10)
    lived_until_s = clock.now_s()
    wall.time_s -= 3600
    again = SimulationClock(wall.now_s)
    again.resume(state, lived_until_s)
    assert again.now_s() == lived_until_s
    wall.advance(5)
    assert again.now_s() == pytest.approx(lived_until_s + 5), "it does not stand for an hour"


@pytest.mark.parametrize(("mode", "factor"), [("x10", 10), ("x1000", 1000), ("x0.5", 0.5)])
def test_accelerated_time_is_behind_by_its_factor_until_it_catches_up(
    clock: SimulationClock, wall: FakeClock, mode: str, factor: float
) -> None:
    clock.switch(mode)
    before = clock.now_s()
    wall.advance(2)
    assert clock.now_s() == before
    assert clock.behind_s() == pytest.approx(2 * factor)
    clock.catch_up(1.5 * factor)
    clock.catch_up(0.5 * factor)
    assert clock.now_s() == pytest.approx(before + 2 * factor)
    assert clock.behind_s() == pytest.approx(0, abs=1e-3)


def test_other_time_is_never_behind(clock: SimulationClock, wall: FakeClock) -> None:
    for mode in ("real", "manual"):
        clock.switch(mode)
        wall.advance(2)
        before = clock.now_s()
        assert clock.behind_s() == 0
        clock.catch_up(5)
        assert clock.now_s() == before


def test_accelerated_time_stands_still_over_a_restart(
    clock: SimulationClock, wall: FakeClock
) -> None:
    clock.switch("x10")
    wall.advance(1)
    clock.catch_up(10)
    now_s = clock.now_s()
    state = json.loads(json.dumps(clock.saved()))
    wall.advance(1000)
    again = SimulationClock(wall.now_s)
    again.resume(state)
    assert (again.now_s(), again.behind_s(), again.mode) == (now_s, 0.0, "x10")


@pytest.mark.parametrize("mode", ["fast", "x", "x0", "x-1", "10", "x1e3", "X10", ""])
def test_a_mode_that_is_none_is_refused_and_changes_nothing(
    clock: SimulationClock, mode: str
) -> None:
    with pytest.raises(InvalidRequest, match="is no mode; there are real, manual, and factors"):
        clock.switch(mode)
    assert clock.mode == "real"
