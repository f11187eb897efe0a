"""Which segments of a part are meant: those that wait, those that have come."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

#: First and last index.
Range = tuple[int, int]


class SegmentSet:
    """A set of the indices below `count`."""

    def __init__(self, count: int, *, is_full: bool = False) -> None:
        self.count = count
        self._has = np.full(count, is_full, np.bool_)
        self._size = count if is_full else 0
        self._from = 0

    def __len__(self) -> int:
        """How many indices are in it."""
        return self._size

    def add(self, ranges: Iterable[Range]) -> None:
        """Put ranges in; what is not below `count` is left out."""
        for first, last in ranges:
            self._has[first : last + 1] = True
            self._from = min(self._from, first)
        self._size = int(np.count_nonzero(self._has))

    def discard(self, ranges: Iterable[Range]) -> None:
        """Take ranges out."""
        for first, last in ranges:
            self._has[first : last + 1] = False
        self._size = int(np.count_nonzero(self._has))

    def add_new(self, indices: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """Put indices in; returns which of them were not in it, of equal ones the first."""
        new = ~self._has[indices]
        if len(indices) > 1 and not (np.diff(indices.astype(np.int64)) > 0).all():
            firsts = np.zeros(len(indices), np.bool_)
            firsts[np.unique(indices, return_index=True)[1]] = True
            new &= firsts
        self._has[indices] = True
        self._size += int(np.count_nonzero(new))
        return new

    def first_run(self, most: int) -> Range:
        """Return the lowest indices that follow each other, at most so many; none: LookupError."""
        if not self._size:
            raise LookupError("no segment is left")
        self._from += int(self._has[self._from :].argmax())
        some = self._has[self._from : self._from + most]
        gap = int(some.argmin())
        stop = self._from + (len(some) if some[gap] else gap)
        return self._from, stop - 1

    def ranges(self) -> list[Range]:
        """Return its indices, ascending."""
        return _ranges(self._has)

    def missing(self) -> list[Range]:
        """Return the indices that are not in it, ascending."""
        return _ranges(~self._has)


def _ranges(chosen: npt.NDArray[np.bool_]) -> list[Range]:
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False)).tolist()
    return [(first, stop - 1) for first, stop in zip(edges[::2], edges[1::2], strict=True)]
