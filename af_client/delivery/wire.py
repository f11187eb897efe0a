"""The messages between model server and device; `docs/delivery.md` is the norm of their bytes."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from af_client.delivery.tunnel import MAX_PAYLOAD_BYTES

VERSION = 1
_MAGIC = b"MD"
#: magic, version, type, transfer, part, attempt, bytes of the body, index, count, CRC-32 of body
_HEADER = Struct("!2sBBIBBHIII")
HEADER_BYTES = _HEADER.size
SEGMENT_BYTES = MAX_PAYLOAD_BYTES - HEADER_BYTES
_RANGE = Struct("!II")
#: Ranges which fit into one message.
MAX_RANGES = SEGMENT_BYTES // _RANGE.size
MAX_ATTEMPT = 255


class MessageType(IntEnum):
    """What a message is; docs/delivery.md says who sends it, and when."""

    REQUEST = 1
    OFFER = 2
    DATA = 3
    END = 4
    NACK = 5
    ACK = 6
    DONE = 7
    RECEIPT = 8
    ABORT = 9
    REFUSAL = 10
    BYE = 11
    HAVE = 12
    USE = 13


class Part(IntEnum):
    """Which part of a model, or none of them, a message is about."""

    NONE = 0
    TOPOLOGY = 1
    WEIGHTS = 2


#: The ToS octet of each part's QoS flow; what is about no part goes with the topology.
TOS = {Part.NONE: 0xB8, Part.TOPOLOGY: 0xB8, Part.WEIGHTS: 0x28}


class MalformedMessage(ValueError):
    """A payload is no message of this protocol; the text says what is wrong with it."""


class OtherVersion(MalformedMessage):
    """A message of a version of the protocol that is not spoken here."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `transfer` is the id of a transfer, or in a REQUEST its own number."""

    type: MessageType
    transfer: int
    part: Part = Part.NONE
    attempt: int = 0
    index: int = 0
    count: int = 0
    body: bytes = b""

    @property
    def size_bytes(self) -> int:
        """The bytes of the whole message."""
        return _HEADER.size + len(self.body)

    def encode(self) -> bytes:
        """Write the payload of one packet; raises ValueError where the body is too long."""
        if len(self.body) > SEGMENT_BYTES:
            raise ValueError(f"a body of {len(self.body)} bytes, at most {SEGMENT_BYTES} fit")
        return self.header(len(self.body)) + self.body

    def header(self, body_bytes: int) -> bytes:
        """Write the header that goes before a body of that size; the checksum is of its own."""
        where = (self.transfer, self.part, min(self.attempt, MAX_ATTEMPT), body_bytes)
        rest = (self.index, self.count, zlib.crc32(self.body))
        return _HEADER.pack(_MAGIC, VERSION, self.type, *where, *rest)


def decode(payload: bytes) -> Message:
    """Read the payload of one packet; raises MalformedMessage, and OtherVersion of it."""
    if len(payload) < _HEADER.size or payload[:2] != _MAGIC:
        raise MalformedMessage(f"{len(payload)} bytes that are no message of a delivery")
    fields = _HEADER.unpack_from(payload)
    _, version, kind, transfer, part, attempt, length, index, count, checksum = fields
    if version != VERSION:
        raise OtherVersion(f"a message of version {version}; this side speaks {VERSION}")
    body = payload[_HEADER.size :]
    if length != len(body) or zlib.crc32(body) != checksum:
        raise MalformedMessage(f"a damaged message: {len(body)} bytes of a body of {length}")
    try:
        return Message(MessageType(kind), transfer, Part(part), attempt, index, count, body)
    except ValueError as fault:
        raise MalformedMessage(str(fault)) from None


def segments_of(size_bytes: int) -> int:
    """How many segments carry a part of that many bytes."""
    return -(-size_bytes // SEGMENT_BYTES)


def segment(part: bytes, index: int) -> bytes:
    """Return the bytes which the segment of that index carries."""
    return part[index * SEGMENT_BYTES : (index + 1) * SEGMENT_BYTES]


def ranges_bodies(ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Write pairs of first and last index, as many to a body as fit; none: one empty body."""
    return [
        b"".join(_RANGE.pack(*pair) for pair in ranges[at : at + MAX_RANGES])
        for at in range(0, max(len(ranges), 1), MAX_RANGES)
    ]


def ranges_of(body: bytes) -> list[tuple[int, int]]:
    """Read pairs of first and last index; raises MalformedMessage where they are none."""
    if len(body) % _RANGE.size:
        raise MalformedMessage(f"{len(body)} bytes are no list of ranges of 8 bytes each")
    pairs = list(_RANGE.iter_unpack(body))
    if any(first > last for first, last in pairs):
        raise MalformedMessage("a range ends before it begins")
    return pairs


def is_newer(transfer: int, than: int) -> bool:
    """Whether a transfer began later; ids wrap around at 2^32 (RFC 1982)."""
    return 0 < (transfer - than) % 2**32 < 2**31
