"""What a model server asks the network for: a session of two flows, and a ladder for one of them.

Both flows have the same addresses; their ToS octet or their ports tell them apart. The topology
may lose one packet in 100 000, the weights one in 1000 (P.R.6.1-004) if nothing else is said.
"""

from collections.abc import Mapping, Sequence

from af_client.delivery.marking import Marking
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import Part
from af_client.messages import (
    Alternative,
    FlowFilter,
    MediaFlow,
    SessionRequest,
    UeAddress,
    UserPlaneEvent,
)
from af_client.modelserver.selection import Rung
from af_client.plans import TransferQos

TOPOLOGY_COMPONENT, WEIGHTS_COMPONENT = 1, 2

_TOPOLOGY_PER = "1E-5"
#: What weights may lose unless their owner knows better (P.R.6.1-004).
WEIGHTS_PER = "1E-3"
#: The delay budgets of 5QI 84 and 5QI 3, whose error rates these are (TS 23.501 5.7.4).
_TOPOLOGY_DELAY_MS, _WEIGHTS_DELAY_MS = 30, 50
#: The weights' priority, 2 of the eight of a session, among those of the 5QI table.
_WEIGHTS_PRIORITY_LEVEL = 20
#: The DS field without the two bits of ECN.
_DS_MASK = 0xFC
_UDP = 17
#: The offer and what both sides say to each other go with the topology, however small that is.
_LEAST_TOPOLOGY_BPS = 200_000

EVENTS = (
    UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION,
    UserPlaneEvent.FAILED_RESOURCES_ALLOCATION,
    UserPlaneEvent.QOS_GUARANTEED,
    UserPlaneEvent.QOS_NOT_GUARANTEED,
    UserPlaneEvent.LOSS_OF_BEARER,
    UserPlaneEvent.RECOVERY_OF_BEARER,
    UserPlaneEvent.RELEASE_OF_BEARER,
    UserPlaneEvent.SESSION_TERMINATION,
)


def session_request(
    server: Endpoint,
    device: Endpoint,
    ladder: Sequence[Rung],
    marking: Marking = Marking.TOS,
    weights_per: str = WEIGHTS_PER,
) -> SessionRequest:
    """Ask for what delivers the first rung in time, with the others as alternatives."""
    flows = media_flows(server, device, ladder, marking, weights_per)
    return SessionRequest(ue=ue_address(device), flows=flows, events=EVENTS)


def ue_address(device: Endpoint) -> UeAddress:
    """Return the UE of a device, named by its address."""
    text = str(device.address)
    return UeAddress(ipv6=text) if device.address.version == 6 else UeAddress(ipv4=text)


def topology_rate_bps(ladder: Sequence[Rung]) -> int:
    """Return the rate of the topology's flow: it has no ladder, so it suffices for any rung."""
    return max(_LEAST_TOPOLOGY_BPS, *(rung.topology_rate_bps for rung in ladder))


def media_flows(
    server: Endpoint,
    device: Endpoint,
    ladder: Sequence[Rung],
    marking: Marking = Marking.TOS,
    weights_per: str = WEIGHTS_PER,
) -> tuple[MediaFlow, MediaFlow]:
    """Return both flows, with each smaller rung as an alternative that bears its name."""
    topology_bps, weights_bps = topology_rate_bps(ladder), ladder[0].weights_rate_bps
    topology = MediaFlow(
        TOPOLOGY_COMPONENT,
        (_filter(1, server, device, Part.TOPOLOGY, marking),),
        per=_TOPOLOGY_PER,
        delay_ms=_TOPOLOGY_DELAY_MS,
        priority=1,
        min_rate_dl_bps=topology_bps,
        max_rate_dl_bps=topology_bps,
    )
    weights = MediaFlow(
        WEIGHTS_COMPONENT,
        (_filter(2, server, device, Part.WEIGHTS, marking),),
        per=weights_per,
        delay_ms=_WEIGHTS_DELAY_MS,
        priority=2,
        min_rate_dl_bps=weights_bps,
        max_rate_dl_bps=weights_bps,
        alternatives=tuple(_alternative(rung, weights_per) for rung in ladder[1:]),
    )
    return topology, weights


def transfer_qos(ladder: Sequence[Rung], weights_per: str = WEIGHTS_PER) -> TransferQos:
    """Return what a plan for the first rung asks for: both flows as one, for a plan knows no two.

    The topology is so little beside the weights that it counts with their error rate.
    """
    return TransferQos(
        gbr_dl_bps=topology_rate_bps(ladder) + ladder[0].weights_rate_bps,
        per=weights_per,
        delay_ms=_WEIGHTS_DELAY_MS,
        priority=_WEIGHTS_PRIORITY_LEVEL,
    )


def acceptable_bps(offers: Mapping[int, int], ladder: Sequence[Rung]) -> int | None:
    """Return what both flows together would be given, by what a refusal offers each component.

    The topology gets no more than was asked for it. None where the network does not say.
    """
    if not offers:
        return None
    if 0 in offers:
        return offers[0]
    topology_bps = min(offers.get(TOPOLOGY_COMPONENT, 0), topology_rate_bps(ladder))
    return topology_bps + offers.get(WEIGHTS_COMPONENT, 0)


def _alternative(rung: Rung, per: str) -> Alternative:
    return Alternative(
        rung.variant.name,
        gbr_dl_bps=rung.weights_rate_bps,
        delay_ms=_WEIGHTS_DELAY_MS,
        per=per,
    )


def _filter(
    flow_id: int, server: Endpoint, device: Endpoint, part: Part, marking: Marking
) -> FlowFilter:
    port = server.port + marking.port_shift(part)
    ends = f"from {server.address} {port} to {device.address} {device.port}"
    # Where ports tell the flows apart, the octet is the network's to write.
    tos = f"{marking.tos(part):02x}{_DS_MASK:02x}" if marking is Marking.TOS else None
    return FlowFilter(flow_id, (f"permit out {_UDP} {ends}",), tos=tos)
