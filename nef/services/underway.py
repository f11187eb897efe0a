"""What is under way between an intent and its confirmation, and until when it is waited for."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from nef.domain.errors import Conflict, NotFound, NotReady
from nef.domain.lifecycle import VISIBLE, SessionState, Trigger
from nef.domain.sessions import Session
from nef.ports.network import Network
from nef.ports.storage import Storage
from nef.services.following import reservation_of

#: An intent seen for so long, in real time, is nobody's: the request that had it has failed.
ABANDONED_AFTER_S = 30.0
#: And so long after its process was first seen to be no more. One that has only lost its connection
#: to the store has another one by then.
DESERTED_AFTER_S = 1.0
#: How often somebody looks, in real time.
_LOOK_EVERY_S = 1.0
_BATCH = 500


@dataclass
class UnderWay:
    """Sessions between an intent and its confirmation, as whoever has the network sees them.

    `follow` compares what one holds with what is recorded; `end` brings to an end what nobody
    confirms any more, and may raise Conflict or NotFound where somebody just did.
    """

    storage: Storage
    network: Network
    follow: Callable[[str], object]
    end: Callable[[Session], None]
    #: Session id and version -> when the intent was first seen, in real time.
    _seen_s: dict[tuple[str, int], float] = field(default_factory=dict)
    #: The same -> since when its process is no more.
    _deserted_s: dict[tuple[str, int], float] = field(default_factory=dict)
    _inherited: dict[str, None] = field(default_factory=dict)
    _next_look_s: float = -math.inf

    def inherit(self, sessions: Sequence[Session], now_s: float) -> None:
        """These are under way while the network begins; new ones hold what they want until then.

        Another process may have asked the network that is gone, and confirm what that has answered:
        the present one has to learn of it. Whatever is begun later asks the present one.
        """
        self._inherited.update(dict.fromkeys(session.id for session in sessions))
        new = (one for one in sessions if one.state is SessionState.REQUESTED)
        self.network.restore(tuple(map(reservation_of, new)), now_s)

    def look(self, now_s: float, real_s: float) -> None:
        """See what has become of them, now and then; give up what has been there for too long."""
        if real_s < self._next_look_s and not self._inherited:
            return
        self._next_look_s = real_s + _LOOK_EVERY_S
        with self.storage.reading() as work:
            found = work.sessions.unsettled(_BATCH)
            deserted = work.sessions.deserted(_BATCH) if found else ()
        waiting = {session.id for session in found}
        for session_id in [one for one in self._inherited if one not in waiting]:
            self._learn(session_id, now_s)
        # By its version: who intends something else later has all the time again.
        intents = {(session.id, session.version): session for session in found}
        self._seen_s = {intent: self._seen_s.get(intent, real_s) for intent in intents}
        self._deserted_s = {intent: self._deserted_s.get(intent, real_s) for intent in deserted}
        self.give_up(
            session
            for intent, session in intents.items()
            if session.is_abandoned
            or real_s >= self._seen_s[intent] + ABANDONED_AFTER_S
            or real_s >= self._deserted_s.get(intent, math.inf) + DESERTED_AFTER_S
        )

    def give_up(self, sessions: Iterable[Session]) -> None:
        """Bring these to an end: nobody confirms them any more."""
        for session in sessions:
            # Who was only slow may have confirmed it just now: then it is settled.
            with suppress(Conflict, NotFound):
                self.end(session)

    def _learn(self, session_id: str, now_s: float) -> None:
        """What has become of one that was asked of the network before this one."""
        with self.storage.reading() as work:
            session = work.sessions.get(session_id)
        if session is None:
            self.network.release(session_id, now_s)
        elif session.state is SessionState.ACTIVE:
            self.network.hold(reservation_of(session), now_s)
            self.follow(session_id)
        else:
            return  # somebody intends something again, or has not been seen among so many
        del self._inherited[session_id]


def abandon(storage: Storage, intent: Session) -> None:
    """Say that nobody confirms an intent any more: the next look undoes what came of it.

    Not here, where nobody knows what the network has heard of it, or when it will.
    """
    # Who has settled it has done so; without a store it is given up when its time is over.
    with suppress(Conflict, NotReady), storage.at_once() as work:
        if intent.state is SessionState.REQUESTED:
            work.sessions.move(intent.moved(Trigger.RELEASE, intent.changed_at_s))
        else:
            work.sessions.replace(replace(intent, pending=None))


def hold_what_is_stored(
    storage: Storage, network: Network, session_id: str, now_s: float
) -> Session | None:
    """Let the network hold what is stored of a session that somebody else has brought to an end.

    What was asked of it for an intent of one's own is nobody's. The session, if AFs can see it.
    """
    with storage.reading() as work:
        session = work.sessions.get(session_id)
    # A network that is between two processes begins with what is stored.
    with suppress(NotReady):
        if session is None or session.state not in VISIBLE:
            network.release(session_id, now_s)
            return None
        if session.state is SessionState.ACTIVE:  # else yet another one sees to it
            network.hold(reservation_of(session), now_s)
    return session
