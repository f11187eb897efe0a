from hypothesis import given
from hypothesis import strategies as st

from af_client.delivery.pacing import BURST_S, Pacer


def sent_by(pacer: Pacer, now_s: float, size_bytes: int = 1000) -> int:
    count = 0
    while allowed := pacer.allows(size_bytes, now_s):
        pacer.sent(allowed * size_bytes, now_s)
        count += allowed
    return count


@given(st.lists(st.floats(0.0001, 0.015), min_size=10, max_size=60))
def test_however_often_it_is_asked_the_rate_is_kept(waits_s: list[float]) -> None:
    pacer, now_s, count = Pacer(8_000_000, 0.0), 0.0, 0
    for wait_s in waits_s:
        now_s += wait_s
        count += sent_by(pacer, now_s)
    assert now_s * 1000 - 1 <= count <= now_s * 1000 + 1


def test_after_a_pause_only_a_short_burst_is_sent() -> None:
    pacer = Pacer(8_000_000, 0.0)
    assert sent_by(pacer, 10.0) == BURST_S * 1000 + 1


def test_what_may_leave_at_once_is_what_may_leave_one_by_one() -> None:
    # Powers of two, which floating point adds up exactly: 1024 packets a second.
    together, apart, now_s = Pacer(2**23, 0.0), Pacer(2**23, 0.0), 50 / 1024
    one_by_one = 0
    while apart.allows(1024, now_s):
        apart.sent(1024, now_s)
        one_by_one += 1
    assert together.allows(1024, now_s) == one_by_one == 51
    together.sent(51 * 1024, now_s)
    assert together.free_at_s == apart.free_at_s


def test_a_rate_of_nothing_holds_everything_until_it_changes() -> None:
    pacer = Pacer(0, 0.0)
    assert (pacer.allows(1000, 5.0), pacer.free_at_s) == (0, None)
    pacer.set_rate(1_000)
    assert pacer.allows(1000, 5.0)


def test_more_of_a_rate_waits_until_the_network_knows_of_it_and_less_does_not() -> None:
    pacer = Pacer(8_000, 0.0)
    pacer.set_rate(16_000, raise_at_s=5.0)
    assert (pacer.allows(1000, 4.9), pacer.allows(1000, 5.0)) == (0, 1)
    pacer.set_rate(8_000, raise_at_s=9.0)
    assert pacer.allows(1000, 5.0) == 1


def test_it_says_when_the_next_packet_may_leave() -> None:
    pacer = Pacer(8_000, 0.0)
    pacer.sent(1000, 0.0)
    assert pacer.free_at_s == 1.0
    assert (pacer.allows(1000, 0.99), pacer.allows(1000, 1.0)) == (0, 1)
