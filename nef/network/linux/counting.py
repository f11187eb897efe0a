"""What the kernel counted, in the words of every user plane; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nef.network.userplane.counters import FlowCounters, RelayCounters

#: Packets and bytes of inner IP packets.
Count = tuple[int, int]
_NONE: Count = (0, 0)

#: The kinds of counters of a flow, in the UPF and where the devices are.
UPF_KINDS, UE_KINDS = ("in", "refused"), ("lost", "sent")


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of a class: packets that found it full, and what waits."""

    dropped: int = 0
    waiting_packets: int = 0
    waiting_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the kernel: counters by name, queues by the number of their flow."""

    counters: Mapping[str, Count]
    queues: Mapping[int, Queue]

    def count(self, kind: str, number: int) -> Count:
        """Return a counter of a flow."""
        return self.counters.get(f"{kind}_{number:x}", _NONE)


def read_counters(listed: str) -> dict[str, Count]:
    """Read `nft -j list counters`."""
    found = (entry["counter"] for entry in json.loads(listed)["nftables"] if "counter" in entry)
    return {one["name"]: (one["packets"], one["bytes"]) for one in found}


def read_queues(shown: str) -> dict[int, Queue]:
    """Read `tc -s -j qdisc show`, of which a flow's queue has its number as handle."""
    found: list[dict[str, Any]] = json.loads(shown)
    return {
        int(one["handle"].rstrip(":"), 16): Queue(one["drops"], one["qlen"], one["backlog"])
        for one in found
        if one["kind"] == "bfifo"
    }


class Accounts:
    """Adds up what is read, over flows and queues that go and come back."""

    def __init__(self) -> None:
        self.counters = RelayCounters()
        self._seen: dict[str, _Seen] = {}

    def look(
        self, reading: Reading, numbers: Mapping[str, int], rates_bps: Mapping[int, int]
    ) -> None:
        """Bring the counters of every flow with a number up to date; rates are those of classes."""
        for key, number in numbers.items():
            flow, seen = self.counters.flow(key), self._seen.setdefault(key, _Seen())
            sent_before = flow.packets_sent
            _add(flow, seen, reading, number)
            queue = reading.queues.get(number, Queue())
            _add_overflow(flow, queue.dropped - seen.dropped)
            seen.dropped = queue.dropped
            wait_us = _wait_us(queue, rates_bps.get(number, 0))
            _add_waits(flow, flow.packets_sent - sent_before, seen.wait_us, wait_us)
            seen.wait_us = wait_us
        for name in ("unknown_ue", "unknown_destination"):
            setattr(self.counters, name, reading.counters.get(name, _NONE)[0])
        uplink = reading.counters.get("uplink", _NONE)
        self.counters.uplink_packets, self.counters.uplink_bytes = uplink

    def queue_went(self, key: str, last: Queue) -> None:
        """Count what waited in a queue at its end as overflowed; the next one starts at 0."""
        seen = self._seen.setdefault(key, _Seen())
        _add_overflow(self.counters.flow(key), last.dropped - seen.dropped + last.waiting_packets)
        seen.dropped = 0

    def flow_went(self, key: str) -> None:
        """Let a flow go; its counters are shown for some time still, and go on if it returns."""
        self._seen.pop(key, None)
        self.counters.released(key)


@dataclass(slots=True)
class _Seen:
    """What the last look at a flow saw."""

    came: Count = _NONE
    refused: Count = _NONE
    lost: Count = _NONE
    sent: Count = _NONE
    dropped: int = 0
    wait_us: int = 0


def _add(flow: FlowCounters, seen: _Seen, reading: Reading, number: int) -> None:
    came, refused, lost, sent = (reading.count(kind, number) for kind in (*UPF_KINDS, *UE_KINDS))
    flow.packets_in += came[0] - seen.came[0]
    flow.bytes_in += came[1] - seen.came[1]
    flow.packets_overflowed += refused[0] - seen.refused[0]
    flow.bytes_overflowed += refused[1] - seen.refused[1]
    flow.packets_lost += lost[0] - seen.lost[0]
    flow.bytes_lost += lost[1] - seen.lost[1]
    flow.packets_sent += sent[0] - seen.sent[0]
    flow.bytes_sent += sent[1] - seen.sent[1]
    seen.came, seen.refused, seen.lost, seen.sent = came, refused, lost, sent


def _add_overflow(flow: FlowCounters, packets: int) -> None:
    # tc counts the packets that a queue drops, not their bytes: those of the flow's mean packet.
    flow.packets_overflowed += packets
    flow.bytes_overflowed += packets * flow.bytes_in // max(flow.packets_in, 1)


def _wait_us(queue: Queue, rate_bps: int) -> int:
    """Return how long a packet waits that comes now, with all others before it."""
    return queue.waiting_bytes * 8 * 10**6 // rate_bps if rate_bps else 0


def _add_waits(flow: FlowCounters, packets: int, before_us: int, now_us: int) -> None:
    # The kernel keeps no times of packets: the length of the queue at two looks stands for them.
    if packets:
        flow.wait_us += packets * (before_us + now_us) // 2
        flow.longest_wait_us = max(flow.longest_wait_us, now_us)
        flow.last_wait_us = now_us
