"""Levels and demands with defaults for what a test does not care about."""

from nef.domain.fiveqi import ResourceType
from nef.domain.qos import FlowDemand, QosLevel, ServiceDataFlow
from nef.domain.units import BitRate, PacketErrorRate


def level(reference: str | None = None, rate: str = "10 Mbps", per: str = "1E-3") -> QosLevel:
    """A guaranteed level."""
    return QosLevel(
        reference, ResourceType.GBR, 30, 50, PacketErrorRate.parse(per), BitRate.parse(rate)
    )


def demand(component: int = 1, *names: str, flow_ids: tuple[int, ...] = (7,)) -> FlowDemand:
    """A demand whose first rung has no name, and whose alternatives have these."""
    ladder = (level(), *(level(name, "1 Mbps") for name in names))
    return FlowDemand(component, tuple(ServiceDataFlow(i) for i in flow_ids), ladder)
