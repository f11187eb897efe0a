"""A delivery and its row."""

from typing import Any

from sqlalchemy import Row

from db.codec import dumped, loaded
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


def outcome_of(delivery: Delivery) -> dict[str, Any]:
    """What is written of an attempt; `delivery` names the row."""
    return {
        "delivery": delivery.id,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "waiting_since_s": delivery.waiting_since_s,
        "due_at_s": delivery.due_at_s,
        "settled_at_s": delivery.settled_at_s,
        "last_error": delivery.last_error,
        "leased_until_s": None,
    }


def row_of(notification: Notification) -> dict[str, Any]:
    """The row of a notification that nobody has tried to deliver."""
    return {
        "subscription_id": notification.subscription_id,
        "af_id": notification.af_id,
        "destination": notification.destination,
        "kind": _KINDS[type(notification.content)],
        "content": dumped(notification.content),
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "created_at_s": notification.created_at_s,
    }


def delivery_of(row: Row[Any]) -> Delivery:
    """What a row means."""
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
        waiting_since_s=row.waiting_since_s,
        due_at_s=row.due_at_s,
        last_error=row.last_error,
        settled_at_s=row.settled_at_s,
        request_id=row.request_id,
    )
