"""What of a part did not arrive."""

from dataclasses import dataclass

from af_client.delivery.segmentset import Range
from af_client.delivery.wire import SEGMENT_BYTES


@dataclass(frozen=True, slots=True)
class LossMap:
    """Lost segments, pairs of first and last index, ascending; their bytes read as zeros."""

    ranges: tuple[Range, ...]
    size_bytes: int

    def __len__(self) -> int:
        """How many segments are lost."""
        return sum(last - first + 1 for first, last in self.ranges)

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The bytes that are lost: offset, and the offset after the last one."""
        return tuple(
            (first * SEGMENT_BYTES, min((last + 1) * SEGMENT_BYTES, self.size_bytes))
            for first, last in self.ranges
        )

    @property
    def lost_bytes(self) -> int:
        """How many bytes read as zeros."""
        return sum(stop - start for start, stop in self.spans)
