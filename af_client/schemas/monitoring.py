"""Events of a UE: `MonitoringEventSubscription` and its reports (TS 29.122 5.3)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import fields

from af_client.answers import Answer, ConnectivityLoss, Location, Reachability
from af_client.questions import (
    ConnectivityLossQuestion,
    LocationQuestion,
    MonitoringQuestion,
    ReachabilityQuestion,
    Terms,
)
from af_client.reports import Report, Told
from af_client.schemas.analytics_data import Open, moment
from af_client.schemas.base import loaded

_TYPES: Mapping[type[MonitoringQuestion[Any]], str] = {
    LocationQuestion: "LOCATION_REPORTING",
    ReachabilityQuestion: "UE_REACHABILITY",
    ConnectivityLossQuestion: "LOSS_OF_CONNECTIVITY",
}


class LocationInfoSchema(Open):
    """`LocationInfo`."""

    cell_id = fields.String(data_key="cellId")
    tracking_area_id = fields.String(data_key="trackingAreaId")
    plmn_id = fields.String(data_key="plmnId")
    age_min = fields.Integer(data_key="ageOfLocationInfo")


class ReportSchema(Open):
    """`MonitoringEventReport`."""

    kind = fields.String(data_key="monitoringType", required=True)
    happened_at = moment("eventTime")
    location = fields.Nested(LocationInfoSchema, data_key="locationInfo")
    location_failure = fields.String(data_key="locFailureCause")
    reachability = fields.String(data_key="reachabilityType")
    reachable_until = moment("maxUEAvailabilityTime")
    loss_reason = fields.Integer(data_key="lossOfConnectReason")
    unavailable_s = fields.Integer(data_key="unavailPerDur")


class ReportsSchema(Open):
    """`MonitoringEventReports`."""

    reports = fields.List(
        fields.Nested(ReportSchema), data_key="monitoringEventReports", required=True
    )


class NotificationSchema(Open):
    """`MonitoringNotification`, as far as it is about one UE."""

    subscription = fields.String(required=True)
    reports = fields.List(
        fields.Nested(ReportSchema), data_key="monitoringEventReports", load_default=list
    )
    cancelled = fields.Boolean(data_key="cancelInd", load_default=False)


class SubscriptionSchema(Open):
    """`MonitoringEventSubscription`: the reports that come with it."""

    report = fields.Nested(ReportSchema, data_key="monitoringEventReport")


_REPORT, _REPORTS = ReportSchema(), ReportsSchema()
_NOTIFICATION, _SUBSCRIPTION = NotificationSchema(), SubscriptionSchema()


def request_document(
    question: MonitoringQuestion[Any], gpsi: str, url: str, terms: Terms
) -> dict[str, Any]:
    """`MonitoringEventSubscription`, with a report at once of what is so already."""
    document: dict[str, Any] = {
        **_identity(gpsi),
        "notificationDestination": url,
        "monitoringType": _TYPES[type(question)],
        "immediateRep": True,
        "monitorExpireTime": terms.until().isoformat(),
    }
    if terms.once or terms.max_reports is not None:
        document["maximumNumberOfReports"] = terms.max_reports or 1
    if isinstance(question, LocationQuestion):
        document["locationType"] = "CURRENT_LOCATION"
        # The other kinds are events, which have no period.
        document |= {} if terms.every_s is None else {"repPeriod": terms.every_s}
    if isinstance(question, ReachabilityQuestion):
        document["reachabilityType"] = "DATA"
    return document


def told_in_reply(question: MonitoringQuestion[Any], document: Any, *, created: bool) -> Told:
    """The report in the answer to a request; without a subscription it is the last.

    Raises Malformed.
    """
    if created:
        report = loaded(_SUBSCRIPTION, document).get("report")
        return _told(question, [report] if report else [])
    several = isinstance(document, dict) and "monitoringEventReports" in document
    reports = loaded(_REPORTS, document)["reports"] if several else [loaded(_REPORT, document)]
    return _told(question, reports, over=True)


def told_in_notification(question: MonitoringQuestion[Any], document: Any) -> Told:
    """The reports in a notification; raises Malformed."""
    data = loaded(_NOTIFICATION, document)
    return _told(question, data["reports"], over=data["cancelled"])


def _told(
    question: MonitoringQuestion[Any], reports: Iterable[Mapping[str, Any]], *, over: bool = False
) -> Told:
    kind = _TYPES[type(question)]
    return Told(tuple(_report(question, one) for one in reports if one["kind"] == kind), over)


def _report(question: MonitoringQuestion[Any], data: Mapping[str, Any]) -> Report[Any]:
    if failure := data.get("location_failure"):
        return Report(question, failure=failure)
    return Report(question, _READERS[type(question)](data))


def _location(data: Mapping[str, Any]) -> Location:
    return Location(**data.get("location", {}), generated_at=data.get("happened_at"))


def _reachability(data: Mapping[str, Any]) -> Reachability:
    return Reachability(
        data.get("reachability"),
        generated_at=data.get("happened_at"),
        valid_until=data.get("reachable_until"),
    )


def _loss(data: Mapping[str, Any]) -> ConnectivityLoss:
    return ConnectivityLoss(
        data.get("loss_reason"), data.get("unavailable_s"), generated_at=data.get("happened_at")
    )


_READERS: Mapping[type[MonitoringQuestion[Any]], Callable[[Mapping[str, Any]], Answer]] = {
    LocationQuestion: _location,
    ReachabilityQuestion: _reachability,
    ConnectivityLossQuestion: _loss,
}


def _identity(gpsi: str) -> dict[str, str]:
    """A GPSI as TS 29.122 wants it: "msisdn-491700000001" or "extid-device@operator.example"."""
    kind, _, name = gpsi.partition("-")
    if not name or kind not in {"msisdn", "extid"}:
        raise ValueError(f"{gpsi[:60]!r} is no GPSI; write msisdn-… or extid-…@…")
    return {"msisdn": name} if kind == "msisdn" else {"externalId": name}
