"""The relay without its sockets: what becomes of a packet, as a function of packets and time."""

from collections.abc import Iterator

from nef.network.userplane.attachments import Attachments, OuterAddress
from nef.network.userplane.classification import GrantTable, QosFlow
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.loss import LossDraw
from nef.network.userplane.pacing import PacedQueue
from nef.network.userplane.packets import InnerHeader, MalformedPacket, decode, destination_of

_MAX_CACHED_HEADERS = 65_536


class _Lane:
    """What is kept of a flow from table to table: its queue, its losses, its counters."""

    __slots__ = ("counters", "error_rate", "loss", "queue")

    def __init__(self, flow: QosFlow, seed: int, limit_bytes: int, counters: RelayCounters) -> None:
        self.queue = PacedQueue(flow.rate_bps, limit_bytes)
        self.loss = LossDraw(seed, flow.key)
        self.error_rate = flow.error_rate
        self.counters = counters.flow(flow.key)

    def take_in(self, packet: bytes, now_ns: int) -> None:
        counters, size = self.counters, len(packet)
        counters.packets_in += 1
        counters.bytes_in += size
        if not self.queue.enqueue(now_ns, packet):
            counters.packets_overflowed += 1
            counters.bytes_overflowed += size

    def release(self) -> list[bytes]:
        packets = self.queue.drain()
        self.counters.packets_moved += len(packets)
        self.counters.bytes_moved += sum(map(len, packets))
        return packets


class Forwarder:
    """Takes packets of both sides in, and gives them out when and if they are due.

    Lost packets use the radio like the others: they are drawn when they leave the queue.
    """

    def __init__(self, queue_limit_bytes: int, seed: int | None) -> None:
        """`queue_limit_bytes` bounds each flow's queue; a `seed` goes before the network's own."""
        self.counters = RelayCounters()
        self._limit_bytes, self._own_seed = queue_limit_bytes, seed
        self._devices, self._servers = Attachments(), Attachments()
        self._table = GrantTable(seed=0, by_address={})
        self._seed: int | None = None
        self._lanes: dict[str, _Lane] = {}
        self._backlogged: dict[str, _Lane] = {}
        self._keys: dict[InnerHeader, str | None] = {}

    def enforce(self, table: GrantTable, now_ns: int) -> None:
        """Follow another table at once, also with the packets that wait already."""
        self._table = table
        self._keys.clear()
        flows = table.flows
        seed = table.seed if self._own_seed is None else self._own_seed
        waiting = self._release(self._lanes.keys() - flows.keys())
        for key, flow in flows.items():
            lane = self._lanes.get(key)
            if lane is None:
                self._lanes[key] = _Lane(flow, seed, self._limit_bytes, self.counters)
                continue
            lane.queue.set_rate(now_ns, flow.rate_bps)
            lane.error_rate = flow.error_rate
            if seed != self._seed:
                lane.loss = LossDraw(seed, key)
        self._seed = seed
        for packet in waiting:
            self._classify(decode(packet), packet, now_ns)

    def _release(self, keys: set[str]) -> list[bytes]:
        waiting: list[bytes] = []
        for key in sorted(keys):
            waiting += self._lanes.pop(key).release()
            self.counters.released(key)
        return waiting

    def from_n6(self, packet: bytes, outer: OuterAddress, now_ns: int) -> None:
        """Take a datagram of the data network's side in: an attachment, or a downlink packet."""
        header = self._decoded(packet)
        if header is None:
            return
        if header.attaches:
            self._attach(self._servers, header, outer, now_ns)
        else:
            self._classify(header, packet, now_ns)

    def from_radio(self, packet: bytes, outer: OuterAddress, now_ns: int) -> OuterAddress | None:
        """Take a datagram of the radio side in; where an uplink packet has to go at once."""
        header = self._decoded(packet)
        if header is None:
            return None
        if header.attaches:
            self._attach(self._devices, header, outer, now_ns)
            return None
        server = self._servers.outer_of(header.destination)
        if server is None:
            self.counters.unknown_destination += 1
            return None
        self.counters.uplink_packets += 1
        self.counters.uplink_bytes += len(packet)
        return server

    def departures(self, now_ns: int) -> Iterator[tuple[bytes, OuterAddress]]:
        """The downlink packets that leave now, and where to."""
        for key, lane in tuple(self._backlogged.items()):
            yield from self._leaving(lane, now_ns)
            if not lane.queue:
                del self._backlogged[key]

    def next_departure_ns(self) -> int | None:
        """When the next packet is due, None where none waits for time alone."""
        due = (lane.queue.next_due_ns() for lane in self._backlogged.values())
        return min((at_ns for at_ns in due if at_ns is not None), default=None)

    def expire(self, now_ns: int) -> None:
        """Forget endpoints that gave no sign of life."""
        self._devices.expire(now_ns)
        self._servers.expire(now_ns)

    def _decoded(self, packet: bytes) -> InnerHeader | None:
        try:
            return decode(packet)
        except MalformedPacket:
            self.counters.malformed += 1
            return None

    def _attach(
        self, side: Attachments, header: InnerHeader, outer: OuterAddress, now_ns: int
    ) -> None:
        if not side.attach(header.source, outer, now_ns):
            self.counters.attachments_refused += 1

    def _classify(self, header: InnerHeader, packet: bytes, now_ns: int) -> None:
        key = self._key_of(header)
        if key is None:
            self.counters.unknown_ue += 1
            return
        lane = self._lanes[key]
        lane.take_in(packet, now_ns)
        if lane.queue:
            self._backlogged[key] = lane

    def _key_of(self, header: InnerHeader) -> str | None:
        try:
            return self._keys[header]
        except KeyError:
            if len(self._keys) >= _MAX_CACHED_HEADERS:
                self._keys.clear()
            flow = self._table.flow_of(header)
            key = self._keys[header] = None if flow is None else flow.key
            return key

    def _leaving(self, lane: _Lane, now_ns: int) -> Iterator[tuple[bytes, OuterAddress]]:
        counters = lane.counters
        for packet, waited_ns in lane.queue.due(now_ns):
            size = len(packet)
            if lane.loss.lost(lane.error_rate):
                counters.packets_lost += 1
                counters.bytes_lost += size
                continue
            device = self._devices.outer_of(destination_of(packet))
            if device is None:
                counters.packets_unattached += 1
                counters.bytes_unattached += size
                continue
            counters.sent(size, waited_ns // 1000)
            yield packet, device
