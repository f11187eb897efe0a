"""When faults strike, by chance and on demand."""

from math import sqrt
from typing import Any

import pytest

from nef.domain.errors import InvalidValue
from nef.domain.faultplan import FaultPlan
from nef.domain.faults import OF_SESSIONS, TIMES, Fault, FaultName, UnfitRule, Victim

NAMES = list(FaultName)
ANYBODY = Victim("af-1", "ue-1")


def struck(plan: FaultPlan, name: FaultName, occasions: int) -> list[int]:
    """The numbers of the occasions on which a fault struck."""
    found = []
    for number in range(occasions):
        plan, strike = plan.asked(name, ANYBODY, 0.0)
        if strike is not None:
            found.append(number)
    return found


def plan_of(*faults: Fault, seed: int = 1) -> FaultPlan:
    return FaultPlan.of(seed, faults)


@pytest.mark.parametrize("name", NAMES)
def test_no_fault_strikes_that_is_not_set(name: FaultName) -> None:
    assert struck(FaultPlan(), name, 100) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_strikes_as_often_as_its_probability_says(name: FaultName) -> None:
    occasions, probability = 20_000, 0.1
    found = struck(plan_of(Fault.of(name, probability=probability)), name, occasions)
    deviation = sqrt(occasions * probability * (1 - probability))
    # Five standard deviations of the binomial: a fair stream is beyond them once in a million.
    assert abs(len(found) - occasions * probability) < 5 * deviation


def test_certain_faults_strike_always_and_impossible_ones_never() -> None:
    name = FaultName.SERVICE_UNAVAILABLE
    assert struck(plan_of(Fault.of(name, probability=1.0)), name, 500) == list(range(500))
    assert struck(plan_of(Fault.of(name, probability=0.0)), name, 500) == []


def test_the_same_seed_gives_the_same_strikes_and_another_one_others() -> None:
    name = FaultName.BEARER_LOST
    fault = Fault.of(name, probability=0.5)
    once = struck(plan_of(fault, seed=7), name, 64)
    assert struck(plan_of(fault, seed=7), name, 64) == once
    assert struck(plan_of(fault, seed=8), name, 64) != once
    own = Fault.of(name, probability=0.5, seed=7)
    assert struck(plan_of(own, seed=8), name, 64) == once


def test_each_fault_has_a_stream_of_its_own() -> None:
    faults = [Fault.of(name, probability=0.5) for name in NAMES]
    plan = plan_of(*faults)
    streams = {tuple(struck(plan, name, 64)) for name in NAMES}
    assert len(streams) == len(NAMES)
    alone = struck(plan_of(faults[3]), faults[3].name, 64)
    other, first = faults[2].name, faults[3].name
    found = []
    for number in range(64):
        plan, _ = plan.asked(other, ANYBODY, 0.0)
        plan, strike = plan.asked(first, ANYBODY, 0.0)
        found += [number] if strike else []
    assert found == alone, "what happens to others moves nothing"


def test_on_demand_the_next_occasions_are_struck_and_no_more() -> None:
    name = FaultName.NOTIFICATION_LOST
    assert struck(FaultPlan().triggered(name, 2).triggered(name, 1), name, 10) == [0, 1, 2]
    assert struck(plan_of(Fault.of(name, times=2)), name, 10) == [0, 1]


def test_a_demand_leaves_the_later_chances_as_they_are() -> None:
    name = FaultName.NOTIFICATION_LOST
    plan = plan_of(Fault.of(name, probability=0.3))
    by_chance = struck(plan, name, 50)
    assert struck(plan.triggered(name, 1), name, 50) == sorted({0, *by_chance})


def test_only_those_are_struck_whom_a_fault_is_about_in_its_time() -> None:
    name = FaultName.RESOURCES_REFUSED
    fault = Fault.of(name, times=9, af_id="af-1", ue_id="ue-1", from_s=5.0, until_s=8.0)
    plan = plan_of(fault)
    for victim, time_s in (
        (Victim("af-2", "ue-1"), 6.0),
        (Victim("af-1", "ue-2"), 6.0),
        (Victim("af-1"), 6.0),
        (ANYBODY, 4.9),
        (ANYBODY, 8.0),
    ):
        assert plan.asked(name, victim, time_s) == (plan, None)
    after, strike = plan.asked(name, ANYBODY, 5.0)
    assert strike is not None
    assert (after.states[name].left, after.states[name].strikes) == (8, 1)


def test_setting_a_fault_begins_it_anew_and_clearing_ends_it() -> None:
    name = FaultName.RESPONSE_SLOW
    fault = Fault.of(name, probability=0.5)
    first = struck(plan_of(fault), name, 32)
    plan = plan_of(fault)
    for _ in range(5):
        plan, _ = plan.asked(name, ANYBODY, 0.0)
    assert struck(plan.with_fault(fault), name, 32) == first
    assert struck(plan.without(name), name, 32) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_has_the_times_that_belong_to_it_and_no_others(name: FaultName) -> None:
    made = Fault.of(name)
    assert {time: getattr(made, time) for time in TIMES[name]} == TIMES[name]
    foreign = {"after_s", "lasts_s", "delay_s", "retry_after_s"} - TIMES[name].keys()
    for time in foreign:
        with pytest.raises(InvalidValue, match=time):
            Fault.of(name, **{time: 1.0})
    if name not in OF_SESSIONS:
        with pytest.raises(InvalidValue, match=r"^ue: .* does not have it, but: probability, "):
            Fault.of(name, ue_id="ue-1")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"until_s": 3.0, "from_s": 3.0}, "^until_s: it must be after the beginning, which is 3$"),
        ({"probability": 1.5}, "^probability: it must be a number from 0 to 1, and not 1.5$"),
        (
            {"probability": "often"},
            "^probability: it must be a number from 0 to 1, and not 'often'",
        ),
        ({"probability": None}, "^probability: "),
        ({"probability": float("nan")}, "^probability: "),
        ({"times": -1}, "^times: it must be a whole number from 0 to 1000000, and not -1$"),
        ({"times": 1.5}, "^times: it must be a whole number"),
        ({"times": True}, "^times: it must be a whole number"),
        ({"seed": -1}, "^seed: it must be a whole number from 0 to 4294967295, and not -1$"),
        ({"after_s": -0.1}, "^after_s: it must be a number from 0 to 3600"),
        ({"af": ""}, "^af: it must be a name$"),
        ({"ue": 7}, "^ue: it must be a name$"),
        (
            {"weather": "rain"},
            "^weather: the fault bearer-lost does not have it, but: probability, ",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_what_would_be_right(
    rule: dict[str, object], reason: str
) -> None:
    with pytest.raises(UnfitRule, match=reason):
        Fault.written(FaultName.BEARER_LOST, rule)


def test_a_rule_may_leave_its_end_and_its_seed_open() -> None:
    made = Fault.of(FaultName.BEARER_LOST, until_s=None, seed=None)
    assert made == Fault.of(FaultName.BEARER_LOST)


@pytest.mark.parametrize("times", [-1, 0.5, "two"])
def test_a_fault_is_not_demanded_less_than_never(times: Any) -> None:
    with pytest.raises(UnfitRule, match=r"^times: it must be a whole number from 0"):
        FaultPlan().triggered(FaultName.BEARER_LOST, times)
