"""Notifications on the wire: `UserPlaneNotificationData` and `TestNotification`."""

from typing import Any

from nef.domain.events import EventReport
from nef.domain.notifications import Notification
from nef.schemas.sessions import session_link


def notification_document(notification: Notification, api_root: str) -> dict[str, Any]:
    """What is sent to the AF (TS 29.122 5.14.2.1.4; 5.2.1 for a test)."""
    link = session_link(api_root, notification.af_id, notification.session_id)
    if not notification.reports:
        return {"subscription": link}
    reports = [report_document(report) for report in notification.reports]
    return {"transaction": link, "eventReports": reports}


def report_document(report: EventReport) -> dict[str, Any]:
    """One `UserPlaneEventReport` (TS 29.122 5.14.2.1.5)."""
    document: dict[str, Any] = {"event": report.event.value}
    if report.component:
        flows = {"medCompN": report.component, "flowIds": list(report.flow_ids)}
        document["multiModFlows"] = [{key: value for key, value in flows.items() if value}]
    elif report.flow_ids:
        document["flowIds"] = list(report.flow_ids)
    if report.applied_reference is not None:
        document["appliedQosRef"] = report.applied_reference
    return document
