from hypothesis import given
from hypothesis import strategies as st

from af_client.delivery.pacing import Pacer


def sent_by(pacer: Pacer, now_s: float, size_bytes: int = 1000) -> int:
    count = 0
    while pacer.allows(now_s):
        pacer.sent(size_bytes, now_s)
        count += 1
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
    assert sent_by(pacer, 10.0) <= 21


def test_a_rate_of_nothing_holds_everything_until_it_changes() -> None:
    pacer = Pacer(0, 0.0)
    assert (pacer.allows(5.0), pacer.free_at_s) == (False, None)
    pacer.set_rate(1_000)
    assert pacer.allows(5.0)


def test_it_says_when_the_next_packet_may_leave() -> None:
    pacer = Pacer(8_000, 0.0)
    pacer.sent(1000, 0.0)
    assert (pacer.free_at_s, pacer.allows(0.99), pacer.allows(1.0)) == (1.0, False, True)
