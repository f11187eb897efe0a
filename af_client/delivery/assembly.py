"""One part of a model, put together from the segments that arrive."""

from hashlib import sha256

import numpy as np

from af_client.delivery.documents import PartOffer
from af_client.delivery.losses import LossMap
from af_client.delivery.segments import Octets, SegmentRun
from af_client.delivery.segmentset import Range, SegmentSet
from af_client.delivery.wire import SEGMENT_BYTES, MalformedMessage


class Assembly:
    """Takes segments in any order; what never arrives reads as zeros.

    `lost` counts segments whose earlier attempts did not arrive, and those which have not arrived;
    `repaired` those of the former that came later.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        # The memory is the system's until it is written to: a large part costs nothing at first.
        self._data = np.zeros(count * SEGMENT_BYTES, np.uint8)
        self._has = SegmentSet(count)
        self.repaired = 0
        self._attempts_lost = 0

    def take(self, run: SegmentRun) -> None:
        """Take segments in; raises MalformedMessage where they do not fit to the others."""
        self._check(run)
        new = self._has.add_new(run.indices)
        # Of those that came twice the attempt that was thought lost was only late.
        again = len(run) - int(np.count_nonzero(new))
        self._attempts_lost = max(0, self._attempts_lost - again)
        if again:
            indices, bodies, attempts = run.indices[new], run.bodies[new], run.attempts[new]
        else:
            indices, bodies, attempts = run.indices, run.bodies, run.attempts
        self._attempts_lost += int(attempts.sum(dtype=np.int64))
        self.repaired += int(np.count_nonzero(attempts))
        self._store(indices.astype(np.int64), bodies)

    @property
    def received(self) -> int:
        """How many segments have arrived."""
        return len(self._has)

    @property
    def complete(self) -> bool:
        """Whether every segment has arrived."""
        return self.received == self.count

    @property
    def lost(self) -> int:
        """Segments that did not arrive, each attempt counted."""
        return self._attempts_lost + self.count - self.received

    def missing(self) -> list[Range]:
        """Return what has not arrived, ascending."""
        return self._has.missing()

    def held(self) -> list[Range]:
        """Return what has arrived, ascending."""
        return self._has.ranges()

    def losses(self, offer: PartOffer) -> LossMap:
        """Return what has not arrived, as a map of the part."""
        return LossMap(tuple(self.missing()), offer.size_bytes)

    def content(self, offer: PartOffer) -> memoryview:
        """Return the part, cut to its size, zeros where nothing arrived; it is not copied."""
        return self._data[: offer.size_bytes].data.toreadonly()

    def merge(self, other: "Assembly") -> None:
        """Copy everything that another assembly of the same part holds; its counts stay its own."""
        for first, last in other.held():
            span = slice(first * SEGMENT_BYTES, (last + 1) * SEGMENT_BYTES)
            self._data[span] = other._data[span]  # noqa: SLF001 - of its own kind
        self._has.add(other.held())

    def discard(self) -> None:
        """Forget all segments: what they make is not what was offered."""
        self._attempts_lost += self.count
        self._has = SegmentSet(self.count)

    def _check(self, run: SegmentRun) -> None:
        highest, size = int(run.indices.max()), run.bodies.shape[1]
        if run.count != self.count or highest >= self.count:
            raise MalformedMessage(f"segment {highest} of {run.count}, but {self.count} expected")
        is_last = len(run) == 1 and highest == self.count - 1
        if not 0 < size <= SEGMENT_BYTES or (size < SEGMENT_BYTES and not is_last):
            raise MalformedMessage(f"segment {highest} has {size} bytes, not {SEGMENT_BYTES}")

    def _store(self, indices: np.ndarray[tuple[int], np.dtype[np.int64]], bodies: Octets) -> None:
        if not len(indices):
            return
        first, size = int(indices[0]), bodies.shape[1]
        if size < SEGMENT_BYTES:
            start = first * SEGMENT_BYTES
            self._data[start : start + size] = bodies[0]
            return
        rows = self._data.reshape(self.count, SEGMENT_BYTES)
        if int(indices[-1]) - first == len(indices) - 1 and (np.diff(indices) == 1).all():
            rows[first : first + len(indices)] = bodies
        else:
            rows[indices] = bodies


def is_intact(content: bytes | memoryview, offer: PartOffer) -> bool:
    """Whether content is to the last bit what was offered."""
    return sha256(content).hexdigest() == offer.sha256
