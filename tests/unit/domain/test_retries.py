"""When a notification is tried again, and when it is given up."""

from itertools import pairwise

import pytest

from nef.domain.retries import FIRST_WAIT_S, LONGEST_WAIT_S, PATIENCE_S, next_attempt_s

SINCE_S = 1000.0


def attempts_at() -> list[float]:
    """The moments of all attempts at a receiver that refuses each at once."""
    moments = [SINCE_S]
    while (again_s := next_attempt_s(len(moments), moments[-1], SINCE_S)) is not None:
        moments.append(again_s)
    return moments


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    moments = attempts_at()
    waits = [after - before for before, after in pairwise(moments)]
    assert waits[0] == FIRST_WAIT_S
    for one, following in pairwise(waits):
        assert following == min(LONGEST_WAIT_S, 2 * one)
    assert max(waits) == LONGEST_WAIT_S


def test_it_is_tried_until_its_time_is_over_and_not_longer() -> None:
    assert len(attempts_at()) == 11
    assert SINCE_S + PATIENCE_S - LONGEST_WAIT_S < attempts_at()[-1] <= SINCE_S + PATIENCE_S


@pytest.mark.parametrize("attempts", [1, 5000])
def test_what_has_waited_that_long_already_is_not_tried_again(attempts: int) -> None:
    assert next_attempt_s(attempts, SINCE_S + PATIENCE_S, SINCE_S) is None


@pytest.mark.parametrize(
    ("asked_s", "wait_s"), [(0.1, FIRST_WAIT_S), (20.0, 20.0), (3600.0, LONGEST_WAIT_S)]
)
def test_a_receiver_is_left_alone_as_it_asks_for_up_to_the_longest_wait(
    asked_s: float, wait_s: float
) -> None:
    assert next_attempt_s(1, SINCE_S, SINCE_S, asked_s) == SINCE_S + wait_s


def test_a_receiver_that_always_asks_for_more_time_is_given_up_when_the_time_is_over() -> None:
    assert next_attempt_s(6, SINCE_S + PATIENCE_S - 10.0, SINCE_S, 20.0) is None
