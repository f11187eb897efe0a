from af_client.modelserver.policy import Backoff, Policy

POLICY = Policy(backoff_s=0.5, longest_backoff_s=3.0)


def test_each_failure_in_a_row_is_followed_by_a_longer_wait() -> None:
    backoff = Backoff(POLICY)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert backoff.failures == 5


def test_success_makes_the_wait_short_again() -> None:
    backoff = Backoff(POLICY, doublings=1)
    assert [backoff.next_s(), backoff.next_s()] == [1.0, 2.0]
    backoff.reset()
    assert (backoff.failures, backoff.next_s()) == (0, 1.0)


def test_a_thousand_failures_are_no_overflow() -> None:
    backoff = Backoff(POLICY)
    assert {backoff.next_s() for _ in range(1000)} == {0.5, 1.0, 2.0, 3.0}
