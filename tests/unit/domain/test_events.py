"""Which event a change of grants causes."""

import pytest

from builders.demands import demand
from nef.domain.events import EventReport, UserPlaneEvent, allocation_reports, change_reports
from nef.domain.qos import FlowGrant

DEMAND = demand(2, "medium", "small", flow_ids=(7, 8))
FAILED, GUARANTEED, NOT_GUARANTEED, SUCCESSFUL = (
    UserPlaneEvent.FAILED_RESOURCES_ALLOCATION,
    UserPlaneEvent.QOS_GUARANTEED,
    UserPlaneEvent.QOS_NOT_GUARANTEED,
    UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION,
)


def grant(level: int | None, *, allocated: bool = True) -> FlowGrant:
    return FlowGrant(2, level, allocated)


def report(event: UserPlaneEvent, reference: str | None) -> EventReport:
    return EventReport(event, 2, (7, 8), reference)


@pytest.mark.parametrize(
    ("level", "event", "reference"),
    [(0, SUCCESSFUL, None), (2, SUCCESSFUL, "small"), (None, FAILED, None)],
)
def test_a_first_allocation_succeeds_at_a_rung_or_fails(
    level: int | None, event: UserPlaneEvent, reference: str | None
) -> None:
    reports = allocation_reports([DEMAND], [grant(level, allocated=level is not None)])
    assert reports == (report(event, reference),)


@pytest.mark.parametrize(
    ("before", "after", "event", "reference"),
    [
        (0, 1, NOT_GUARANTEED, "medium"),
        (0, None, NOT_GUARANTEED, None),
        (1, 2, NOT_GUARANTEED, "small"),
        (2, 1, NOT_GUARANTEED, "medium"),
        (None, 2, NOT_GUARANTEED, "small"),
        (1, 0, GUARANTEED, None),
        (None, 0, GUARANTEED, None),
    ],
)
def test_a_change_says_what_holds_now(
    before: int | None, after: int | None, event: UserPlaneEvent, reference: str | None
) -> None:
    reports = change_reports([DEMAND], [grant(before)], [grant(after)])
    assert reports == (report(event, reference),)


def test_resources_that_come_late_are_a_successful_allocation() -> None:
    reports = change_reports([DEMAND], [grant(None, allocated=False)], [grant(1)])
    assert reports == (report(SUCCESSFUL, "medium"),)


def test_only_the_components_that_changed_are_reported() -> None:
    other = demand(1)
    same = FlowGrant(1, 0, allocated=True)
    reports = change_reports([other, DEMAND], [same, grant(0)], [same, grant(1)])
    assert [r.component for r in reports] == [2]
    assert change_reports([other], [same], [same]) == ()
