"""Path loss against values worked out by hand from TR 38.901 table 7.4.1-1."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.network.simulator.pathloss import Site, path_loss_db, sinr_db

MACRO = Site("uma", 3.5, 44.0, 8.0, 0.0, 0.0, 0.0)
MICRO = replace(MACRO, environment="umi")


def loss(site: Site, distance_m: float, *, seen: bool, height_m: float = 1.5) -> float:
    return float(path_loss_db(site, np.array([distance_m]), height_m, line_of_sight=seen)[0])


@pytest.mark.parametrize(
    ("site", "distance_m", "seen", "expected_db"),
    [
        # 28 + 22 log10(d3D) + 20 log10(3.5); d3D = sqrt(100^2 + 23.5^2) = 102.724
        (MACRO, 100, True, 28 + 22 * 2.011674 + 10.881361),
        # beyond the breakpoint 4 * 24 * 0.5 * 3.5e9 / 3e8 = 560 m; d3D = 1000.276
        (MACRO, 1000, True, 28 + 40 * 3.000120 + 10.881361 - 9 * np.log10(560**2 + 23.5**2)),
        # 13.54 + 39.08 log10(d3D) + 20 log10(3.5)
        (MACRO, 500, False, 13.54 + 39.08 * np.log10(np.hypot(500, 23.5)) + 10.881361),
        # 32.4 + 21 log10(d3D) + 20 log10(3.5); d3D = sqrt(100^2 + 8.5^2)
        (MICRO, 100, True, 32.4 + 21 * np.log10(np.hypot(100, 8.5)) + 10.881361),
        # 22.4 + 35.3 log10(d3D) + 21.3 log10(3.5)
        (MICRO, 200, False, 22.4 + 35.3 * np.log10(np.hypot(200, 8.5)) + 21.3 * 0.544068),
    ],
)
def test_the_loss_is_that_of_the_table(
    site: Site, distance_m: float, seen: bool, expected_db: float
) -> None:
    assert loss(site, distance_m, seen=seen) == pytest.approx(expected_db, abs=1e-3)


def test_there_is_no_jump_at_the_breakpoint() -> None:
    """4 x 24 x 0.5 x 3.5e9 / 3e8 = 560 m."""
    assert loss(MACRO, 559.999, seen=True) == pytest.approx(
        loss(MACRO, 560.001, seen=True), abs=0.1
    )


@given(st.sampled_from([MACRO, MICRO]), st.floats(10, 4000), st.floats(1, 1000), st.booleans())
def test_farther_is_never_better(site: Site, near_m: float, more_m: float, seen: bool) -> None:
    # The two branches of the formula differ by hundredths of a decibel where they meet.
    assert loss(site, near_m + more_m, seen=seen) > loss(site, near_m, seen=seen) - 0.1


@given(st.sampled_from([MACRO, MICRO]), st.floats(10, 5000))
def test_a_hidden_ue_never_hears_better_than_one_in_sight(site: Site, distance_m: float) -> None:
    assert loss(site, distance_m, seen=False) >= loss(site, distance_m, seen=True)


def test_the_formulas_are_not_used_nearer_than_they_hold() -> None:
    assert loss(MICRO, 0, seen=True) == loss(MICRO, 10, seen=True)


def test_a_higher_ue_hears_better_out_of_sight() -> None:
    assert loss(MACRO, 500, seen=False, height_m=10) < loss(MACRO, 500, seen=False)


def test_the_sinr_is_the_link_budget() -> None:
    """44 dBm + 8 dB - 100 dB against -174 dBm/Hz over 20 MHz and a noise figure of 7 dB."""
    expected = 44 + 8 - 100 - (-174 + 73.0103 + 7)
    assert sinr_db(MACRO, np.array([100.0]), 20)[0] == pytest.approx(expected, abs=1e-4)
    noisy = replace(MACRO, interference_db=6.0)
    assert sinr_db(noisy, np.array([100.0]), 20)[0] == pytest.approx(expected - 6, abs=1e-4)
