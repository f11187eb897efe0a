"""The arithmetic of courses: laws that hold whatever the course."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.courses import cell_course, course, moment
from nef.domain.courses import (
    Course,
    UeMoment,
    mean,
    part,
    parts,
    spans,
    stretches,
    transfer_s,
    variance,
    without_repetition,
)

RATES = st.integers(0, 10**9)
EPOCHS = st.sampled_from([0.0, 1_800_000_000.25])


@st.composite
def courses(draw: st.DrawFn, least_steps: int = 1) -> Course[UeMoment]:
    lengths = draw(st.lists(st.floats(0.125, 50), min_size=least_steps, max_size=6))
    begin_s = draw(EPOCHS)
    times = [begin_s]
    for length_s in lengths:
        times.append(times[-1] + length_s)
    steps = tuple((time_s, draw(RATES)) for time_s in times[:-1])
    return course(*steps, until_s=times[-1], delay_ms=draw(st.sampled_from([0.0, 12.5])))


def bps(one: UeMoment) -> float:
    return float(one.rate_dl.bps)


def carried_bits(known: Course[UeMoment], from_s: float, until_s: float) -> float:
    """The integral of the rate."""
    return sum(
        bps(one) * max(0.0, min(one.time_s + length_s, until_s) - max(one.time_s, from_s))
        for one, length_s in stretches(known)
    )


# --- means ---


@given(courses())
def test_stretches_are_as_long_as_the_course(known: Course[UeMoment]) -> None:
    lengths = [length_s for _, length_s in stretches(known)]
    assert all(length_s >= 0 for length_s in lengths)
    assert sum(lengths) == pytest.approx(known.until_s - known.from_s)


@given(courses())
def test_a_mean_lies_between_the_least_and_the_most(known: Course[UeMoment]) -> None:
    values = [bps(one) for one in known.moments]
    assert min(values) <= mean(known, bps) <= max(values)


@given(RATES, st.lists(st.floats(0.001, 9), min_size=1, max_size=30), EPOCHS)
def test_what_never_changes_has_itself_as_its_mean(
    rate_bps: int, lengths: list[float], begin_s: float
) -> None:
    times = [begin_s + sum(lengths[:n]) for n in range(len(lengths) + 1)]
    steady = course(*((time_s, rate_bps) for time_s in times[:-1]), until_s=times[-1])
    assert int(mean(steady, bps)) == rate_bps
    assert variance(steady, bps) == 0


@given(courses())
def test_a_variance_is_never_negative(known: Course[UeMoment]) -> None:
    values = [bps(one) for one in known.moments]
    assert 0 <= variance(known, bps) <= (max(values) - min(values)) ** 2 * 1.000001


def test_a_mean_weighs_by_time() -> None:
    known = course((0, 10), (3, 50), until_s=4)
    assert mean(known, bps) == 20
    assert variance(known, bps) == 300


def test_a_moment_is_its_own_mean() -> None:
    known = course((7, 10), until_s=7)
    assert (mean(known, bps), variance(known, bps), known.from_s) == (10, 0, 7)


# --- transfers ---


@given(courses(), st.integers(1, 10**10))
def test_a_transfer_has_carried_its_volume_when_it_ends_and_not_before(
    known: Course[UeMoment], volume_bytes: int
) -> None:
    taken_s = transfer_s(known, volume_bytes, known.from_s)
    if taken_s is None:
        assert carried_bits(known, known.from_s, known.until_s) < 8 * volume_bytes * 1.000001
        return
    end_s = known.from_s + taken_s - known.moments[0].delay_ms / 1000
    carried = carried_bits(known, known.from_s, end_s)
    slack = max(bps(one) for one in known.moments) * 1e-6  # times of the epoch are no finer
    assert carried == pytest.approx(8 * volume_bytes, rel=1e-6, abs=slack)


@given(courses(), st.integers(1, 10**10), st.integers(0, 10**10))
def test_more_takes_longer(known: Course[UeMoment], volume_bytes: int, more_bytes: int) -> None:
    taken_s = transfer_s(known, volume_bytes, known.from_s)
    more_s = transfer_s(known, volume_bytes + more_bytes, known.from_s)
    if more_s is not None:
        assert taken_s is not None
        assert taken_s <= more_s + 1e-6


@given(courses(), st.floats(0, 400))
def test_what_begins_later_ends_no_earlier(known: Course[UeMoment], wait_s: float) -> None:
    at_once_s = transfer_s(known, 10**6, known.from_s)
    later_s = transfer_s(known, 10**6, known.from_s + wait_s)
    if later_s is not None:
        assert at_once_s is not None
        assert at_once_s <= wait_s + later_s + 1e-6


def test_a_transfer_waits_where_nothing_flows() -> None:
    known = course((0, 8_000), (1, 0), (11, 8_000), until_s=20)
    assert transfer_s(known, 1000, 0) == 1
    assert transfer_s(known, 1001, 0) == pytest.approx(11.001)
    assert transfer_s(known, 1000, 5) == 7


def test_a_transfer_that_the_course_cannot_hold_is_not_foreseen() -> None:
    assert transfer_s(course((0, 8_000), until_s=1), 1001, 0) is None
    assert transfer_s(course((0, 8_000), until_s=10), 1000, 9.5) is None
    assert transfer_s(course((0, 0), until_s=10**9), 1, 0) is None
    assert transfer_s(course((0, 8_000), until_s=0), 1, 0) is None


def test_the_last_packet_has_the_delay_of_its_own_moment() -> None:
    moments = (moment(0, 8_000, delay_ms=5.0), moment(1, 8_000, delay_ms=500.0))
    known = Course(moments, 9.0)
    assert transfer_s(known, 500, 0) == pytest.approx(0.505)
    assert transfer_s(known, 1500, 0) == pytest.approx(2.0)


# --- spans and parts ---


@given(courses(), RATES)
def test_the_times_in_which_something_holds_and_does_not_share_out_the_course(
    known: Course[UeMoment], limit: int
) -> None:
    enough = list(spans(known, lambda one: one.rate_dl.bps >= limit))
    less = list(spans(known, lambda one: one.rate_dl.bps < limit))
    every = sorted(enough + less)
    assert every[0][0] == known.from_s
    assert every[-1][1] == known.until_s
    assert all(before[1] == after[0] for before, after in pairwise(every))
    assert len(enough) - len(less) in (-1, 0, 1), "they take turns: each is as long as can be"


def test_a_span_of_a_moment_is_that_moment() -> None:
    assert list(spans(course((3, 1), until_s=3), lambda one: True)) == [(3, 3)]
    assert list(spans(course((3, 1), until_s=3), lambda one: False)) == []


@given(courses(), st.floats(0.5, 200))
def test_parts_are_the_course_again(known: Course[UeMoment], part_s: float) -> None:
    found = list(parts(known, part_s))
    assert (found[0].from_s, found[-1].until_s) == (known.from_s, known.until_s)
    assert all(before.until_s == after.from_s for before, after in pairwise(found))
    assert all(one.until_s - one.from_s <= part_s + 1e-6 for one in found)
    assert {one.confidence for one in found} == {known.confidence}
    whole_s = known.until_s - known.from_s
    again = sum(mean(one, bps) * (one.until_s - one.from_s) for one in found) / whole_s
    assert again == pytest.approx(mean(known, bps), rel=1e-6, abs=1e-3)


def test_a_moment_has_one_part() -> None:
    known = course((3, 1), until_s=3)
    assert list(parts(known, 10)) == [known]


def test_a_part_begins_with_what_held_then() -> None:
    known = course((0, 1), (5, 2), (8, 3), until_s=10)
    assert part(known, 4, 8) == course((4, 1), (5, 2), until_s=8)
    assert part(known, 5, 6) == course((5, 2), until_s=6)


@given(st.lists(st.integers(0, 2), max_size=12))
def test_what_repeats_is_left_out_and_nothing_else(values: list[int]) -> None:
    moments = [moment(float(n), value) for n, value in enumerate(values)]
    found = without_repetition(moments, lambda a, b: a.rate_dl == b.rate_dl)
    assert all(a.rate_dl != b.rate_dl for a, b in pairwise(found))
    for one in moments:
        latest = [other for other in found if other.time_s <= one.time_s][-1]
        assert latest.rate_dl == one.rate_dl


# --- cells ---


@pytest.mark.parametrize(
    ("held", "active", "percent"), [(0, True, 0), (1, True, 1), (100, True, 100), (0, False, 100)]
)
def test_a_load_is_rounded_up_and_full_where_nothing_is_served(
    held: int, active: bool, percent: int
) -> None:
    known = cell_course((0, held), until_s=1, blocks=100, active=active)
    assert known.moments[0].load_percent == percent


@given(st.integers(1, 273), st.data())
def test_a_load_is_never_less_than_the_truth_nor_a_per_cent_more(
    blocks: int, data: st.DataObject
) -> None:
    held = data.draw(st.integers(0, blocks))
    percent = cell_course((0, held), until_s=1, blocks=blocks).moments[0].load_percent
    truth = 100 * held / blocks
    assert percent >= truth or math.isclose(percent, truth)
    assert percent < truth + 1
