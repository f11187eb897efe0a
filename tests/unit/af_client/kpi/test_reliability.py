"""An outage weighs as long as it lasts, whoever starts in it."""

from itertools import pairwise

import pytest

from af_client.kpi.availability import Availability
from af_client.kpi.downloads import Terms
from af_client.kpi.measuring import Sampling, measure, start_times
from af_client.kpi.network import Grant, Stretch
from af_client.kpi.reliability import InTime, sendable_share
from af_client.kpi.statistics import Share, Verdict
from af_client.kpi.subjects import subjects

WEEK_S = 604_800.0


@pytest.mark.parametrize("seed", range(1, 6))
def test_half_a_minute_without_a_grant_refutes_five_nines_with_any_seed(seed: int) -> None:
    subject = next(e for e in subjects(["mobilenet-224"], [1.0]) if e.bits == 8)
    rates = (subject.rung.topology_rate_bps, subject.rung.weights_rate_bps)
    grant = Grant(rates[0], 1e-5, rates[1], 1e-3)
    edges_s = (0.0, 300_000.0, 300_030.0, WEEK_S)
    stretches = [Stretch(*each) for each in pairwise(edges_s)]
    grants: list[dict[tuple[int, int], Grant | None]] = [
        {rates: each} for each in (grant, None, grant)
    ]
    sampling = Sampling(1000, seed)
    starts_s = start_times(WEEK_S, sampling)
    terms = Terms(1.0, 0.005, 28)
    held = Availability(WEEK_S - 30, WEEK_S, 1)
    found = measure(subject, stretches, grants, starts_s, sampling, terms, held)
    assert found.topology.verdict(0.99999) is Verdict.NO
    assert 29 / WEEK_S < 1 - found.topology.sendable < 31 / WEEK_S


def test_what_has_time_is_the_mean_over_all_starts() -> None:
    # 100 bits at 100 bit/s fill the window: 9 s of starts lose all, and 1 s at each side half.
    whole = sendable_share((0, 50, 60, 100), (100, 0, 100), (0, 1), 100)
    assert whole == pytest.approx(1 - (9 + 2 * 0.5) / 100)
    # At twice the rate only what overlaps by more than half a window is lost.
    fast = sendable_share((0, 50, 60, 100), (200, 0, 200), (0, 1), 100)
    assert fast == pytest.approx(1 - (9 + 2 * 0.25) / 100)


def test_the_bounds_are_the_exact_share_of_those_within() -> None:
    found = InTime(0.5, Share(1, 10))
    within = Share(1, 10)
    assert (found.low, found.high) == (0.5 * within.low, 0.5 * within.high)
    assert InTime(0.0, Share(0, 0)).verdict(0.5) is Verdict.NO
