"""The best model that arrives in time, and why."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client.modelserver.catalogue import catalogue
from af_client.modelserver.selection import (
    TOPOLOGY_DELIVERIES,
    Choice,
    Framing,
    Variant,
    ladders,
    select,
)
from builders.models import bandwidths, pools, variant

SMALL = variant("small", 0.90, 100_000)
MEDIUM = variant("medium", 0.97, 1_500_000)
LARGE = variant("large", 0.99, 8_000_000)
ALL = (SMALL, MEDIUM, LARGE)
PLENTY_BPS, MBPS = 10**12, 10**6

budgets = st.floats(0.05, 5)


def names(choice: Choice) -> list[str]:
    return [rung.variant.name for rung in choice.ladder]


def chosen(choice: Choice) -> str | None:
    return choice.rung.variant.name if choice.rung else None


# --- what is selected ---


@pytest.mark.parametrize(
    ("bandwidth_mbps", "expected"),
    [(100, "large"), (20, "medium"), (2, "small"), (0.5, None), (0, None)],
)
def test_less_bandwidth_leads_to_a_smaller_model(
    bandwidth_mbps: float, expected: str | None
) -> None:
    assert chosen(select(ALL, int(bandwidth_mbps * MBPS), 1.0)) == expected


def test_the_ladder_goes_down_from_the_chosen_one() -> None:
    assert names(select(ALL, PLENTY_BPS, 1.0)) == ["large", "medium", "small"]
    assert names(select(ALL, 20 * MBPS, 1.0)) == ["medium", "small"]


def test_of_equally_accurate_models_the_smaller_is_chosen() -> None:
    slim = replace(LARGE, name="slim", weights_bytes=5_000_000)
    assert chosen(select((LARGE, slim), PLENTY_BPS, 1.0)) == "slim"


def test_a_model_that_is_larger_and_no_better_is_no_fallback() -> None:
    clumsy = variant("clumsy", 0.95, 3_000_000)
    choice = select((*ALL, clumsy), PLENTY_BPS, 1.0)
    assert names(choice) == ["large", "medium", "small"]
    (rejection,) = choice.rejected
    assert rejection.variant == clumsy
    assert "no less than medium (97.0%" in rejection.reason


def test_without_variants_nothing_is_chosen() -> None:
    assert select((), PLENTY_BPS, 1.0).rung is None


def test_two_variants_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two variants are named 'small'"):
        select((SMALL, replace(SMALL, accuracy=0.1)), PLENTY_BPS, 1.0)


@pytest.mark.parametrize(
    ("bandwidth_mbps", "expected"),
    [
        (45, "mobilenet-224-int8"),
        (70, "googlenet-int8"),
        (250, "inception-v3-int8"),
        (10_000, "resnet-152-float32"),
        (33.6, None),
    ],
)
def test_the_study_s_models_are_selected_in_the_same_way(
    bandwidth_mbps: float, expected: str | None
) -> None:
    assert chosen(select(catalogue().variants(), int(bandwidth_mbps * MBPS), 1.0)) == expected


# --- the rates it asks for ---


def test_a_part_is_carried_in_packets_with_headers() -> None:
    framing = Framing(data_bytes=1000, header_bytes=50)
    assert framing.bits(1000) == 8 * 1050
    assert framing.bits(1001) == 8 * 1101
    assert framing.bits(0) == 0


def test_the_default_packet_fills_the_user_plane_s_1400_bytes() -> None:
    assert Framing().data_bytes + 24 == 1400
    assert Framing().header_bytes == 24 + 8 + 40


def test_rates_are_bits_over_the_time_that_the_overhead_leaves() -> None:
    model = variant("m", 0.9, weights_bytes=1000, topology_bytes=500)
    framing = Framing(data_bytes=1000, header_bytes=0)
    rung = select([model], PLENTY_BPS, 1.0, margin_s=0.5, framing=framing).rung
    assert rung
    assert (rung.topology_rate_bps, rung.weights_rate_bps) == (16_000, 16_000)
    assert rung.rate_bps == 32_000


def test_a_model_that_needs_exactly_the_bandwidth_fits() -> None:
    needed_bps = select([LARGE], PLENTY_BPS, 1.0).ladder[0].rate_bps
    assert chosen(select([LARGE], needed_bps, 1.0)) == "large"
    assert chosen(select([LARGE], needed_bps - 1, 1.0)) is None


@given(pools, bandwidths, budgets, st.floats(0, 0.5))
def test_nothing_that_is_asked_for_is_late_or_too_much(
    variants: list[Variant], bandwidth_bps: int, budget_s: float, margin_s: float
) -> None:
    for rung in select(variants, bandwidth_bps, budget_s, margin_s=margin_s).ladder:
        assert rung.topology_rate_bps + rung.weights_rate_bps <= bandwidth_bps
        topology_s = Framing().bits(rung.variant.topology_bytes) / rung.topology_rate_bps
        weights_s = Framing().bits(rung.variant.weights_bytes) / rung.weights_rate_bps
        assert margin_s + TOPOLOGY_DELIVERIES * topology_s <= budget_s + 1e-9
        assert margin_s + weights_s <= budget_s + 1e-9


@given(pools, bandwidths, bandwidths, budgets)
def test_more_bandwidth_never_leads_to_a_worse_model(
    variants: list[Variant], one_bps: int, other_bps: int, budget_s: float
) -> None:
    less = select(variants, min(one_bps, other_bps), budget_s).rung
    more = select(variants, max(one_bps, other_bps), budget_s).rung
    if less:
        assert more
        assert more.variant.accuracy >= less.variant.accuracy


@given(pools, bandwidths, st.floats(0.2, 5), st.floats(0.2, 5))
def test_more_time_never_leads_to_a_worse_model(
    variants: list[Variant], bandwidth_bps: int, one_s: float, other_s: float
) -> None:
    less = select(variants, bandwidth_bps, min(one_s, other_s)).rung
    more = select(variants, bandwidth_bps, max(one_s, other_s)).rung
    assert not less or (more and more.variant.accuracy >= less.variant.accuracy)


@given(pools, bandwidths, budgets)
def test_no_rejected_model_would_have_been_better(
    variants: list[Variant], bandwidth_bps: int, budget_s: float
) -> None:
    choice = select(variants, bandwidth_bps, budget_s)
    for rejection in choice.rejected:
        alone = select([rejection.variant], bandwidth_bps, budget_s)
        if alone.rung:
            assert choice.rung
            assert choice.rung.variant.accuracy >= rejection.variant.accuracy


@given(pools, bandwidths, budgets)
def test_every_model_is_on_the_ladder_or_rejected_by_name_in_the_reason(
    variants: list[Variant], bandwidth_bps: int, budget_s: float
) -> None:
    choice = select(variants, bandwidth_bps, budget_s)
    rejected = [rejection.variant.name for rejection in choice.rejected]
    assert sorted([*names(choice), *rejected]) == sorted(each.name for each in variants)
    for rejection in choice.rejected:
        assert rejection.variant.name in rejection.reason
        assert rejection.reason in choice.reason


@given(pools, bandwidths, budgets)
def test_each_rung_is_less_accurate_and_asks_less_than_the_one_above(
    variants: list[Variant], bandwidth_bps: int, budget_s: float
) -> None:
    ladder = select(variants, bandwidth_bps, budget_s).ladder
    for above, below in pairwise(ladder):
        assert below.variant.accuracy <= above.variant.accuracy
        assert below.rate_bps < above.rate_bps


@given(st.permutations([*ALL, replace(LARGE, name="twin")]), bandwidths)
def test_the_order_of_the_variants_does_not_matter(
    variants: list[Variant], bandwidth_bps: int
) -> None:
    assert select(variants, bandwidth_bps, 1.0) == select(variants[::-1], bandwidth_bps, 1.0)


# --- the reason it gives ---


def test_the_reason_of_a_choice_has_the_numbers() -> None:
    reason = select(ALL, 20 * MBPS, 1.0).reason
    assert reason.startswith("medium (97.0%, 14.0")
    assert "is the best for 20 Mbps within 1 s." in reason
    assert reason.endswith("Mbps to arrive within 0.9 s, but 20 Mbps is there.")


def test_the_reason_of_no_choice_names_them_all() -> None:
    reason = select(ALL, 500_000, 1.0).reason
    assert reason.startswith("Nothing fits into 500 Kbps within 1 s. large needs ")
    assert "medium needs" in reason
    assert "small needs" in reason


def test_a_demand_never_looks_like_it_would_fit() -> None:
    needed_bps = select([LARGE], PLENTY_BPS, 1.0).ladder[0].rate_bps
    reason = select([LARGE], needed_bps - 1, 1.0).rejected[0].reason
    needs, there = reason.split(" to arrive within 0.9 s, but ")
    assert needs.removeprefix("large needs ") != there.removesuffix(" is there")


@pytest.mark.parametrize("budget_s", [0.1, 0.05])
def test_a_budget_below_the_overhead_lets_nothing_fit(budget_s: float) -> None:
    choice = select(ALL, PLENTY_BPS, budget_s, margin_s=0.1)
    assert (choice.rung, choice.ladder) == (None, ())
    assert f"the budget of {budget_s:g} s is spent by the fixed overhead of 0.1 s" in choice.reason
    assert len(choice.rejected) == 3


def test_every_variant_that_is_worth_its_rate_has_a_ladder_of_its_own() -> None:
    lavish = variant("lavish", 0.5, 9_000_000)
    found = ladders([variant("a", 0.9, 1_000), variant("b", 0.95, 5_000), lavish], 1.0)
    names = [[rung.variant.name for rung in choice.ladder] for choice in found]
    assert names == [["b", "a"], ["a"]]
    assert found[0].is_better_than(found[1])
    assert not found[1].is_better_than(found[0])
    assert not found[0].is_better_than(found[0])


def test_anything_is_better_than_nothing() -> None:
    nothing, (one,) = select([], 10**9, 1.0), ladders([variant()], 1.0)
    assert one.is_better_than(nothing)
    assert not nothing.is_better_than(one)
    assert not nothing.is_better_than(nothing)
