"""The run that is being played, behind one lock: what all adapters of the simulator share.

The lock is held around arithmetic in memory, never around anything that waits; but for a start,
when what the store has is read in it, and nobody else asks yet.
"""

import math
import threading

from nef.network.simulator.history import History, Surprises
from nef.network.simulator.ledger import Ledger
from nef.network.simulator.run import MOST_STRIDES, Run

#: What was missed is looked at this often, and where it was very long, this many times.
_STEP_S, _MOST_STEPS = 1.0, 100


class Stage:
    """The ledger of the run, its history, and what surprised it; hold `lock` to use any of it."""

    def __init__(self, run: Run) -> None:
        """Begin a run."""
        self.lock = threading.Lock()
        self._begin(Ledger(run, 0.0))

    def play(self, run: Run, now_s: float) -> None:
        """Begin or resume another run; it takes over the sessions of the one before."""
        before, after = self.ledger, Ledger(run, run.time_s(now_s))
        after.inherit(before)
        self._begin(after)

    def move(self, now_s: float) -> None:
        """Go on to a moment of the clock, through all at which the scenario changes something."""
        until_s = self.ledger.run.time_s(now_s)
        while self.ledger.next_s <= until_s:
            self._move(self.ledger.next_s)
        self._move(until_s)

    def moments_s(self, from_s: float, until_s: float) -> list[float]:
        """Moments of the clock, after one and up to another, at which to look at what is going on.

        Those at which the scenario changes something, and others at least, so that what lasts for
        some time is seen to last.
        """
        run, ues = self.ledger.run, self.ledger.run.scenario.ues
        first_s, last_s = run.time_s(from_s), run.time_s(until_s)
        steps = min(_MOST_STEPS, math.ceil((last_s - first_s) / _STEP_S))
        edges = [first_s + (last_s - first_s) * n / steps for n in range(steps)]
        found = {*run.changes_s(ues, first_s, last_s, MOST_STRIDES), *edges[1:], last_s}
        return [run.started_s + time_s for time_s in sorted(found) if time_s > first_s]

    def changed(self, cell_id: str | None = None) -> None:
        """Something happened that no forecast knew, in a cell or in all of them."""
        ledger = self.ledger
        for name in (cell_id,) if cell_id else ledger.run.cells:
            self.surprises.note(name, ledger.time_s)
        self.history.record()

    def _begin(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.begun_s = ledger.run.started_s + ledger.time_s
        self.history = History(ledger)
        self.surprises = Surprises(ledger.time_s)

    def _move(self, time_s: float) -> None:
        self.history.go_on(time_s)
        self.ledger.move(time_s)
        self.history.record()
