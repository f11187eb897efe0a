"""When a subscription reports: once per crossing, once per period, and then no more."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nef.domain.reporting import (
    ON_EVENTS,
    Direction,
    Method,
    Reported,
    Reporting,
    crossed,
    is_due,
    is_over,
    may_tell,
    next_look,
)
from nef.domain.subscriptions import Due

EPOCH_S = 1_800_000_000.0


def periodic(period_s: float, **changes: object) -> Reporting:
    return replace(Reporting(Method.PERIODIC, period_s=period_s), **changes)  # type: ignore[arg-type]


ONCE = Reporting(Method.ONE_TIME)


def reports(reporting: Reporting, times: list[float], begun_s: float) -> list[float]:
    """When a subscription reports that is looked at at these times; two looks a time."""
    reported, told = Reported(begun_s), []
    for now_s in times:
        for _ in range(2):
            if is_over(reporting, reported, now_s) or not is_due(reporting, reported, now_s):
                continue
            told.append(now_s)
            reported = reported.told(now_s, reporting)
    return told


# --- periods ---

ticks = st.lists(st.floats(0.001, 40), min_size=1, max_size=40)


@given(st.floats(1, 30), ticks, st.sampled_from([0.0, EPOCH_S + 0.123456]))
def test_each_period_is_reported_once_at_the_first_look_after_its_end(
    period_s: float, steps: list[float], begun_s: float
) -> None:
    times = [begun_s + sum(steps[: n + 1]) for n in range(len(steps))]
    told = reports(periodic(period_s), times, begun_s)
    assert len(told) == len(set(told)), "never twice"
    ended = [round((now_s - begun_s) / period_s, 6) // 1 for now_s in told]
    assert ended == sorted(set(ended)), "each report is of a period of its own"
    near = 1e-6 * period_s + 1e-6  # times of the epoch are no finer
    for before_s, now_s in pairwise([begun_s, *times]):
        whole = (now_s - begun_s + near) // period_s - (before_s - begun_s - near) // period_s
        if now_s in told:
            assert whole >= 1
        elif (now_s - begun_s - near) // period_s > (before_s - begun_s + near) // period_s:
            pytest.fail("a period ended and nobody was told")


def test_a_late_look_does_not_delay_the_reports_after_it() -> None:
    times = [begun + late for begun, late in [(10, 0.9), (20, 0.9), (30, 0.9), (40, 0.0)]]
    assert reports(periodic(10), times, 0.0) == times


def test_a_leap_of_the_clock_is_reported_once() -> None:
    assert reports(periodic(10), [1000.5, 1001.0, 1009.9, 1010.0], 0.0) == [1000.5, 1010.0]


@given(st.integers(1, 100))
def test_periodic_reports_have_the_time_of_their_period_to_the_last(count: int) -> None:
    reported = Reported(EPOCH_S)
    for n in range(1, count + 1):
        now_s = EPOCH_S + 3 * n + 0.09
        reported = reported.told(now_s, periodic(3))
        assert next_look(periodic(3), reported, now_s).at_s == pytest.approx(EPOCH_S + 3 * (n + 1))
    assert reported.count == count


@given(st.floats(0, 1e6), st.floats(1, 1e5), st.floats(0, 1e6))
@example(last_s=0.0, period_s=1.1, late_s=2.2)
def test_what_was_just_told_is_not_due_again(last_s: float, period_s: float, late_s: float) -> None:
    now_s = EPOCH_S + last_s + period_s + late_s
    after = Reported(EPOCH_S + last_s).told(now_s, periodic(period_s))
    assert not is_due(periodic(period_s), after, now_s)
    assert after.last_s <= now_s + 1e-6


# --- one time, limits and ends ---


def test_once_is_at_once_and_once_only() -> None:
    assert reports(ONCE, [1.0, 2.0, 3.0], 0.0) == [1.0]
    assert is_over(ONCE, Reported(0.0, count=1), 1.0)


def test_more_reports_than_one_of_one_time_are_still_one() -> None:
    assert is_over(replace(ONCE, max_reports=5), Reported(0.0, count=1), 1.0)


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_is_reported_than_was_asked_for(most: int) -> None:
    times = [float(n) for n in range(1, 20)]
    assert len(reports(periodic(1, max_reports=most), times, 0.0)) == most


def test_the_end_of_monitoring_is_not_part_of_it() -> None:
    watched = periodic(10, until_s=30.0)
    assert reports(watched, [10.0, 20.0, 30.0, 40.0], 0.0) == [10.0, 20.0]
    assert not is_over(watched, Reported(20.0), 29.999)
    assert is_over(watched, Reported(20.0), 30.0)


def test_events_are_looked_for_at_each_change_and_once_a_second() -> None:
    assert next_look(ON_EVENTS, Reported(5.0, 3), 7.25) == Due(8.25, on_change=True)
    assert next_look(ON_EVENTS, Reported(5.0, 3), 5.5) == Due(6.0, on_change=True), "told again"
    assert next_look(replace(ON_EVENTS, until_s=8.0), Reported(5.0), 7.25).at_s == 8.0
    assert not is_due(ON_EVENTS, Reported(0.0), 1e9), "time alone is no event"


def test_a_period_of_events_means_nothing() -> None:
    odd = replace(ON_EVENTS, period_s=1.0)
    assert not is_due(odd, Reported(0.0), 100.0)
    assert Reported(0.0).told(100.5, odd).last_s == 100.5


def test_a_period_is_looked_at_when_it_ends_or_when_all_ends() -> None:
    assert next_look(periodic(10), Reported(100.0), 100.0) == Due(110.0)
    assert next_look(periodic(10, until_s=104.0), Reported(100.0), 100.0) == Due(104.0)


def test_changes_are_told_apart_from_each_other() -> None:
    assert may_tell(Reported(0.0), 1.0, 0.0), "the first at once"
    assert not may_tell(Reported(5.0, count=1), 1.0, 5.9)
    assert may_tell(Reported(5.0, count=1), 1.0, 6.0)


# --- crossings ---

sides = st.lists(st.booleans(), max_size=30)


@given(sides)
def test_crossings_alternate_and_are_told_once(values: list[bool]) -> None:
    known: dict[str, bool] = {}
    told: list[bool] = []
    for value in values:
        for _ in range(2):  # a second look at the same moment finds nothing
            if crossed(known, {"t": value}, Direction.CROSSED):
                told.append(value)
            known = {"t": value}
    assert all(a != b for a, b in pairwise(told))
    assert len(told) == sum(a != b for a, b in pairwise(values))


@given(sides)
def test_up_and_down_together_are_all(values: list[bool]) -> None:
    for before, after in pairwise(values):
        found = {
            direction: crossed({"t": before}, {"t": after}, direction) for direction in Direction
        }
        up, down = found[Direction.ASCENDING], found[Direction.DESCENDING]
        assert up | down == found[Direction.CROSSED]
        assert not up & down
        assert bool(up) == (after and not before)


def test_a_threshold_that_was_not_known_before_was_not_crossed() -> None:
    assert crossed({}, {"t": True}, Direction.CROSSED) == frozenset()


def test_each_threshold_is_crossed_by_itself() -> None:
    before = {"low": True, "high": False}
    assert crossed(before, {"low": True, "high": True}, Direction.CROSSED) == {"high"}
    assert crossed(before, {"low": False, "high": True}, Direction.DESCENDING) == {"low"}
    assert crossed(before, {"high": False}, Direction.CROSSED) == frozenset(), "no news of low"
