"""Room for UEs that nobody has named."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.plans import room, rooms, standing
from nef.domain.capacity import Standing, most_rate, spare_blocks, together
from nef.domain.courses import Course, RoomMoment
from nef.domain.units import BitRate

M = 1_000_000


def mbps(number: float) -> BitRate:
    return BitRate(round(number * M))


def blocks_of(rates_bps: tuple[int, ...], rate: BitRate) -> int:
    """What admission would take, one session after the other."""
    return sum(-(-rate.bps // bps) for bps in rates_bps)


# --- one cell ---


def test_where_all_ues_are_meant_it_is_what_admission_would_take() -> None:
    here = standing(room(20, M, 2 * M, 3 * M))
    assert spare_blocks(here, mbps(6), 3) == 20 - (6 + 3 + 2)
    assert spare_blocks(here, mbps(10), 3) == 20 - (10 + 5 + 4)
    assert spare_blocks(here, mbps(10.1), 3) is None


def test_of_fewer_the_neediest_are_counted() -> None:
    here = standing(room(20, M, 2 * M, 3 * M))
    assert spare_blocks(here, mbps(6), 1) == 20 - 6
    assert spare_blocks(here, mbps(6), 2) == 20 - (6 + 3)


def test_of_more_than_are_attached_all_are_counted() -> None:
    here = standing(room(20, M, 2 * M))
    assert spare_blocks(here, mbps(6), 2**31 - 1) == spare_blocks(here, mbps(6), 2) == 11


def test_to_the_last_block() -> None:
    here = standing(room(6, M))
    assert spare_blocks(here, mbps(6), 1) == 0
    assert spare_blocks(here, BitRate(6 * M + 1), 1) is None


@pytest.mark.parametrize(("ues", "fits"), [(1, True), (2, True), (3, False), (9, False)])
def test_as_many_as_are_meant_must_be_within_reach(ues: int, fits: bool) -> None:
    here = standing(room(100, 0, M, M))
    assert (spare_blocks(here, mbps(1), ues) is not None) == fits


def test_a_cell_that_nobody_can_be_reached_in_carries_nothing() -> None:
    for empty in (standing(), standing(room(9)), standing(room(9, 0)), standing(room(9), room(9))):
        assert spare_blocks(empty, BitRate(1), 1) is None


def test_a_cell_in_which_more_is_held_than_there_is_carries_nothing() -> None:
    assert spare_blocks(standing(room(-1, M)), BitRate(1), 1) is None


rates = st.lists(st.sampled_from([0, 300_000, M, 1_500_000, 4 * M]), max_size=5).map(tuple)


@given(rates, st.integers(0, 60), st.integers(1, 20), st.integers(1, 6))
def test_what_fits_fits_for_whichever_ues_and_what_does_not_does_not_for_some(
    of_ues: tuple[int, ...], free: int, rate: int, ues: int
) -> None:
    fits = spare_blocks(standing(room(free, *of_ues)), mbps(rate), ues) is not None
    within = tuple(bps for bps in of_ues if bps)
    number = min(ues, len(of_ues))
    if number == 0 or len(within) < number:
        assert not fits
        return
    choices = combinations(within, number)
    assert fits == all(blocks_of(choice, mbps(rate)) <= free for choice in choices)


# --- several cells ---


def test_each_cell_must_do_for_as_many_as_it_has_and_the_fullest_counts() -> None:
    here = standing(room(20, M), room(10, M, M, 2 * M))
    assert spare_blocks(here, mbps(2), 2) == 10 - (2 + 2)
    assert spare_blocks(here, mbps(2), 4) == 10 - (2 + 2 + 1)
    assert spare_blocks(here, mbps(6), 2) is None, "both might be in the second one"


def test_a_cell_without_ues_within_reach_neither_helps_nor_harms() -> None:
    full = room(0, 0)
    assert spare_blocks(standing(full, room(9, M)), mbps(5), 1) == 4
    assert spare_blocks(standing(room(50), room(9, M)), mbps(5), 1) == 4


def test_ues_of_all_cells_are_counted_together() -> None:
    here = standing(room(50, M, 0), room(50, M, 0))
    assert (here.attached, here.reached) == (4, 2)
    assert spare_blocks(here, mbps(1), 2) == 49 - 0
    assert spare_blocks(here, mbps(1), 3) is None


# --- over time ---


def test_courses_of_cells_become_one_of_their_area() -> None:
    one = rooms((0.0, 5), (10.0, 7), until_s=30.0)
    other = rooms((0.0, 50), (10.0, 40), (20.0, 30), until_s=30.0)
    found = together([one, other])
    free = [(each.time_s, *(r.free_blocks for r in each.rooms)) for each in found.moments]
    assert free == [(0.0, 5, 50), (10.0, 7, 40), (20.0, 7, 30)]
    assert found.until_s == 30.0


def test_an_area_is_as_sure_as_all_of_its_cells_together() -> None:
    moments = (room(5, M),)
    courses = [Course(moments, 9.0, sure) for sure in (90, 50, 100)]
    assert together(courses).confidence == 45


# --- the most that could be had ---


def area(
    *steps: tuple[float, int], until_s: float, rates_bps: tuple[int, ...] = (M,)
) -> Course[Standing]:
    return together([rooms(*steps, until_s=until_s, rates=rates_bps)])


def test_the_most_is_the_best_of_the_courses_and_when_it_begins() -> None:
    first = area((0.0, 5), (10.0, 7), (20.0, 6), until_s=30.0)
    assert most_rate([first], 1, 1.0) == (mbps(7), 10.0)
    second = area((50.0, 9), until_s=60.0)
    assert most_rate([first, second], 1, 1.0) == (mbps(9), 50.0)


def test_the_most_lasts_for_as_long_as_is_wanted() -> None:
    course = area((0.0, 5), (10.0, 9), (10.5, 7), (10.9, 9), (11.2, 3), until_s=30.0)
    assert most_rate([course], 1, 0.5) == (mbps(9), 10.0)
    assert most_rate([course], 1, 1.0) == (mbps(7), 10.0), "together they are long enough"
    assert most_rate([course], 1, 5.0) == (mbps(5), 0.0)
    assert most_rate([course], 1, 20.0) == (mbps(3), 0.0)


def test_there_is_no_most_where_there_is_nothing() -> None:
    assert most_rate([], 1, 1.0) is None
    assert most_rate([area((0.0, 0), until_s=9.0)], 1, 1.0) is None
    assert most_rate([area((0.0, 9), until_s=9.0, rates_bps=(0,))], 1, 1.0) is None
    assert most_rate([area((0.0, 9), until_s=0.5)], 1, 1.0) is None
    assert most_rate([area((0.0, 9), until_s=9.0, rates_bps=(900,))], 1, 1.0) == (BitRate(8000), 0)
    assert most_rate([area((0.0, 1), until_s=9.0, rates_bps=(900,))], 1, 1.0) is None, "< 1 kbit/s"


@given(st.lists(rates, min_size=1, max_size=3), st.integers(0, 300), st.integers(1, 6))
def test_the_most_fits_and_more_does_not(cells: list[tuple[int, ...]], free: int, ues: int) -> None:
    here = tuple(RoomMoment(0.0, free, room(free, *each).ues_at) for each in cells)
    course = Course((Standing(0.0, here),), 10.0)
    most = most_rate([course], ues, 1.0)
    if most is None:
        assert spare_blocks(course.moments[0], BitRate(1000), ues) is None
        return
    assert spare_blocks(course.moments[0], most[0], ues) is not None
    assert spare_blocks(course.moments[0], BitRate(most[0].bps + 1000), ues) is None
