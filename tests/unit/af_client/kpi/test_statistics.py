"""What counting can show, and what it cannot."""

from math import inf

import pytest

from af_client.kpi.statistics import Share, Verdict, quantile


def test_the_bounds_are_those_of_clopper_and_pearson() -> None:
    # One failure in ten: the bound solves 0.9^10 + 10 x 0.1 x 0.9^9 = 0.05 in the share.
    low, high = Share(1, 10).low, Share(1, 10).high
    assert low**10 + 10 * (1 - low) * low**9 == pytest.approx(0.05)
    assert 1 - high**10 == pytest.approx(0.05)


def test_five_nines_take_three_hundred_thousand_packets_without_a_loss() -> None:
    assert Share(0, 299_572).verdict(0.99999) is Verdict.YES
    assert Share(0, 299_571).verdict(0.99999) is Verdict.NOT_SHOWN


@pytest.mark.parametrize("million", [1, 10])
def test_what_lies_at_the_limit_itself_is_not_shown(million: int) -> None:
    assert Share(10 * million, 1_000_000 * million).verdict(0.99999) is Verdict.NOT_SHOWN


def test_what_lies_far_beyond_it_is_refuted() -> None:
    assert Share(100, 1_000_000).verdict(0.99999) is Verdict.NO
    assert Share(5, 5).verdict(0.5) is Verdict.NO


def test_nothing_is_shown_by_what_was_never_tried() -> None:
    assert Share(0, 0).verdict(0.5) is Verdict.NOT_SHOWN


def test_one_no_outweighs_what_was_not_shown_and_that_a_yes() -> None:
    yes, no, unsure = Verdict.YES, Verdict.NO, Verdict.NOT_SHOWN
    assert Verdict.of_all([yes, unsure, no]) is no
    assert Verdict.of_all([yes, unsure]) is unsure
    assert Verdict.of_all([yes, yes]) is yes


def test_a_quantile_is_a_value_that_came() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (quantile(values, 0.5), quantile(values, 0.99)) == (50.0, 99.0)
    assert quantile([1.0, inf], 0.99) is None
