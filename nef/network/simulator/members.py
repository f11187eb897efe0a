"""Which UEs a cell serves, now and after the handovers to come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nef.network.simulator.scenario import Scenario, Ue
from nef.network.simulator.sharing import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The UEs that a cell serves, by their numbers and by themselves."""

    numbers: Ints
    ues: tuple[Ue, ...]


class Members:
    """UEs and cells have numbers: of cells the places in the scenario, of UEs those by their cells.

    So what belongs to a cell lies together in columns, and takes few lines of the cache.
    """

    def __init__(self, scenario: Scenario, time_s: float) -> None:
        """Let every UE be in its cell of a moment, attached or not."""
        self.cells = scenario.cells
        self.number_of_cell = {cell.id: number for number, cell in enumerate(self.cells)}
        self.ues = sorted(scenario.ues, key=lambda ue: self.number_of_cell[ue.cell_id])
        self.number_of_ue = {ue.id: number for number, ue in enumerate(self.ues)}
        serving = [self.number_of_cell[ue.cell_at(time_s)] for ue in self.ues]
        #: The cell of each UE.
        self.serving: Ints = np.array(serving, dtype=np.int64)
        members: list[list[int]] = [[] for _ in self.cells]
        self._visitors: list[list[int]] = [[] for _ in self.cells]
        for number, ue in enumerate(self.ues):
            members[serving[number]].append(number)
            for cell_id in {stay.cell_id for stay in ue.stays}:
                self._visitors[self.number_of_cell[cell_id]].append(number)
        #: The UEs of each cell.
        self.groups = [self._group(numbers) for numbers in members]

    def named(self, ues: Iterable[int]) -> tuple[Ue, ...]:
        """UEs by their numbers."""
        return tuple(self.ues[ue] for ue in ues)

    def ahead_of(self, cell: int) -> Sequence[Ue]:
        """The UEs that a cell serves now, or may serve after a handover."""
        may = [ue for ue in self._visitors[cell] if self.serving[ue] != cell]
        return (*self.groups[cell].ues, *self.named(may))

    def group_at(self, cell: int, time_s: float) -> Group:
        """Whom a cell will serve, if nobody comes or goes but by handover."""
        here, now = self.cells[cell].id, self.groups[cell]
        there = {ue for ue in self._visitors[cell] if self.ues[ue].cell_at(time_s) == here}
        numbers = now.numbers.tolist()
        stay = [ue for ue in numbers if ue in there or not self.ues[ue].stays]
        coming = sorted(there.difference(stay))
        return self._group([*stay, *coming]) if coming or len(stay) < len(numbers) else now

    def hand_over(self, ue: int, time_s: float) -> tuple[int, int] | None:
        """Let a UE go over to its cell of a moment: from which to which, None where it stays."""
        if not self.ues[ue].stays:
            return None
        old, new = int(self.serving[ue]), self.number_of_cell[self.ues[ue].cell_at(time_s)]
        if new == old:
            return None
        self.serving[ue] = new
        before, after = (self.groups[cell].numbers.tolist() for cell in (old, new))
        self.groups[old] = self._group([one for one in before if one != ue])
        self.groups[new] = self._group([*after, ue])
        return old, new

    def _group(self, numbers: list[int]) -> Group:
        return Group(np.array(numbers, dtype=np.int64), self.named(numbers))
