"""Packet filters of QoS flows in the words of nftables; pure."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

from nef.domain.filters import Endpoint, IpAddress, PacketFilter, TosTrafficClass
from nef.network.userplane.classification import QosFlow, TrafficSelector

#: The protocols with ports as their first four octets: TCP, UDP, DCCP, SCTP, UDP-Lite.
_WITH_PORTS = (6, 17, 33, 132, 136)


def matches_of(flow: QosFlow, ue: IpAddress) -> list[str]:
    """Return the matches of which any takes a downlink packet to an address of a UE to the flow.

    An empty text matches every packet. Empty is the list of a flow that none can take.
    """
    if not flow.selectors:
        return [""]
    found = [match for part in flow.selectors for match in _selected(part, ue)]
    return list(dict.fromkeys(found))


def _selected(part: TrafficSelector, ue: IpAddress) -> list[str]:
    tos = _tos(part.tos, ue.version) if part.tos else ""
    if not part.filters:
        return [tos]
    rules = (_rule(rule, ue) for rule in part.filters if rule.direction == "out")
    return [_joined(rule, tos) for rule in rules if rule is not None]


def _rule(rule: PacketFilter, ue: IpAddress) -> str | None:
    """Write a filter; None where no packet to this address can match it."""
    ports = rule.source.ports or rule.destination.ports
    if ports and rule.protocol is not None and rule.protocol not in _WITH_PORTS:
        return None
    source = _network(rule.source.network, ue.version)
    if source is None or not _contains(rule.destination.network, ue):
        return None
    return _joined(
        _protocol(rule.protocol, has_ports=bool(ports)),
        source,
        _ports("sport", rule.source),
        _ports("dport", rule.destination),
    )


def _protocol(protocol: int | None, *, has_ports: bool) -> str:
    if protocol is not None:
        return f"meta l4proto {protocol}"
    return f"meta l4proto {_set(str(one) for one in _WITH_PORTS)}" if has_ports else ""


def _network(network: IPv4Network | IPv6Network | None, version: int) -> str | None:
    if network is None or (network.version == version and network.prefixlen == 0):
        return ""
    if network.version != version:
        return None
    return f"{'ip' if version == 4 else 'ip6'} saddr {network}"


def _contains(network: IPv4Network | IPv6Network | None, ue: IpAddress) -> bool:
    # The chain is the address's own, so that where the packet goes is known already.
    return network is None or (network.version == ue.version and ue in network)


def _ports(side: str, endpoint: Endpoint) -> str:
    if not endpoint.ports:
        return ""
    return f"th {side} {_set(_span(*span) for span in _merged(endpoint.ports))}"


def _merged(spans: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Join spans that overlap, which nftables refuses in one set."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _set(members: Iterable[str]) -> str:
    return f"{{ {', '.join(members)} }}"


def _tos(tos: TosTrafficClass, version: int) -> str:
    mask, value = tos.mask, tos.value & tos.mask
    if mask == 0:
        return ""
    if version == 4:  # the second octet of the header (RFC 791 3.1)
        return f"@nh,8,8 & {mask:#x} == {value:#x}"
    # Four bits of version, eight of traffic class, four of the flow label (RFC 8200 3).
    return f"@nh,0,16 & {mask << 4:#x} == {value << 4:#x}"


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
