"""Subscriptions to reports, whatever the API: what the store and the ticker need of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Body_co = TypeVar("Body_co", covariant=True)


class Api(StrEnum):
    """The APIs under which an AF has resources of its own."""

    SESSIONS = "sessions"
    ANALYTICS = "analytics"
    MONITORING = "monitoring"
    TRANSFERS = "transfers"


@dataclass(frozen=True, slots=True)
class Subscription(Generic[Body_co]):
    """A resource of an AF's that is looked at again and again until it ends.

    `body` is what the API makes of it: what was asked for, and what has been reported. `due_at_s`
    is when to look at it next, in the time of the network; None where nothing but its AF can move
    it. `version` grows with each change, so that two writers cannot both win; `number` is the
    order of creation. The store gives both.
    """

    id: str
    af_id: str
    api: Api
    body: Body_co
    created_at_s: float
    due_at_s: float | None = None
    version: int = 0
    number: int = 0
