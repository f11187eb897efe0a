"""Every cell with its UEs and their flows, now: in arrays, of which a moment touches few rows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nef.domain.admission import serve
from nef.network.simulator.flows import Flows, Rank
from nef.network.simulator.looks import Look
from nef.network.simulator.moments import Moments
from nef.network.simulator.needs import background_flows
from nef.network.simulator.radio import Rates, UeRates
from nef.network.simulator.run import Run
from nef.network.simulator.scenario import Ue
from nef.network.simulator.sharing import Ints, share_out

#: From so many cells on they are shared out together: before, the steps from flow to flow of
#: `share_out` cost more than serving each cell by itself.
_MANY_CELLS = 32
#: Up to so many flows are looked at one by one: what one step on arrays costs is spent on that.
_FEW_FLOWS = 4
#: The sessions of flows, None for a background one, and their priorities.
_Holders = tuple[NDArray[np.object_], Ints]


class Cells:
    """UEs and cells have numbers: their places in the scenario."""

    def __init__(self, run: Run, time_s: float) -> None:
        """Nobody but the background holds anything yet."""
        self._run, self.time_s = run, time_s
        self._cells, self._ues = run.scenario.cells, run.scenario.ues
        self.number_of_cell = {cell.id: number for number, cell in enumerate(self._cells)}
        self.number_of_ue = {ue.id: number for number, ue in enumerate(self._ues)}
        self._blocks = np.array([cell.carrier.blocks for cell in self._cells])
        self._moments = Moments(self._ues, self._cells, time_s)
        self._rates = run.rates_bps(self._ues, time_s)
        self._attached = np.array([run.is_attached(ue.id) for ue in self._ues], dtype=bool)
        serving = [self.number_of_cell[ue.cell_at(time_s)] for ue in self._ues]
        self._serving = np.array(serving, dtype=np.int64)
        members: list[list[int]] = [[] for _ in self._cells]
        self._visitors: list[list[int]] = [[] for _ in self._cells]
        for number, ue in enumerate(self._ues):
            members[serving[number]].append(number)
            for cell_id in {stay.cell_id for stay in ue.stays}:
                self._visitors[self.number_of_cell[cell_id]].append(number)
        self._members = [self._group(numbers) for numbers in members]
        self.flows = Flows()
        self._rows_of: dict[int, list[int]] = {}
        self._orders: list[Ints] = [_NO_ROWS] * len(self._cells)
        # Whose they are, and how important: other ones only where flows come or go.
        self._holders = [self._holders_of(_NO_ROWS)] * len(self._cells)
        self.looks: dict[str, Look] = {}
        #: The rows that hold something else than was told last, or did since somebody emptied it.
        self.moved: list[Ints] = []
        self._share_out(range(len(self._cells)))
        own = (flow for number, ue in enumerate(self._ues) for flow in background_flows(ue, number))
        self.exchange([self.flows.add(flow) for flow in own])

    # --- what is the case ---

    def serving(self, ue: int) -> str:
        """The cell that serves a UE, attached or not."""
        return self._cells[int(self._serving[ue])].id

    def ues_of(self, cell_id: str) -> Sequence[Ue]:
        """The UEs that a cell serves, attached or not."""
        return self._members[self.number_of_cell[cell_id]].ues

    def ues_ahead_of(self, cell_id: str) -> Sequence[Ue]:
        """The UEs that a cell serves now, or may serve after a handover."""
        cell = self.number_of_cell[cell_id]
        may = [ue for ue in self._visitors[cell] if self._serving[ue] != cell]
        return (*self._members[cell].ues, *self._named(may))

    def rates(self, ue: int) -> UeRates:
        """What a block carries for a UE."""
        return tuple(self._rates[:, ue].tolist())

    def order(self, ue: int) -> tuple[int, Ints]:
        """The blocks of a UE's cell, and the rows of its flows in the order of importance."""
        cell = int(self._serving[ue])
        return int(self._blocks[cell]), self._orders[cell]

    def look_at(self, cell_id: str, time_s: float, over: Collection[str]) -> Look:
        """A forecast: how a cell will stand when some sessions are over, and nobody came."""
        cell = self.number_of_cell[cell_id]
        group = self._members_at(cell, time_s)
        found = self._orders[cell] if group is self._members[cell] else self._order_of(group)
        left = [o is None or o.session_id not in over for o in self.flows.owner[found]]
        rows = found[np.array(left, dtype=bool)]
        rates = self._run.rates_bps(group.ues, time_s)
        columns = {ue: column for column, ue in enumerate(group.numbers.tolist())}
        places = np.array([columns[ue] for ue in self.flows.ue[rows].tolist()], dtype=np.int64)
        blocks = self.flows.needed(rows, places, rates, time_s)
        _, held = _served(int(self._blocks[cell]), blocks)
        return self._looked(cell, time_s, group, rates, self._holders_of(rows), held)

    @property
    def next_s(self) -> float:
        """The next moment at which the scenario may change something."""
        return self._moments.next_s

    # --- what happens ---

    def move(self, time_s: float) -> bool:
        """Go on to a moment; whether anything changed."""
        self.time_s = time_s
        if time_s < self._moments.next_s:
            return False
        touched = self._moments.advance(time_s)
        return bool(touched) and self._look_again(touched)

    def look_again(self, ue_id: str | None, cell_id: str | None) -> None:
        """Take the radio of a UE or of a cell anew."""
        ues = {self.number_of_ue[ue_id]} if ue_id else set()
        cells = {len(self._ues) + self.number_of_cell[cell_id]} if cell_id else set()
        self._look_again(ues | cells)

    def exchange(self, put: Iterable[int] = (), take: Iterable[int] = ()) -> None:
        """Let flows come and go, by their rows, and share out anew in the cells of both."""
        come, gone = np.fromiter(put, dtype=int), np.fromiter(take, dtype=int)
        self._estimate(come)
        touched: dict[int, list[int]] = {}
        for row, ue in zip(come.tolist(), self.flows.ue[come].tolist(), strict=True):
            touched.setdefault(int(self._serving[ue]), []).append(row)
            self._rows_of.setdefault(ue, []).append(row)
        for row, ue in zip(gone.tolist(), self.flows.ue[gone].tolist(), strict=True):
            touched.setdefault(int(self._serving[ue]), [])
            self._rows_of[ue].remove(row)
        left = frozenset(gone.tolist())
        for cell, rows in touched.items():
            self._reorder(cell, rows, left)
        self._share_out(sorted(touched))

    # --- how ---

    def _look_again(self, touched: set[int]) -> bool:
        """Take the radio of what is named as in `Moments` anew; whether it changed."""
        first_cell = len(self._ues)
        cells = {number - first_cell for number in touched if number >= first_cell}
        members = (self._members[cell].numbers.tolist() for cell in cells)
        ues = sorted({number for number in touched if number < first_cell}.union(*members))
        changed = {c for c in cells if self._is_out(c) != self.looks[self._cells[c].id].out}
        for ue in ues:
            changed |= self._handed_over(ue)
        changed |= self._tuned(np.array(ues, dtype=np.int64))
        self._share_out(sorted(changed))
        return bool(changed)

    def _handed_over(self, ue: int) -> set[int]:
        """Let a UE go over to the cell that serves it now, with its flows; the cells."""
        if not self._ues[ue].stays:
            return set()
        old = int(self._serving[ue])
        new = self.number_of_cell[self._ues[ue].cell_at(self.time_s)]
        if new == old:
            return set()
        self._serving[ue] = new
        before, after = (self._members[cell].numbers.tolist() for cell in (old, new))
        self._members[old] = self._group([one for one in before if one != ue])
        self._members[new] = self._group([*after, ue])
        rows = self._rows_of.get(ue, [])
        self._reorder(old, [], rows)
        self._reorder(new, rows, ())
        return {old, new}

    def _tuned(self, ues: Ints) -> set[int]:
        """Take the radio of UEs anew; the cells in which it is another one, or takes others."""
        named = self._named(ues.tolist())
        rates = self._run.rates_bps(named, self.time_s)
        attached = np.array([self._run.is_attached(ue.id) for ue in named], dtype=bool)
        # A UE may come or go while it is out of coverage, where its rates say nothing of it.
        other = np.any(rates != self._rates[:, ues], axis=0) | (attached != self._attached[ues])
        self._rates[:, ues], self._attached[ues] = rates, attached
        rows = [row for ue in ues.tolist() for row in self._rows_of.get(ue, ())]
        own = np.array(rows, dtype=np.int64)
        blocks = self._needed(own)
        moved = own[np.any(blocks != self.flows.blocks[own], axis=1)]
        self.flows.blocks[own] = blocks
        return set(self._serving[np.concatenate([ues[other], self.flows.ue[moved]])].tolist())

    def _share_out(self, cells: Sequence[int]) -> None:
        """Serve the flows of some cells anew."""
        orders = [self._orders[cell] for cell in cells]
        if len(cells) < _MANY_CELLS:
            for cell, rows in zip(cells, orders, strict=True):
                self._hold(rows, *_served(int(self._blocks[cell]), self.flows.blocks[rows]))
        else:
            sizes, rows = np.array([len(order) for order in orders]), np.concatenate(orders)
            shares = share_out(self._blocks[list(cells)], sizes, self.flows.blocks[rows])
            self._hold(rows, *shares)
        for cell, rows in zip(cells, orders, strict=True):
            group, held = self._members[cell], self.flows.held[rows]
            rates = self._rates[:, group.numbers]
            look = self._looked(cell, self.time_s, group, rates, self._holders[cell], held)
            self.looks[look.cell.id] = look

    def _hold(self, rows: Ints, levels: Ints, held: Ints) -> None:
        self.flows.level[rows], self.flows.held[rows] = levels, held
        moved = rows[levels != self.flows.told[rows]]
        if len(moved):
            self.moved.append(moved)

    def _looked(
        self,
        number: int,
        time_s: float,
        group: "_Group",
        rates: Rates,
        holders: _Holders,
        held: Ints,
    ) -> Look:
        """How a cell stands; `held` are the blocks of its holders."""
        cell = self._cells[number]
        present, out = self._attached[group.numbers], self._run.is_out(cell, time_s)
        return Look(cell, out, group.ues, rates, present, *holders, held)

    def _holders_of(self, rows: Ints) -> _Holders:
        return self.flows.owner[rows], self.flows.priority[rows]

    def _estimate(self, rows: Ints) -> None:
        """Write down what each rung of flows takes."""
        if len(rows) > _FEW_FLOWS:
            self.flows.blocks[rows] = self._needed(rows)
            return
        for row in rows.tolist():
            rates = self.rates(int(self.flows.ue[row]))
            self.flows.blocks[row] = self.flows.needed_by(row, rates, self.time_s)

    def _needed(self, rows: Ints) -> Ints:
        return self.flows.needed(rows, self.flows.ue[rows], self._rates, self.time_s)

    def _reorder(self, cell: int, come: Sequence[int], gone: Collection[int]) -> None:
        stay = [row for row in self._orders[cell].tolist() if row not in gone]
        rows = self._ranked([*stay, *come])
        self._orders[cell], self._holders[cell] = rows, self._holders_of(rows)

    def _order_of(self, group: "_Group") -> Ints:
        ues = group.numbers.tolist()
        return self._ranked([row for ue in ues for row in self._rows_of.get(ue, ())])

    def _ranked(self, rows: list[int]) -> Ints:
        return np.array(sorted(rows, key=self._rank), dtype=np.int64)

    def _rank(self, row: int) -> Rank:
        return self.flows.ranks[row]

    def _members_at(self, cell: int, time_s: float) -> "_Group":
        """Whom a cell will serve, if nobody comes or goes but by handover."""
        here, now = self._cells[cell].id, self._members[cell]
        there = {ue for ue in self._visitors[cell] if self._ues[ue].cell_at(time_s) == here}
        numbers = now.numbers.tolist()
        stay = [ue for ue in numbers if ue in there or not self._ues[ue].stays]
        coming = sorted(there.difference(stay))
        return self._group([*stay, *coming]) if coming or len(stay) < len(numbers) else now

    def _group(self, numbers: list[int]) -> "_Group":
        return _Group(np.array(numbers, dtype=np.int64), self._named(numbers))

    def _named(self, ues: Iterable[int]) -> tuple[Ue, ...]:
        return tuple(self._ues[ue] for ue in ues)

    def _is_out(self, cell: int) -> bool:
        return self._run.is_out(self._cells[cell], self.time_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The UEs that a cell serves, by their numbers and by themselves."""

    numbers: Ints
    ues: tuple[Ue, ...]


_NO_ROWS: Ints = np.empty(0, dtype=np.int64)


def _served(free_blocks: int, blocks: Ints) -> tuple[Ints, Ints]:
    """The same as `share_out` for one cell, by the rule itself."""
    needs = blocks.tolist()
    rungs = serve(free_blocks, needs)
    held = [0 if r is None else need[r] for r, need in zip(rungs, needs, strict=True)]
    levels = [-1 if rung is None else rung for rung in rungs]
    return np.array(levels, dtype=np.int64), np.array(held, dtype=np.int64)
