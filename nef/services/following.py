"""How sessions follow the network: what it grants now is recorded, and the difference told."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from nef.domain.errors import Conflict
from nef.domain.events import change_reports
from nef.domain.lifecycle import SessionState
from nef.domain.qos import FlowGrant
from nef.domain.sessions import Session
from nef.ports.clock import Clock
from nef.ports.network import Holdings, Network, Reservation
from nef.ports.storage import Storage
from nef.services.telling import report


@dataclass(frozen=True)
class Following:
    """Lets sessions follow; `notify` is called after something was put into the outbox."""

    storage: Storage
    network: Network
    clock: Clock
    notify: Callable[[], None]

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

    def _followed(self, session: Session, levels: Holdings) -> Session:
        now_s = self.clock.now_s()
        grants = tuple(
            FlowGrant(
                grant.component,
                levels[grant.component],
                grant.allocated or isinstance(levels[grant.component], int),
            )
            for grant in session.grants
        )
        reports = change_reports(session.demands, session.grants, grants)
        with self.storage.transaction() as work:
            session = work.sessions.replace(replace(session, grants=grants))
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
