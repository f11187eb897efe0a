"""Who holds what in which cell, now: the state of the simulated network, without lock or clock."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from nef.domain.admission import Allocation, acceptable_blocks, admit, allocate
from nef.domain.errors import ResourcesRefused
from nef.network.simulator.looks import Look, look_of
from nef.network.simulator.needs import (
    Served,
    UeRates,
    acceptable_rates,
    cell_needs,
    flow_needs,
    is_covered,
    sessions_of,
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
        self._serving = {ue.id: ue.cell_at(time_s) for ue in self._ues}
        self._movers = [ue for ue in self._ues if ue.stays]
        for ue in self._ues:
            self._ues_of[self._serving[ue.id]].append(ue)
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

    def serving(self, ue_id: str) -> str:
        """The cell that serves a UE, attached or not."""
        return self._serving[ue_id]

    def cell_of(self, session_id: str) -> str | None:
        """The cell in which a session holds something."""
        return self._cell_of.get(session_id)

    def allocation(self, cell_id: str) -> Allocation:
        """The rungs of a cell's flows, and its free blocks."""
        return self._allocations[cell_id]

    def ues_of(self, cell_id: str) -> list[Ue]:
        """The UEs that a cell serves, attached or not."""
        return self._ues_of[cell_id]

    def ues_ahead_of(self, cell_id: str) -> list[Ue]:
        """The UEs that a cell serves now, or may serve after a handover."""
        now = self._ues_of[cell_id]
        may = [ue for ue in self._movers if any(s.cell_id == cell_id for s in ue.stays)]
        return [*now, *(ue for ue in may if self._serving[ue.id] != cell_id)]

    def reservations_of(self, cell_id: str) -> Iterable[Reservation]:
        """What sessions want of a cell, in the order in which it heard of them."""
        return self._sessions_of[cell_id].values()

    def reservation(self, session_id: str) -> Reservation | None:
        """What a session wants; None where it is not known, or has ended."""
        return self._sessions_of.get(self._cell_of.get(session_id, ""), {}).get(session_id)

    def ends_s(self, cell_id: str) -> set[float]:
        """When sessions end that have said so, of the UEs ahead of a cell; times of the run."""
        sessions = dict(self._sessions_of[cell_id])
        for ue in self._movers:
            sessions |= self._sessions_of[self._serving[ue.id]]
        return {end_s for _, end_s in self._ends_s(sessions)}

    def _ends_s(self, sessions: Mapping[str, Reservation]) -> Iterator[tuple[str, float]]:
        for name, reservation in sessions.items():
            if reservation.expires_at_s is not None:
                yield name, self.run.time_s(reservation.expires_at_s)

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
        served = self._served_at(cell.id, time_s)
        rates = self._rates_at(served.ues, time_s)
        over = {name for name, end_s in self._ends_s(served.sessions) if end_s <= time_s}
        needs = [n for n in cell_needs(served, rates, time_s) if n.session_id not in over]
        allocation = allocate(cell.carrier.blocks, needs)
        return look_of(self.run, cell, time_s, served, rates, needs, allocation)

    # --- what happens ---

    def move(self, time_s: float) -> None:
        """Go on to a moment; time does not go back."""
        if time_s > self.time_s:
            self.look_again(time_s)

    def look_again(self, time_s: float) -> None:
        """Take the radio of a moment, and share out again in the cells where it changed."""
        rates = self.run.rates_bps(self._ues, time_s)
        changed = np.any(rates != self._rates, axis=0)
        cells = self._hand_over(time_s)
        cells |= {self._serving[self._ues[i].id] for i in np.flatnonzero(changed)}
        cells |= {
            self._serving[ue.id]
            for ue in self._loaded
            if any((time_s in f.span) != (self.time_s in f.span) for f in ue.background)
        }
        # A UE may come or go while it is out of coverage, where its rates say nothing of it.
        cells |= {
            cell_id
            for ue_id, cell_id in self._serving.items()
            if self.run.is_attached(ue_id) != (ue_id in self._looks[cell_id].attached)
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
        sessions = self._sessions_of[self._serving[ue_id]]
        for session_id in sessions_of(sessions, ue_id):
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

    def _hand_over(self, time_s: float) -> set[str]:
        """Let UEs go over to the cells that serve them now, with their sessions; the cells."""
        cells: set[str] = set()
        for ue in self._movers:
            old, new = self._serving[ue.id], ue.cell_at(time_s)
            if old == new:
                continue
            self._serving[ue.id] = new
            self._ues_of[old].remove(ue)
            self._ues_of[new].append(ue)
            for session_id in sessions_of(self._sessions_of[old], ue.id):
                self._sessions_of[new][session_id] = self._sessions_of[old].pop(session_id)
                self._cell_of[session_id] = new
            cells |= {old, new}
        return cells

    def _served(self, cell_id: str) -> Served:
        return Served(self._ues_of[cell_id], self._sessions_of[cell_id])

    def _served_at(self, cell_id: str, time_s: float) -> Served:
        """Whom a cell will serve, if nobody comes or goes but by handover."""
        now = self._served(cell_id)
        moved = [ue for ue in self._movers if ue.cell_at(time_s) != self._serving[ue.id]]
        coming = [ue for ue in moved if ue.cell_at(time_s) == cell_id]
        going = {ue.id for ue in moved if self._serving[ue.id] == cell_id}
        if not coming and not going:
            return now
        sessions = {n: r for n, r in now.sessions.items() if r.ue_id not in going}
        for ue in coming:
            others = self._sessions_of[self._serving[ue.id]]
            sessions |= {name: others[name] for name in sessions_of(others, ue.id)}
        return Served([*(ue for ue in now.ues if ue.id not in going), *coming], sessions)

    def _placed(self, reservation: Reservation) -> set[str]:
        """Write a reservation down; the cells in which it may have changed something."""
        session_id = reservation.session_id
        ue = self.run.ues.get(reservation.ue_id)
        if ue is None or not self.run.is_attached(ue.id):
            self._end(session_id)
            return set()
        self._ended.discard(session_id)
        cell_id = self._serving[ue.id]
        self._cell_of[session_id] = cell_id
        self._sessions_of[cell_id][session_id] = reservation
        return {cell_id}

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
        cell = self.run.cells[self._serving[reservation.ue_id]]
        needs = cell_needs(self._served(cell.id), self._rates_of(cell), self.time_s)
        present = [need for need in needs if need.session_id != reservation.session_id]
        newcomer = flow_needs(reservation, rates)
        if admit(cell.carrier.blocks, present, newcomer) is None:
            offers = acceptable_blocks(cell.carrier.blocks, present, newcomer)
            raise ResourcesRefused(acceptable_rates(offers, reservation, rates))

    def _share_out(self, cell_ids: Iterable[str]) -> None:
        for cell_id in cell_ids:
            cell = self.run.cells[cell_id]
            rates = self._rates_of(cell)
            served = self._served(cell_id)
            needs = cell_needs(served, rates, self.time_s)
            allocation = allocate(cell.carrier.blocks, needs)
            self._allocations[cell_id] = allocation
            self._looks[cell_id] = look_of(
                self.run, cell, self.time_s, served, rates, needs, allocation
            )
            self._touched.add(cell_id)
            self.revision += 1

    def _rates_of(self, cell: Cell) -> dict[str, UeRates]:
        return {ue.id: self.rates(ue.id) for ue in self._ues_of[cell.id]}

    def _rates_at(self, ues: Sequence[Ue], time_s: float) -> dict[str, UeRates]:
        columns = self.run.rates_bps(ues, time_s).T.tolist()
        return {ue.id: tuple(column) for ue, column in zip(ues, columns, strict=True)}
