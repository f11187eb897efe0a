"""Radio conditions over time."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.network.simulator.conditions import Constant, Path, Trace
from nef.network.simulator.cqi import TABLES
from nef.network.simulator.pathloss import Site

TRACE = Trace((2.0, 8.0, 14.0), (20.0, 9.0, 1.0))
WALK = Path(
    site=Site("uma", 3.5, 44.0, 8.0, 0.0, 0.0, 0.0),
    bandwidth_mhz=20.0,
    times_s=(10.0, 20.0),
    xs_m=(50.0, 1050.0),
    ys_m=(0.0, 0.0),
    height_m=1.5,
    line_of_sight=False,
)


@pytest.mark.parametrize(
    ("time_s", "sinr_db"),
    [(0, 20), (2, 20), (7.999999, 20), (8, 9), (13, 9), (14, 1), (10_000, 1)],
)
def test_a_value_of_a_trace_holds_until_the_next_and_the_last_for_ever(
    time_s: float, sinr_db: float
) -> None:
    assert TRACE.sinr_db(time_s) == sinr_db


def test_a_forecast_looks_at_the_points_of_a_trace() -> None:
    assert TRACE.steps_s(2.0) == (8.0, 14.0)
    assert TRACE.steps_s(14.0) == ()


@given(st.floats(0, 1e6))
def test_a_constant_is_constant(time_s: float) -> None:
    assert Constant(7.5).sinr_db(time_s) == 7.5
    assert Constant(7.5).steps_s(time_s) == ()


def test_a_ue_that_walks_away_hears_less_and_less_until_it_stops() -> None:
    assert WALK.sinr_db(0) == WALK.sinr_db(10)
    assert WALK.sinr_db(20) == WALK.sinr_db(24)
    assert all(a > b for a, b in pairwise(WALK.sinr_db(t) for t in range(10, 21)))


def test_halfway_in_time_is_halfway_on_the_way() -> None:
    there = replace(WALK, times_s=(0.0,), xs_m=(550.0,), ys_m=(0.0,))
    assert WALK.sinr_db(15) == pytest.approx(there.sinr_db(0))


def test_a_forecast_looks_at_the_moments_at_which_a_moving_ue_is_served_otherwise() -> None:
    steps = list(WALK.steps_s(8.0))
    assert 10.0 < steps[0] < steps[-1] <= 20.0, "while it moves"
    assert steps == [t for t in steps if cqis(t) != cqis(t - 0.1)]
    assert [t for t in steps if t > 15] == list(WALK.steps_s(15.0))
    assert list(WALK.steps_s(20.0)) == []


def cqis(time_s: float) -> list[int]:
    return [int(table.cqi(np.array(WALK.sinr_db(time_s)))) for table in TABLES.values()]
