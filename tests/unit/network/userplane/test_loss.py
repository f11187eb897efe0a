"""Losses that can be repeated."""

import numpy as np
import pytest

from nef.network.userplane.loss import LossDraw


def losses(draw: LossDraw, error_rate: float, packets: int) -> list[int]:
    return [int(n) for n in np.flatnonzero(draw.lost(error_rate, packets))]


def test_the_same_seed_and_flow_lose_the_same_packets() -> None:
    assert losses(LossDraw(7, "s/1"), 0.1, 500) == losses(LossDraw(7, "s/1"), 0.1, 500)


def test_the_sequence_is_the_same_in_every_process() -> None:
    # hash() of a text differs from process to process; these numbers must not.
    assert losses(LossDraw(1, "s/1"), 0.1, 60) == [7, 18, 24, 31, 33, 38, 43, 46]


@pytest.mark.parametrize(("seed", "key"), [(8, "s/1"), (7, "s/2"), (7, "t/1")])
def test_another_seed_or_flow_loses_others(seed: int, key: str) -> None:
    assert losses(LossDraw(seed, key), 0.1, 500) != losses(LossDraw(7, "s/1"), 0.1, 500)


@pytest.mark.parametrize(("error_rate", "tolerance"), [(0.1, 0.05), (1e-3, 0.2)])
def test_the_share_of_losses_is_the_error_rate(error_rate: float, tolerance: float) -> None:
    lost = len(losses(LossDraw(3, "s/1"), error_rate, 200_000))
    assert lost / 200_000 == pytest.approx(error_rate, rel=tolerance)


def test_another_error_rate_in_the_middle_leaves_the_sequence_in_place() -> None:
    steady, changed = LossDraw(7, "s/1"), LossDraw(7, "s/1")
    losses(steady, 0.1, 100)
    losses(changed, 0.5, 100)
    assert losses(steady, 0.1, 400) == losses(changed, 0.1, 400)


def test_error_rate_zero_loses_nothing() -> None:
    assert losses(LossDraw(7, "s/1"), 0.0, 10_000) == []


def test_it_does_not_matter_how_many_are_drawn_at_once() -> None:
    at_once, one_by_one = LossDraw(7, "s/1"), LossDraw(7, "s/1")
    assert losses(at_once, 0.1, 500) == [n for n in range(500) if losses(one_by_one, 0.1, 1)]
