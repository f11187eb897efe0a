"""What analytics answer, on the wire: `AnalyticsData`, `AnalyticsEventNotif` and their parts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nef.domain.analytics import AnalyticsEvent, AnalyticsSubscription, Failed, Measure
from nef.domain.features import NO_FEATURES
from nef.domain.findings import (
    Answer,
    Congestion,
    DnPerformance,
    Finding,
    NetworkPerformance,
    Shortfall,
    Stay,
    Traffic,
    TransferTime,
)
from nef.domain.subscriptions import Api, Subscription
from nef.schemas.areas import area_document, named_area_document
from nef.schemas.links import subscription_link, websocket_config
from nef.schemas.times import date_time, time_window

#: `Snssai` of every PDU session here: eMBB, without a slice differentiator (TS 23.501 5.15.2.2).
_SLICE = {"sst": 1}


def data_document(answer: Answer) -> dict[str, Any]:
    """`AnalyticsData` of a fetch."""
    return _times(answer) | _infos(answer, _IN_DATA) | {"suppFeat": NO_FEATURES}


def event_document(answer: Answer) -> dict[str, Any]:
    """`AnalyticsEventNotif`."""
    return (
        {"analyEvent": answer.event.value, "timeStamp": date_time(answer.made_at_s)}
        | ({"locArea": named_area_document(answer.area)} if answer.area else {})
        | _times(answer)
        | _infos(answer, _IN_NOTIFICATION)
    )


def failed_event_document(failed: Failed, now_s: float) -> dict[str, Any]:
    """`AnalyticsEventNotif` of what can no longer be reported."""
    return {
        "analyEvent": failed.event,
        "timeStamp": date_time(now_s),
        "failNotifyCode": failed.failure.value,
    }


def subscription_document(
    subscription: Subscription[AnalyticsSubscription], answers: Iterable[Answer], api_root: str
) -> dict[str, Any]:
    """`AnalyticsExposureSubsc`: as the AF wrote it, with what the NEF has to say."""
    body = subscription.body
    document = dict(body.request.wire)
    link = subscription_link(api_root, Api.ANALYTICS, subscription.af_id, subscription.id)
    said: dict[str, Any] = {
        "self": link,
        "suppFeat": None if body.request.features is None else NO_FEATURES,
        "eventNotifis": [event_document(answer) for answer in answers],
        "failEventReports": [
            {"event": one.event, "failureCode": one.failure.value} for one in body.failed
        ],
    }
    if "websockNotifConfig" in document:
        said["websockNotifConfig"] = websocket_config(
            document["websockNotifConfig"],
            api_root,
            Api.ANALYTICS,
            subscription.af_id,
            subscription.id,
        )
    return document | {key: value for key, value in said.items() if value}


def _times(answer: Answer) -> dict[str, Any]:
    times = {"start": date_time(answer.from_s), "timeStampGen": date_time(answer.made_at_s)}
    if answer.until_s > answer.from_s:
        times["expiry"] = date_time(answer.until_s)
    return times


#: The attribute of each kind of answer; one is spelt differently in notifications.
_IN_DATA: Mapping[AnalyticsEvent, str] = {
    AnalyticsEvent.UE_MOBILITY: "ueMobilityInfos",
    AnalyticsEvent.UE_COMM: "ueCommInfos",
    AnalyticsEvent.CONGESTION: "congestInfos",
    AnalyticsEvent.NETWORK_PERFORMANCE: "nwPerfInfos",
    AnalyticsEvent.QOS_SUSTAINABILITY: "qosSustainInfos",
    AnalyticsEvent.DN_PERFORMANCE: "dnPerfInfos",
    AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME: "dataVlTrnsTmInfos",
}
_IN_NOTIFICATION = {**_IN_DATA, AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME: "dataVlTrnsTmIfs"}


def _infos(answer: Answer, names: Mapping[AnalyticsEvent, str]) -> dict[str, Any]:
    infos = [_FORMS[type(finding)](finding) for finding in answer.findings]
    return {names[answer.event]: infos} if infos else {}


def _dn_performance(found: DnPerformance) -> dict[str, Any]:
    """`DnPerfInfo`: delays in milliseconds, losses in tenths of a per cent (TS 29.571)."""
    loss = round(found.loss.value * 1000)
    data = {
        "avgTrafficRate": str(found.mean_rate),
        "minTrafficRate": str(found.least_rate),
        "maxTrafficRate": str(found.most_rate),
        "varTrafficRate": found.rate_variance,
        "aggTrafficRate": str(found.total_rate),
        "numOfUe": found.ues,
    }
    if found.delay is not None:
        data |= {
            "avePacketDelay": max(1, round(found.delay.mean_ms)),
            "maxPacketDelay": max(1, round(found.delay.most_ms)),
            "varPacketDelay": found.delay.variance,
            "avgPacketLossRate": loss,
            "maxPacketLossRate": loss,
            "varPacketLossRate": 0.0,
        }
    performance = {"perfData": data, "spatialValidCon": area_document(found.places)["nwAreaInfo"]}
    if found.until_s > found.from_s:
        performance["temporalValidCon"] = time_window(found.from_s, found.until_s)
    return {"dnPerf": [performance], "confidence": found.confidence}


def _transfer_time(found: TransferTime) -> dict[str, Any]:
    """`E2eDataVolTransTimeInfo`: one slot, as long as the transfers; times in milliseconds.

    The published file names no unit; docs/decisions/0007 says why these are milliseconds.
    """
    taken = {
        "downlinkVolume": found.downlink_bytes,
        "avgTransTimeDl": round(1000 * found.mean_s),
        "varTransTimeDl": 1e6 * found.variance_s2,
    }
    slot = {
        "tsStart": date_time(found.from_s),
        "tsDuration": -int(-(found.until_s - found.from_s) // 1),
        "e2eDataVolTransTimePerUe": [
            {
                "gpsi": found.gpsi,
                "snssai": _SLICE,
                "spatialValidity": area_document([found.place])["nwAreaInfo"],
                "dataVolTransTime": taken,
            }
        ],
    }
    return {"e2eDataVolTransTimes": [slot], "confidence": found.confidence}


def _congestion(found: Congestion) -> dict[str, Any]:
    """`CongestInfo`."""
    analytics = {
        "cngType": "USER_PLANE",
        "tmWdw": time_window(found.from_s, found.until_s),
        "nsi": {"congLevel": found.percent},
        "confidence": found.confidence,
    }
    return {"locArea": area_document([found.place]), "cngAnas": [analytics]}


def _network_performance(found: NetworkPerformance) -> dict[str, Any]:
    """`NetworkPerfExposure`; `relativeRatio` has no value for nothing, which is then a number."""
    numbered = found.measure is Measure.NUM_OF_UE or found.value < 1
    return {
        "locArea": area_document(found.places),
        "anaPeriod": time_window(found.from_s, found.until_s),
        "nwPerfType": found.measure.value,
        ("absoluteNum" if numbered else "relativeRatio"): found.value,
        "confidence": found.confidence,
    }


def _shortfall(found: Shortfall) -> dict[str, Any]:
    """`QosSustainabilityExposure`: when a UE gets less than the threshold."""
    return {
        "locArea": area_document([found.place]),
        "startTs": date_time(found.from_s),
        "endTs": date_time(found.until_s),
        "ranUeThrouThd": str(found.threshold),
        "confidence": found.confidence,
    }


def _stay(found: Stay) -> dict[str, Any]:
    """`UeMobilityExposure`."""
    location = {"loc": area_document([found.place]), "confidence": found.confidence}
    return {
        "ts": date_time(found.from_s),
        "duration": round(found.until_s - found.from_s),
        "locInfo": [location],
    }


def _traffic(found: Traffic) -> dict[str, Any]:
    """`UeCommunication`."""
    return {
        "ts": date_time(found.from_s),
        "commDur": round(found.until_s - found.from_s),
        "trafChar": {"snssai": _SLICE, "dlVol": found.downlink_bytes},
        "perioCommInd": False,
        "confidence": found.confidence,
    }


_FORMS: Mapping[type[Finding], Callable[[Any], dict[str, Any]]] = {
    DnPerformance: _dn_performance,
    TransferTime: _transfer_time,
    Congestion: _congestion,
    NetworkPerformance: _network_performance,
    Shortfall: _shortfall,
    Stay: _stay,
    Traffic: _traffic,
}
