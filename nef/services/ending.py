"""How a session ends: its AF or the network ends it, its time is over, or it never came about."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from nef.domain.errors import NotReady
from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.lifecycle import VISIBLE, SessionState, Trigger
from nef.domain.sessions import Session, Usage
from nef.ports.clock import Clock
from nef.ports.network import Network
from nef.ports.storage import Storage, UnitOfWork
from nef.services.following import Following, reservation_of
from nef.services.measuring import SessionMeasuring
from nef.services.telling import report

_BATCH = 500
Written = TypeVar("Written")


@dataclass(frozen=True)
class Ending:
    """Ends sessions; `notify` is called after something was put into the outbox."""

    storage: Storage
    network: Network
    measuring: SessionMeasuring
    clock: Clock
    following: Following
    notify: Callable[[], None]

    def expire(self, now_s: float) -> None:
        """End what is over, at its moment: what it held is somebody else's from then on."""
        moment_s = -math.inf
        while True:
            with self.storage.reading() as work:
                sessions = work.sessions.expired(now_s, _BATCH)
            if not sessions:
                return
            for session in sessions:
                over_s = session.expires_at_s or now_s
                if over_s > moment_s:
                    moment_s = over_s
                    self.following.move(moment_s, self.end)
                self.end(session.id, moment_s)

    def end(self, session_id: str, now_s: float) -> None:
        """End a session for a reason of the network's, and tell its AF."""

        def found(work: UnitOfWork) -> Session | None:
            session = work.sessions.get(session_id)
            return session if session is not None and session.state in VISIBLE else None

        def tell(work: UnitOfWork, session: Session, usage: Usage | None) -> bool:
            termination = EventReport(UserPlaneEvent.SESSION_TERMINATION, usage=usage)
            return report(work, session, (termination,), now_s)

        told = self.intend(found, tell, now_s)
        if told is None:
            return
        self.release(session_id, now_s)
        if told:
            self.notify()

    def intend(
        self,
        find: Callable[[UnitOfWork], Session | None],
        beside: Callable[[UnitOfWork, Session, Usage | None], Written],
        now_s: float,
    ) -> Written | None:
        """Save the intent to release a session, if there is one to be found.

        What `beside` makes of it, and of its usage where that was asked for, is written with it and
        given back.
        """
        carried: Mapping[str, int] | None = None
        while True:
            with self.storage.transaction() as work:
                session = find(work)
                if session is None:
                    return None
                if carried is not None or session.request.usage_threshold is None:
                    work.sessions.move(session.moved(Trigger.RELEASE, now_s))
                    usage = self.measuring.end(work, session, carried or {}, now_s)
                    return beside(work, session, usage)
            # The network may take its time: nobody waits meanwhile.
            carried = self.measuring.metering.carried_bytes(session.id)

    def release(self, session_id: str, now_s: float) -> None:
        """Give back what a session holds for which that is intended, and forget it."""
        try:
            self.network.release(session_id, now_s)
            self.measuring.metering.forget(session_id)
        except NotReady:
            return  # the intent is stored, and whoever has the network next brings it to its end
        with self.storage.at_once() as work:
            work.sessions.remove(session_id)

    def give_up(self, session: Session) -> None:
        """Bring to an end what nobody confirms any more; its AF has no answer.

        Raises Conflict or NotFound where somebody has settled it since it was read.
        """
        now_s = self.clock.now_s()
        if session.state is SessionState.UPDATING:
            self._take_back(session, now_s)
            return
        if session.state is SessionState.REQUESTED:
            with self.storage.at_once() as work:  # nothing of it is watched yet
                work.sessions.move(session.moved(Trigger.RELEASE, now_s))
        self.release(session.id, now_s)

    def _take_back(self, session: Session, now_s: float) -> None:
        """The change did not happen."""
        with self.storage.transaction() as work:
            settled = session.moved(Trigger.SETTLE, now_s, pending=None)
            settled = work.sessions.replace(settled)
        self.network.hold(reservation_of(settled), now_s)
        self.following.follow(settled.id)
