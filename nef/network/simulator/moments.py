"""The moments at which a scenario itself changes something, in order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, repeat
from math import inf
from operator import itemgetter

import numpy as np

from nef.network.simulator.scenario import Cell, Ue
from nef.network.simulator.spans import Span


class Moments:
    """Goes on from moment to moment; what may change at one is named by its number.

    UEs have the numbers from 0, cells go on after them.
    """

    def __init__(self, ues: Sequence[Ue], cells: Sequence[Cell], from_s: float) -> None:
        """Stand at a moment; whatever the scenario does at it has been done."""
        courses = [ue.condition.steps_s(from_s) for ue in ues]
        spans = [[flow.span for flow in ue.background] for ue in ues] + [c.outages for c in cells]
        known = [_known(course) for course in courses] + [()] * len(cells)
        times_s = [
            [*steps, *_edges_s(own, from_s)] for steps, own in zip(known, spans, strict=True)
        ]
        numbers = np.repeat(np.arange(len(times_s)), [len(times) for times in times_s])
        all_s = np.fromiter(chain.from_iterable(times_s), dtype=np.float64)
        order = np.argsort(all_s, kind="stable")
        self._times_s, self._numbers, self._place = all_s[order], numbers[order], 0
        moving = ((c, [n]) for n, c in enumerate(courses) if not isinstance(c, Sequence))
        again = ((span.edges_s(from_s), whose) for span, whose in _recurring(spans).items())
        self._found = merge(
            *(_touching(*course) for course in (*moving, *again)), key=itemgetter(0)
        )
        self._next_found = next(self._found, _NEVER)
        #: The next moment at which something may change; infinite where nothing will.
        self.next_s = self._nearest_s()

    def advance(self, until_s: float) -> set[int]:
        """Go on to a moment; the numbers of what may have changed since the last one."""
        end = int(np.searchsorted(self._times_s, until_s, side="right"))
        touched = set(self._numbers[self._place : end].tolist())
        self._place = end
        while self._next_found[0] <= until_s:
            touched.update(self._next_found[1])
            self._next_found = next(self._found, _NEVER)
        self.next_s = self._nearest_s()
        return touched

    def first_s(self, until_s: float, most: int) -> list[float]:
        """Go on to a moment, past no more than so many; those that were passed."""
        passed: list[float] = []
        while self.next_s <= until_s and len(passed) < most:
            passed.append(self.next_s)
            self.advance(self.next_s)
        return passed

    def _nearest_s(self) -> float:
        known_s = float(self._times_s[self._place]) if self._place < len(self._times_s) else inf
        return min(known_s, self._next_found[0])


_NEVER: tuple[float, Sequence[int]] = (inf, ())


def _known(course: Iterable[float]) -> Sequence[float]:
    return course if isinstance(course, Sequence) else ()


def _edges_s(spans: Iterable[Span], after_s: float) -> Iterator[float]:
    once = (span for span in spans if span.period_s == inf)
    return chain.from_iterable(span.edges_s(after_s) for span in once)


def _recurring(spans: Iterable[Iterable[Span]]) -> dict[Span, list[int]]:
    """What recurs, and the numbers of those that have it: many UEs follow the same hours."""
    found: dict[Span, list[int]] = defaultdict(list)
    for number, own in enumerate(spans):
        for span in own:
            if span.period_s < inf:
                found[span].append(number)
    return found


def _touching(
    times_s: Iterable[float], numbers: Sequence[int]
) -> Iterator[tuple[float, Sequence[int]]]:
    return zip(times_s, repeat(numbers), strict=False)
