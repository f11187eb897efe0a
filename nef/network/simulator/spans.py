"""When something lasts: once, or again and again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from math import floor, inf

import numpy as np
from numpy.typing import NDArray

from nef.network.simulator.cqi import Floats

#: Times are taken to the microsecond: what begins at a moment has begun then, however many periods
#: there were before.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Span:
    """A time from a moment on, and before another; with a period, the same again in each."""

    from_s: float
    until_s: float
    period_s: float = inf

    @property
    def lasts_s(self) -> float:
        """How long it is, each time."""
        return round(self.until_s - self.from_s, _DIGITS)

    def __contains__(self, time_s: float) -> bool:
        """Whether a moment lies inside."""
        return is_on(time_s, self.from_s, self.lasts_s, self.period_s)

    def edges_s(self, after_s: float) -> Iterator[float]:
        """Every later moment at which it begins or ends, in order; without an end if it recurs."""
        edges_s = (edge_s for times in self.times_s(after_s) for edge_s in times)
        return (edge_s for edge_s in edges_s if after_s < edge_s < inf)

    def times_s(self, after_s: float) -> Iterator[tuple[float, float]]:
        """From when until when it lasts, each time that ends after a moment; none is before 0."""
        for shift_s in self._shifts_s(after_s):
            if shift_s + self.until_s > after_s:
                yield max(0.0, shift_s + self.from_s), shift_s + self.until_s

    def _shifts_s(self, after_s: float) -> Iterable[float]:
        if self.period_s == inf:
            return (0.0,)
        first = floor((after_s - self.until_s) / self.period_s)
        return (number * self.period_s for number in count(first))


def is_on(time_s: float, from_s: float, lasts_s: float, period_s: float) -> bool:
    """Whether a moment lies in what lasts for so long, from a moment on, in each period."""
    since_s = round(time_s - from_s, _DIGITS) % period_s
    return round(since_s, _DIGITS) < lasts_s


def are_on(time_s: float, from_s: Floats, lasts_s: Floats, period_s: Floats) -> NDArray[np.bool_]:
    """The same for many."""
    since_s = np.mod(np.round(time_s - from_s, _DIGITS), period_s)
    found: NDArray[np.bool_] = np.round(since_s, _DIGITS) < lasts_s
    return found
