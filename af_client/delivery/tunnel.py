"""Inner IP packets of the user-plane tunnel; `docs/user-plane.md` is the norm of their bytes."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct, error

MAX_PAYLOAD_BYTES = 1400

_UDP, _NO_NEXT_HEADER = 17, 59
_UDP_BYTES = 8
_HOPS = 64
_IPV4 = Struct("!BBHHHBBH4s4s")  # RFC 791 3.1
_IPV6 = Struct("!IHBB16s16s")  # RFC 8200 3
_PORTS = Struct("!HHHH")  # RFC 768

IpAddress = IPv4Address | IPv6Address


class NotAPacket(ValueError):
    """Octets are not one complete inner packet; the text says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An inner address and UDP port."""

    address: IpAddress
    port: int

    def __str__(self) -> str:
        """Write "10.45.0.2:7001", an IPv6 address in brackets."""
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"

    @property
    def header_bytes(self) -> int:
        """The bytes of IP and UDP headers which each packet to it has: 28 or 48."""
        return _UDP_BYTES + (_IPV6.size if self.address.version == 6 else _IPV4.size)


@dataclass(frozen=True, slots=True)
class InnerPacket:
    """One UDP packet inside the tunnel; `tos` is the whole ToS octet or traffic class."""

    source: Endpoint
    destination: Endpoint
    tos: int
    payload: bytes

    def encode(self) -> bytes:
        """Write the packet; raises ValueError above 1400 bytes of payload, or for mixed IP."""
        size = len(self.payload)
        if size > MAX_PAYLOAD_BYTES:
            raise ValueError(f"{size} bytes of payload, at most {MAX_PAYLOAD_BYTES} fit")
        return headers(self.source, self.destination, self.tos, size) + self.payload


def attachment(address: IpAddress) -> bytes:
    """Write the packet that attaches `address` to the connection that it is sent on."""
    return _ip_header(address, address, 0, _NO_NEXT_HEADER, 0)


def length_of(start: memoryview) -> int:
    """Return how long the packet is that starts with these six octets.

    Raises NotAPacket where none starts so, and nobody knows where the next one does.
    """
    version, short = start[0] >> 4, start[2] << 8 | start[3]
    if version == 6:
        return _IPV6.size + (start[4] << 8 | start[5])
    if version != 4 or short < _IPV4.size:
        raise NotAPacket("octets that start neither an IPv4 nor an IPv6 packet")
    return short


def decode(datagram: bytes) -> InnerPacket:
    """Read octets; raises NotAPacket unless they are one complete inner UDP packet."""
    try:
        version = datagram[0] >> 4
        reader = {4: _decode_ipv4, 6: _decode_ipv6}[version]
        return reader(datagram)
    except (IndexError, KeyError, error):
        raise NotAPacket(f"{len(datagram)} bytes that are no IPv4 or IPv6 packet") from None


# Packets of one flow differ in little but their payload: few headers, each computed once.
@lru_cache(maxsize=256)
def headers(source: Endpoint, destination: Endpoint, tos: int, size: int) -> bytes:
    """Write what goes before a payload of that size; raises ValueError for mixed IP."""
    if source.address.version != destination.address.version:
        raise ValueError(f"{source} and {destination} are of different versions of IP")
    length = _UDP_BYTES + size
    # A checksum of 0 is none: RFC 768, and for tunnels over IPv6 RFC 6935.
    udp = _PORTS.pack(source.port, destination.port, length, 0)
    return _ip_header(source.address, destination.address, tos, _UDP, length) + udp


def _ip_header(
    source: IpAddress, destination: IpAddress, tos: int, protocol: int, length: int
) -> bytes:
    if source.version == 6:
        first = 6 << 28 | tos << 20
        return _IPV6.pack(first, length, protocol, _HOPS, source.packed, destination.packed)
    head = (0x45, tos, _IPV4.size + length, 0, 0x4000, _HOPS, protocol)
    ends = (source.packed, destination.packed)
    return _IPV4.pack(*head, _checksum(_IPV4.pack(*head, 0, *ends)), *ends)


def _checksum(header: bytes) -> int:
    total = sum(int.from_bytes(header[i : i + 2]) for i in range(0, len(header), 2))
    # Two folds are enough for ten 16-bit words (RFC 1071).
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def _decode_ipv4(datagram: bytes) -> InnerPacket:
    first, tos, length, _, _, _, protocol, _, source, destination = _IPV4.unpack_from(datagram)
    if first != 0x45 or length != len(datagram):
        raise NotAPacket(f"an IPv4 packet with options, or {len(datagram)} bytes of {length}")
    return _decode_udp(datagram, _IPV4.size, protocol, tos, source, destination)


def _decode_ipv6(datagram: bytes) -> InnerPacket:
    first, length, protocol, _, source, destination = _IPV6.unpack_from(datagram)
    if length + _IPV6.size != len(datagram):
        raise NotAPacket(f"{len(datagram) - _IPV6.size} bytes of an IPv6 payload of {length}")
    tos = first >> 20 & 0xFF
    return _decode_udp(datagram, _IPV6.size, protocol, tos, source, destination)


def _decode_udp(
    datagram: bytes, at: int, protocol: int, tos: int, source: bytes, destination: bytes
) -> InnerPacket:
    if protocol != _UDP:
        raise NotAPacket(f"an inner packet of protocol {protocol}, not of UDP ({_UDP})")
    from_port, to_port, length, _ = _PORTS.unpack_from(datagram, at)
    if length != len(datagram) - at:
        raise NotAPacket(f"{len(datagram) - at} bytes of a UDP packet of {length}")
    ends = (_endpoint(source, from_port), _endpoint(destination, to_port))
    return InnerPacket(*ends, tos, datagram[at + _UDP_BYTES :])


@lru_cache(maxsize=256)
def _endpoint(packed: bytes, port: int) -> Endpoint:
    return Endpoint(ip_address(packed), port)
