"""Who holds what in which cell, now: the state of the simulated network, without lock or clock."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from nef.domain.admission import Allocation, FlowNeed, acceptable_blocks, admit, allocate
from nef.domain.errors import ResourcesRefused
from nef.domain.units import BitRate
from nef.network.simulator.looks import Look, held_blocks
from nef.network.simulator.needs import (
    UeRates,
    background_needs,
    flow_needs,
    is_covered,
    reliability,
    reserved_bps,
)
from nef.network.simulator.run import Run
from nef.network.simulator.scenario import Cell, Ue
from nef.ports.network import Levels, NetworkChanges, Reservation


class Ledger:
    """The reservations of a run, and what each cell makes of them at `time_s`."""

    def __init__(self, run: Run, time_s: float) -> None:
        """Nobody holds anything yet."""
        self.run, self.time_s = run, time_s
        #: Grows with whatever may change a flow's rate.
        self.revision = 0
        self._ues = run.scenario.ues
        self._index = {ue.id: i for i, ue in enumerate(self._ues)}
        self._loaded = [ue for ue in self._ues if ue.background]
        self._ues_of: dict[str, list[Ue]] = defaultdict(list)
        for ue in self._ues:
            self._ues_of[ue.cell_id].append(ue)
        self._sessions_of: dict[str, dict[str, Reservation]] = defaultdict(dict)
        self._cell_of: dict[str, str] = {}
        self._ended: set[str] = set()
        self._reported: dict[str, Levels] = {}
        self._touched: set[str] = set()
        self._rates = run.rates_bps(self._ues, time_s)
        self._allocations: dict[str, Allocation] = {}
        self._looks: dict[str, Look] = {}
        self._share_out(run.cells)

    # --- what is the case ---

    def rates(self, ue_id: str) -> UeRates:
        """What a block carries for a UE."""
        return tuple(int(rate) for rate in self._rates[:, self._index[ue_id]])

    def cell_of(self, session_id: str) -> str | None:
        """The cell in which a session holds something."""
        return self._cell_of.get(session_id)

    def allocation(self, cell_id: str) -> Allocation:
        """The rungs of a cell's flows, and its free blocks."""
        return self._allocations[cell_id]

    def ues_of(self, cell_id: str) -> list[Ue]:
        """The UEs that a cell serves, attached or not."""
        return self._ues_of[cell_id]

    def reservations_of(self, cell_id: str) -> Iterable[Reservation]:
        """What sessions want of a cell, in the order in which it heard of them."""
        return self._sessions_of[cell_id].values()

    def reservation(self, session_id: str) -> Reservation | None:
        """What a session wants; None where it is not known, or has ended."""
        return self._sessions_of.get(self._cell_of.get(session_id, ""), {}).get(session_id)

    def ends_s(self, cell_id: str) -> dict[str, float]:
        """When those sessions of a cell end that have said so, in the time of the run."""
        return {
            name: self.run.time_s(reservation.expires_at_s)
            for name, reservation in self._sessions_of[cell_id].items()
            if reservation.expires_at_s is not None
        }

    def levels(self, session_id: str) -> Levels | None:
        """What a session holds; None where it is not known, or has ended."""
        cell_id = self._cell_of.get(session_id)
        if cell_id is None:
            return None
        granted = self._allocations[cell_id].levels
        demands = self._sessions_of[cell_id][session_id].demands
        return {d.component: granted[session_id, d.component] for d in demands}

    def looks(self) -> dict[str, Look]:
        """How every cell stands."""
        return dict(self._looks)

    def look(self, cell_id: str) -> Look:
        """How a cell stands."""
        return self._looks[cell_id]

    def look_at(self, cell: Cell, time_s: float) -> Look:
        """A forecast: how a cell will stand if nobody comes, and sessions end when they said."""
        rates = self._rates_at(cell, time_s)
        over = {name for name, end_s in self.ends_s(cell.id).items() if end_s <= time_s}
        needs = [n for n in self._needs(cell.id, rates, time_s) if n.session_id not in over]
        return self._looked(cell, time_s, rates, needs, allocate(cell.carrier.blocks, needs))

    # --- what happens ---

    def move(self, time_s: float) -> None:
        """Go on to a moment; time does not go back."""
        if time_s > self.time_s:
            self.look_again(time_s)

    def look_again(self, time_s: float) -> None:
        """Take the radio of a moment, and share out again in the cells where it changed."""
        rates = self.run.rates_bps(self._ues, time_s)
        changed = np.any(rates != self._rates, axis=0)
        cells = {self._ues[i].cell_id for i in np.flatnonzero(changed)}
        cells |= {
            ue.cell_id
            for ue in self._loaded
            if any((time_s in f.span) != (self.time_s in f.span) for f in ue.background)
        }
        # A UE may come or go while it is out of coverage, where its rates say nothing of it.
        cells |= {
            ue.cell_id
            for ue in self._ues
            if self.run.is_attached(ue.id) != (ue.id in self._looks[ue.cell_id].attached)
        }
        cells |= {
            cell.id
            for cell in self.run.scenario.cells
            if self.run.is_out(cell, time_s) != self._looks[cell.id].out
        }
        self._rates, self.time_s = rates, time_s
        self._share_out(cells)

    def reserve(self, reservation: Reservation) -> Levels:
        """Admit a session or change it; raises ResourcesRefused, and then nothing has changed."""
        if self.run.is_attached(reservation.ue_id) and is_covered(self.rates(reservation.ue_id)):
            self._check_room(reservation)
        self.take_over((reservation,))
        return self._reported[reservation.session_id]

    def take_over(self, reservations: Iterable[Reservation]) -> None:
        """Let sessions have what there is for them, without asking whether all of it fits."""
        taken = list(reservations)
        self._share_out({cell for r in taken for cell in self._placed(r)})
        for reservation in taken:
            nothing = {demand.component: None for demand in reservation.demands}
            levels = self.levels(reservation.session_id)
            self._reported[reservation.session_id] = nothing if levels is None else levels

    def release(self, session_id: str) -> None:
        """Give back what a session holds."""
        self._ended.discard(session_id)
        self._reported.pop(session_id, None)
        self._remove(session_id)

    def end_sessions_of(self, ue_id: str) -> None:
        """A UE has left: its sessions hold nothing any more, and are reported until released."""
        sessions = self._sessions_of[self.run.ues[ue_id].cell_id]
        for session_id in [s.session_id for s in sessions.values() if s.ue_id == ue_id]:
            self._end(session_id)

    def changes(self) -> NetworkChanges:
        """What moved since the last call; sessions that ended are repeated until released."""
        moved: dict[str, Levels] = {}
        for cell_id in sorted(self._touched):
            for session_id in self._sessions_of[cell_id]:
                levels = self.levels(session_id)
                if levels is not None and levels != self._reported.get(session_id):
                    moved[session_id] = self._reported[session_id] = levels
        self._touched.clear()
        return NetworkChanges(moved, frozenset(self._ended))

    def inherit(self, other: "Ledger") -> None:
        """Take over the sessions of another run, and what was reported of them."""
        self.revision += other.revision
        known = other._sessions_of.values()  # noqa: SLF001 - another one of the same class
        reservations = [r for sessions in known for r in sessions.values()]
        self._share_out({cell for r in reservations for cell in self._placed(r)})
        self._ended |= other._ended  # noqa: SLF001
        self._reported = other._reported  # noqa: SLF001

    # --- how ---

    def _placed(self, reservation: Reservation) -> set[str]:
        """Write a reservation down; the cells in which it may have changed something."""
        session_id = reservation.session_id
        ue = self.run.ues.get(reservation.ue_id)
        if ue is None or not self.run.is_attached(ue.id):
            self._end(session_id)
            return set()
        self._ended.discard(session_id)
        self._cell_of[session_id] = ue.cell_id
        self._sessions_of[ue.cell_id][session_id] = reservation
        return {ue.cell_id}

    def _end(self, session_id: str) -> None:
        self._remove(session_id)
        self._ended.add(session_id)

    def _remove(self, session_id: str) -> None:
        cell_id = self._cell_of.pop(session_id, None)
        if cell_id is not None:
            del self._sessions_of[cell_id][session_id]
            self._share_out((cell_id,))

    def _check_room(self, reservation: Reservation) -> None:
        rates = self.rates(reservation.ue_id)
        cell = self.run.cells[self.run.ues[reservation.ue_id].cell_id]
        needs = self._needs(cell.id, self._rates_of(cell), self.time_s)
        present = [need for need in needs if need.session_id != reservation.session_id]
        newcomer = flow_needs(reservation, rates)
        if admit(cell.carrier.blocks, present, newcomer) is None:
            offers = acceptable_blocks(cell.carrier.blocks, present, newcomer)
            raise ResourcesRefused(_acceptable(offers, reservation, rates))

    def _share_out(self, cell_ids: Iterable[str]) -> None:
        for cell_id in cell_ids:
            cell = self.run.cells[cell_id]
            rates = self._rates_of(cell)
            needs = self._needs(cell_id, rates, self.time_s)
            allocation = allocate(cell.carrier.blocks, needs)
            self._allocations[cell_id] = allocation
            self._looks[cell_id] = self._looked(cell, self.time_s, rates, needs, allocation)
            self._touched.add(cell_id)
            self.revision += 1

    def _needs(self, cell_id: str, rates: dict[str, UeRates], time_s: float) -> list[FlowNeed]:
        needs = [
            need
            for ue in self._ues_of[cell_id]
            for need in background_needs(ue, rates[ue.id], time_s)
        ]
        for reservation in self._sessions_of[cell_id].values():
            needs += flow_needs(reservation, rates[reservation.ue_id])
        return needs

    def _looked(
        self,
        cell: Cell,
        time_s: float,
        rates: dict[str, UeRates],
        needs: list[FlowNeed],
        allocation: Allocation,
    ) -> Look:
        attached = frozenset(ue_id for ue_id in rates if self.run.is_attached(ue_id))
        out = self.run.is_out(cell, time_s)
        sessions = self._sessions_of[cell.id]
        needs_of: dict[str, list[FlowNeed]] = defaultdict(list)
        needs_by: dict[str, list[FlowNeed]] = defaultdict(list)
        for need in needs:
            if need.session_id in sessions:
                needs_of[sessions[need.session_id].ue_id].append(need)
                needs_by[need.session_id].append(need)
        held_of = {ue_id: held_blocks(own, allocation) for ue_id, own in needs_of.items()}
        held_by = {name: held_blocks(own, allocation) for name, own in needs_by.items()}
        held = held_blocks(needs, allocation)
        return Look(cell, out, held, held_of, held_by, rates, attached)

    def _rates_of(self, cell: Cell) -> dict[str, UeRates]:
        return {ue.id: self.rates(ue.id) for ue in self._ues_of[cell.id]}

    def _rates_at(self, cell: Cell, time_s: float) -> dict[str, UeRates]:
        ues = self._ues_of[cell.id]
        columns = self.run.rates_bps(ues, time_s).T.tolist()
        return {ue.id: tuple(column) for ue, column in zip(ues, columns, strict=True)}


def _acceptable(
    offers: dict[int, int], reservation: Reservation, rates: UeRates
) -> dict[int, BitRate]:
    """Blocks as rates at the error rate of the asked rung; in whole kbit/s below what was asked."""
    found = {}
    for demand in reservation.demands:
        asked = demand.ladder[0]
        blocks = offers.get(demand.component, 0)
        rate_bps = blocks * rates[reliability(asked)] // 1000 * 1000
        if rate_bps:
            found[demand.component] = BitRate(min(rate_bps, reserved_bps(asked)))
    return found
