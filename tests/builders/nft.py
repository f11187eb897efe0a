"""What rules of nftables do with a packet, as far as the user plane uses them."""

import re
from ipaddress import ip_address, ip_network

from nef.domain.filters import PacketHeader
from nef.network.linux.rules import RuleSet

_MATCH = re.compile(
    r"(?P<what>meta l4proto|ip6? saddr|th [sd]port|@nh,\d+,\d+ & \S+ ==) (?P<is>\{[^}]*\}|\S+)"
)
_VMAP = re.compile(r"(\S+) : goto (\w+)")


def flow_chain_of(rules: RuleSet, packet: PacketHeader) -> str | None:
    """The chain of a flow that a packet comes to; None where it comes to none."""
    for rule in rules.chains["dispatch"]:
        for address, chain in _VMAP.findall(rule):
            if ip_address(address) == packet.destination:
                return _goes_to(rules.chains[chain], packet)
    return None


def _goes_to(chain: tuple[str, ...], packet: PacketHeader) -> str | None:
    for rule in chain:
        matches, _, target = rule.rpartition("goto ")
        if matched(matches, packet):
            return target
    return None


def matched(matches: str, packet: PacketHeader) -> bool:
    """Whether a packet meets all matches; raises AssertionError for what is no match known here."""
    left = _MATCH.sub("", matches).strip()
    assert not left, f"{left!r} in {matches!r}"
    return all(_meets(found["what"], found["is"], packet) for found in _MATCH.finditer(matches))


def _meets(what: str, value: str, packet: PacketHeader) -> bool:
    if what == "meta l4proto":
        return _in_set(packet.protocol, value)
    if what.endswith("saddr"):
        assert (what == "ip6 saddr") == (packet.source.version == 6)
        return packet.source in ip_network(value)
    if what.startswith("th"):
        port = packet.source_port if what == "th sport" else packet.destination_port
        return port is not None and _in_set(port, value)
    return _header_bits(what, packet) == int(value, 16)


def _header_bits(what: str, packet: PacketHeader) -> int:
    place, mask = what.removesuffix(" ==").split(" & ")
    first, bits = (int(number) for number in place.split(",")[1:])
    # The first 32 bits of the IP header, of which the rules look at the traffic class.
    v4 = 0x45 << 24 | packet.tos << 16 | 1428
    v6 = 6 << 28 | packet.tos << 20 | 0xABCDE
    header = v4 if packet.source.version == 4 else v6
    found: int = header >> (32 - first - bits) & (2**bits - 1)
    return found & int(mask, 16)


def _in_set(number: int, members: str) -> bool:
    spans = [member.split("-") for member in members.strip("{ }").split(", ")]
    return any(int(span[0]) <= number <= int(span[-1]) for span in spans)
