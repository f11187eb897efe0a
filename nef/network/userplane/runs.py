"""Packets of one size that follow each other under the same headers: handled as one thing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Run:
    """`count` inner packets of `size_bytes` each, one after the other in `data`."""

    data: memoryview
    size_bytes: int
    count: int

    @property
    def total_bytes(self) -> int:
        """The bytes of all its packets."""
        return self.size_bytes * self.count

    def first(self, count: int) -> "Run":
        """Its first packets."""
        return Run(self.data[: count * self.size_bytes], self.size_bytes, count)

    def after(self, count: int) -> "Run":
        """What follows its first packets."""
        return Run(self.data[count * self.size_bytes :], self.size_bytes, self.count - count)

    def without(self, lost: npt.NDArray[np.bool_]) -> "Run":
        """The packets that are not marked, in order."""
        packets = np.frombuffer(self.data, np.uint8).reshape(self.count, self.size_bytes)
        kept = packets[~lost]
        return Run(kept.reshape(-1).data, self.size_bytes, len(kept))


def run_of(packet: bytes) -> Run:
    """A run of one packet."""
    return Run(memoryview(packet), len(packet), 1)
