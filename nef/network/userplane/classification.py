"""Which QoS flow a downlink packet rides (TS 23.501 5.7.1.5, TS 29.244 5.2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from nef.domain.filters import PacketFilter, PacketHeader, TosTrafficClass
from nef.network.userplane.packets import InnerHeader


@dataclass(frozen=True, slots=True)
class TrafficSelector:
    """One `FlowInfo`: packet filters, any of which may match, and a traffic class that must."""

    filters: tuple[PacketFilter, ...] = ()
    tos: TosTrafficClass | None = None

    def selects(self, packet: PacketHeader) -> bool:
        """Whether a downlink packet is meant; without filters the traffic class alone decides."""
        if self.tos is not None and not self.tos.matches(packet.tos):
            return False
        # A FlowInfo whose filters are all uplink ("in") selects nothing here.
        return not self.filters or any(
            rule.direction == "out" and rule.matches(packet) for rule in self.filters
        )


@dataclass(frozen=True, slots=True)
class QosFlow:
    """A QoS flow or default bearer: at which rate it goes and which share of packets it loses.

    A packet is on its way for `delay_ns` after it has left the queue.
    """

    key: str
    rate_bps: int
    error_rate: float
    selectors: tuple[TrafficSelector, ...] = ()
    delay_ns: int = 0

    def carries(self, packet: PacketHeader) -> bool:
        """Whether it takes a packet of its UE; without selectors it takes all of them."""
        return not self.selectors or any(part.selects(packet) for part in self.selectors)


@dataclass(frozen=True, slots=True)
class GrantTable:
    """Everything the user plane has to enforce now.

    `by_address` has, for the octets of each UE address, its flows in the order of evaluation:
    rising priority value, then component number, the default bearer last.
    """

    seed: int
    by_address: Mapping[bytes, tuple[QosFlow, ...]]

    @property
    def flows(self) -> dict[str, QosFlow]:
        """Each flow once, by its key."""
        return {flow.key: flow for flows in self.by_address.values() for flow in flows}

    def flow_of(self, header: InnerHeader) -> QosFlow | None:
        """The flow of a downlink packet, None where its destination is no UE of the network."""
        flows = self.by_address.get(header.destination, ())
        packet = _packet_header(header)
        return next((flow for flow in flows if flow.carries(packet)), None)


def _packet_header(header: InnerHeader) -> PacketHeader:
    return PacketHeader(
        protocol=header.protocol,
        source=ip_address(header.source),
        source_port=header.source_port,
        destination=ip_address(header.destination),
        destination_port=header.destination_port,
        tos=header.tos,
    )
