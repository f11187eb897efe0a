"""Every cell with its UEs and their flows, now: in arrays, of which a moment touches few rows."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nef.domain.admission import serve
from nef.network.simulator.flows import Flows, Rank
from nef.network.simulator.looks import Look
from nef.network.simulator.moments import Moments
from nef.network.simulator.needs import UeRates, background_flows
from nef.network.simulator.radio import Rates
from nef.network.simulator.run import Run
from nef.network.simulator.scenario import Ue
from nef.network.simulator.sharing import Ints, share_out

#: From so many cells on they are shared out together: before, the steps from flow to flow of
#: `share_out` cost more than serving each cell by itself.
_MANY_CELLS = 32


class Cells:
    """UEs and cells have numbers: cells those of the scenario, UEs one cell after the other."""

    def __init__(self, run: Run, time_s: float) -> None:
        """Nobody but the background holds anything yet."""
        self._run, self.time_s = run, time_s
        self._cells = run.scenario.cells
        self.number_of_cell = {cell.id: number for number, cell in enumerate(self._cells)}
        self._ues = sorted(run.scenario.ues, key=lambda ue: self.number_of_cell[ue.cell_id])
        self.number_of_ue = {ue.id: number for number, ue in enumerate(self._ues)}
        self._cell_of = np.array([self.number_of_cell[ue.cell_id] for ue in self._ues], dtype=int)
        everywhere = np.arange(len(self._cells))
        ends = np.searchsorted(self._cell_of, everywhere, side="right").tolist()
        self._spans = [slice(*pair) for pair in zip([0, *ends], ends, strict=False)]
        self._ues_of = [tuple(self._ues[span]) for span in self._spans]
        self._blocks = np.array([cell.carrier.blocks for cell in self._cells])
        self._moments = Moments(self._ues, self._cells, time_s)
        self._rates = run.rates_bps(self._ues, time_s)
        self._attached = np.array([run.is_attached(ue.id) for ue in self._ues], dtype=bool)
        self.flows = Flows()
        self._rows_of: dict[int, list[int]] = {}
        self._orders: list[Ints] = [_NO_ROWS] * len(self._cells)
        self.looks: dict[str, Look] = {}
        #: The rows that hold something else than was told last, or did since somebody emptied it.
        self.moved: list[Ints] = []
        self._begin()

    # --- what is the case ---

    def ues_of(self, cell_id: str) -> Sequence[Ue]:
        """The UEs of a cell, attached or not."""
        return self._ues_of[self.number_of_cell[cell_id]]

    def rates(self, ue: int) -> UeRates:
        """What a block carries for a UE."""
        return tuple(self._rates[:, ue].tolist())

    def numbers(self, ue_id: str | None, cell_id: str | None) -> set[int]:
        """A UE and a cell, named as in `Moments`."""
        ues = {self.number_of_ue[ue_id]} if ue_id else set()
        cells = {len(self._ues) + self.number_of_cell[cell_id]} if cell_id else set()
        return ues | cells

    def rows_of(self, ue: int) -> Sequence[int]:
        """The flows of a UE."""
        return self._rows_of.get(ue, ())

    def order(self, ue: int) -> tuple[int, Ints]:
        """The blocks of a UE's cell, and the rows of its flows in the order of importance."""
        cell = int(self._cell_of[ue])
        return int(self._blocks[cell]), self._orders[cell]

    def look_at(self, cell_id: str, time_s: float, over: Collection[str]) -> Look:
        """A forecast: how a cell will stand when some sessions are over, and nobody came."""
        cell = self.number_of_cell[cell_id]
        span, rows = self._spans[cell], self._orders[cell]
        if over:
            owners = self.flows.owner[rows]
            rows = rows[[owner is None or owner.session_id not in over for owner in owners]]
        rates = self._run.rates_bps(self._ues_of[cell], time_s)
        blocks = self.flows.needed(rows, rates, time_s, span.start)
        _, held = _each(self._blocks[[cell]], np.array([len(rows)]), blocks)
        holders = self.flows.owner[rows], self.flows.priority[rows]
        return self._looked(cell, time_s, rates, *holders, held)

    @property
    def next_s(self) -> float:
        """The next moment at which the scenario may change something."""
        return self._moments.next_s

    # --- what happens ---

    def move(self, time_s: float) -> bool:
        """Go on to a moment; whether anything changed."""
        touched = self._moments.advance(time_s)
        self.time_s = time_s
        return bool(touched) and self.look_again(touched)

    def look_again(self, touched: set[int]) -> bool:
        """Take the radio of some UEs and cells anew, named as in `Moments`; whether it changed."""
        first_cell = len(self._ues)
        cells = {number - first_cell for number in touched if number >= first_cell}
        wide = (range(self._spans[cell].start, self._spans[cell].stop) for cell in cells)
        ues = np.array(sorted({n for n in touched if n < first_cell}.union(*wide)), dtype=int)
        out = {c for c in cells if self._is_out(c) != self.looks[self._cells[c].id].out}
        changed = out | self._tuned(ues)
        self._share_out(sorted(changed))
        return bool(changed)

    def exchange(self, put: Iterable[int] = (), take: Iterable[int] = ()) -> None:
        """Let flows come and go, by their rows, and share out anew in the cells of both."""
        come, gone = np.fromiter(put, dtype=int), np.fromiter(take, dtype=int)
        self.flows.blocks[come] = self.flows.needed(come, self._rates, self.time_s)
        touched: dict[int, list[int]] = {}
        for row, cell in self._with_cells(come):
            touched.setdefault(cell, []).append(row)
            self._rows_of.setdefault(int(self.flows.ue[row]), []).append(row)
        for row, cell in self._with_cells(gone):
            touched.setdefault(cell, [])
            self._rows_of[int(self.flows.ue[row])].remove(row)
        for cell, rows in touched.items():
            order = self._orders[cell]
            stay = order[~np.isin(order, gone)].tolist() if len(gone) else order.tolist()
            self._orders[cell] = np.array(sorted([*stay, *rows], key=self._rank), dtype=int)
        self._share_out(sorted(touched))

    # --- how ---

    def _begin(self) -> None:
        self._share_out(range(len(self._cells)))
        own = (flow for number, ue in enumerate(self._ues) for flow in background_flows(ue, number))
        self.exchange([self.flows.add(flow) for flow in own])

    def _rank(self, row: int) -> Rank:
        return self.flows.ranks[row]

    def _with_cells(self, rows: Ints) -> Iterator[tuple[int, int]]:
        return zip(rows.tolist(), self._cell_of[self.flows.ue[rows]].tolist(), strict=True)

    def _is_out(self, cell: int) -> bool:
        return self._run.is_out(self._cells[cell], self.time_s)

    def _tuned(self, ues: Ints) -> set[int]:
        """Take the radio of UEs anew; the cells in which it is another one, or takes others."""
        named = [self._ues[ue] for ue in ues.tolist()]
        rates = self._run.rates_bps(named, self.time_s)
        attached = np.array([self._run.is_attached(ue.id) for ue in named], dtype=bool)
        # A UE may come or go while it is out of coverage, where its rates say nothing of it.
        other = np.any(rates != self._rates[:, ues], axis=0) | (attached != self._attached[ues])
        self._rates[:, ues], self._attached[ues] = rates, attached
        rows = np.array([row for ue in ues.tolist() for row in self.rows_of(ue)], dtype=int)
        blocks = self.flows.needed(rows, self._rates, self.time_s)
        moved = rows[np.any(blocks != self.flows.blocks[rows], axis=1)]
        self.flows.blocks[rows] = blocks
        return set(self._cell_of[np.concatenate([ues[other], self.flows.ue[moved]])].tolist())

    def _share_out(self, cells: Sequence[int]) -> None:
        """Serve the flows of some cells anew."""
        orders = [self._orders[cell] for cell in cells]
        sizes = np.array([len(order) for order in orders], dtype=int)
        rows = np.concatenate([_NO_ROWS, *orders])
        together = _each if len(cells) < _MANY_CELLS else share_out
        levels, held = together(self._blocks[list(cells)], sizes, self.flows.blocks[rows])
        self.flows.level[rows], self.flows.held[rows] = levels, held
        self.moved.append(rows[levels != self.flows.told[rows]])
        owners, priorities = self.flows.owner[rows], self.flows.priority[rows]
        for cell, part in zip(cells, _parts(sizes), strict=True):
            rates = self._rates[:, self._spans[cell]].copy()
            holders = owners[part], priorities[part], held[part]
            self.looks[self._cells[cell].id] = self._looked(cell, self.time_s, rates, *holders)

    def _looked(
        self,
        number: int,
        time_s: float,
        rates: Rates,
        owners: NDArray[np.object_],
        priorities: Ints,
        held: Ints,
    ) -> Look:
        cell, span = self._cells[number], self._spans[number]
        present = self._attached[span].copy()
        out = self._run.is_out(cell, time_s)
        return Look(cell, out, self._ues_of[number], rates, present, owners, priorities, held)


_NO_ROWS: Ints = np.empty(0, dtype=np.int64)


def _parts(sizes: Ints) -> Iterator[slice]:
    """Where in an array each cell's part is, one after the other."""
    ends = np.cumsum(sizes).tolist()
    return (slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False))


def _each(free_blocks: Ints, sizes: Ints, blocks: Ints) -> tuple[Ints, Ints]:
    """The same as `share_out`, cell by cell."""
    rungs: list[int | None] = []
    for free, part in zip(free_blocks.tolist(), _parts(sizes), strict=True):
        rungs += serve(free, blocks[part].tolist())
    levels = np.array([-1 if rung is None else rung for rung in rungs], dtype=np.int64)
    held = blocks[np.arange(len(levels)), levels]
    held[levels < 0] = 0
    return levels, held
