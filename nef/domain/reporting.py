"""When a subscription reports: at once, periodically, once, or when a threshold is crossed.

The rule is pure: the moment comes as an argument, and what it remembers is in `Reported`, which
the store keeps. So each crossing is told once, also across a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from nef.domain.subscriptions import SOON, Due

#: Of what has no threshold every change is reported, but not more often than this.
CHANGES_APART_S = 1.0
#: What may change because time passes, as a forecast does, is looked at this often.
LOOKS_APART_S = 1.0


class Method(StrEnum):
    """`NotificationMethod` (TS 29.508 5.6.3.4)."""

    PERIODIC = "PERIODIC"
    ONE_TIME = "ONE_TIME"
    ON_EVENT_DETECTION = "ON_EVENT_DETECTION"


class Direction(StrEnum):
    """Which crossings of a threshold count (`MatchingDirection`, TS 29.520 5.1.6.3)."""

    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"
    CROSSED = "CROSSED"


@dataclass(frozen=True, slots=True)
class Reporting:
    """How reports are wanted; `until_s` is when the subscription ends by itself.

    `period_s` belongs to PERIODIC.
    """

    method: Method = Method.ON_EVENT_DETECTION
    immediate: bool = False
    period_s: float | None = None
    max_reports: int | None = None
    until_s: float | None = None


#: What is reported where nothing else was asked for: every event.
ON_EVENTS = Reporting()


@dataclass(frozen=True, slots=True)
class Reported:
    """What a subscription has told so far.

    `last_s` is the time of the last report, or of the subscription before the first; where reports
    are periodic it is when the last one was due. `sides` says
    of each threshold, by a name of its own, whether the value was at or above it; `marks` what was
    told last of what has no threshold.
    """

    last_s: float
    count: int = 0
    sides: Mapping[str, bool] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def told(self, now_s: float, reporting: Reporting = ON_EVENTS) -> "Reported":
        """The same after one more report.

        Periods are counted from the subscription on, so that a late report delays no later one.
        """
        last_s = now_s
        if reporting.method is Method.PERIODIC and reporting.period_s is not None:
            last_s -= (now_s - self.last_s) % reporting.period_s
            if now_s >= last_s + reporting.period_s:  # by a rounding of the subtraction
                last_s += reporting.period_s
        return replace(self, last_s=last_s, count=self.count + 1)


def is_over(reporting: Reporting, reported: Reported, now_s: float) -> bool:
    """Whether nothing more will be reported."""
    if reporting.until_s is not None and now_s >= reporting.until_s:
        return True
    most = 1 if reporting.method is Method.ONE_TIME else reporting.max_reports
    return most is not None and reported.count >= most


def next_look(reporting: Reporting, reported: Reported, now_s: float) -> Due:
    """When to look again at a subscription that is not over."""
    if reporting.method is Method.ONE_TIME:
        return SOON
    if reporting.method is Method.PERIODIC and reporting.period_s is not None:
        due = Due(reported.last_s + reporting.period_s)
    else:
        told_again_s = reported.last_s + CHANGES_APART_S
        looks_s = now_s + LOOKS_APART_S
        due = Due(told_again_s if now_s < told_again_s < looks_s else looks_s, on_change=True)
    return due.at_latest(reporting.until_s)


def is_due(reporting: Reporting, reported: Reported, now_s: float) -> bool:
    """Whether time alone is a reason to report now."""
    if reporting.method is Method.ONE_TIME:
        return reported.count == 0
    if reporting.method is Method.PERIODIC and reporting.period_s is not None:
        return now_s >= reported.last_s + reporting.period_s
    return False


def may_tell(reported: Reported, wait_s: float, now_s: float) -> bool:
    """Whether enough time has passed since the last report for another one of a change."""
    return reported.count == 0 or now_s >= reported.last_s + wait_s


def crossed(
    before: Mapping[str, bool], after: Mapping[str, bool], direction: Direction
) -> frozenset[str]:
    """The thresholds that were crossed in a direction; one not known before was not crossed."""
    return frozenset(
        name
        for name, above in after.items()
        if before.get(name, above) != above
        and (direction is Direction.CROSSED or (direction is Direction.ASCENDING) == above)
    )
