"""Counters of several runs, told again and again."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.sessions import Usage
from nef.domain.usage import MOST_COUNTERS, counted_up, has_reached, usage_of

_COUNTERS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 50))


@given(st.lists(_COUNTERS, max_size=20), st.randoms())
def test_hearing_it_again_late_or_in_another_order_counts_nothing_twice(
    heard: Sequence[Mapping[str, int]], chance: object
) -> None:
    once: dict[str, int] = {}
    for seen in heard:
        once = counted_up(once, seen)
    shuffled = [*heard, *heard]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    again: dict[str, int] = {}
    for seen in shuffled:
        again = counted_up(again, seen)
    assert again == once


@given(st.lists(_COUNTERS, max_size=20))
def test_it_never_goes_back(heard: Sequence[Mapping[str, int]]) -> None:
    counters: dict[str, int] = {}
    for seen in heard:
        after = counted_up(counters, seen)
        assert all(after[name] >= value for name, value in counters.items())
        counters = after


def test_very_many_runs_are_added_up_without_loss() -> None:
    counters: dict[str, int] = {}
    for run in range(1000):
        counters = counted_up(counters, {f"1/{run}": 3})
    assert sum(counters.values()) == 3000
    assert len(counters) <= MOST_COUNTERS + 1


def test_usage_is_whole_seconds_and_what_came_down() -> None:
    assert usage_of({"a": 5, "b": 7}, 100.0, 103.9) == Usage(3, 12, 12)
    assert usage_of({}, 100.0, 99.0) == Usage(0, 0, 0)


@pytest.mark.parametrize(
    ("threshold", "reached"),
    [
        (Usage(duration_s=3), True),
        (Usage(duration_s=4), False),
        (Usage(duration_s=4, total_bytes=12), True),
        (Usage(downlink_bytes=13), False),
        (Usage(downlink_bytes=12), True),
        (Usage(uplink_bytes=0), False),
    ],
)
def test_any_limit_of_a_threshold_is_enough(threshold: Usage, *, reached: bool) -> None:
    assert has_reached(Usage(3, 12, 12), threshold) is reached
