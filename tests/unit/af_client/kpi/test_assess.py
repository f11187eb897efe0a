"""Verdicts and their reasons, from figures."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from af_client.kpi.assess import (
    AVAILABILITY,
    LATENCY,
    RATE,
    TOPOLOGY,
    WEIGHTS,
    Finding,
    findings,
    needed_period_s,
    row,
)
from af_client.kpi.availability import Availability, Held, availability
from af_client.kpi.counting import Counted
from af_client.kpi.measuring import Figures
from af_client.kpi.reliability import InTime
from af_client.kpi.statistics import Share, Verdict
from af_client.kpi.subjects import Subject, subjects
from af_client.modelserver.catalogue import catalogue

WEEK_S = 604_800.0
GOOD = Figures(
    granted=Share(0, 1000),
    best_bps=50_000_000,
    worst_bps=50_000_000,
    p50_s=0.9,
    p99_s=0.95,
    in_time=Share(0, 1000),
    p5_bps=37e6,
    rate_kept=Share(0, 1000),
    topology=InTime(1.0, Share(0, 1_000_000)),
    weights=InTime(1.0, Share(0, 1_000_000)),
    available=Availability(WEEK_S, WEEK_S, 0),
)


def a_subject(model: str = "mobilenet-224", bits: int = 8) -> Subject:
    return next(each for each in subjects([model], [1.0]) if each.bits == bits)


def found(
    figures: Figures, subject: Subject | None = None, counted: Sequence[Counted] = ()
) -> dict[str, Finding]:
    every = findings(subject or a_subject(), figures, counted)
    return {each.requirement: each for each in every}


def of(failures: int, trials: int) -> InTime:
    return InTime(1.0, Share(failures, trials))


def a_count(lost: int, overflowed: int = 0) -> Counted:
    return Counted("topology", 1e-5, 10_000_000, 100, 1_000_000, lost, lost, overflowed)


def test_what_is_good_meets_everything_and_needs_no_reason() -> None:
    assert {(f.verdict, f.reason) for f in found(GOOD).values()} == {(Verdict.YES, "")}


def test_a_model_that_is_too_large_is_told_what_it_needs_and_what_there_is() -> None:
    never = replace(
        GOOD,
        granted=Share(1000, 1000),
        best_bps=1_574_000_000,
        in_time=Share(1000, 1000),
        rate_kept=Share(1000, 1000),
    )
    reasons = found(never, a_subject("vgg16", 32))
    assert reasons[LATENCY].verdict is reasons[RATE].verdict is Verdict.NO
    assert reasons[LATENCY].reason == (
        "needs 4.42 Gbit/s, 5.81 Gbit/s with headers and set-up time;"
        " the network grants 1.57 Gbit/s at most"
    )
    assert "grants nothing" in found(replace(never, best_bps=0))[LATENCY].reason


def test_a_few_downloads_show_little() -> None:
    few = found(replace(GOOD, in_time=Share(0, 20), rate_kept=Share(0, 20)))
    assert few[LATENCY].verdict is few[RATE].verdict is Verdict.NOT_SHOWN
    assert "between 86.09% and 100.00% hold, and 99% must: 0 of 20" in few[LATENCY].reason


def test_a_short_period_shows_no_availability_but_can_refute_it() -> None:
    assert needed_period_s(a_subject()) == pytest.approx(100_000)
    short = found(replace(GOOD, available=Availability(60, 60, 0)))[AVAILABILITY]
    assert (short.verdict, "60 s are too short" in short.reason) == (Verdict.NOT_SHOWN, True)
    broken = found(replace(GOOD, available=Availability(50, 60, 1)))[AVAILABILITY]
    assert (broken.verdict, "not guaranteed for 10 s of 60 s" in broken.reason) == (
        Verdict.NO,
        True,
    )


def test_six_seconds_of_a_week_may_be_lost_and_seven_may_not() -> None:
    def after(lost_s: float) -> Verdict:
        kept = Availability(WEEK_S - lost_s, WEEK_S, 1)
        return found(replace(GOOD, available=kept))[AVAILABILITY].verdict

    assert (after(6), after(7)) == (Verdict.YES, Verdict.NO)


def test_reliability_is_judged_by_what_was_counted() -> None:
    unsure = found(replace(GOOD, topology=of(0, 1000), weights=of(2000, 1_000_000)))
    assert (unsure[TOPOLOGY].verdict, unsure[WEIGHTS].verdict) == (
        Verdict.NOT_SHOWN,
        Verdict.NO,
    )
    assert "2000 of 1000000 others were not there in time" in unsure[WEIGHTS].reason


@pytest.mark.parametrize(
    ("counted", "reason"),
    [
        (a_count(500_000), "500000 of 1000000 real packets of the topology were lost"),
        (a_count(30), "more than the 1e-05 that was granted"),
        (a_count(0, overflowed=1), "1 real packets of the topology overflowed"),
    ],
)
def test_real_packets_that_fare_worse_than_granted_take_back_a_yes(
    counted: Counted, reason: str
) -> None:
    judged = found(GOOD, counted=[counted])
    assert judged[TOPOLOGY].verdict is Verdict.NOT_SHOWN
    assert reason in judged[TOPOLOGY].reason
    assert judged[WEIGHTS].verdict is Verdict.YES


def test_real_packets_lost_as_granted_change_nothing() -> None:
    assert found(GOOD, counted=[a_count(14)])[TOPOLOGY].verdict is Verdict.YES


def test_an_application_bridges_what_its_recognition_cannot_wait_for() -> None:
    subject = a_subject()
    gaps = {
        application.name: row(application, subject, GOOD, findings(subject, GOOD, ())).gap_s
        for application in catalogue().applications
    }
    assert gaps["One-shot object recognition"] == 0
    assert gaps["Remote driving"] == pytest.approx(0.945)


def test_the_qos_of_a_model_holds_while_the_session_holds_as_much() -> None:
    small, large = a_subject(), a_subject("vgg16")
    enough, plenty = small.rung.weights_rate_bps, large.rung.weights_rate_bps
    held = [Held(0, 10, plenty), Held(10, 12, 0), Held(12, 20, enough), Held(20, 30, plenty)]
    assert availability(held, small) == Availability(28, 30, 1)
    assert availability(held, large) == Availability(20, 30, 1)


def test_a_model_that_is_not_in_the_table_is_named() -> None:
    with pytest.raises(LookupError, match="'vgg19' is not in table A"):
        subjects(["vgg19"], [1.0])
    assert len(subjects([], [1.0])) == 14
