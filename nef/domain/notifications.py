"""Notifications on their way to an AF: the rows of the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from nef.domain.analytics import Failed
from nef.domain.events import EventReport
from nef.domain.findings import Answer
from nef.domain.monitoring_events import UeEvent
from nef.domain.plans import Candidate
from nef.domain.subscriptions import Api


class DeliveryState(StrEnum):
    """Where a notification stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    #: By a fault of the simulation: the AF does not hear of it, and nobody tries again.
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Trial:
    """Nothing has happened; the AF wants to see that it would hear of it (TS 29.122 5.2.5.3)."""

    api: Api


@dataclass(frozen=True, slots=True)
class SessionEvents:
    """What happened to a session with QoS."""

    reports: tuple[EventReport, ...]


@dataclass(frozen=True, slots=True)
class AnalyticsEvents:
    """What there is to report of analytics; `notification_id` is the AF's name for it."""

    notification_id: str
    answers: tuple[Answer, ...]
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitoringEvents:
    """What happened to UEs."""

    events: tuple[UeEvent, ...]


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """A plan can no longer be kept; the candidates are what can be chosen instead."""

    candidates: tuple[Candidate, ...]


#: What a notification can say; `db/deliveries.py` and `nef/schemas/notifications.py` know each.
Content = Trial | SessionEvents | AnalyticsEvents | MonitoringEvents | PlanWarning


@dataclass(frozen=True, slots=True)
class Notification:
    """What is to be told to an AF about one of its subscriptions."""

    subscription_id: str
    af_id: str
    destination: str
    content: Content
    created_at_s: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many notifications are in each state but DELIVERED, and since when the oldest waits.

    `oldest_since_s` is in real time, None where none waits.
    """

    counts: Mapping[DeliveryState, int]
    oldest_since_s: float | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification with what became of it; `id` grows, and orders those of one subscription.

    `waiting_since_s` is when its time to be delivered began, `due_at_s` when the next attempt is
    due, both in real time. `last_error` says why the last one failed, and `request_id` which
    request has caused it, if one has.
    """

    id: int
    notification: Notification
    state: DeliveryState
    attempts: int
    waiting_since_s: float
    due_at_s: float
    last_error: str | None = None
    settled_at_s: float | None = None
    request_id: str | None = None
