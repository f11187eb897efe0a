"""Which event a change of grants causes."""

from dataclasses import replace

import pytest

from builders.demands import demand, level
from nef.domain.events import EventReport, UserPlaneEvent, allocation_reports, change_reports
from nef.domain.qos import FlowGrant, Held, NoBearer

DEMAND = demand(2, "medium", "small", flow_ids=(7, 8))
FAILED, GUARANTEED, NOT_GUARANTEED, SUCCESSFUL = (
    UserPlaneEvent.FAILED_RESOURCES_ALLOCATION,
    UserPlaneEvent.QOS_GUARANTEED,
    UserPlaneEvent.QOS_NOT_GUARANTEED,
    UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION,
)


def grant(level: Held, *, allocated: bool = True) -> FlowGrant:
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
        (0, 2, NOT_GUARANTEED, "small"),
        (0, None, NOT_GUARANTEED, None),
        (2, None, NOT_GUARANTEED, None),
        (1, 2, NOT_GUARANTEED, "small"),
        (2, 1, NOT_GUARANTEED, "medium"),
        (None, 2, NOT_GUARANTEED, "small"),
        (1, 0, GUARANTEED, None),
        (2, 0, GUARANTEED, None),
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


@pytest.mark.parametrize(("level", "reference"), [(0, None), (2, "small")])
def test_a_rung_that_was_waited_for_is_named(level: int, reference: str | None) -> None:
    reports = change_reports([DEMAND], [grant(None, allocated=False)], [grant(level)])
    assert reports == (report(SUCCESSFUL, reference),)


def test_what_was_asked_for_by_name_is_named_when_it_is_allocated() -> None:
    named = replace(DEMAND, ladder=(level("gold"), level("silver")))
    (first,) = allocation_reports([named], [grant(0)])
    assert first.applied_reference == "gold"
    (fallen,) = change_reports([named], [grant(0)], [grant(1)])
    assert fallen.applied_reference == "silver"
    (back,) = change_reports([named], [grant(1)], [grant(0)])
    # TS 29.122 knows appliedQosRef in QOS_NOT_GUARANTEED and SUCCESSFUL_RESOURCES_ALLOCATION only.
    assert (back.event, back.applied_reference) == (GUARANTEED, None)


def test_each_component_of_an_allocation_has_its_own_report() -> None:
    other = demand(1, "low")
    grants = [grant(None, allocated=False), FlowGrant(1, 1, allocated=True)]
    one, two = allocation_reports([other, DEMAND], grants)
    assert (one.component, one.event, one.applied_reference) == (1, SUCCESSFUL, "low")
    assert (two.component, two.event) == (2, FAILED)


def test_only_the_components_that_changed_are_reported() -> None:
    other = demand(1)
    same = FlowGrant(1, 0, allocated=True)
    reports = change_reports([other, DEMAND], [same, grant(0)], [same, grant(1)])
    assert [r.component for r in reports] == [2]
    assert change_reports([other], [same], [same]) == ()


def test_of_resources_that_are_awaited_nothing_is_said_until_they_fail_or_come() -> None:
    awaited = grant(NoBearer.AWAITED, allocated=False)
    assert allocation_reports([DEMAND], [awaited]) == ()
    failed = change_reports([DEMAND], [awaited], [grant(None, allocated=False)])
    assert failed == (report(FAILED, None),)
    assert change_reports([DEMAND], [awaited], [grant(0)]) == (report(SUCCESSFUL, None),)


def test_a_bearer_is_lost_or_released_and_names_no_rung() -> None:
    lost = change_reports([DEMAND], [grant(1)], [grant(NoBearer.LOST)])
    assert lost == (report(UserPlaneEvent.LOSS_OF_BEARER, None),)
    released = change_reports([DEMAND], [grant(1)], [grant(NoBearer.RELEASED)])
    assert released == (report(UserPlaneEvent.RELEASE_OF_BEARER, None),)


@pytest.mark.parametrize(
    ("level", "more"),
    [
        (0, ()),
        (2, (report(NOT_GUARANTEED, "small"),)),
        (None, (report(NOT_GUARANTEED, None),)),
    ],
)
def test_a_recovered_bearer_has_what_was_asked_for_unless_more_is_said(
    level: int | None, more: tuple[EventReport, ...]
) -> None:
    back = change_reports([DEMAND], [grant(NoBearer.LOST)], [grant(level)])
    assert back == (report(UserPlaneEvent.RECOVERY_OF_BEARER, None), *more)
