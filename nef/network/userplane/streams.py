"""The octets of a connection, cut into the inner packets that they are."""

from collections.abc import Iterator

import numpy as np

from nef.network.userplane.packets import headers_length_of, length_of
from nef.network.userplane.runs import Run

#: What is read at once; more than the longest packet there can be, 65575 bytes.
BUFFER_BYTES = 256 * 1024
#: Packets that are compared at once: where headers alternate, few comparisons are in vain.
_MOST_COMPARED = 256
#: As many octets as say how long a packet is, in either version of IP.
_LENGTH_BYTES = 6


class PacketStream:
    """Cuts what arrives into runs of packets; what is not complete yet stays.

    Give `room` to a read, then `take` what was read. Streams may share one buffer, since what
    stays of a packet is kept apart.
    """

    def __init__(self, buffer: bytearray) -> None:
        """`buffer` is what reads go into, of BUFFER_BYTES."""
        self._buffer = memoryview(buffer)
        self._rest = b""

    def room(self) -> memoryview:
        """Where the next octets belong."""
        kept = len(self._rest)
        self._buffer[:kept] = self._rest
        return self._buffer[kept:]

    def take(self, count: int) -> Iterator[Run]:
        """The packets that are complete with `count` more octets, each run with its own memory.

        Raises MalformedPacket where a packet cannot begin: what follows has no boundaries.
        """
        end, at = len(self._rest) + count, 0
        filled = self._buffer[:end]
        try:
            while at + _LENGTH_BYTES <= end:
                size = length_of(filled[at : at + _LENGTH_BYTES])
                if at + size > end:
                    break
                packets = _alike(filled[at:], size)
                yield Run(memoryview(bytes(filled[at : at + packets * size])), size, packets)
                at += packets * size
        finally:
            self._rest = bytes(filled[at:])


def _alike(octets: memoryview, size: int) -> int:
    """How many packets in a row have the headers of the first one."""
    headers = min(headers_length_of(octets[0]), size)
    if octets[:headers] != octets[size : size + headers]:
        return 1
    most = min(len(octets) // size, _MOST_COMPARED)
    if most < 2:
        return 1
    packets = np.frombuffer(octets[: most * size], np.uint8).reshape(most, size)
    differs = (packets[:, :headers] != packets[0, :headers]).any(axis=1)
    return int(differs.argmax()) or most
