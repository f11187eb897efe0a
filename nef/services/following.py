"""How sessions follow the network: what it grants now is recorded, and the difference told."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from nef.domain.errors import Conflict
from nef.domain.events import EventReport, change_reports
from nef.domain.lifecycle import UNDER_WAY, SessionState
from nef.domain.qos import FlowGrant
from nef.domain.sessions import Claim, Session, Standing
from nef.ports.clock import Clock
from nef.ports.network import Holdings, Network, NetworkStep, Reservation
from nef.ports.storage import Storage
from nef.services.telling import report, report_all

#: So many changes are written at once, and so many sessions read.
_BATCH, _READ = 100, 1000


@dataclass(frozen=True)
class Following:
    """Lets sessions follow; `notify` is called after something was put into the outbox.

    The network tells each change once. What could not be recorded, since the store was busy say,
    stays here for the next time.
    """

    storage: Storage
    network: Network
    clock: Clock
    notify: Callable[[], None]
    _steps: deque[NetworkStep] = field(default_factory=deque)
    _touched: dict[str, None] = field(default_factory=dict)

    def is_up_to_date(self, session: Session) -> bool:
        """Whether the network grants what was just recorded of a session."""
        return self.network.levels(session.id) == _levels(session.grants)

    def follow(self, session_id: str) -> Session | None:
        """Compare what is recorded with what the network grants, and report the difference.

        The row is read before the network is: whoever writes a later truth in between makes the
        write conflict, and then it is compared again. A session that is between an intent and its
        confirmation follows when it is confirmed.
        """
        session = self._compared(session_id)
        return session if session and session.state is SessionState.ACTIVE else None

    def catch_up(self, now_s: float, end: Callable[[str, float], None]) -> int:
        """Compare all sessions with the network, after a start; the number of the newest.

        `end` ends those whose UE has left meanwhile.
        """
        newest = 0
        for claim in claims(self.storage):
            newest = claim.number
            levels = self.network.levels(claim.id)
            if levels is None:
                end(claim.id, now_s)
            elif levels != _levels(claim.grants) and not self._is_settled(claim.id):
                self._touched[claim.id] = None
        return newest

    def move(self, now_s: float, end: Callable[[str, float], None]) -> None:
        """Move the network on, and record and tell step by step what it did.

        `end` ends a session at a moment for a reason of the network's.
        """
        changes = self.network.tick(now_s)
        self._steps.extend(changes.steps)
        self._touched.update(dict.fromkeys(changes.levels))
        recorded: dict[str, Holdings] = {}
        while self._steps:
            for session_id in self._steps[0].ended:
                end(session_id, self._steps[0].time_s)
            steps = self._next_steps()
            moves = [_Move(step.time_s, *moved) for step in steps for moved in step.moved]
            recorded |= self._record(moves)
            for _ in steps:
                self._steps.popleft()
        for session_id in changes.ended:
            end(session_id, now_s)
        for session_id in tuple(self._touched):
            # Also whatever a request has changed in the meantime. What is under way stays here
            # until it is settled: who confirms it compares as well, but may be killed before.
            is_known = recorded.get(session_id) == self.network.levels(session_id)
            if is_known or self._is_settled(session_id):
                del self._touched[session_id]

    def _next_steps(self) -> list[NetworkStep]:
        """The first step, and what may be written together with it: until another one ends some."""
        found = [self._steps[0]]
        count = len(found[0].moved)
        for step in islice(self._steps, 1, None):
            count += len(step.moved)
            if step.ended or count > _BATCH:
                break
            found.append(step)
        return found

    def _record(self, moves: Sequence["_Move"]) -> dict[str, Holdings]:
        """Record what sessions got at which moment, and tell it as of then, in this order.

        All of a batch is written at once. A session that was admitted anew since then was answered
        on its own. Gives back what holds now of those that were settled.
        """
        recorded: dict[str, Holdings] = {}
        for begin in range(0, len(moves), _BATCH):
            while True:
                try:
                    recorded |= self._write(moves[begin : begin + _BATCH])
                    break
                except Conflict:
                    continue
        return recorded

    def _write(self, moves: Sequence["_Move"]) -> dict[str, Holdings]:
        with self.storage.reading() as work:
            names = dict.fromkeys(move.reservation.session_id for move in moves)
            standings = {one.id: one for one in work.sessions.standings(list(names))}
        recorded: dict[str, Holdings] = {}
        told: list[tuple[Standing, tuple[EventReport, ...], float]] = []
        for move in moves:
            before = standings.get(move.reservation.session_id)
            if before is None or not _is_meant(before, move.reservation):
                continue
            recorded[before.id] = move.levels
            if move.changes(before):
                after = replace(before, grants=_regraded(before.grants, move.levels))
                reports = change_reports(move.reservation.demands, before.grants, after.grants)
                told.append((after, reports, move.at_s))
                standings[after.id] = after
        if told:
            with self.storage.transaction() as work:
                work.sessions.regrade(list({one.id: one for one, _, _ in told}.values()))
                heard = report_all(work, told)
            if heard:
                self.notify()
        return recorded

    def _is_settled(self, session_id: str) -> bool:
        """Whether what the network grants is recorded, or will never be."""
        session = self._compared(session_id)
        return session is None or session.state not in UNDER_WAY

    def _compared(self, session_id: str) -> Session | None:
        """A session as it is, after it was compared where it is settled."""
        while True:
            with self.storage.reading() as work:
                session = work.sessions.get(session_id)
            if session is None or session.state is not SessionState.ACTIVE:
                return session
            levels = self.network.levels(session_id)
            if levels is None or levels == _levels(session.grants):
                return session
            try:
                return self._followed(session, levels)
            except Conflict:
                continue

    def _followed(self, session: Session, levels: Holdings) -> Session:
        now_s = self.clock.now_s()
        grants = _regraded(session.grants, levels)
        reports = change_reports(session.demands, session.grants, grants)
        with self.storage.transaction() as work:
            session = work.sessions.move(replace(session, grants=grants))
            told = report(work, session, reports, now_s)
        if told:
            self.notify()
        return session


@dataclass(frozen=True, slots=True)
class _Move:
    """What a session got at a moment."""

    at_s: float
    reservation: Reservation
    levels: Holdings

    def changes(self, standing: Standing) -> bool:
        return self.levels != _levels(standing.grants)


def claims(storage: Storage) -> Iterator[Claim]:
    """What every visible session holds; few of them are in memory at once, however many there are.

    Nobody waits for a transaction meanwhile. What ends while it is read may be left out, and what
    begins may be among the last.
    """
    after = 0
    while True:
        with storage.reading() as work:
            found = work.sessions.claims(after, _READ)
        if not found:
            return
        yield from found
        after = found[-1].number


def reservation_of(session: Session | Claim) -> Reservation:
    """What a session wants of the network."""
    return Reservation(
        session.id,
        session.ue_id,
        session.demands,
        session.admitted_at_s,
        session.number,
        session.af_id,
        session.expires_at_s,
        session.version,
    )


def first_grants(levels: Holdings) -> tuple[FlowGrant, ...]:
    """What is recorded of the network's first answer."""
    return tuple(
        FlowGrant(number, level, isinstance(level, int)) for number, level in levels.items()
    )


def _levels(grants: tuple[FlowGrant, ...]) -> Holdings:
    return {grant.component: grant.level for grant in grants}


def _is_meant(standing: Standing, reservation: Reservation) -> bool:
    """Whether a session is settled, and still asks for what was reserved then."""
    components = {demand.component for demand in reservation.demands}
    return (
        standing.state is SessionState.ACTIVE
        and standing.admitted_at_s == reservation.admitted_at_s
        and {grant.component for grant in standing.grants} == components
    )


def _regraded(grants: tuple[FlowGrant, ...], levels: Holdings) -> tuple[FlowGrant, ...]:
    levelled = ((grant, levels[grant.component]) for grant in grants)
    return tuple(
        FlowGrant(grant.component, level, grant.allocated or isinstance(level, int))
        for grant, level in levelled
    )
