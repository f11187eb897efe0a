"""What is made of what the kernel counted."""

import json

from nef.network.linux.counting import Accounts, Queue, Reading, read_counters, read_queues
from nef.network.userplane.counters import FlowCounters

RATE = {16: 8_000_000}
NUMBERS = {"s/1": 16}


def reading(
    came: int = 0, lost: int = 0, sent: int = 0, refused: int = 0, queue: Queue | None = None
) -> Reading:
    counts = {"in_10": came, "lost_10": lost, "sent_10": sent, "refused_10": refused}
    counters = {name: (packets, packets * 1000) for name, packets in counts.items()}
    counters |= {"uplink": (3, 300), "unknown_ue": (2, 200)}
    counters["unknown_destination"] = (1, 100)
    return Reading(counters, {16: queue} if queue else {})


def counted(*readings: Reading) -> FlowCounters:
    accounts = Accounts()
    for one in readings:
        accounts.look(one, NUMBERS, RATE)
    return accounts.counters.flows["s/1"]


def test_counters_are_read_by_name() -> None:
    listed = {"nftables": [{"metainfo": {"version": "1.0.6"}}]}
    listed["nftables"].append({"counter": {"name": "in_10", "packets": 5, "bytes": 700}})  # type: ignore[dict-item]
    assert read_counters(json.dumps(listed)) == {"in_10": (5, 700)}


def test_queues_are_read_by_the_number_of_their_flow() -> None:
    shown = [
        {"kind": "htb", "handle": "1:", "drops": 9, "qlen": 9, "backlog": 9},
        {"kind": "bfifo", "handle": "1a:", "drops": 4, "qlen": 2, "backlog": 2856},
    ]
    assert read_queues(json.dumps(shown)) == {0x1A: Queue(4, 2, 2856)}


def test_what_came_is_sent_lost_overflowed_or_still_waits() -> None:
    flow = counted(reading(100, 5, 60, 10, Queue(15, 10, 10_000)))
    assert (flow.packets_in, flow.packets_sent, flow.packets_lost) == (100, 60, 5)
    assert (flow.bytes_in, flow.bytes_sent, flow.bytes_lost) == (100_000, 60_000, 5_000)
    assert (flow.packets_overflowed, flow.bytes_overflowed) == (25, 25_000)


def test_looking_twice_counts_nothing_twice() -> None:
    once = reading(100, 5, 60, 10, Queue(15, 10, 10_000))
    assert counted(once, once).packets_overflowed == 25
    assert counted(once, once).packets_sent == 60


def test_uplink_and_unknown_ues_are_counted_as_a_whole() -> None:
    accounts = Accounts()
    accounts.look(reading(), NUMBERS, RATE)
    counters = accounts.counters
    assert (counters.uplink_packets, counters.uplink_bytes) == (3, 300)
    assert (counters.unknown_ue, counters.unknown_destination) == (2, 1)


def test_what_waits_when_a_queue_goes_has_overflowed_and_the_next_queue_starts_at_nothing() -> None:
    accounts = Accounts()
    accounts.look(reading(100, queue=Queue(15, 10, 10_000)), NUMBERS, RATE)
    accounts.queue_went("s/1", Queue(16, 8, 8_000))
    accounts.look(reading(100), NUMBERS, {})
    assert accounts.counters.flows["s/1"].packets_overflowed == 24
    accounts.look(reading(120, queue=Queue(3, 0, 0)), NUMBERS, RATE)
    assert accounts.counters.flows["s/1"].packets_overflowed == 27


def test_a_flow_that_returns_goes_on_counting_though_the_kernel_begins_anew() -> None:
    accounts = Accounts()
    accounts.look(reading(100, sent=100), NUMBERS, RATE)
    accounts.flow_went("s/1")
    accounts.look(reading(7, sent=7), NUMBERS, RATE)
    assert accounts.counters.flows["s/1"].packets_sent == 107


def test_the_wait_is_that_of_the_queue_at_the_rate_between_two_looks() -> None:
    # 8 Mbit/s is a byte a microsecond.
    flow = counted(
        reading(100, sent=10, queue=Queue(0, 20, 20_000)),
        reading(100, sent=20, queue=Queue(0, 10, 10_000)),
    )
    assert flow.longest_wait_us == 20_000
    assert flow.last_wait_us == 10_000
    assert flow.wait_us == 10 * (0 + 20_000) // 2 + 10 * (20_000 + 10_000) // 2


def test_nothing_sent_is_nothing_waited_for() -> None:
    flow = counted(reading(100, queue=Queue(0, 100, 100_000)))
    assert (flow.wait_us, flow.longest_wait_us, flow.last_wait_us) == (0, 0, 0)
