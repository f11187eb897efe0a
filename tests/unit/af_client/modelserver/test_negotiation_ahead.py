"""What a negotiation makes of what the network foresees."""

import pytest

from af_client.modelserver.negotiation import Negotiation
from af_client.modelserver.policy import Policy
from af_client.modelserver.steps import (
    CreateSession,
    Decision,
    FetchOutlook,
    Reported,
    Step,
)
from builders.negotiations import (
    ENOUGH_BPS,
    LARGE,
    MEDIUM,
    SMALL,
    a_negotiation,
    guaranteed,
    not_guaranteed,
    serving,
)


def foreseen(lasting_bps: int | None, confidence: int = 100) -> Reported:
    """A report that offers nothing more, and says what will last."""
    return Reported(0, lasting_bps=lasting_bps, confidence=confidence)


def test_before_a_session_the_time_of_each_variant_is_asked_for() -> None:
    (question,) = a_negotiation().due(0.0)
    assert isinstance(question, FetchOutlook)
    sizes = [variant.total_bytes for variant in (SMALL, MEDIUM, LARGE)]
    assert len(question.volumes) == 3
    assert all(
        size < wire < 1.07 * size + 200 for size, wire in zip(sizes, question.volumes, strict=True)
    )
    assert question.rates_bps == ()


@pytest.mark.parametrize(("confidence", "variant"), [(90, "medium"), (30, "large")])
def test_a_variant_that_would_take_too_long_is_not_asked_for_where_the_forecast_is_sure(
    confidence: int, variant: str
) -> None:
    negotiation = a_negotiation()
    (question,) = negotiation.due(0.0)
    assert isinstance(question, FetchOutlook)
    seconds = dict(zip(question.volumes, (0.1, 0.3, 1.7), strict=True))
    report = Reported(ENOUGH_BPS["large"], seconds, confidence=confidence)
    (command,) = negotiation.bandwidth(report, 0.0)
    assert isinstance(command, CreateSession)
    assert command.choice.ladder[0].variant.name == variant
    assert ("1.7 s" in command.choice.reason) == (variant == "medium")


def test_in_a_session_it_is_asked_what_will_last_the_largest_first() -> None:
    negotiation = serving("large")
    (question,) = negotiation.due(1.0)
    assert isinstance(question, FetchOutlook)
    assert question.volumes == ()
    assert question.within_s == Policy().lookahead_s
    assert len(question.rates_bps) == 3
    assert list(question.rates_bps) == sorted(question.rates_bps, reverse=True)
    assert question.rates_bps[0] == negotiation.own_bps


def rates_of(negotiation: Negotiation, now_s: float = 1.0) -> tuple[int, ...]:
    (question,) = negotiation.due(now_s)
    assert isinstance(question, FetchOutlook)
    return question.rates_bps


def test_what_will_not_last_is_left_before_the_network_takes_it_away() -> None:
    negotiation = serving("large")
    _, medium_bps, _ = rates_of(negotiation)
    (decision,) = negotiation.bandwidth(foreseen(medium_bps), 1.0)
    assert (the_variant(decision), the_cause(decision)) == ("medium", "outlook")
    (decision,) = negotiation.notified(not_guaranteed("medium"), 2.0)
    assert (the_variant(decision), the_cause(decision)) == ("medium", "notification")


def test_where_nothing_will_last_the_smallest_is_next() -> None:
    negotiation = serving("large")
    rates_of(negotiation)
    (decision,) = negotiation.bandwidth(foreseen(0), 1.0)
    assert the_variant(decision) == "small"


def test_a_forecast_that_is_taken_back_brings_the_better_variant_back() -> None:
    negotiation = serving("large", dwell_s=0)
    top_bps, medium_bps, _ = rates_of(negotiation)
    negotiation.bandwidth(foreseen(medium_bps), 1.0)
    assert rates_of(negotiation, 2.0)[0] == top_bps, "it is asked about what is held"
    (decision,) = negotiation.bandwidth(foreseen(top_bps), 2.0)
    assert (the_variant(decision), the_cause(decision)) == ("large", "outlook")


def test_an_unsure_forecast_changes_nothing() -> None:
    negotiation = serving("large")
    _, medium_bps, _ = rates_of(negotiation)
    assert negotiation.bandwidth(foreseen(medium_bps, confidence=30), 1.0) == []
    assert negotiation.bandwidth(foreseen(None), 1.0) == []


def test_a_forecast_about_what_is_held_no_more_changes_nothing() -> None:
    negotiation = serving("large", dwell_s=0)
    negotiation.notified(not_guaranteed("small"), 1.0)
    (small_bps,) = rates_of(negotiation, 1.0)
    negotiation.notified(guaranteed(), 1.1)
    assert negotiation.bandwidth(foreseen(small_bps), 1.2) == []


def test_the_network_has_the_last_word() -> None:
    negotiation = serving("large", dwell_s=0)
    _, _, small_bps = rates_of(negotiation)
    negotiation.bandwidth(foreseen(small_bps), 1.0)
    (decision,) = negotiation.notified(not_guaranteed("medium"), 2.0)
    assert (the_variant(decision), the_cause(decision)) == ("medium", "notification")


def the_variant(decision: Step) -> str:
    assert isinstance(decision, Decision)
    assert decision.rung is not None
    return decision.rung.variant.name


def the_cause(decision: Step) -> str:
    assert isinstance(decision, Decision)
    return decision.cause
