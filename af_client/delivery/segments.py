"""DATA messages of one part that follow each other, handled as one thing."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from af_client.delivery import wire
from af_client.delivery.wire import (
    HEADER_BYTES,
    SEGMENT_BYTES,
    MalformedMessage,
    Message,
    MessageType,
    Part,
)

Octets = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint32]

_BIG_ENDIAN = np.dtype(">u4")
# Where the fields of a header are that differ from segment to segment (docs/delivery.md).
_ATTEMPT, _INDEX, _CHECKSUM = 9, slice(12, 16), slice(20, 24)
_SAME = np.array([at not in {9, *range(12, 16), *range(20, 24)} for at in range(HEADER_BYTES)])


@dataclass(frozen=True)
class SegmentRun:
    """Some segments of one part of a transfer, of equal size; `count` is that of the whole part.

    `bodies` has a row for each, `indices`, `attempts` and `checksums` an element.
    """

    transfer: int
    part: Part
    count: int
    indices: Numbers
    attempts: Octets
    checksums: Numbers
    bodies: Octets

    def __len__(self) -> int:
        """How many segments."""
        return len(self.indices)

    @property
    def message_bytes(self) -> int:
        """The bytes of each message."""
        return HEADER_BYTES + int(self.bodies.shape[1])

    def framed(self, before: bytes = b"") -> memoryview:
        """Write the messages one after the other, each with `before` in front of it."""
        at = len(before)
        rows = np.empty((len(self), at + self.message_bytes), np.uint8)
        pattern = Message(MessageType.DATA, self.transfer, self.part, count=self.count)
        size = self.bodies.shape[1]
        rows[:, : at + HEADER_BYTES] = np.frombuffer(before + pattern.header(size), np.uint8)
        header = rows[:, at : at + HEADER_BYTES]
        header[:, _ATTEMPT] = self.attempts
        header[:, _INDEX] = _octets(self.indices)
        header[:, _CHECKSUM] = _octets(self.checksums)
        rows[:, at + HEADER_BYTES :] = self.bodies
        return rows.reshape(-1).data

    def messages(self) -> Iterator[Message]:
        """Yield each segment as a message of its own."""
        columns = (self.attempts.tolist(), self.indices.tolist(), self.bodies)
        for attempt, index, body in zip(*columns, strict=True):
            yield Message(
                MessageType.DATA, self.transfer, self.part, attempt, index, self.count, bytes(body)
            )


def run_of(message: Message) -> SegmentRun:
    """Return one segment as a run."""
    return SegmentRun(
        message.transfer,
        message.part,
        message.count,
        np.array([message.index], np.uint32),
        np.array([message.attempt], np.uint8),
        np.array([zlib.crc32(message.body)], np.uint32),
        np.frombuffer(message.body, np.uint8).reshape(1, -1),
    )


def read(
    payloads: Octets, refused: Callable[[MalformedMessage], None]
) -> Iterator[Message | SegmentRun]:
    """Yield what payloads of one size (a row each) say; `refused` hears of those that say nothing.

    The bodies of runs are in the memory of `payloads`.
    """
    at = 0
    while at < len(payloads):
        some = payloads[at : at + _alike(payloads[at:])]
        at += len(some)
        if len(some) > 1:
            yield from _run(some, refused)
            continue
        try:
            yield wire.decode(some.tobytes())
        except MalformedMessage as fault:
            refused(fault)


def _alike(payloads: Octets) -> int:
    """How many of the first payloads are full segments of one part of one transfer."""
    first = payloads[0]
    if payloads.shape[1] != HEADER_BYTES + SEGMENT_BYTES or first[3] != MessageType.DATA:
        return 1
    differs = (payloads[:, :HEADER_BYTES][:, _SAME] != first[:HEADER_BYTES][_SAME]).any(axis=1)
    return int(differs.argmax()) or len(payloads)


def _run(payloads: Octets, refused: Callable[[MalformedMessage], None]) -> Iterator[SegmentRun]:
    """Read messages that differ only in what may differ; whether they are any, the first says."""
    checksums = _numbers(payloads[:, _CHECKSUM])
    bodies = payloads[:, HEADER_BYTES:]
    intact = _crc32s(body.data for body in bodies) == checksums
    for _ in range(len(payloads) - int(np.count_nonzero(intact))):
        refused(MalformedMessage("a damaged segment"))
    if not intact.any():
        return
    if not intact.all():
        payloads, checksums, bodies = payloads[intact], checksums[intact], bodies[intact]
    try:
        first = wire.decode(payloads[0].tobytes())
    except MalformedMessage as fault:
        for _ in payloads:
            refused(fault)
        return
    indices, attempts = _numbers(payloads[:, _INDEX]), payloads[:, _ATTEMPT]
    yield SegmentRun(first.transfer, first.part, first.count, indices, attempts, checksums, bodies)


@dataclass(frozen=True)
class SegmentedPart:
    """A part of a model, cut into segments, each with its checksum; made once, sent often."""

    data: bytes

    @property
    def count(self) -> int:
        """How many segments carry it."""
        return wire.segments_of(len(self.data))

    @cached_property
    def checksums(self) -> Numbers:
        """The CRC-32 of each segment."""
        view = memoryview(self.data)
        starts = range(0, len(view), SEGMENT_BYTES)
        return _crc32s(view[start : start + SEGMENT_BYTES] for start in starts)

    def run(self, transfer: int, part: Part, first: int, attempts: Octets) -> SegmentRun:
        """Return the segments from `first`, one for each attempt; all are of one size."""
        stop = first + len(attempts)
        octets = np.frombuffer(self.data, np.uint8)[first * SEGMENT_BYTES : stop * SEGMENT_BYTES]
        return SegmentRun(
            transfer,
            part,
            self.count,
            np.arange(first, stop, dtype=np.uint32),
            attempts,
            self.checksums[first:stop],
            octets.reshape(len(attempts), -1),
        )


def _crc32s(bodies: Iterable[memoryview]) -> Numbers:
    return np.fromiter(map(zlib.crc32, bodies), np.uint32)


def _octets(numbers: Numbers) -> Octets:
    return numbers.astype(_BIG_ENDIAN).view(np.uint8).reshape(-1, 4)


def _numbers(octets: Octets) -> Numbers:
    return np.ascontiguousarray(octets).view(_BIG_ENDIAN)[:, 0].astype(np.uint32)
