"""The moments at which a scenario itself changes something, in order."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import chain, repeat
from math import inf

from nef.network.simulator.scenario import Cell, Span, Ue


class Timeline:
    """Goes on from moment to moment; what may change at one is named by its number.

    UEs have the numbers from 0, cells go on after them.
    """

    def __init__(self, ues: Sequence[Ue], cells: Sequence[Cell], from_s: float) -> None:
        """Stand at a moment; whatever the scenario does at it has been done."""
        courses = [
            *(_course(number, _ue_steps_s(ue, from_s)) for number, ue in enumerate(ues)),
            *(_course(len(ues) + n, _edges_s(c.outages, from_s)) for n, c in enumerate(cells)),
        ]
        self._coming = merge(*courses)
        self._next = next(self._coming, _NEVER)

    @property
    def next_s(self) -> float:
        """The next moment at which something may change; infinite where nothing will."""
        return self._next[0]

    def advance(self, until_s: float) -> set[int]:
        """Go on to a moment; the numbers of what may have changed since the last one."""
        touched = set()
        while self._next[0] <= until_s:
            touched.add(self._next[1])
            self._next = next(self._coming, _NEVER)
        return touched


_NEVER = (inf, -1)


def _course(number: int, times_s: Iterator[float]) -> Iterator[tuple[float, int]]:
    return zip(times_s, repeat(number), strict=False)


def _ue_steps_s(ue: Ue, after_s: float) -> Iterator[float]:
    steps_s = ue.condition.steps_s(after_s)
    if not ue.background:
        return steps_s
    return merge(steps_s, _edges_s([flow.span for flow in ue.background], after_s))


def _edges_s(spans: Sequence[Span], after_s: float) -> Iterator[float]:
    edges_s = chain.from_iterable((span.from_s, span.until_s) for span in spans)
    return iter(sorted(edge_s for edge_s in edges_s if after_s < edge_s < inf))
