"""Questions to analytics: `AnalyticsRequest` and `AnalyticsExposureSubsc` of TS 29.522."""

from collections.abc import Callable, Mapping
from typing import Any

from af_client.answers import Cell, TrackingArea
from af_client.questions import (
    AnalyticsQuestion,
    BandwidthQuestion,
    CommunicationQuestion,
    CongestionQuestion,
    MobilityQuestion,
    PerformanceQuestion,
    QosQuestion,
    Target,
    Terms,
    TransferTimeQuestion,
)
from af_client.units import format_rate


def fetch_document(question: AnalyticsQuestion[Any], target: Target) -> dict[str, Any]:
    """`AnalyticsRequest`."""
    document = _event(question, target, _WATCHED_ONLY)
    if window := _window(question):
        document["analyRep"] = window
    return document | {"suppFeat": "0"}


def subscription_document(
    question: AnalyticsQuestion[Any], target: Target, url: str, notification_id: str, terms: Terms
) -> dict[str, Any]:
    """`AnalyticsExposureSubsc` of reports that begin in the reply."""
    event = _event(question, target, _FETCHED_ONLY)
    if window := _window(question):
        event["analyEventFilter"] = event.get("analyEventFilter", {}) | {"extraReportReq": window}
    return {
        "analyEventsSubs": [event],
        "analyRepInfo": _reporting(terms),
        "notifUri": url,
        "notifId": notification_id,
        "suppFeat": "0",
    }


def _reporting(terms: Terms) -> dict[str, Any]:
    """`ReportingInformation`."""
    if terms.once:
        return {"notifMethod": "ONE_TIME", "immRep": True}
    said: dict[str, Any] = {"immRep": True, "monDur": terms.until().isoformat()}
    if terms.every_s is None:
        said["notifMethod"] = "ON_EVENT_DETECTION"
    else:
        said |= {"notifMethod": "PERIODIC", "repPeriod": terms.every_s}
    return said if terms.max_reports is None else said | {"maxReportNbr": terms.max_reports}


#: What `AnalyticsEventFilter` of a fetch has and `AnalyticsEventFilterSubsc` has not, and the
#: other way round; a threshold is of no use to a fetch either.
_FETCHED_ONLY = frozenset({"nwPerfTypes"})
_WATCHED_ONLY = frozenset(
    {"nwPerfReqs", "ranUeThrouThds", "reptThlds", "dnPerfReqs", "matchingDir"}
)


def _event(
    question: AnalyticsQuestion[Any], target: Target, left_out: frozenset[str]
) -> dict[str, Any]:
    event, conditions_of = _FORMS[type(question)]
    document: dict[str, Any] = {"analyEvent": event, "tgtUe": _target(target)}
    conditions = _area(target) | conditions_of(question)
    said = {name: value for name, value in conditions.items() if name not in left_out}
    return document | ({"analyEventFilter": said} if said else {})


def event_of(question: AnalyticsQuestion[Any]) -> str:
    """The `AnalyticsEvent` that a question is about."""
    return _FORMS[type(question)][0]


def _target(target: Target) -> dict[str, Any]:
    if target.gpsi is not None:
        return {"gpsi": target.gpsi}
    return {"exterGroupId": target.group} if target.group is not None else {"anyUeInd": True}


def _area(target: Target) -> dict[str, Any]:
    area = {
        "ncgis": [{"plmnId": _plmn(cell), "nrCellId": cell.cell_id} for cell in target.cells],
        "tais": [{"plmnId": _plmn(area), "tac": area.tac} for area in target.tracking_areas],
    }
    said = {name: places for name, places in area.items() if places}
    return {"locArea": {"nwAreaInfo": said}} if said else {}


def _plmn(place: Cell | TrackingArea) -> dict[str, str]:
    return {"mcc": place.mcc, "mnc": place.mnc}


def _window(question: AnalyticsQuestion[Any]) -> dict[str, int]:
    """`EventReportingRequirement`: an offset ahead is above zero, one back below."""
    offset_s = question.within_s or -(question.past_s or 0)
    return {"offsetPeriod": offset_s} if offset_s else {}


def _bandwidth(question: BandwidthQuestion) -> dict[str, Any]:
    conditions = _quality(question.per)
    if question.thresholds_bps:
        levels = [{"avgTrafficRate": format_rate(rate)} for rate in question.thresholds_bps]
        conditions["dnPerfReqs"] = [{"reportThresholds": levels}]
        conditions["matchingDir"] = question.crossing.value
    return conditions


def _transfer_time(question: TransferTimeQuestion) -> dict[str, Any]:
    threshold = {}
    conditions = _quality(question.per)
    if question.threshold_s is not None:
        threshold = {"highTransTmThr": round(1000 * question.threshold_s)}
        conditions["matchingDir"] = question.crossing.value
    asked = [
        {"dataVolume": {"downlinkVolume": n_bytes}, "repeatDataTrans": 1, **threshold}
        for n_bytes in question.sizes
    ]
    return conditions | {"dataVlTrnsTmRqs": asked}


def _sustainability(question: QosQuestion) -> dict[str, Any]:
    rate = format_rate(question.rate_dl_bps)
    return _quality(question.per, rate) | {
        "ranUeThrouThds": [rate],
        "matchingDir": question.crossing.value,
    }


def _congestion(question: CongestionQuestion) -> dict[str, Any]:
    if not question.thresholds_percent:
        return {}
    levels = [{"congLevel": percent} for percent in question.thresholds_percent]
    return {"reptThlds": levels, "matchingDir": question.crossing.value}


def _performance(question: PerformanceQuestion) -> dict[str, Any]:
    return {
        "nwPerfTypes": list(question.kinds),
        "nwPerfReqs": [{"nwPerfType": kind} for kind in question.kinds],
    }


def _nothing(_: AnalyticsQuestion[Any]) -> dict[str, Any]:
    return {}


def _quality(per: str | None, rate: str | None = None) -> dict[str, Any]:
    """`QosRequirement` of a flow with a guaranteed rate, where anything is said of it."""
    said = {name: value for name, value in (("gfbrDl", rate), ("per", per)) if value is not None}
    return {"qosReq": {"resType": "NON_CRITICAL_GBR"} | said} if said else {}


_FORMS: Mapping[type[AnalyticsQuestion[Any]], tuple[str, Callable[..., dict[str, Any]]]] = {
    BandwidthQuestion: ("DN_PERFORMANCE", _bandwidth),
    TransferTimeQuestion: ("E2E_DATA_VOL_TRANS_TIME", _transfer_time),
    QosQuestion: ("QOS_SUSTAINABILITY", _sustainability),
    CongestionQuestion: ("CONGESTION", _congestion),
    PerformanceQuestion: ("NETWORK_PERFORMANCE", _performance),
    MobilityQuestion: ("UE_MOBILITY", _nothing),
    CommunicationQuestion: ("UE_COMM", _nothing),
}
