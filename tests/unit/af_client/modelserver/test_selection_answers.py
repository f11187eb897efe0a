"""What becomes of a choice when the network answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client.modelserver.selection import (
    Choice,
    Variant,
    after_applied,
    after_guaranteed,
    after_not_guaranteed,
    after_refusal,
    select,
)
from builders.models import bandwidths, pools, variant

LARGE = variant("large", 0.99, 8_000_000)
ALL = (variant("small", 0.90, 100_000), variant("medium", 0.97, 1_500_000), LARGE)
PLENTY_BPS, MBPS = 10**12, 10**6


def names(choice: Choice) -> list[str]:
    return [rung.variant.name for rung in choice.ladder]


def chosen(choice: Choice) -> str | None:
    return choice.rung.variant.name if choice.rung else None


@pytest.fixture
def asked() -> Choice:
    return select(ALL, PLENTY_BPS, 1.0)


@pytest.mark.parametrize("ref", ["large", "medium", "small"])
def test_the_applied_rung_is_delivered_and_the_ladder_stays(asked: Choice, ref: str) -> None:
    choice = after_applied(asked, ref)
    assert (chosen(choice), choice.ladder) == (ref, asked.ladder)
    assert choice.reason.startswith(f"the network serves {ref} (")


def test_a_rung_that_was_not_asked_for_is_an_error_that_names_the_ladder(asked: Choice) -> None:
    with pytest.raises(LookupError, match="'huge'; the session asked for large, medium, small"):
        after_applied(asked, "huge")


def test_nothing_is_delivered_while_nothing_is_guaranteed(asked: Choice) -> None:
    choice = after_not_guaranteed(asked)
    assert (choice.rung, choice.ladder) == (None, asked.ladder)
    assert choice.reason == "the network guarantees none of large, medium, small now"


def test_the_asked_rung_is_delivered_again_once_it_is_guaranteed(asked: Choice) -> None:
    for lowered in (after_applied(asked, "small"), after_not_guaranteed(asked)):
        choice = after_guaranteed(lowered)
        assert (chosen(choice), choice.ladder) == ("large", asked.ladder)
        assert "again" in choice.reason


def test_nothing_that_was_not_asked_for_is_guaranteed() -> None:
    nothing = select(ALL, 0, 1.0)
    assert after_guaranteed(nothing) == nothing


def test_a_refusal_leads_to_what_would_be_accepted(asked: Choice) -> None:
    choice = after_refusal(asked, acceptable_bps=20 * MBPS)
    assert names(choice) == ["medium", "small"]
    assert chosen(choice) == "medium"
    (rejection,) = choice.rejected
    assert rejection.variant == LARGE
    assert rejection.reason.endswith("which the network refused; it would accept 20 Mbps")
    assert rejection.reason in choice.reason


def test_a_refusal_can_skip_rungs(asked: Choice) -> None:
    choice = after_refusal(asked, acceptable_bps=2 * MBPS)
    assert names(choice) == ["small"]
    assert [rejection.variant.name for rejection in choice.rejected] == ["large", "medium"]


def test_a_refusal_without_a_figure_leads_to_the_next_rung(asked: Choice) -> None:
    choice = after_refusal(asked)
    assert names(choice) == ["medium", "small"]
    assert choice.rejected[0].reason.endswith("which the network refused")


def test_a_refusal_of_everything_ends_with_nothing(asked: Choice) -> None:
    choice = after_refusal(asked, acceptable_bps=0)
    assert (choice.rung, choice.ladder) == (None, ())
    assert choice.reason.startswith("nothing smaller is left to ask for. large needs ")


def test_what_was_rejected_before_a_refusal_stays_rejected() -> None:
    choice = after_refusal(select(ALL, 20 * MBPS, 1.0))
    assert [rejection.variant.name for rejection in choice.rejected] == ["large", "medium"]


@given(pools, bandwidths, st.lists(st.none() | bandwidths, min_size=8, max_size=8))
def test_asking_after_refusals_ends_whatever_the_network_says(
    variants: list[Variant], bandwidth_bps: int, answers: list[int | None]
) -> None:
    choice = select(variants, bandwidth_bps, 1.0)
    for acceptable_bps in answers:
        shorter = after_refusal(choice, acceptable_bps)
        assert len(shorter.ladder) < len(choice.ladder) or not choice.ladder
        assert all(
            acceptable_bps is None or rung.rate_bps <= acceptable_bps for rung in shorter.ladder
        )
        choice = shorter
    assert choice.rung is None
