"""What the AF of a session is told, put into the outbox in the transaction of its cause."""

from collections.abc import Iterable
from typing import Protocol

from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.notifications import Content, Notification, SessionEvents
from nef.domain.sessions import Usage
from nef.ports.storage import UnitOfWork

# A notification is due at once, whatever the simulated time is: receivers live in the real one.
_AT_ONCE_S = 0.0


class Addressee(Protocol):
    """A session, as far as its AF is told of it; `events` is empty for all of them."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def af_id(self) -> str:
        """Whose it is."""
        ...

    @property
    def destination(self) -> str:
        """Where its notifications go."""
        ...

    @property
    def events(self) -> tuple[str, ...]:
        """The events that are wanted."""
        ...


def report(
    work: UnitOfWork, session: Addressee, reports: tuple[EventReport, ...], now_s: float
) -> bool:
    """Tell what of these reports the AF wants to hear, and whether there is any."""
    return report_all(work, [(session, reports, now_s)])


def report_all(
    work: UnitOfWork, told: Iterable[tuple[Addressee, tuple[EventReport, ...], float]]
) -> bool:
    """The same for several sessions, each with its moment, in their order."""
    wanted = ((one, tuple(r for r in reports if wants(one, r)), at) for one, reports, at in told)
    notes = [notification_of(one, SessionEvents(heard), at) for one, heard, at in wanted if heard]
    if notes:
        work.outbox.add_all(notes, _AT_ONCE_S)
    return bool(notes)


def tell(work: UnitOfWork, session: Addressee, content: Content, now_s: float) -> None:
    """Tell the AF of a session something, whichever events it wants."""
    work.outbox.add(notification_of(session, content, now_s), _AT_ONCE_S)


def last_report(session: Addressee, usage: Usage | None, now_s: float) -> Notification | None:
    """What the AF that ends a session is answered, where it had asked for its usage."""
    last = EventReport(UserPlaneEvent.USAGE_REPORT, usage=usage)
    if usage is None or not wants(session, last):
        return None
    return notification_of(session, SessionEvents((last,)), now_s)


def wants(session: Addressee, report: EventReport) -> bool:
    """Whether the AF wants to hear of this event; one that names none hears of all."""
    return not session.events or report.event.value in session.events


def notification_of(session: Addressee, content: Content, now_s: float) -> Notification:
    """The notification of something about a session."""
    return Notification(session.id, session.af_id, session.destination, content, now_s)
