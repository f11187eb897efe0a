"""The relay without its sockets: what becomes of packets, as a function of packets and time."""

from nef.network.userplane.attachments import Attachments, Outlet
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.lanes import Lane
from nef.network.userplane.packets import (
    InnerHeader,
    MalformedPacket,
    decode,
    destination_of,
    headers_length_of,
)
from nef.network.userplane.runs import Run

_MAX_CACHED_HEADERS = 65_536


class Forwarder:
    """Takes packets of both sides in, and hands them on when and if they are due.

    Lost packets use the radio like the others: they are drawn when they leave the queue. What then
    is left is on its way for the delay of its flow.
    """

    def __init__(self, queue_limit_bytes: int, seed: int | None) -> None:
        """At least `queue_limit_bytes` may wait in each flow; `seed` goes before the network's."""
        self.counters = RelayCounters()
        self._limit_bytes, self._own_seed = queue_limit_bytes, seed
        self._devices, self._servers = Attachments(), Attachments()
        self._table = GrantTable(seed=0, by_address={})
        self._seed: int | None = None
        self._lanes: dict[str, Lane] = {}
        #: Those that have something to do; one whose flow is gone stays until all has arrived.
        self._busy: dict[Lane, None] = {}
        # What the headers of a packet are, and which flow it rides: few of them, each seen often.
        self._headers: dict[bytes, InnerHeader | None] = {}
        self._routes: dict[InnerHeader, Lane | None] = {}

    def enforce(self, table: GrantTable, now_ns: int) -> None:
        """Follow another table at once, also with the packets that wait already."""
        self._table = table
        self._routes.clear()
        flows = table.flows
        seed = table.seed if self._own_seed is None else self._own_seed
        waiting = self._release(self._lanes.keys() - flows.keys())
        for key, flow in flows.items():
            lane = self._lanes.get(key)
            if lane is None:
                self._lanes[key] = Lane(flow, seed, self._limit_bytes, self.counters)
                continue
            lane.follow(flow, now_ns)
            if seed != self._seed:
                lane.reseed(seed)
        self._seed = seed
        for run in waiting:
            header = self._decoded(run)
            if header is not None:
                self._ride(header, run, now_ns, None)

    def counted(self, now_ns: int) -> RelayCounters:  # noqa: ARG002 - always up to date
        """What was carried since the start."""
        return self.counters

    def close(self) -> None:
        """Carry nothing any more."""
        self.enforce(GrantTable(seed=0, by_address={}), 0)

    def _release(self, keys: set[str]) -> list[Run]:
        waiting: list[Run] = []
        for key in sorted(keys):
            waiting += self._lanes.pop(key).release()
            self.counters.released(key)
        return waiting

    def from_n6(self, run: Run, server: Outlet, now_ns: int, seen_ns: int | None = None) -> None:
        """Take packets of the data network's side in: attachments, or downlink.

        They came after `seen_ns`, if that is known.
        """
        header = self._decoded(run)
        if header is None:
            return
        if header.attaches:
            self._attach(self._servers, header, server)
        else:
            self._ride(header, run, now_ns, seen_ns)

    def from_radio(self, run: Run, device: Outlet) -> None:
        """Take packets of the radio side in: attachments, or uplink, which goes on at once."""
        header = self._decoded(run)
        if header is None:
            return
        if header.attaches:
            self._attach(self._devices, header, device)
            return
        server = self._servers.outlet_to(header.destination)
        if server is None:
            self.counters.unknown_destination += run.count
        elif not server.put(run):
            self.counters.uplink_unread += run.count
        else:
            self.counters.uplink_packets += run.count
            self.counters.uplink_bytes += run.total_bytes

    def depart(self, now_ns: int) -> None:
        """Let the downlink packets leave that do so now, and hand over those that arrive."""
        for lane in tuple(self._busy):
            for run, waited_us in lane.arriving(now_ns):
                self._hand_over(lane, run, waited_us)
            if not lane:
                del self._busy[lane]

    def next_departure_ns(self) -> int | None:
        """When the next packet leaves or arrives, None where none waits for time alone."""
        due = (lane.next_due_ns() for lane in self._busy)
        return min((at_ns for at_ns in due if at_ns is not None), default=None)

    def ended(self, outlet: Outlet) -> None:
        """Forget the endpoints of a connection that is no more."""
        self._devices.detach(outlet)
        self._servers.detach(outlet)

    def malformed(self) -> None:
        """Count octets in which no packet could be found."""
        self.counters.malformed += 1

    def _decoded(self, run: Run) -> InnerHeader | None:
        """The header of a run; that of the first packet is that of all."""
        header = self._header(run)
        if header is None:
            self.counters.malformed += run.count
        return header

    def _header(self, run: Run) -> InnerHeader | None:
        octets = bytes(run.data[: min(headers_length_of(run.data[0]), run.size_bytes)])
        try:
            return self._headers[octets]
        except KeyError:
            if len(self._headers) >= _MAX_CACHED_HEADERS:
                self._headers.clear()
            header = self._headers[octets] = _read(run)
            return header

    def _attach(self, side: Attachments, header: InnerHeader, outlet: Outlet) -> None:
        if not side.attach(header.source, outlet):
            self.counters.attachments_refused += 1

    def _ride(self, header: InnerHeader, run: Run, now_ns: int, seen_ns: int | None) -> None:
        lane = self._lane_of(header)
        if lane is None:
            self.counters.unknown_ue += run.count
            return
        lane.take_in(run, now_ns, seen_ns)
        if lane.queue:
            self._busy[lane] = None

    def _lane_of(self, header: InnerHeader) -> Lane | None:
        try:
            return self._routes[header]
        except KeyError:
            if len(self._routes) >= _MAX_CACHED_HEADERS:
                self._routes.clear()
            flow = self._table.flow_of(header)
            lane = self._routes[header] = None if flow is None else self._lanes[flow.key]
            return lane

    def _hand_over(self, lane: Lane, run: Run, waited_us: int) -> None:
        counters = lane.counters
        device = self._devices.outlet_to(destination_of(run.data))
        if device is None:
            counters.packets_unattached += run.count
            counters.bytes_unattached += run.total_bytes
        elif not device.put(run):
            counters.packets_unread += run.count
            counters.bytes_unread += run.total_bytes
        else:
            counters.sent(run.count, run.total_bytes, waited_us)


def _read(run: Run) -> InnerHeader | None:
    try:
        return decode(run.data[: run.size_bytes])
    except MalformedPacket:
        return None
