"""How sessions follow the network: what it grants now is recorded, and the difference told."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from nef.domain.errors import Conflict
from nef.domain.events import EventReport, change_reports
from nef.domain.lifecycle import SessionState
from nef.domain.qos import FlowGrant
from nef.domain.sessions import Session, Standing
from nef.ports.clock import Clock
from nef.ports.network import Holdings, Network, NetworkStep, Reservation
from nef.ports.storage import Storage
from nef.services.telling import report, report_all

#: So many sessions are written at once.
_BATCH = 1000


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
        while True:
            with self.storage.reading() as work:
                session = work.sessions.get(session_id)
            if session is None or session.state is not SessionState.ACTIVE:
                return None
            levels = self.network.levels(session_id)
            if levels is None or levels == _levels(session.grants):
                return session
            try:
                return self._followed(session, levels)
            except Conflict:
                continue

    def move(self, now_s: float, end: Callable[[str, float], None]) -> None:
        """Move the network on, and record and tell step by step what it did.

        `end` ends a session at a moment for a reason of the network's.
        """
        changes = self.network.tick(now_s)
        self._steps.extend(changes.steps)
        self._touched.update(dict.fromkeys(changes.levels))
        told: dict[str, Holdings] = {}
        while self._steps:
            step = self._steps[0]
            for session_id in step.ended:
                end(session_id, step.time_s)
            self._record(step)
            told |= {reservation.session_id: levels for reservation, levels in step.moved}
            self._steps.popleft()
        for session_id in changes.ended:
            end(session_id, now_s)
        for session_id in tuple(self._touched):
            # Also whatever a request has changed in the meantime.
            if told.get(session_id) != self.network.levels(session_id):
                self.follow(session_id)
            del self._touched[session_id]

    def _record(self, step: NetworkStep) -> None:
        """Record what sessions got at a moment, and tell it as of then, in the order of the step.

        All of a batch is written at once. A session that was admitted anew since then was answered
        on its own.
        """
        for begin in range(0, len(step.moved), _BATCH):
            moved = step.moved[begin : begin + _BATCH]
            while True:
                try:
                    self._write(moved, step.time_s)
                    break
                except Conflict:
                    continue

    def _write(self, moved: Sequence[tuple[Reservation, Holdings]], at_s: float) -> None:
        with self.storage.reading() as work:
            found = work.sessions.standings([one.session_id for one, _ in moved])
        standings = {standing.id: standing for standing in found}
        told: list[tuple[Standing, tuple[EventReport, ...]]] = []
        for reservation, levels in moved:
            before = standings.get(reservation.session_id)
            if before and _is_meant(before, reservation) and levels != _levels(before.grants):
                after = replace(before, grants=_regraded(before.grants, levels))
                reports = change_reports(reservation.demands, before.grants, after.grants)
                told.append((after, reports))
        if told:
            with self.storage.transaction() as work:
                work.sessions.regrade([standing for standing, _ in told])
                heard = report_all(work, told, at_s)
            if heard:
                self.notify()

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


def reservation_of(session: Session) -> Reservation:
    """What a session wants of the network."""
    return Reservation(
        session.id,
        session.ue_id,
        session.demands,
        session.admitted_at_s,
        session.number,
        session.af_id,
        session.expires_at_s,
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
