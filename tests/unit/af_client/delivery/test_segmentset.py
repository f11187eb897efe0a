import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client.delivery.segmentset import SegmentSet

COUNT = 50
RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted).map(tuple))


def of(ranges: list[tuple[int, int]]) -> set[int]:
    return {i for first, last in ranges for i in range(first, last + 1) if i < COUNT}


@given(RANGES, RANGES, RANGES)
def test_it_is_the_set_of_what_came_in_less_what_went_out(
    first: list[tuple[int, int]], gone: list[tuple[int, int]], again: list[tuple[int, int]]
) -> None:
    found = SegmentSet(COUNT)
    found.add(first)
    found.discard(gone)
    found.add(again)
    expected = (of(first) - of(gone)) | of(again)
    assert of(found.ranges()) == expected
    assert of(found.missing()) == set(range(COUNT)) - expected
    assert len(found) == len(expected)


def test_ranges_that_touch_are_one() -> None:
    found = SegmentSet(10)
    found.add([(0, 1), (2, 3), (5, 5)])
    assert found.ranges() == [(0, 3), (5, 5)]
    assert found.missing() == [(4, 4), (6, 9)]


def test_the_first_run_is_the_lowest_and_no_longer_than_asked() -> None:
    found = SegmentSet(10, is_full=True)
    assert found.first_run(4) == (0, 3)
    found.discard([(0, 3), (6, 6)])
    assert found.first_run(4) == (4, 5)
    found.add([(1, 1)])
    assert found.first_run(4) == (1, 1)
    found.discard([(0, 6)])
    assert found.first_run(100) == (7, 9)


def test_an_empty_one_has_no_first_run() -> None:
    with pytest.raises(LookupError):
        SegmentSet(3).first_run(1)


@given(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=80), st.integers(1, 9))
def test_what_is_new_is_told_once(indices: list[int], at_once: int) -> None:
    found, new = SegmentSet(COUNT), []
    for at in range(0, len(indices), at_once):
        some = np.array(indices[at : at + at_once], np.uint32)
        new += some[found.add_new(some)].tolist()
    assert sorted(new) == sorted(set(indices))
    assert len(found) == len(set(indices))
