"""The inner packets of the user-plane tunnel; docs/user-plane.md is the norm of their bytes."""

from struct import Struct
from typing import NamedTuple

from nef.domain.errors import NefError
from nef.domain.filters import IpAddress

MAX_PAYLOAD_BYTES = 1400

_UDP, _NO_NEXT_HEADER = 17, 59
_IPV4_BYTES, _IPV6_BYTES, _UDP_BYTES = 20, 40, 8
_IPV4 = Struct("!BBHHHBBH4s4s")  # RFC 791 3.1
_IPV4_WORDS = Struct("!10H")
_IPV6 = Struct("!IHBB16s16s")  # RFC 8200 3
_UDP_HEADER = Struct("!HHHH")  # RFC 768
_VERSION_4_NO_OPTIONS = 0x45
_DONT_FRAGMENT, _FRAGMENT = 0x4000, 0x3FFF
_HOPS = 64


class MalformedPacket(NefError):
    """Octets are not one complete inner packet of the tunnel; says what is wrong with them."""


class InnerHeader(NamedTuple):
    """What classification looks at: addresses as 4 or 16 octets, ports None in an attachment."""

    tos: int
    protocol: int
    source: bytes
    source_port: int | None
    destination: bytes
    destination_port: int | None

    @property
    def attaches(self) -> bool:
        """Whether the packet says only where its source can be reached."""
        return self.protocol == _NO_NEXT_HEADER


def encode_udp(
    source: tuple[IpAddress, int], destination: tuple[IpAddress, int], tos: int, payload: bytes
) -> bytes:
    """One inner packet; `tos` is the whole octet, the payload has at most 1400 bytes."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{len(payload)} bytes of payload, at most {MAX_PAYLOAD_BYTES} fit")
    # A checksum of 0 is none: RFC 768, and for tunnels over IPv6 RFC 6935.
    udp = _UDP_HEADER.pack(source[1], destination[1], _UDP_BYTES + len(payload), 0)
    return _encode_ip(source[0], destination[0], tos, _UDP, udp + payload)


def encode_attachment(address: IpAddress) -> bytes:
    """The packet that attaches `address` to the connection it is sent on."""
    return _encode_ip(address, address, 0, _NO_NEXT_HEADER, b"")


def _encode_ip(
    source: IpAddress, destination: IpAddress, tos: int, protocol: int, body: bytes
) -> bytes:
    if source.version == 6:
        first = 6 << 28 | tos << 20
        header = (first, len(body), protocol, _HOPS, source.packed, destination.packed)
        return _IPV6.pack(*header) + body
    size = _IPV4_BYTES + len(body)
    before = (_VERSION_4_NO_OPTIONS, tos, size, 0, _DONT_FRAGMENT, _HOPS, protocol)
    addresses = (source.packed, destination.packed)
    checksum = 0xFFFF - _ones_sum(_IPV4.pack(*before, 0, *addresses))
    return _IPV4.pack(*before, checksum, *addresses) + body


def _ones_sum(header: bytes | memoryview) -> int:
    """The ones' complement sum of an IPv4 header, 0xFFFF where its checksum is right (RFC 1071)."""
    total: int = sum(_IPV4_WORDS.unpack_from(header))
    return (total - 1) % 0xFFFF + 1


def decode(packet: bytes | memoryview) -> InnerHeader:
    """The header of an inner packet; raises MalformedPacket."""
    version = packet[0] >> 4 if len(packet) else None
    if version == 4:
        return _decode_ipv4(packet)
    if version == 6:
        return _decode_ipv6(packet)
    raise MalformedPacket("it starts with neither an IPv4 nor an IPv6 header")


def length_of(start: memoryview) -> int:
    """How long the packet is that starts with these six octets.

    Raises MalformedPacket where no packet starts so, and nobody knows where the next one does.
    """
    version = start[0] >> 4
    if version == 4:
        length = start[2] << 8 | start[3]
        if length < _IPV4_BYTES:
            raise MalformedPacket(f"an IPv4 packet of {length} bytes is shorter than its header")
        return length
    if version == 6:
        return _IPV6_BYTES + (start[4] << 8 | start[5])
    raise MalformedPacket("it starts with neither an IPv4 nor an IPv6 header")


def headers_length_of(first_octet: int) -> int:
    """The bytes of the IP and UDP headers of a packet that starts with this octet."""
    return _UDP_BYTES + (_IPV6_BYTES if first_octet >> 4 == 6 else _IPV4_BYTES)


def destination_of(packet: memoryview) -> bytes:
    """The destination of a packet that has been decoded before."""
    return bytes(packet[16:20] if packet[0] == _VERSION_4_NO_OPTIONS else packet[24:40])


def _decode_ipv4(packet: bytes | memoryview) -> InnerHeader:
    if len(packet) < _IPV4_BYTES:
        raise MalformedPacket(f"{len(packet)} bytes hold no IPv4 header")
    first, tos, size, _, fragment, _, protocol, _, source, destination = _IPV4.unpack_from(packet)
    if first != _VERSION_4_NO_OPTIONS:
        raise MalformedPacket("an IPv4 header with options is not carried")
    if size != len(packet):
        raise MalformedPacket(f"its IPv4 header says {size} bytes, it has {len(packet)}")
    if fragment & _FRAGMENT:
        raise MalformedPacket("a fragment is not carried")
    if _ones_sum(packet) != 0xFFFF:
        raise MalformedPacket("the checksum of its IPv4 header is wrong")
    return _with_ports(packet, _IPV4_BYTES, tos, protocol, source, destination)


def _decode_ipv6(packet: bytes | memoryview) -> InnerHeader:
    if len(packet) < _IPV6_BYTES:
        raise MalformedPacket(f"{len(packet)} bytes hold no IPv6 header")
    first, size, protocol, _, source, destination = _IPV6.unpack_from(packet)
    if size != len(packet) - _IPV6_BYTES:
        raise MalformedPacket(
            f"its IPv6 header says {size} bytes follow, {len(packet) - _IPV6_BYTES} do"
        )
    return _with_ports(packet, _IPV6_BYTES, first >> 20 & 0xFF, protocol, source, destination)


def _with_ports(
    packet: bytes | memoryview,
    offset: int,
    tos: int,
    protocol: int,
    source: bytes,
    destination: bytes,
) -> InnerHeader:
    if protocol == _NO_NEXT_HEADER:
        if len(packet) != offset or source != destination:
            raise MalformedPacket("an attachment has one address and no payload")
        return InnerHeader(tos, protocol, source, None, destination, None)
    if protocol != _UDP or len(packet) < offset + _UDP_BYTES:
        raise MalformedPacket(f"protocol {protocol} with {len(packet) - offset} bytes is no UDP")
    source_port, destination_port, size, _ = _UDP_HEADER.unpack_from(packet, offset)
    if size != len(packet) - offset:
        raise MalformedPacket(f"its UDP header says {size} bytes, it has {len(packet) - offset}")
    if size > _UDP_BYTES + MAX_PAYLOAD_BYTES:
        raise MalformedPacket(f"its payload has more than {MAX_PAYLOAD_BYTES} bytes")
    return InnerHeader(tos, protocol, source, source_port, destination, destination_port)
