"""Whether the packet filters of a session can ever meet a packet of its UE."""

from collections.abc import Iterable, Sequence

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.filters import IpAddress, PacketFilter
from nef.domain.qos import ServiceDataFlow
from nef.domain.sessions import SessionRequest


def check_addressing(request: SessionRequest, addresses: Sequence[IpAddress]) -> None:
    """Raise InvalidRequest for each filter that selects no packet from or to these addresses.

    They are all that the UE has; where none is known nothing is checked.
    """
    parts = [("/flowInfo", request.flows)]
    parts += [(f"/multiModDatFlows/{p.number}/flowInfos", p.flows) for p in request.components]
    faults = [fault for where, flows in parts for fault in _faults(where, flows, addresses)]
    if faults and addresses:
        raise InvalidRequest(*faults)


def _faults(
    where: str, flows: Iterable[ServiceDataFlow], addresses: Sequence[IpAddress]
) -> Iterable[InvalidParam]:
    for i, flow in enumerate(flows):
        for j, rule in enumerate(flow.filters):
            if not any(_meets(rule, address) for address in addresses):
                own = " and ".join(map(str, addresses))
                side = "destination" if rule.direction == "out" else "source"
                reason = f"selects no packet of this UE, whose address, the {side}, is {own}"
                yield InvalidParam(f"{where}/{i}/flowDescriptions/{j}", reason)


def _meets(rule: PacketFilter, address: IpAddress) -> bool:
    """Whether it can select a packet of a UE with this address (TS 29.214 5.3.8)."""
    ue, other = (
        (rule.destination, rule.source)
        if rule.direction == "out"
        else (rule.source, rule.destination)
    )
    if ue.network is not None:
        return address in ue.network
    return other.network is None or other.network.version == address.version
