"""Reservations of sessions, in the units people think in."""

from nef.domain.fiveqi import ResourceType
from nef.domain.qos import FlowDemand, QosLevel
from nef.domain.units import BitRate, PacketErrorRate
from nef.ports.network import Reservation


def level(
    mbps: float | None = 10,
    per: str = "1E-3",
    priority: int = 20,
    name: str | None = None,
    mbr_mbps: float | None = None,
) -> QosLevel:
    """A guaranteed rung; without a rate a rung that guarantees nothing."""
    return QosLevel(
        reference=name,
        resource_type=ResourceType.NON_GBR if mbps is None else ResourceType.GBR,
        priority=priority,
        delay_ms=100,
        per=PacketErrorRate.parse(per),
        gbr_dl=None if mbps is None else BitRate(round(mbps * 1e6)),
        mbr_dl=None if mbr_mbps is None else BitRate(round(mbr_mbps * 1e6)),
    )


def demand(
    *mbps: float | None, component: int = 1, per: str = "1E-3", priority: int = 20
) -> FlowDemand:
    """A flow whose ladder has these rates."""
    return FlowDemand(component, (), tuple(level(m, per, priority) for m in mbps or (10,)))


def reservation(
    name: str = "session-1",
    *demands: FlowDemand,
    ue: str = "ue-1",
    since_s: float = 0.0,
    until_s: float | None = None,
) -> Reservation:
    """A session of a UE; without demands it has one of 10 Mbit/s."""
    return Reservation(name, ue, demands or (demand(),), since_s, expires_at_s=until_s)
