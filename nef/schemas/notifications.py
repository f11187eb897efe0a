"""Notifications on the wire: what each kind of content becomes."""

from typing import Any

from nef.domain.events import EventReport
from nef.domain.notifications import AnalyticsEvents, Notification, SessionEvents, Trial
from nef.domain.subscriptions import Api
from nef.schemas.analytics import event_document, failed_event_document
from nef.schemas.links import subscription_link


def notification_document(notification: Notification, api_root: str) -> dict[str, Any]:
    """What is sent to the AF."""
    content = notification.content
    match content:
        case Trial():
            # `TestNotification`, TS 29.122 5.2.1.
            return {"subscription": _link(content.api, notification, api_root)}
        case SessionEvents():
            # `UserPlaneNotificationData`, TS 29.122 5.14.2.1.4.
            return {
                "transaction": _link(Api.SESSIONS, notification, api_root),
                "eventReports": [report_document(report) for report in content.reports],
            }
        case AnalyticsEvents():
            # `AnalyticsEventNotification`, TS 29.522 5.6.3.
            told = [event_document(answer) for answer in content.answers]
            failed = [
                failed_event_document(one, notification.created_at_s) for one in content.failed
            ]
            return {"notifId": content.notification_id, "analyEventNotifs": told + failed}


def _link(api: Api, notification: Notification, api_root: str) -> str:
    return subscription_link(api_root, api, notification.af_id, notification.subscription_id)


def event_names(notification: Notification) -> list[str]:
    """The events that a notification tells of; none where it is a test."""
    content = notification.content
    match content:
        case Trial():
            return []
        case SessionEvents():
            return [report.event.value for report in content.reports]
        case AnalyticsEvents():
            answered = [answer.event.value for answer in content.answers]
            return answered + [one.event for one in content.failed]


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
