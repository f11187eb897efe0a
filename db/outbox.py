"""The outbox in the store."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, select, update

from db.codec import dumped, loaded
from db.tables import deliveries
from nef.domain.notifications import (
    AnalyticsEvents,
    Content,
    Delivery,
    DeliveryState,
    MonitoringEvents,
    Notification,
    PlanWarning,
    SessionEvents,
    Trial,
)

#: The name of each kind of content in its rows.
_CONTENTS: dict[str, type[Content]] = {
    "test": Trial,
    "session": SessionEvents,
    "analytics": AnalyticsEvents,
    "monitoring": MonitoringEvents,
    "plan": PlanWarning,
}
_KINDS = {content: kind for kind, content in _CONTENTS.items()}

_PENDING = deliveries.c.state == DeliveryState.PENDING.value

_earlier = deliveries.alias("earlier")
#: The oldest pending row of its subscription: the later ones wait for it.
_FIRST = and_(
    _PENDING,
    ~select(_earlier.c.id)
    .where(
        _earlier.c.subscription_id == deliveries.c.subscription_id,
        _earlier.c.state == DeliveryState.PENDING.value,
        _earlier.c.id < deliveries.c.id,
    )
    .exists(),
)
#: A claim moves a row's due time to the end of its lease: it differs once somebody has woken or
#: redirected the row since, and then it is due at once whatever became of the attempt.
_AS_CLAIMED = deliveries.c.due_at_s == deliveries.c.leased_until_s
#: When a row may be claimed: when it is due, and no lease holds it.
_READY_AT_S = case(
    (deliveries.c.leased_until_s > deliveries.c.due_at_s, deliveries.c.leased_until_s),
    else_=deliveries.c.due_at_s,
)


class SqlOutbox:
    """nef.ports.storage.Outbox on a connection that is inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work inside this connection's transaction."""
        self._connection = connection

    def add(self, notification: Notification, due_at_s: float) -> None:
        """Append a notification."""
        self.add_all((notification,), due_at_s)

    def add_all(self, notifications: Sequence[Notification], due_at_s: float) -> None:
        """Append notifications in their order."""
        rows = [_row(notification, due_at_s) for notification in notifications]
        if rows:
            self._connection.execute(insert(deliveries), rows)

    def claim(self, now_s: float, lease_s: float, limit: int) -> Sequence[Delivery]:
        """Lease what is due, the oldest pending of each subscription only."""
        query = select(deliveries).where(_FIRST, now_s >= _READY_AT_S)
        query = query.order_by(deliveries.c.id).limit(limit)
        rows = self._connection.execute(query).all()
        taken = deliveries.c.id.in_([row.id for row in rows])
        if rows:
            lease = {"leased_until_s": now_s + lease_s, "due_at_s": now_s + lease_s}
            self._connection.execute(update(deliveries).where(taken), lease)
        return [_delivery(row) for row in rows]

    def settle(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt; a failure only where the row is as it was claimed."""
        values = {
            "state": delivery.state.value,
            "attempts": delivery.attempts,
            "due_at_s": delivery.due_at_s,
            "settled_at_s": delivery.settled_at_s,
            "last_error": delivery.last_error,
        }
        here = and_(deliveries.c.id == delivery.id, _PENDING)
        delivered = delivery.state is DeliveryState.DELIVERED
        valid = here if delivered else and_(here, _AS_CLAIMED)
        self._connection.execute(update(deliveries).where(valid), values)
        mine = deliveries.c.id == delivery.id
        self._connection.execute(update(deliveries).where(mine), {"leased_until_s": None})

    def drop(self, subscription_id: str) -> None:
        """Forget what is still to be told about a subscription."""
        mine = and_(deliveries.c.subscription_id == subscription_id, _PENDING)
        self._connection.execute(delete(deliveries).where(mine))

    def redirect(self, subscription_id: str, destination: str) -> None:
        """Send what is still to be told about a subscription elsewhere, and at once."""
        mine = and_(deliveries.c.subscription_id == subscription_id, _PENDING)
        values = {"destination": destination, "due_at_s": 0.0, "attempts": 0}
        self._connection.execute(update(deliveries).where(mine), values)

    def wake(self, subscription_id: str) -> None:
        """Send what is still to be told about a subscription at once."""
        mine = and_(deliveries.c.subscription_id == subscription_id, _PENDING)
        values = {"due_at_s": 0.0, "attempts": 0}
        self._connection.execute(update(deliveries).where(mine), values)

    def take_back(self) -> None:
        """End every lease."""
        leased = and_(_PENDING, deliveries.c.leased_until_s.is_not(None))
        values = {"leased_until_s": None, "due_at_s": 0.0}
        self._connection.execute(update(deliveries).where(leased), values)

    def next_due_s(self) -> float | None:
        """When the earliest attempt is due that nobody has in hand."""
        query = select(func.min(_READY_AT_S)).where(_FIRST)
        due_s: float | None = self._connection.execute(query).scalar()
        return due_s

    def find(
        self, subscription_id: str | None, state: DeliveryState | None, limit: int
    ) -> Sequence[Delivery]:
        """The newest deliveries first."""
        query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        if subscription_id is not None:
            query = query.where(deliveries.c.subscription_id == subscription_id)
        if state is not None:
            query = query.where(deliveries.c.state == state.value)
        return [_delivery(row) for row in self._connection.execute(query)]

    def prune(self, settled_before_s: float) -> None:
        """Forget deliveries that were settled before a moment."""
        old = deliveries.c.settled_at_s < settled_before_s
        self._connection.execute(delete(deliveries).where(old))


def _row(notification: Notification, due_at_s: float) -> dict[str, Any]:
    return {
        "subscription_id": notification.subscription_id,
        "af_id": notification.af_id,
        "destination": notification.destination,
        "kind": _KINDS[type(notification.content)],
        "content": dumped(notification.content),
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "created_at_s": notification.created_at_s,
        "due_at_s": due_at_s,
    }


def _delivery(row: Row[Any]) -> Delivery:
    notification = Notification(
        row.subscription_id,
        row.af_id,
        row.destination,
        loaded(row.content, _CONTENTS[row.kind]),
        row.created_at_s,
    )
    return Delivery(
        id=row.id,
        notification=notification,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at_s=row.due_at_s,
        last_error=row.last_error,
        settled_at_s=row.settled_at_s,
    )
