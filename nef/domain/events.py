"""User plane events, and the pure rule that says which of them a change of grants causes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from nef.domain.qos import FlowDemand, FlowGrant, NoBearer
from nef.domain.sessions import Usage
from nef.domain.units import BitRate


class UserPlaneEvent(StrEnum):
    """The events of TS 29.122 5.14.2.2.3 that this NEF reports."""

    SESSION_TERMINATION = "SESSION_TERMINATION"
    SUCCESSFUL_RESOURCES_ALLOCATION = "SUCCESSFUL_RESOURCES_ALLOCATION"
    FAILED_RESOURCES_ALLOCATION = "FAILED_RESOURCES_ALLOCATION"
    LOSS_OF_BEARER = "LOSS_OF_BEARER"
    RECOVERY_OF_BEARER = "RECOVERY_OF_BEARER"
    RELEASE_OF_BEARER = "RELEASE_OF_BEARER"
    QOS_GUARANTEED = "QOS_GUARANTEED"
    QOS_NOT_GUARANTEED = "QOS_NOT_GUARANTEED"
    QOS_MONITORING = "QOS_MONITORING"
    USAGE_REPORT = "USAGE_REPORT"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a flow; None is said of what was not asked for.

    `delays_failed` and `congestion_failed` say that some of what was asked for could not be
    measured, as nothing of the uplink can.
    """

    delay_dl_ms: int | None = None
    delays_failed: bool = False
    rate_dl: BitRate | None = None
    congestion_dl_percent: int | None = None
    congestion_failed: bool = False


@dataclass(frozen=True, slots=True)
class EventReport:
    """One event with the component and flows it is about.

    `component` 0 is the subscription itself, None the whole session; `applied_reference` names
    the rung of the ladder that now holds, None where none does or it has no name. `measured`
    belongs to QOS_MONITORING, `usage` to USAGE_REPORT and to the end of a session.
    """

    event: UserPlaneEvent
    component: int | None = None
    flow_ids: tuple[int, ...] = ()
    applied_reference: str | None = None
    measured: Measured | None = None
    usage: Usage | None = None


def allocation_reports(
    demands: Iterable[FlowDemand], grants: Iterable[FlowGrant]
) -> tuple[EventReport, ...]:
    """The reports of a first allocation, or of one after a change, a report a component.

    There is none of a component whose resources are still awaited.
    """
    by_component = {grant.component: grant for grant in grants}
    pairs = ((demand, by_component[demand.component]) for demand in demands)
    return tuple(
        _first(demand, grant) for demand, grant in pairs if grant.level is not NoBearer.AWAITED
    )


def change_reports(
    demands: Iterable[FlowDemand], before: Iterable[FlowGrant], after: Iterable[FlowGrant]
) -> tuple[EventReport, ...]:
    """What the network's new grants mean for an AF that knows the old ones."""
    old = {grant.component: grant for grant in before}
    new = {grant.component: grant for grant in after}
    pairs = ((demand, old[demand.component], new[demand.component]) for demand in demands)
    changes = (_change(demand, was, now) for demand, was, now in pairs if was != now)
    return tuple(report for change in changes for report in change)


def _first(demand: FlowDemand, grant: FlowGrant) -> EventReport:
    if isinstance(grant.level, int):
        return _report(UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION, demand, grant.level)
    return _report(UserPlaneEvent.FAILED_RESOURCES_ALLOCATION, demand, None)


_NO_BEARER = {
    NoBearer.LOST: UserPlaneEvent.LOSS_OF_BEARER,
    NoBearer.RELEASED: UserPlaneEvent.RELEASE_OF_BEARER,
}


def _change(demand: FlowDemand, was: FlowGrant, now: FlowGrant) -> tuple[EventReport, ...]:
    if isinstance(now.level, NoBearer):
        event = _NO_BEARER.get(now.level)
        return (_report(event, demand, None),) if event else ()
    if not was.allocated:
        return (_first(demand, now),)
    if was.level is not NoBearer.LOST:
        return (_quality(demand, now.level),)
    # A bearer is back with what was asked for, unless something else is said of its QoS.
    recovery = _report(UserPlaneEvent.RECOVERY_OF_BEARER, demand, None)
    return (recovery,) if now.level == 0 else (recovery, _quality(demand, now.level))


def _quality(demand: FlowDemand, level: int | None) -> EventReport:
    if level == 0:
        # What was asked for holds again; appliedQosRef goes with the other two events only
        # (TS 29.122 5.14.2.1.5).
        return _report(UserPlaneEvent.QOS_GUARANTEED, demand, None)
    return _report(UserPlaneEvent.QOS_NOT_GUARANTEED, demand, level)


def _report(event: UserPlaneEvent, demand: FlowDemand, level: int | None) -> EventReport:
    reference = None if level is None else demand.ladder[level].reference
    return EventReport(event, demand.component, demand.flow_ids, reference)
