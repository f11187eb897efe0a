"""What an AF may ask of analytics that is not offered: refused by name, so that nothing is ignored.

An attribute that is left out and would change the answer is refused, whether or not the contract
has it. Of a subscription the question fails that has it, and the others go on
(`failEventReports`, TS 29.522 5.6.3); where nothing is left, the attributes are named.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nef.domain.analytics import PERFORMANCE_MEASURES, AnalyticsEvent
from nef.domain.errors import InvalidParam

_SERVERS = "the network reaches every server alike, and its model knows none of them"
_SLICES = "there is one data network, and one slice, sst 1"
_APPLICATIONS = "no applications are modelled"
_PLACES = "there are cells and tracking areas, and no positions; name them in locArea"
_HABITS = "a scenario says what happens, and not how regularly"
_UPLINK = "the uplink is not modelled"
_WHOLE = "an analysis is made as a whole, and is never paused or learnt"

#: Of a filter; what belongs to events that are not offered is refused with them.
_FILTERS = {
    "appIds": _APPLICATIONS,
    "maxNumOfTopAppUl": _APPLICATIONS,
    "maxNumOfTopAppDl": _APPLICATIONS,
    "dnn": _SLICES,
    "dnns": _SLICES,
    "nsiIdInfos": _SLICES,
    "dnais": _SERVERS,
    "appServerAddrs": _SERVERS,
    "pduSesInfos": _SERVERS,
    "fineGranAreas": _PLACES,
    "spatialGranSizeTa": _PLACES,
    "spatialGranSizeCell": _PLACES,
    "locGranularity": _PLACES,
    "locOrientation": _PLACES,
    "visitedLocAreas": "name the area in locArea",
    "ueCommReqs": _HABITS,
    "ueMobilityReqs": _HABITS,
    "exptAnaType": _HABITS,
    "exptUeBehav": _HABITS,
    "qosFlowRetThds": "QOS_SUSTAINABILITY is told by the rate: name gfbrDl or ranUeThrouThds",
    "bwRequs": _APPLICATIONS,
    "ratFreqs": "a cell has one carrier",
    "listOfAnaSubsets": _WHOLE,
    "pauseFlg": _WHOLE,
    "resumeFlg": _WHOLE,
    "accuReq": _WHOLE,
    "feedback": _WHOLE,
}
#: Of `EventReportingRequirement`; its `accuracy` is a preference, and there is one accuracy.
_WINDOWS = {
    "sampRatio": "every UE is looked at",
    "accPerSubset": _WHOLE,
    "anaMeta": _WHOLE,
    "anaMetaInd": _WHOLE,
    "histAnaTimePeriod": _WHOLE,
}
#: Of `QosRequirement`.
_QUALITIES = {
    "gfbrUl": _UPLINK,
    "deviceSpeed": "devices are not told apart",
    "deviceType": "devices are not told apart",
}
#: Of `NetworkPerfRequirement` and `DnPerformanceReq`.
_FIGURES = {
    "orderCriterion": "figures come in the order in which they are asked for",
    "rscUsgReq": "usage is told of all guaranteed flows together",
    "dnPerfOrderCriter": "parts come in the order of time",
}
_LOSSES = "a flow keeps the error rate that it asks for, so that none is ever crossed"
_LOSS_LEVELS = dict.fromkeys(
    ("avgPacketLossRate", "maxPacketLossRate", "varPacketLossRate"), _LOSSES
)
#: Of `ReportingInformation`.
_REPORTING = {
    "sampRatio": "every UE is reported",
    "partitionCriteria": "every UE is reported",
    "grpRepTime": "a group is reported as one",
    "notifFlagInstruct": "notifications are not muted; delete the subscription, or ask for fewer",
    "mutingSetting": "notifications are not muted; delete the subscription, or ask for fewer",
}

Document = Mapping[str, Any]


def refused_of_question(document: Document, pointer: str) -> list[InvalidParam]:
    """Why a question is not offered, which is none where it is; its shape is right already."""
    event = document["analyEvent"]
    if event not in set(AnalyticsEvent):
        reason = f"this NEF offers {', '.join(AnalyticsEvent)}"
        return [InvalidParam(f"{pointer}/analyEvent", reason)]
    conditions = document.get("analyEventFilter") or {}
    where = f"{pointer}/analyEventFilter"
    return [
        *_named(conditions, _FILTERS, where),
        *_slices(conditions, where),
        *_named(conditions.get("qosReq"), _QUALITIES, f"{where}/qosReq"),
        *_named(conditions.get("extraReportReq"), _WINDOWS, f"{where}/extraReportReq"),
        *_named(document.get("analyRep"), _WINDOWS, f"{pointer}/analyRep"),
        *_performances(conditions, where),
        *_volumes(conditions, where),
        *_levels(event, conditions, where),
    ]


def refused_of_reporting(document: Document) -> list[InvalidParam]:
    """What of `ReportingInformation` is not offered."""
    found = list(_named(document, _REPORTING, "/analyRepInfo"))
    if document.get("notifFlag") not in (None, "ACTIVATE"):
        reason = "notifications are sent as they come; there is: ACTIVATE"
        found.append(InvalidParam("/analyRepInfo/notifFlag", reason))
    return found


def _named(document: Any, why: Mapping[str, str], pointer: str) -> Iterator[InvalidParam]:
    for name, reason in why.items():
        if isinstance(document, Mapping) and document.get(name) not in (None, False, []):
            yield InvalidParam(f"{pointer}/{name}", f"is not offered: {reason}")


def _slices(conditions: Document, pointer: str) -> Iterator[InvalidParam]:
    named = {"snssai": [conditions.get("snssai")], "snssais": conditions.get("snssais") or []}
    for name, slices in named.items():
        if not isinstance(slices, list) or any(one not in (None, {"sst": 1}) for one in slices):
            yield InvalidParam(f"{pointer}/{name}", f"is not offered: {_SLICES}")


def _performances(conditions: Document, pointer: str) -> Iterator[InvalidParam]:
    kinds = {f"nwPerfTypes/{i}": kind for i, kind in enumerate(conditions.get("nwPerfTypes") or [])}
    for i, one in enumerate(conditions.get("nwPerfReqs") or []):
        kinds[f"nwPerfReqs/{i}/nwPerfType"] = one["nwPerfType"]
        yield from _named(one, _FIGURES, f"{pointer}/nwPerfReqs/{i}")
    for name, kind in kinds.items():
        if kind not in set(PERFORMANCE_MEASURES):
            reason = f"{kind[:40]!r} is not known of this network; there are: "
            yield InvalidParam(f"{pointer}/{name}", reason + ", ".join(PERFORMANCE_MEASURES))


def _volumes(conditions: Document, pointer: str) -> Iterator[InvalidParam]:
    for name in ("dataVlTrnsTmRqs", "dataVlTrnsTmReqs"):
        for i, one in enumerate(conditions.get(name) or []):
            here = f"{pointer}/{name}/{i}"
            yield from _named(
                one.get("dataVolume"), {"uplinkVolume": _UPLINK}, f"{here}/dataVolume"
            )
            slots = "slots at intervals of time are not told; name repeatDataTrans"
            yield from _named(one, {"tsIntervalDataTrans": slots}, here)


def _levels(event: str, conditions: Document, pointer: str) -> Iterator[InvalidParam]:
    """Thresholds that can never be crossed, being of another event or of a loss."""
    levels = dict(_with_pointers(conditions.get("reptThlds"), f"{pointer}/reptThlds"))
    for here, one in _with_pointers(conditions.get("dnPerfReqs"), f"{pointer}/dnPerfReqs"):
        yield from _named(one, _FIGURES, here)
        levels |= _with_pointers(one.get("reportThresholds"), f"{here}/reportThresholds")
    for here, level in levels.items():
        yield from _named(level, _LOSS_LEVELS, here)
        for name in level:
            owner = _OWNER.get(name)
            if owner is not None and owner != event:
                yield InvalidParam(f"{here}/{name}", f"is a threshold of {owner.value}")


def _with_pointers(entries: Iterable[Any] | None, pointer: str) -> Iterator[tuple[str, Any]]:
    for i, one in enumerate(entries or []):
        yield f"{pointer}/{i}", one


_RATES = ("avgTrafficRate", "minTrafficRate", "maxTrafficRate", "aggTrafficRate", "varTrafficRate")
_DELAYS = ("avgPacketDelay", "maxPacketDelay", "varPacketDelay")
#: Whose threshold is what, in `ThresholdLevel`.
_OWNER = dict.fromkeys((*_RATES, *_DELAYS), AnalyticsEvent.DN_PERFORMANCE) | {
    "congLevel": AnalyticsEvent.CONGESTION
}
