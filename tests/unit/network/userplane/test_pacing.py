"""The departure rule, in its own time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.outlets import packets_of
from nef.network.userplane.pacing import LIMIT_NS, PacedQueue
from nef.network.userplane.runs import Run, run_of

MS, S = 10**6, 10**9
PACKET = bytes(1250)  # 10 000 bit: 1 ms at 10 Mbit/s


def queue_of(packets: int, rate_bps: int = 10**7, limit_bytes: int = 10**9) -> PacedQueue:
    queue = PacedQueue(rate_bps, limit_bytes)
    assert queue.enqueue(0, a_run(packets)) == packets
    return queue


def a_run(packets: int) -> Run:
    return Run(memoryview(PACKET * packets), len(PACKET), packets)


def left_by(queue: PacedQueue, now_ns: int) -> int:
    return sum(run.count for run, _ in queue.due(now_ns))


def packets_by(queue: PacedQueue, now_ns: int) -> list[bytes]:
    return [packet for run, _ in queue.due(now_ns) for packet in packets_of(run)]


def test_packets_leave_in_the_order_they_came() -> None:
    queue = PacedQueue(10**6, 1000)
    for octet in range(5):
        queue.enqueue(0, run_of(bytes([octet])))
    assert packets_by(queue, S) == [bytes([octet]) for octet in range(5)]


def test_the_first_packet_leaves_at_once_and_the_next_when_it_is_paid_for() -> None:
    queue = queue_of(2)
    assert left_by(queue, 0) == 1
    assert left_by(queue, MS - 1) == 0
    assert left_by(queue, MS) == 1


@given(st.lists(st.integers(1, 20 * MS), min_size=400, max_size=400))
def test_no_unpunctual_caller_makes_the_rate_drift(steps_ns: list[int]) -> None:
    queue, now_ns, left = queue_of(5000), 0, 0
    for step_ns in steps_ns:
        now_ns += step_ns
        left += left_by(queue, now_ns)
    assert left == min(5000, now_ns // MS + 1)


def test_the_long_run_rate_of_an_odd_rate_is_exact() -> None:
    rate_bps = 33_333_333
    queue = queue_of(70_000, rate_bps)
    left = sum(left_by(queue, tick * 7 * MS // 3) for tick in range(3 * 1000 // 7 * 20))
    elapsed_s = (3 * 1000 // 7 * 20 - 1) * 7 / 3 / 1000
    assert left * len(PACKET) * 8 == pytest.approx(rate_bps * elapsed_s, rel=0.0001)


def test_an_idle_time_is_no_credit_beyond_one_millisecond() -> None:
    queue = PacedQueue(10**8, 10**9)
    queue.enqueue(60 * S, a_run(100))
    assert left_by(queue, 60 * S) == 10  # 1 ms at 100 Mbit/s, not a minute of it


def test_an_idle_time_at_a_low_rate_is_worth_one_packet() -> None:
    queue = PacedQueue(10**5, 10**9)
    queue.enqueue(60 * S, a_run(3))
    assert left_by(queue, 60 * S) == 1
    assert left_by(queue, 60 * S + 99 * MS) == 0
    assert left_by(queue, 60 * S + 100 * MS) == 1


def test_a_new_rate_holds_for_what_waits_already() -> None:
    queue = queue_of(100, 10**4)  # a packet a second
    assert left_by(queue, 0) == 1
    queue.set_rate(500 * MS, 10**7)
    # Half of the first packet was paid at the old rate; the rest takes half a millisecond now.
    assert queue.next_due_ns() == 500 * MS + MS // 2
    assert left_by(queue, 510 * MS) == 10


def test_a_lower_rate_holds_at_once_too() -> None:
    queue = queue_of(100)
    assert left_by(queue, 10 * MS) == 11
    queue.set_rate(10 * MS, 10**4)
    assert left_by(queue, 900 * MS) == 0
    assert left_by(queue, 1010 * MS) == 1


def test_rate_zero_holds_everything_until_there_is_a_rate() -> None:
    queue = queue_of(3, rate_bps=0)
    assert left_by(queue, 3600 * S) == 0
    assert queue.next_due_ns() is None
    queue.set_rate(3600 * S, 10**7)
    assert left_by(queue, 3600 * S + 2 * MS) == 3


def test_a_rate_that_ends_keeps_what_it_had_earned_from_leaving() -> None:
    queue = queue_of(3)
    queue.set_rate(2 * MS, 0)
    assert left_by(queue, 2 * MS) == 0
    assert len(queue) == 3


def test_a_full_queue_drops_the_newcomers_and_keeps_the_rest() -> None:
    queue = PacedQueue(8, 10)
    assert queue.enqueue(0, run_of(b"123456")) == 1
    assert queue.enqueue(0, run_of(b"78901")) == 0
    assert queue.enqueue(0, Run(memoryview(b"787878"), 2, 3)) == 2
    assert packets_by(queue, 10 * S) == [b"123456", b"78", b"78"]
    assert queue.enqueue(10 * S, run_of(b"0123456789")) == 1


def test_a_quarter_of_a_second_of_the_rate_may_wait() -> None:
    queue = PacedQueue(10**7, 0)
    assert queue.enqueue(0, a_run(1000)) == 10**7 * LIMIT_NS // (8 * S * len(PACKET))


def test_a_lower_rate_drops_nothing_that_waits_and_takes_nothing_more() -> None:
    queue = PacedQueue(10**7, 0)
    queue.enqueue(0, a_run(250))
    queue.set_rate(0, 10**6)
    assert queue.enqueue(0, a_run(1)) == 0
    assert left_by(queue, 10 * S) == 250


def test_a_caller_that_was_late_costs_a_flow_nothing() -> None:
    """What came while nobody looked may leave as if somebody had looked."""
    queue = PacedQueue(10**7, 10**9)
    queue.enqueue(60 * S, a_run(100), seen_ns=60 * S - 40 * MS)
    assert left_by(queue, 60 * S) == 40


def test_a_caller_in_time_gives_no_credit_beyond_one_millisecond() -> None:
    queue = PacedQueue(10**8, 10**9)
    queue.enqueue(60 * S, a_run(100), seen_ns=60 * S - 10)
    assert left_by(queue, 60 * S) == 10


def test_it_says_when_to_come_back() -> None:
    queue = queue_of(2, rate_bps=3 * 10**6)
    assert queue.next_due_ns() == 0
    queue.due(0)
    due_ns = queue.next_due_ns()
    assert due_ns is not None
    assert left_by(queue, due_ns - 1) == 0
    assert left_by(queue, due_ns) == 1
    assert queue.next_due_ns() is None


def test_it_says_how_long_each_packet_waited() -> None:
    queue = queue_of(3)
    assert [waited_ns for _, waited_ns in queue.due(0)] == [0]
    queue.enqueue(MS, a_run(1))
    waits = [(run.count, waited_ns) for run, waited_ns in queue.due(3 * MS)]
    assert waits == [(2, 3 * MS), (1, 2 * MS)]


def test_what_is_drained_is_gone_and_makes_room() -> None:
    queue = PacedQueue(8, 4)
    queue.enqueue(0, run_of(b"abcd"))
    assert [bytes(run.data) for run in queue.drain()] == [b"abcd"]
    assert not queue
    assert queue.enqueue(0, run_of(b"efgh")) == 1


def test_how_packets_came_together_changes_nothing() -> None:
    together, apart = PacedQueue(10**7, 10**9), PacedQueue(10**7, 10**9)
    together.enqueue(0, a_run(50))
    for _ in range(50):
        apart.enqueue(0, a_run(1))
    for now_ms in (0, 3, 4, 20, 100):
        assert left_by(together, now_ms * MS) == left_by(apart, now_ms * MS)
        assert len(together) == len(apart)
