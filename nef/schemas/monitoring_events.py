"""What is told of UEs: `MonitoringEventReport` and what carries it (TS 29.122 5.3.2)."""

from collections.abc import Iterable, Sequence
from typing import Any

from nef.domain.areas import CellPlace
from nef.domain.features import NO_FEATURES
from nef.domain.monitoring_events import (
    Accuracy,
    Location,
    MonitoringSubscription,
    MonitoringType,
    UeEvent,
)
from nef.domain.subscriptions import Api, Subscription
from nef.schemas.areas import ncgi_document, tai_document
from nef.schemas.links import subscription_link, websocket_config
from nef.schemas.times import date_time


def report_document(event: UeEvent) -> dict[str, Any]:
    """`MonitoringEventReport`."""
    document: dict[str, Any] = {
        "monitoringType": event.type.value,
        "eventTime": date_time(event.time_s),
    }
    if event.gpsi is not None:
        document |= _name(event.gpsi)
    if event.type is MonitoringType.UE_REACHABILITY:
        document["reachabilityType"] = "DATA"
    if event.loss is not None:
        document["lossOfConnectReason"] = event.loss.value
    if event.location is not None:
        document["locationInfo"] = location_document(event.location)
    if event.failure is not None:
        document["locFailureCause"] = event.failure.value
    return document


def location_document(location: Location) -> dict[str, Any]:
    """`LocationInfo`, with nothing finer than what was asked for; its age in whole minutes."""
    place = location.place
    plmn = f"{place.tai.plmn.mcc}-{place.tai.plmn.mnc}"
    document: dict[str, Any] = {"plmnId": plmn}
    if location.age_s is not None:
        document["ageOfLocationInfo"] = int(location.age_s // 60)
    if location.accuracy is not Accuracy.PLMN:
        document["trackingAreaId"] = f"{plmn}-{place.tai.tac}"
    if location.accuracy is Accuracy.CGI_ECGI:
        document["cellId"] = f"{plmn}-{place.ncgi.nci}"
        document["userLocation"] = _user_location(place)
    return document


def subscription_document(
    subscription: Subscription[MonitoringSubscription],
    told: Sequence[UeEvent],
    api_root: str,
) -> dict[str, Any]:
    """`MonitoringEventSubscription`: as the AF wrote it, with what the NEF has to say."""
    request = subscription.body.request
    link = subscription_link(api_root, Api.MONITORING, subscription.af_id, subscription.id)
    document = dict(request.wire) | {"self": link}
    if request.negotiates:
        document["supportedFeatures"] = NO_FEATURES
    if "websockNotifConfig" in document:
        document["websockNotifConfig"] = websocket_config(
            document["websockNotifConfig"],
            api_root,
            Api.MONITORING,
            subscription.af_id,
            subscription.id,
        )
    if told:
        document["monitoringEventReport"] = report_document(told[0])
    if told[1:]:
        document["addnMonEventReports"] = report_documents(told[1:])
    return document


def subscription_documents(
    subscriptions: Iterable[Subscription[MonitoringSubscription]], api_root: str
) -> list[dict[str, Any]]:
    """A list of `MonitoringEventSubscription`."""
    return [subscription_document(one, (), api_root) for one in subscriptions]


def report_documents(told: Iterable[UeEvent]) -> list[dict[str, Any]]:
    """A list of `MonitoringEventReport`."""
    return [report_document(event) for event in told]


def reports_document(told: Sequence[UeEvent]) -> dict[str, Any]:
    """The answer to a request that is fulfilled: one report, or `MonitoringEventReports`."""
    documents = report_documents(told)
    return documents[0] if len(documents) == 1 else {"monitoringEventReports": documents}


def _name(gpsi: str) -> dict[str, str]:
    """The GPSI without the prefix that says which kind it is (TS 29.571 `Gpsi`)."""
    kind, _, name = gpsi.partition("-")
    return {"externalId" if kind == "extid" else "msisdn": name}


def _user_location(place: CellPlace) -> dict[str, Any]:
    nr = {"tai": tai_document(place.tai), "ncgi": ncgi_document(place.ncgi)}
    return {"nrLocation": nr}
