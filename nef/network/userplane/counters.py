"""What the relay counts."""

from dataclasses import asdict, dataclass, field
from typing import Any

#: Flows go with their sessions; of those that are gone the latest are still shown.
MAX_RELEASED_FLOWS = 1024


@dataclass(slots=True)
class FlowCounters:
    """Packets and inner IP bytes of one QoS flow since the relay first saw it.

    What came in and is in none of the others still waits, or is on its way. `lost` are those of
    the packet error rate, `overflowed` found the queue full, `unattached` arrived while their UE
    was not attached, `unread` while their device did not read what it was sent before, `moved`
    waited when the flow was released and went to the flow that then matched.
    The waits are those of the packets that were sent, `wait_us` all of them added up.
    """

    packets_in: int = 0
    bytes_in: int = 0
    packets_sent: int = 0
    bytes_sent: int = 0
    packets_lost: int = 0
    bytes_lost: int = 0
    packets_overflowed: int = 0
    bytes_overflowed: int = 0
    packets_unattached: int = 0
    bytes_unattached: int = 0
    packets_unread: int = 0
    bytes_unread: int = 0
    packets_moved: int = 0
    bytes_moved: int = 0
    wait_us: int = 0
    longest_wait_us: int = 0
    last_wait_us: int = 0

    def sent(self, packets: int, bytes_: int, waited_us: int) -> None:
        """Count packets that go to their device, after the same wait each."""
        self.packets_sent += packets
        self.bytes_sent += bytes_
        self.wait_us += packets * waited_us
        self.longest_wait_us = max(self.longest_wait_us, waited_us)
        self.last_wait_us = waited_us


@dataclass(slots=True)
class RelayCounters:
    """Downlink by flow key; uplink as a whole; and packets that were dropped before any flow."""

    flows: dict[str, FlowCounters] = field(default_factory=dict)
    uplink_packets: int = 0
    uplink_bytes: int = 0
    malformed: int = 0
    unknown_ue: int = 0
    unknown_destination: int = 0
    attachments_refused: int = 0
    uplink_unread: int = 0
    _released: dict[str, None] = field(default_factory=dict)

    def flow(self, key: str) -> FlowCounters:
        """The counters of a flow, which go on where it was known before."""
        self._released.pop(key, None)
        return self.flows.setdefault(key, FlowCounters())

    def released(self, key: str) -> None:
        """Keep the counters of a flow that is gone until enough others have gone after it."""
        self._released[key] = None
        if len(self._released) > MAX_RELEASED_FLOWS:
            oldest = next(iter(self._released))
            del self._released[oldest], self.flows[oldest]

    def snapshot(self) -> dict[str, Any]:
        """All of them as a JSON object."""
        counts = asdict(self)
        del counts["_released"]
        return {"event": "counters"} | counts
