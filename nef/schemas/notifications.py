"""Notifications on the wire: what each kind of content becomes."""

from typing import Any

from nef.domain.events import EventReport, Measured
from nef.domain.notifications import (
    AnalyticsEvents,
    MonitoringEvents,
    Notification,
    PlanWarning,
    SessionEvents,
    Trial,
)
from nef.domain.sessions import Usage
from nef.domain.subscriptions import Api
from nef.schemas.analytics import event_document, failed_event_document
from nef.schemas.links import subscription_link
from nef.schemas.monitoring_events import report_document as ue_report_document
from nef.schemas.plans import policy_documents, reference_of


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
        case MonitoringEvents():
            # `MonitoringNotification`, TS 29.122 5.3.2.2.2.
            return {
                "subscription": _link(Api.MONITORING, notification, api_root),
                "monitoringEventReports": [ue_report_document(one) for one in content.events],
            }
        case PlanWarning():
            # `Notification` of TS 29.522 PDTQPolicyNegotiation.
            return {
                "pdtqRefId": reference_of(notification.subscription_id),
                "candPolicies": policy_documents(content.candidates),
            }


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
        case MonitoringEvents():
            return [one.type.value for one in content.events]
        case PlanWarning():
            # The standard has one event only, and no name for it.
            return ["PDTQ_WARNING"]


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
    if report.measured is not None:
        document |= _measured(report, report.measured)
    if report.usage is not None:
        document["accumulatedUsage"] = _usage(report.usage)
    return document


def _measured(report: EventReport, measured: Measured) -> dict[str, Any]:
    """`QosMonitoringReport`: of TS 29.122 5.14.2.1, and of TS 29.514 5.6.2 for rates."""
    document: dict[str, Any] = {}
    delays: list[dict[str, Any]] = []
    congestion: list[dict[str, Any]] = []
    if measured.delay_dl_ms is not None:
        delays.append({"dlDelays": [measured.delay_dl_ms]})
    if measured.delays_failed:
        delays.append({"pdmf": True})
    if measured.rate_dl is not None:
        rate = {"flows": [_flows(report)]} if report.component else {}
        document["qosMonDatRateReps"] = [rate | {"dlDataRate": str(measured.rate_dl)}]
    if measured.congestion_dl_percent is not None:
        congestion.append({"dlConInfo": measured.congestion_dl_percent})
    if measured.congestion_failed:
        congestion.append({"cimf": True})
    lists = {"qosMonReports": delays, "qosMonConInfoReps": congestion}
    return document | {key: value for key, value in lists.items() if value}


def _flows(report: EventReport) -> dict[str, Any]:
    """`Flows` (TS 29.514 5.6.2)."""
    flows = {"medCompN": report.component, "fNums": list(report.flow_ids)}
    return {key: value for key, value in flows.items() if value}


def _usage(usage: Usage) -> dict[str, Any]:
    """`AccumulatedUsage` (TS 29.122 5.2.1); what came up is not counted, and not said."""
    used = {
        "duration": usage.duration_s,
        "totalVolume": usage.total_bytes,
        "downlinkVolume": usage.downlink_bytes,
    }
    return {key: value for key, value in used.items() if value is not None}
