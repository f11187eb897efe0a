"""What was seen of a run, as far back as a bounded memory reaches, and how much of it was foreseen.

A restart of the process begins a new history: the store keeps what is owed to AFs, not what was.
"""

import math
from bisect import bisect_right
from collections import defaultdict, deque
from dataclasses import dataclass
from itertools import islice, takewhile

from nef.network.simulator.ledger import Ledger
from nef.network.simulator.looks import Look

#: Nothing is recorded more often; a tick is as short.
LEAST_STEP_S = 0.1
#: How far back the history reaches where everything changes all the time: ten minutes of ticks.
MOST_SAMPLES = 6000
#: A bound for large networks: UEs times samples.
_MOST_VALUES = 4_000_000
#: Surprises are counted over this time.
SURPRISES_S = 600.0
#: A run younger than this has not yet shown how often it surprises.
_LEAST_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How every cell stood at a moment of the run."""

    time_s: float
    looks: dict[str, Look]


class History:
    """Samples of a run, the oldest forgotten first; times are those of the run.

    Of several changes within a step the last one is what held. So that not all cells are gone
    through at each of them, it is taken when the next step begins, or somebody asks.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Begin with how things stand."""
        depth = max(2, min(MOST_SAMPLES, _MOST_VALUES // max(1, len(ledger.run.ues))))
        self._ledger = ledger
        self._samples: deque[Sample] = deque(maxlen=depth)
        self._revision, self._is_behind = -1, False
        self._begin()

    def record(self) -> None:
        """Remember how things stand, if they are other than before."""
        if self._ledger.revision == self._revision:
            return
        self._revision = self._ledger.revision
        if self._is_step_over(self._ledger.time_s):
            self._begin()
        else:
            self._is_behind = True

    def go_on(self, time_s: float) -> None:
        """Nothing has happened since the last record, and something may at a moment."""
        if self._is_behind and self._is_step_over(time_s):
            self._catch_up()

    def samples(self, from_s: float, until_s: float) -> list[Sample]:
        """What held within a window, the first from its beginning on; empty where unknown."""
        if self._is_behind:
            self._catch_up()
        first = max(0, bisect_right(self._samples, from_s, key=lambda s: s.time_s) - 1)
        inside = takewhile(
            lambda s: s.time_s < until_s or s.time_s <= from_s, islice(self._samples, first, None)
        )
        found = list(inside)
        if not found:
            return []
        begun = found[0]
        return [Sample(max(begun.time_s, from_s), begun.looks), *found[1:]]

    def _begin(self) -> None:
        self._revision = self._ledger.revision
        self._samples.append(Sample(self._ledger.time_s, self._ledger.looks()))

    def _is_step_over(self, time_s: float) -> bool:
        return time_s >= self._samples[-1].time_s + LEAST_STEP_S

    def _catch_up(self) -> None:
        self._samples[-1] = Sample(self._samples[-1].time_s, self._ledger.looks())
        self._is_behind = False


class Surprises:
    """How often something happened in a cell that no forecast knew: the measure of confidence."""

    def __init__(self, started_s: float) -> None:
        """Nothing has happened yet."""
        self._started_s = started_s
        self._times: dict[str, deque[float]] = defaultdict(deque)

    def note(self, cell_id: str, time_s: float) -> None:
        """A session came, changed or went, or somebody overrode the scenario."""
        self._times[cell_id].append(time_s)
        self._forget(cell_id, time_s)

    def confidence(self, cell_id: str, now_s: float, until_s: float) -> int:
        """The chance in per cent that none comes until then, if they come as often as lately.

        Surprises that are independent of each other make a Poisson process, where that chance is
        exp(-rate x time).
        """
        self._forget(cell_id, now_s)
        seen_s = min(SURPRISES_S, max(_LEAST_S, now_s - self._started_s))
        rate = len(self._times[cell_id]) / seen_s
        return round(100 * math.exp(-rate * max(0.0, until_s - now_s)))

    def _forget(self, cell_id: str, now_s: float) -> None:
        times = self._times[cell_id]
        while times and times[0] < now_s - SURPRISES_S:
            times.popleft()
