"""What is under way between an intent and its confirmation while somebody else interferes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from nef.domain.errors import NotReady
from nef.domain.lifecycle import VISIBLE, SessionState
from nef.domain.sessions import Session
from nef.ports.network import Network
from nef.ports.storage import Storage
from nef.services.following import reservation_of


@dataclass(frozen=True)
class UnderWay:
    """Sessions between an intent and its confirmation, as they were when the network was restored.

    Another process may have asked the network that is gone, and confirm what that has answered: the
    present one has to learn of it. Whatever is begun later asks the present one.
    """

    storage: Storage
    network: Network
    _sessions: dict[str, None] = field(default_factory=dict)

    def begin(self, sessions: Sequence[Session], now_s: float) -> None:
        """These are under way; those that are new hold what they want until it is known."""
        self._sessions.update(dict.fromkeys(session.id for session in sessions))
        new = (one for one in sessions if one.state is SessionState.REQUESTED)
        self.network.restore(tuple(map(reservation_of, new)), now_s)

    def look(self, now_s: float, follow: Callable[[str], object]) -> None:
        """See what has become of them; `follow` compares what one holds with what is recorded."""
        for session_id in tuple(self._sessions):
            with self.storage.reading() as work:
                session = work.sessions.get(session_id)
            if session is None:
                self.network.release(session_id, now_s)
            elif session.state is SessionState.ACTIVE:
                self.network.restore((reservation_of(session),), now_s)
                follow(session_id)
            else:
                continue  # for as long as an intent may last
            del self._sessions[session_id]


def hold_what_is_stored(
    storage: Storage, network: Network, session_id: str, now_s: float
) -> Session | None:
    """Let the network hold what is stored of a session that somebody else has brought to an end.

    What was asked of it for an intent of one's own is nobody's. The session, if AFs can see it.
    """
    with storage.reading() as work:
        session = work.sessions.get(session_id)
    # A network that is between two processes restores nothing that is not stored.
    with suppress(NotReady):
        if session is None or session.state not in VISIBLE:
            network.release(session_id, now_s)
            return None
        if session.state is SessionState.ACTIVE:  # else yet another one sees to it
            network.restore((reservation_of(session),), now_s)
    return session
