"""Subscriptions to reports, whatever the API: what the store and the ticker need of them."""

from dataclasses import dataclass, replace
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
class Due:
    """When to look at a subscription next.

    `at_s` is a moment, in the time of the network; None where no time is a reason. `on_change`:
    also whenever anything in the network stands otherwise than before.
    """

    at_s: float | None = None
    on_change: bool = False

    def not_before(self, moment_s: float | None) -> "Due":
        """The same, but by time not before a moment."""
        if moment_s is None or self.at_s is None:
            return self
        return replace(self, at_s=max(moment_s, self.at_s))

    def at_latest(self, moment_s: float | None) -> "Due":
        """The same, but also by time at a moment."""
        if moment_s is None or (self.at_s is not None and self.at_s <= moment_s):
            return self
        return replace(self, at_s=moment_s)


#: Nothing but its AF can move it.
NEVER = Due()
#: At the next tick, whatever has happened.
SOON = Due(0.0)


@dataclass(frozen=True, slots=True)
class Subscription(Generic[Body_co]):
    """A resource of an AF's that is looked at again and again until it ends.

    `body` is what the API makes of it: what was asked for, and what has been reported. `due` is
    when to look at it next. `version` grows with each change, so that two writers cannot both win;
    `number` is the order of creation. The store gives both. One look at it is as much work as
    `weight` looks at one that asks for one thing.
    """

    id: str
    af_id: str
    api: Api
    body: Body_co
    created_at_s: float
    due: Due = NEVER
    version: int = 0
    number: int = 0
    weight: int = 1
