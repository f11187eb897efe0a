"""A download in simulated time: like the delivery itself, and true to what is granted."""

from math import inf
from statistics import median

import numpy as np
import pytest

from af_client.kpi.downloads import Download, Phase, Terms, download, sizes_of
from af_client.kpi.network import Grant
from af_client.kpi.protocol import transfer_s
from af_client.modelserver.selection import Variant

TERMS = Terms(budget_s=1.0, delay_s=0.01, header_bytes=28)
MODEL = Variant("a-model", 0.9, topology_bytes=20_000, weights_bytes=1_000_000)
SIZES = sizes_of(MODEL, TERMS.header_bytes)
FAST = Grant(2_000_000, 0.0, 12_000_000, 0.0)
SLOW = Grant(2_000_000, 0.0, 6_000_000, 0.0)
LOSSY = Grant(2_000_000, 1e-2, 12_000_000, 1e-2)


def downloaded(*phases: Phase, seed: int = 1) -> Download:
    return download(SIZES, phases, TERMS, np.random.default_rng(seed))


def under(grant: Grant | None, seed: int = 1) -> Download:
    return downloaded(Phase(30.0, grant), seed=seed)


@pytest.mark.parametrize("grant", [FAST, SLOW, LOSSY])
def test_it_takes_as_long_as_the_delivery_itself(grant: Grant) -> None:
    delivered = [transfer_s(MODEL, grant, TERMS, seed) for seed in range(9)]
    simulated = [under(grant, seed).seconds for seed in range(9)]
    # Repairs leave the sender at once after its pause, where the user plane paces them again.
    assert median(simulated) == pytest.approx(median(delivered), abs=0.01)


def test_everything_is_in_time_where_the_rate_suffices() -> None:
    found = under(FAST)
    assert found.seconds < 1
    assert (found.topology.in_time, found.weights.in_time) == (15, 727)


def test_what_comes_after_the_second_is_not_in_time() -> None:
    found = under(SLOW)
    assert found.seconds > 1
    packet_s = SIZES[1].packet_bits / (0.99 * SLOW.weights_bps)
    assert found.weights.in_time == int((1 - 0.01 - TERMS.begin_s) / packet_s)


def test_what_is_lost_is_in_time_if_it_comes_again() -> None:
    assert under(LOSSY).weights.in_time == 727
    assert under(LOSSY).seconds > under(FAST).seconds


def test_gaps_stay_when_the_time_is_over() -> None:
    found = under(Grant(2_000_000, 0.0, 9_200_000, 0.1))
    assert found.weights.in_time < 727
    assert found.seconds == pytest.approx(1.01, abs=0.02)


def test_nothing_arrives_where_nothing_is_granted() -> None:
    found = under(None)
    assert found.seconds == inf
    assert (found.topology.in_time, found.weights.in_time) == (0, 0)


def test_a_change_in_the_middle_holds_for_what_is_left() -> None:
    changed = downloaded(Phase(0.5, FAST), Phase(30.0, SLOW))
    assert under(FAST).seconds < changed.seconds < under(SLOW).seconds
    paused = downloaded(Phase(0.5, FAST), Phase(1.5, None), Phase(30.0, FAST))
    assert paused.seconds == pytest.approx(under(FAST).seconds + 1.0)


def test_the_same_seed_gives_the_same_luck() -> None:
    assert under(LOSSY, 5) == under(LOSSY, 5)
    assert len({under(LOSSY, seed).seconds for seed in range(5)}) > 1
