"""When a notification is tried again."""

from nef.domain.retries import FIRST_WAIT_S, LONGEST_WAIT_S, MAX_ATTEMPTS, next_attempt_s


def waits() -> list[float]:
    planned = [next_attempt_s(n, failed_at_s=100.0) for n in range(1, MAX_ATTEMPTS)]
    return [at_s - 100.0 for at_s in planned if at_s is not None]


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    assert waits()[0] == FIRST_WAIT_S
    for one, following in zip(waits(), waits()[1:], strict=False):
        assert following == min(LONGEST_WAIT_S, 2 * one)
    assert max(waits()) == LONGEST_WAIT_S


def test_it_is_tried_a_bounded_number_of_times() -> None:
    assert len(waits()) == MAX_ATTEMPTS - 1
    assert next_attempt_s(MAX_ATTEMPTS, 0.0) is None
    assert next_attempt_s(MAX_ATTEMPTS + 1, 0.0) is None
    assert sum(waits()) < 10 * 60
