"""Packet filters of service data flows: IPFilterRule and ToS (TS 29.214 5.3.8, TS 29.514 5.6)."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)
from typing import Literal, Self

from nef.domain.errors import InvalidValue

IpAddress = IPv4Address | IPv6Address
#: What `IpAddr` may name a UE by (TS 29.571 5.2.4): an address, or the prefix that has it.
AddressOrPrefix = IpAddress | IPv6Network
IpNetwork = IPv4Network | IPv6Network
Direction = Literal["in", "out"]

_PROTOCOL = re.compile(r"[0-9]{1,3}")
_PORT_SPAN = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)
# RFC 6733 4.3.1 writes "ipno" or "ipno/bits"; no netmask, no zone of a link-local address.
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?")
_TOS = re.compile(r"[0-9A-Fa-f]{4}")
_EXAMPLE = '"permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"'


@dataclass(frozen=True, slots=True)
class PacketHeader:
    """The fields of a packet that a filter looks at; ports are None where there are none."""

    protocol: int
    source: IpAddress
    source_port: int | None
    destination: IpAddress
    destination_port: int | None
    tos: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One side of a filter: a network (None is any address) and port spans (empty is any)."""

    network: IpNetwork | None
    ports: tuple[tuple[int, int], ...]

    def matches(self, address: IpAddress, port: int | None) -> bool:
        """Whether an address and port lie inside."""
        if self.network is not None and address not in self.network:
            return False
        return not self.ports or (port is not None and any(a <= port <= b for a, b in self.ports))


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """An IPFilterRule: "out" is downlink (towards the UE), "in" is uplink (TS 29.214 5.3.8)."""

    direction: Direction
    protocol: int | None
    source: Endpoint
    destination: Endpoint

    def matches(self, packet: PacketHeader) -> bool:
        """Whether a packet that travels in this direction is meant."""
        return (
            self.protocol in (None, packet.protocol)
            and self.source.matches(packet.source, packet.source_port)
            and self.destination.matches(packet.destination, packet.destination_port)
        )


@dataclass(frozen=True, slots=True)
class TosTrafficClass:
    """A ToS or traffic class octet with its mask (TS 29.514 5.6.3, `TosTrafficClass`)."""

    value: int
    mask: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read two hexadecimal octets, such as "b8fc": value b8 under mask fc."""
        if not _TOS.fullmatch(text):
            raise InvalidValue(
                f'{text[:40]!r} is not a traffic class: two octets in hexadecimal, such as "b8fc"'
            )
        return cls(int(text[:2], 16), int(text[2:], 16))

    def matches(self, tos: int) -> bool:
        """Whether an octet equals the value in the bits of the mask."""
        return tos & self.mask == self.value & self.mask

    def __str__(self) -> str:
        """Write the wire notation."""
        return f"{self.value:02x}{self.mask:02x}"


#: So many rules are kept, and none that is longer, as one with very many blanks may be.
_KEPT, _LONGEST_KEPT = 10_000, 500


def parse_ip_filter_rule(text: str) -> PacketFilter:
    """Read an IPFilterRule as TS 29.214 5.3.8 restricts it (RFC 6733 4.3.1).

    The action is "permit", there are no options, and "!" is not used. Raises InvalidValue that
    says which word is wrong.
    """
    # A rule is read when it is asked for, and again with each row that has it.
    return _kept(text) if len(text) <= _LONGEST_KEPT else _read(text)


def _read(text: str) -> PacketFilter:
    # Spaces only: split() would take any blank that Unicode has, and a line break, for one.
    words = [word for word in text.split(" ") if word]
    if len(words) < 6:
        raise _wrong(text, "it has too few words")
    action, direction, protocol, _from, *rest = words
    if action != "permit":
        raise _wrong(text, f"the action is {_quoted(action)}, only 'permit' is used")
    if direction != "in" and direction != "out":
        raise _wrong(text, f"the direction is {_quoted(direction)}, neither 'in' nor 'out'")
    travels: Direction = "in" if direction == "in" else "out"
    if _from != "from" or "to" not in rest:
        raise _wrong(text, "it must say 'from <source> to <destination>'")
    split = rest.index("to")
    source = _endpoint(text, rest[:split])
    destination = _endpoint(text, rest[split + 1 :])
    versions = {side.network.version for side in (source, destination) if side.network}
    if len(versions) > 1:
        raise _wrong(text, "source and destination are of different IP versions")
    return PacketFilter(travels, _protocol(text, protocol), source, destination)


_kept = lru_cache(maxsize=_KEPT)(_read)


def _wrong(text: str, why: str) -> InvalidValue:
    return InvalidValue(f"{text[:120]!r} is not an IPFilterRule such as {_EXAMPLE}: {why}")


def _quoted(word: str) -> str:
    return repr(word[:40])


def _protocol(text: str, word: str) -> int | None:
    if word == "ip":
        return None
    if not _PROTOCOL.fullmatch(word) or int(word) > 255:
        reason = f"the protocol is {_quoted(word)}, neither 'ip' nor a number from 0 to 255"
        raise _wrong(text, reason)
    return int(word)


def _endpoint(text: str, words: list[str]) -> Endpoint:
    if not words:
        raise _wrong(text, "an address is missing")
    address, *ports = words
    if len(ports) > 1:
        raise _wrong(text, f"{_quoted(' '.join(ports[1:]))} is one word too many")
    return Endpoint(_network(text, address), _ports(text, ports[0]) if ports else ())


def _network(text: str, word: str) -> IpNetwork | None:
    if word == "any":
        return None
    if word == "assigned":
        # RFC 6733 allows it for the UE's own address; TS 29.214 5.3.8 does not use it.
        raise _wrong(text, "'assigned' is not used, write the address")
    if _ADDRESS.fullmatch(word):
        with suppress(ValueError):
            return ip_network(word, strict=False)
    raise _wrong(text, f"{_quoted(word)} is neither an address, a prefix nor 'any'")


def _ports(text: str, word: str) -> tuple[tuple[int, int], ...]:
    spans = []
    for part in word.split(","):
        match = _PORT_SPAN.fullmatch(part)
        first = int(match[1]) if match else -1
        last = int(match[2] or match[1]) if match else -1
        if not 0 <= first <= last <= 65535:
            raise _wrong(text, f"{_quoted(part)} is no port or span of ports up to 65535")
        spans.append((first, last))
    return tuple(spans)
