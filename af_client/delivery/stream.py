"""The octets of a connection to the relay, cut into runs of packets under equal headers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from af_client.delivery import tunnel
from af_client.delivery.segments import Octets
from af_client.delivery.tunnel import Endpoint, InnerPacket

#: What is read at once; more than the longest packet there can be.
BUFFER_BYTES = 256 * 1024
_LENGTH_BYTES = 6
_MOST_COMPARED = 256


@dataclass(frozen=True, slots=True)
class PacketRun:
    """Inner UDP packets between the same ends: a row of `payloads` is the payload of one.

    The payloads are in memory that the next read overwrites.
    """

    source: Endpoint
    destination: Endpoint
    tos: int
    payloads: Octets

    def packets(self) -> Iterator[InnerPacket]:
        """Yield each packet by itself."""
        for payload in self.payloads:
            yield InnerPacket(self.source, self.destination, self.tos, payload.tobytes())


class PacketStream:
    """Cuts what is read into runs; what is not complete yet stays."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._rest = b""

    def room(self) -> memoryview:
        """Return where the next octets belong."""
        kept = len(self._rest)
        self._buffer[:kept] = self._rest
        return self._buffer[kept:]

    def take(self, count: int) -> Iterator[PacketRun]:
        """Yield what is complete with `count` more octets; raises NotAPacket, and is over then."""
        filled, at = self._buffer[: len(self._rest) + count], 0
        try:
            while at + _LENGTH_BYTES <= len(filled):
                size = tunnel.length_of(filled[at : at + _LENGTH_BYTES])
                if at + size > len(filled):
                    break
                run = _first_run(filled[at:], size)
                at += size * len(run.payloads)
                yield run
        finally:
            self._rest = bytes(filled[at:])


def _first_run(octets: memoryview, size: int) -> PacketRun:
    packet = tunnel.decode(bytes(octets[:size]))
    headers = size - len(packet.payload)
    most = min(len(octets) // size, _MOST_COMPARED)
    rows = np.frombuffer(octets[: most * size], np.uint8).reshape(most, size)
    differs = (rows[:, :headers] != rows[0, :headers]).any(axis=1)
    alike = rows[: int(differs.argmax()) or most]
    return PacketRun(packet.source, packet.destination, packet.tos, alike[:, headers:])
