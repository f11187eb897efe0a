"""What the AF of a session is told, put into the outbox in the transaction of its cause."""

from nef.domain.events import EventReport
from nef.domain.notifications import Content, Notification, SessionEvents
from nef.domain.sessions import Session
from nef.ports.storage import UnitOfWork

# A notification is due at once, whatever the simulated time is: receivers live in the real one.
_AT_ONCE_S = 0.0


def report(
    work: UnitOfWork, session: Session, reports: tuple[EventReport, ...], now_s: float
) -> bool:
    """Tell what of these reports the AF wants to hear, and whether there is any."""
    told = tuple(one for one in reports if wants(session, one))
    if told:
        tell(work, session, SessionEvents(told), now_s)
    return bool(told)


def tell(work: UnitOfWork, session: Session, content: Content, now_s: float) -> None:
    """Tell the AF of a session something, whichever events it wants."""
    work.outbox.add(notification_of(session, content, now_s), _AT_ONCE_S)


def wants(session: Session, report: EventReport) -> bool:
    """Whether the AF wants to hear of this event; one that names none hears of all."""
    return not session.request.events or report.event.value in session.request.events


def notification_of(session: Session, content: Content, now_s: float) -> Notification:
    """The notification of something about a session."""
    destination = session.request.destination
    return Notification(session.id, session.af_id, destination, content, now_s)
