"""Every cell with its UEs and their flows, now: in arrays, of which a moment touches few rows."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from nef.network.simulator.cqi import Floats
from nef.network.simulator.flows import Flow, Flows, Rank
from nef.network.simulator.looks import Look
from nef.network.simulator.members import Group, Members
from nef.network.simulator.moments import Moments
from nef.network.simulator.needs import background_flows
from nef.network.simulator.radio import Rates, UeRates, block_rates_bps, block_rates_of_one_bps
from nef.network.simulator.run import Run
from nef.network.simulator.sharing import Ints, share_out, share_out_alone

#: From so many cells on they are shared out together: before, the steps from flow to flow of
#: `share_out` cost more than serving each cell by itself.
_MANY_CELLS = 32
#: Up to so many UEs or flows are looked at one by one: what one step on arrays costs is spent on
#: that.
_FEW = 4
#: The sessions of flows, None for a background one, and their priorities.
_Holders = tuple[NDArray[np.object_], Ints]


class Cells:
    """UEs and cells have the numbers of `members`."""

    def __init__(self, run: Run, time_s: float) -> None:
        """Nobody but the background holds anything yet."""
        self._run, self.time_s = run, time_s
        self.members = Members(run.scenario, time_s)
        self._cells, self._ues = self.members.cells, self.members.ues
        self._blocks = np.array([cell.carrier.blocks for cell in self._cells])
        self._moments = Moments(self._ues, self._cells, time_s)
        everybody = np.arange(len(self._ues))
        self._attached = self._are_attached(everybody)
        self._elements = np.array([run.elements(cell, time_s) for cell in self._cells])
        self._rates = self._rates_at(time_s, everybody, self._elements[self.members.serving])
        self.flows = Flows()
        self._rows_of: list[list[int]] = [[] for _ in self._ues]
        self._orders: list[Ints] = [_NO_ROWS] * len(self._cells)
        # Whose they are, and how important: other ones only where flows come or go.
        self._holders = [self._holders_of(_NO_ROWS)] * len(self._cells)
        self.looks: dict[str, Look] = {}
        #: The rows that hold something else than was told last, or did since somebody emptied it.
        self.moved: list[Ints] = []
        self._share_out(range(len(self._cells)))
        own = (flow for number, ue in enumerate(self._ues) for flow in background_flows(ue, number))
        self.exchange([self.add(flow) for flow in own])

    # --- what is the case ---

    def serving(self, ue: int) -> str:
        """The cell that serves a UE, attached or not."""
        return self._cells[int(self.members.serving[ue])].id

    def rates(self, ue: int) -> UeRates:
        """What a block carries for a UE."""
        return tuple(self._rates[:, ue].tolist())

    def order(self, ue: int) -> tuple[int, Ints]:
        """The blocks of a UE's cell, and the rows of its flows in the order of importance."""
        cell = int(self.members.serving[ue])
        return int(self._blocks[cell]), self._orders[cell]

    def look_at(self, cell_id: str, time_s: float, over: Collection[str]) -> Look:
        """A forecast: how a cell will stand when some sessions are over, and nobody came."""
        cell = self.members.number_of_cell[cell_id]
        group = self.members.group_at(cell, time_s)
        found = self._orders[cell] if group is self.members.groups[cell] else self._order_of(group)
        owners = self.flows.owner[found].tolist()
        left = [one is None or one.reservation.session_id not in over for one in owners]
        rows = found[np.array(left, dtype=bool)]
        elements = self._run.elements(self._cells[cell], time_s)
        rates = self._rates_at(time_s, group.numbers, elements)
        columns = {ue: column for column, ue in enumerate(group.numbers.tolist())}
        places = np.array([columns[ue] for ue in self.flows.ue[rows].tolist()], dtype=np.int64)
        blocks = self.flows.needed(rows, places, rates, time_s)
        _, held = share_out_alone(int(self._blocks[cell]), blocks)
        return self._looked(cell, elements, group, rates, self._holders_of(rows), held)

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
        ues = {self.members.number_of_ue[ue_id]} if ue_id else set()
        cells = {len(self._ues) + self.members.number_of_cell[cell_id]} if cell_id else set()
        self._look_again(ues | cells)

    def add(self, flow: Flow) -> int:
        """Write a flow down, near those of its cell; its row, which holds nothing yet."""
        return self.flows.add(flow, int(self.members.serving[flow.ue]))

    def exchange(self, put: Sequence[int] = (), take: Sequence[int] = ()) -> None:
        """Let flows come and go, by their rows, and share out anew in the cells of both."""
        self._estimate(put)
        touched: dict[int, list[int]] = {}
        for row in put:
            ue = int(self.flows.ue[row])
            touched.setdefault(int(self.members.serving[ue]), []).append(row)
            self._rows_of[ue].append(row)
        for row in take:
            ue = int(self.flows.ue[row])
            touched.setdefault(int(self.members.serving[ue]), [])
            self._rows_of[ue].remove(row)
        left = frozenset(take)
        for cell, rows in touched.items():
            self._reorder(cell, rows, left)
        self._share_out(sorted(touched))

    # --- how ---

    def _look_again(self, touched: set[int]) -> bool:
        """Take the radio of what is named as in `Moments` anew; whether it changed."""
        first_cell = len(self._ues)
        cells = {number - first_cell for number in touched if number >= first_cell}
        members = (self.members.groups[cell].numbers.tolist() for cell in cells)
        ues = sorted({number for number in touched if number < first_cell}.union(*members))
        changed = {cell for cell in cells if self._failed_or_came_back(cell)}
        for ue in ues:
            changed |= self._handed_over(ue)
        if len(ues) > _FEW:
            changed |= self._tuned(np.array(ues, dtype=np.int64))
        else:
            changed |= {int(self.members.serving[ue]) for ue in ues if self._tuned_alone(ue)}
        self._share_out(sorted(changed))
        return bool(changed)

    def _failed_or_came_back(self, cell: int) -> bool:
        before = self._elements[cell]
        self._elements[cell] = self._run.elements(self._cells[cell], self.time_s)
        return bool(before != self._elements[cell])

    def _handed_over(self, ue: int) -> set[int]:
        """Let a UE go over to the cell that serves it now, with its flows; the cells."""
        handover = self.members.hand_over(ue, self.time_s)
        if handover is None:
            return set()
        old, new = handover
        rows = self._rows_of[ue]
        self._reorder(old, [], rows)
        self._reorder(new, rows, ())
        return {old, new}

    def _tuned(self, ues: Ints) -> set[int]:
        """Take the radio of UEs anew; the cells in which it is another one, or takes others."""
        before, present = self._rates[:, ues], self._attached[ues]
        self._attached[ues] = self._are_attached(ues)
        rates = self._rates_at(self.time_s, ues, self._elements[self.members.serving[ues]])
        self._rates[:, ues] = rates
        # A UE may come or go while it is out of coverage, where its rates say nothing of it.
        other = np.any(rates != before, axis=0) | (self._attached[ues] != present)
        rows = [row for ue in ues.tolist() for row in self._rows_of[ue]]
        own = np.array(rows, dtype=np.int64)
        blocks = self._needed(own)
        moved = own[np.any(blocks != self.flows.blocks[own], axis=1)]
        self.flows.blocks[own] = blocks
        return set(
            self.members.serving[np.concatenate([ues[other], self.flows.ue[moved]])].tolist()
        )

    def _tuned_alone(self, ue: int) -> bool:
        """The same for one UE: whether its radio is another one, or takes others."""
        attached = self._run.is_attached(self._ues[ue])
        elements = float(self._elements[self.members.serving[ue]]) if attached else 0.0
        sinr_db = self._run.sinr_db_of(self._ues[ue], self.time_s)
        rates = block_rates_of_one_bps(sinr_db, elements)
        changed = rates != self.rates(ue) or attached != self._attached[ue]
        self._rates[:, ue], self._attached[ue] = rates, attached
        for row in self._rows_of[ue]:
            blocks = self.flows.needed_by(row, rates, self.time_s)
            changed |= blocks != self.flows.blocks[row].tolist()
            self.flows.blocks[row] = blocks
        return bool(changed)

    def _share_out(self, cells: Sequence[int]) -> None:
        """Serve the flows of some cells anew."""
        orders = [self._orders[cell] for cell in cells]
        if len(cells) < _MANY_CELLS:
            for cell, rows in zip(cells, orders, strict=True):
                self._hold(rows, *share_out_alone(int(self._blocks[cell]), self.flows.blocks[rows]))
        else:
            sizes, rows = np.array([len(order) for order in orders]), np.concatenate(orders)
            shares = share_out(self._blocks[list(cells)], sizes, self.flows.blocks[rows])
            self._hold(rows, *shares)
        for cell, rows in zip(cells, orders, strict=True):
            group, held = self.members.groups[cell], self.flows.held[rows]
            rates = self._rates[:, group.numbers]
            look = self._looked(cell, self._elements[cell], group, rates, self._holders[cell], held)
            self.looks[look.cell.id] = look

    def _hold(self, rows: Ints, levels: Ints, held: Ints) -> None:
        self.flows.level[rows], self.flows.held[rows] = levels, held
        moved = rows[levels != self.flows.told[rows]]
        if len(moved):
            self.moved.append(moved)

    def _looked(
        self,
        cell: int,
        elements: float,
        group: Group,
        rates: Rates,
        holders: _Holders,
        held: Ints,
    ) -> Look:
        """How a cell stands; `held` are the blocks of its holders."""
        present, out = self._attached[group.numbers], bool(elements == 0)
        return Look(self._cells[cell], out, group.ues, rates, present, *holders, held)

    def _holders_of(self, rows: Ints) -> _Holders:
        return self.flows.owner[rows], self.flows.priority[rows]

    def _rates_at(self, time_s: float, ues: Ints, elements: Floats | float) -> Rates:
        """What a block carries for UEs, in cells of so many elements."""
        sinrs_db = self._run.sinrs_db(self.members.named(ues.tolist()), time_s)
        return block_rates_bps(sinrs_db, np.where(self._attached[ues], elements, 0.0))

    def _estimate(self, rows: Sequence[int]) -> None:
        """Write down what each rung of flows takes."""
        if len(rows) > _FEW:
            several = np.array(rows)
            self.flows.blocks[several] = self._needed(several)
            return
        for row in rows:
            rates = self.rates(int(self.flows.ue[row]))
            self.flows.blocks[row] = self.flows.needed_by(row, rates, self.time_s)

    def _needed(self, rows: Ints) -> Ints:
        return self.flows.needed(rows, self.flows.ue[rows], self._rates, self.time_s)

    def _reorder(self, cell: int, come: Sequence[int], gone: Collection[int]) -> None:
        stay = [row for row in self._orders[cell].tolist() if row not in gone]
        rows = self._ranked([*stay, *come])
        self._orders[cell], self._holders[cell] = rows, self._holders_of(rows)

    def _order_of(self, group: Group) -> Ints:
        ues = group.numbers.tolist()
        return self._ranked([row for ue in ues for row in self._rows_of[ue]])

    def _ranked(self, rows: list[int]) -> Ints:
        return np.array(sorted(rows, key=self._rank), dtype=np.int64)

    def _rank(self, row: int) -> Rank:
        return self.flows.ranks[row]

    def _are_attached(self, ues: Ints) -> NDArray[np.bool_]:
        named = self.members.named(ues.tolist())
        return np.array([self._run.is_attached(ue) for ue in named], dtype=bool)


_NO_ROWS: Ints = np.empty(0, dtype=np.int64)
