"""Who holds what in which cell, now: the state of the simulated network, without lock or clock."""

from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from nef.domain.admission import FlowNeed, acceptable_blocks, admit, allocate
from nef.domain.errors import Conflict, ResourcesRefused
from nef.network.simulator.cells import Cells
from nef.network.simulator.flows import Seat
from nef.network.simulator.looks import Look
from nef.network.simulator.needs import acceptable_rates, flow_needs, is_covered, session_flows
from nef.network.simulator.radio import UeRates
from nef.network.simulator.run import Run
from nef.network.simulator.scenario import Cell, Ue
from nef.network.simulator.sharing import Ints
from nef.ports.network import Levels, NetworkChanges, NetworkStep, Reservation

#: So many sessions are remembered that were released before they were reserved: a request was slow.
_REMEMBERED = 10_000
_NO_ROWS: Ints = np.empty(0, dtype=np.int64)


class Ledger:
    """The reservations of a run, and what became of them until `time_s`."""

    def __init__(self, run: Run, time_s: float) -> None:
        """Nobody holds anything yet."""
        self.run, self.time_s = run, time_s
        #: Grows with whatever may change a flow's rate.
        self.revision = 0
        self._cells = Cells(run, time_s)
        self._flows, self._members = self._cells.flows, self._cells.members
        self._sessions: dict[str, Seat] = {}
        self._sessions_by_ue: dict[str, dict[str, Seat]] = defaultdict(dict)
        self._heard = 0
        self._ended: dict[str, float] = {}
        self._ending: list[str] = []
        self._released_unknown: OrderedDict[str, None] = OrderedDict()
        self._steps: list[NetworkStep] = []

    # --- what is the case ---

    def rates(self, ue_id: str) -> UeRates:
        """What a block carries for a UE."""
        return self._cells.rates(self._members.number_of_ue[ue_id])

    def serving(self, ue_id: str) -> str:
        """The cell that serves a UE, attached or not."""
        return self._cells.serving(self._members.number_of_ue[ue_id])

    def cell_of(self, session_id: str) -> str | None:
        """The cell in which a session holds something."""
        session = self._sessions.get(session_id)
        return None if session is None else self.serving(session.reservation.ue_id)

    def ues_of(self, cell_id: str) -> Sequence[Ue]:
        """The UEs that a cell serves, attached or not."""
        return self._members.groups[self._members.number_of_cell[cell_id]].ues

    def ues_ahead_of(self, cell_id: str) -> Sequence[Ue]:
        """The UEs that a cell serves now, or may serve after a handover."""
        return self._members.ahead_of(self._members.number_of_cell[cell_id])

    def reservations_of(self, cell_id: str) -> list[Reservation]:
        """What sessions want of a cell, in the order in which the network heard of them."""
        return [session.reservation for session in self._sessions_of(self.ues_of(cell_id))]

    def reservation(self, session_id: str) -> Reservation | None:
        """What a session wants; None where it is not known, or has ended."""
        session = self._sessions.get(session_id)
        return None if session is None else session.reservation

    def ends_s(self, cell_id: str) -> dict[str, float]:
        """When sessions end that have said so, of the UEs ahead of a cell; times of the run."""
        ahead = (one.reservation for one in self._sessions_of(self.ues_ahead_of(cell_id)))
        return {
            reservation.session_id: self.run.time_s(reservation.expires_at_s)
            for reservation in ahead
            if reservation.expires_at_s is not None
        }

    def levels(self, session_id: str) -> Levels | None:
        """What a session holds; None where it is not known, or has ended."""
        session = self._sessions.get(session_id)
        return None if session is None else self._flows.levels(session)

    def looks(self) -> dict[str, Look]:
        """How every cell stands."""
        return dict(self._cells.looks)

    def look(self, cell_id: str) -> Look:
        """How a cell stands."""
        return self._cells.looks[cell_id]

    def look_at(self, cell: Cell, time_s: float) -> Look:
        """A forecast: how a cell will stand if nobody comes, and sessions end when they said."""
        over = {name for name, end_s in self.ends_s(cell.id).items() if end_s <= time_s}
        return self._cells.look_at(cell.id, time_s, over)

    @property
    def next_s(self) -> float:
        """The next moment at which the scenario may change something."""
        return self._cells.next_s

    # --- what happens ---

    def move(self, time_s: float) -> None:
        """Go on to a moment; time does not go back."""
        if time_s > self.time_s:
            self._close()
            self.revision += self._cells.move(time_s)
            self.time_s = time_s

    def look_again(self, ue_id: str | None = None, cell_id: str | None = None) -> None:
        """Somebody has overridden what the scenario says of a UE or of a cell."""
        self.revision += 1
        self._cells.look_again(ue_id, cell_id)

    def reserve(self, reservation: Reservation) -> Levels:
        """Admit a session or change it.

        Raises ResourcesRefused, and Conflict where this was overtaken or the session has ended;
        then nothing has changed.
        """
        session_id = reservation.session_id
        known = self.reservation(session_id)
        if reservation.is_overtaken(known):
            raise Conflict(f"the session {session_id} was changed by somebody else")
        if known is None and (
            # All there are have been restored, so that it has ended: nothing would end it again.
            not reservation.is_first or session_id in self._released_unknown
        ):
            raise Conflict(f"the session {session_id} has ended")
        if reservation.ue_id in self.run.ues and is_covered(self.rates(reservation.ue_id)):
            self._check_room(reservation)
        self.take_over((reservation,))
        return self.levels(session_id) or {demand.component: None for demand in reservation.demands}

    def hold(self, reservation: Reservation) -> None:
        """Let a session have this instead if it is known, without asking whether all of it fits."""
        if reservation.session_id in self._sessions:
            self.take_over((reservation,))

    def take_over(self, reservations: Iterable[Reservation]) -> None:
        """Let sessions have what there is for them, without asking whether all of it fits."""
        self.revision += 1
        come: list[int] = []
        gone: list[int] = []
        for reservation in {r.session_id: r for r in reservations}.values():
            before = self._sessions.get(reservation.session_id)
            if before and reservation.is_overtaken(before.reservation):
                continue
            gone += before.rows if before else ()
            come += self._placed(reservation)
        self._exchange(come, gone)
        for row in come:
            self._flows.told[row] = self._flows.level[row]

    def release(self, session_id: str) -> None:
        """Give back what a session holds, now and ever after."""
        if session_id not in self._sessions and session_id not in self._ended:
            self._released_unknown[session_id] = None
            if len(self._released_unknown) > _REMEMBERED:
                self._released_unknown.popitem(last=False)
        self._ended.pop(session_id, None)
        self._remove(session_id)

    def end_sessions_of(self, ue_id: str) -> None:
        """A UE has left: its sessions hold nothing any more, and are reported until released."""
        for session_id in list(self._sessions_by_ue[ue_id]):
            self._remove(session_id)
            self._end(session_id)

    def changes(self) -> NetworkChanges:
        """What moved since the last call; sessions that ended are repeated until released."""
        self._close()
        steps, self._steps = tuple(self._steps), []
        moved = {one.session_id: levels for step in steps for one, levels in step.moved}
        there = {name: levels for name, levels in moved.items() if name in self._sessions}
        return NetworkChanges(there, tuple(self._ended), steps)

    def inherit(self, other: "Ledger") -> None:
        """Take over the sessions of another run, and what is yet to be told of them."""
        other._close()  # noqa: SLF001 - another one of the same class
        self._steps = other._steps  # noqa: SLF001
        self.revision += other.revision
        before = other._sessions  # noqa: SLF001
        self.take_over(one.reservation for one in before.values())
        self._ended |= other._ended  # noqa: SLF001
        self._released_unknown = other._released_unknown  # noqa: SLF001
        for name, session in self._sessions.items():
            rows = list(session.rows)
            self._flows.told[rows] = other._flows.told[list(before[name].rows)]  # noqa: SLF001
            self._cells.moved.append(np.array(rows))

    # --- how ---

    def _placed(self, reservation: Reservation) -> tuple[int, ...]:
        """Write a reservation down; the rows of its flows, none where its UE is not there."""
        session_id = reservation.session_id
        ue = self.run.ues.get(reservation.ue_id)
        if ue is None or not self.run.is_attached(ue):
            self._forget(session_id)
            self._end(session_id)
            return ()
        number = self._members.number_of_ue[ue.id]
        rows = tuple(self._cells.add(flow) for flow in session_flows(reservation, number))
        before = self._sessions.get(session_id)
        heard = before.heard if before else self._heard
        self._heard += 1
        self._forget(session_id)
        self._ended.pop(session_id, None)
        session = Seat(reservation, rows, heard)
        for row in rows:
            self._flows.owner[row] = session
        self._sessions[session_id] = self._sessions_by_ue[ue.id][session_id] = session
        return rows

    def _end(self, session_id: str) -> None:
        self._ended[session_id] = self._now_s
        self._ending.append(session_id)

    def _forget(self, session_id: str) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None:
            del self._sessions_by_ue[session.reservation.ue_id][session_id]

    def _sessions_of(self, ues: Iterable[Ue]) -> list[Seat]:
        found = (self._sessions_by_ue[ue.id] for ue in ues if ue.id in self._sessions_by_ue)
        seats = (seat for sessions in found for seat in sessions.values())
        return sorted(seats, key=lambda seat: seat.heard)

    def _remove(self, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if session is not None:
            self._forget(session_id)
            self._exchange((), session.rows)

    def _exchange(self, come: Sequence[int], gone: Sequence[int]) -> None:
        self.revision += 1
        self._cells.exchange(come, gone)
        self._flows.remove(gone)

    def _close(self) -> None:
        """What is other at the end of a moment than before it has happened at that moment."""
        if not (self._cells.moved or self._ending):
            return
        rows = np.concatenate([_NO_ROWS, *self._cells.moved])
        self._cells.moved.clear()
        rows = rows[self._flows.level[rows] != self._flows.told[rows]]
        if not (len(rows) or self._ending):
            return
        self._flows.told[rows] = self._flows.level[rows]
        sessions = dict.fromkeys(one for one in self._flows.owner[rows].tolist() if one)
        moved = [(one.reservation, self._flows.levels(one)) for one in sessions]
        if moved or self._ending:
            self._steps.append(NetworkStep(self._now_s, tuple(moved), tuple(self._ending)))
            self._ending.clear()

    @property
    def _now_s(self) -> float:
        """The time of the clock."""
        return self.run.started_s + self.time_s

    def _check_room(self, reservation: Reservation) -> None:
        rates = self.rates(reservation.ue_id)
        newcomer = flow_needs(reservation, rates)
        cell_blocks, rows = self._cells.order(self._members.number_of_ue[reservation.ue_id])
        session = self._sessions.get(reservation.session_id)
        if session is None and self._fits_behind(cell_blocks, rows, newcomer):
            return
        own = () if session is None else session.rows
        present = [self._flows.need(row) for row in rows.tolist() if row not in own]
        if admit(cell_blocks, present, newcomer) is None:
            offers = acceptable_blocks(cell_blocks, present, newcomer)
            raise ResourcesRefused(acceptable_rates(offers, reservation, rates))

    def _fits_behind(self, cell_blocks: int, rows: Ints, newcomer: Sequence[FlowNeed]) -> bool:
        """Whether a new session comes after all of its own importance, and gets something.

        `admit` would say so as well, after it had looked at everybody who stands before it.
        """
        flows, ranks = self._flows, self._flows.ranks
        places = [bisect_left(rows, need.rank, key=ranks.__getitem__) for need in newcomer]
        if any(
            ranks[row][0] == need.priority
            for place, need in zip(places, newcomer, strict=True)
            for row in rows[place : place + 1]
        ):
            return False
        first = min(places, default=len(rows))
        free_blocks = cell_blocks - sum(flows.held[rows[:first]].tolist())
        present = [flows.need(row) for row in rows[first:].tolist()]
        after = allocate(free_blocks, (*present, *newcomer))
        return all(after.levels[need.key] is not None for need in newcomer)
