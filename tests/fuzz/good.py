"""A good body for each operation that takes one, of which examples are made that get somewhere."""

from collections.abc import Callable
from typing import Any

from builders import analytics_requests, monitoring_events, plans
from builders.service import by_value, component, subscription
from nef.schemas.faults import NAMES as FAULTS

#: The one AF whose resources there are; it also asks as others.
AF = "af-1"
_LADDER = [("less", "5 Mbps"), ("least", "1 Mbps")]
_LAYERS = (component(1, "1 Mbps", per="1E-5"), component(2, "9 Mbps", *_LADDER))
_MONITORED = {
    "qosMonInfo": {"reqQosMonParams": ["DOWNLINK"], "repFreqs": ["PERIODIC"], "repPeriod": 5},
    "usageThreshold": {"duration": 60},
    "qosDuration": 600,
}
_SESSIONS = [subscription(), by_value(*_LAYERS), subscription(**_MONITORED)]
_QUESTIONS = [analytics_requests.question(event) for event in analytics_requests.CONDITIONS]
_SUBSCRIPTIONS = [analytics_requests.subscription(*_QUESTIONS), analytics_requests.subscription()]
_KINDS = (monitoring_events.LOSS, monitoring_events.REACHABILITY, monitoring_events.LOCATION)
_AT_ONCE = {"maximumNumberOfReports": 1, "immediateRep": True}
_MONITORING = [
    *[monitoring_events.group_body()] * 4,
    *(monitoring_events.body(kind, **more) for kind in _KINDS for more in ({}, _AT_ONCE)),
]


#: A session of which a loaded cell carries one, or what was planned.
INTRUDER_AF = "an-intruder"
INTRUDER = by_value(component(1, "30 Mbps"), ueIpv4Addr="10.45.0.2")


def scenario(document: str) -> dict[str, Any]:
    """What goes on while a document is tried."""
    if document != plans.DOCUMENT:
        return monitoring_events.with_group()
    fourth = plans.ue(4, radio={"sinr_db": 20})
    return plans.busy_then_idle(ues=[*plans.busy_then_idle()["ues"], fourth])


def bodies(now_s: float) -> dict[str, list[Any]]:
    """Good bodies by operationId, at a time of the simulation."""
    place = {"notificationDestination": "http://af.example/w"}
    plan = plans.body(now_s, (0, 1000), (2000, 3000), **place)
    warned = plans.body(now_s, warnNotifEnabled=True, **place)
    excluded = {"op": "add", "path": "/excludedMsisdns", "value": ["001010000000001"]}
    return {
        "CreateASSessionWithQoSSubscription": _SESSIONS,
        "UpdateIndASSessionWithQoSSubscription": _SESSIONS,
        "ModifyIndASSessionWithQoSSubscription": [{"qosDuration": 60}, {"qosReference": "nothing"}],
        "CreateNewSubscription": _SUBSCRIPTIONS,
        "FullyUpdateAnSubscription": _SUBSCRIPTIONS,
        "FetchAnalyticsInfo": [
            analytics_requests.fetched(event) for event in analytics_requests.CONDITIONS
        ],
        "CreateMonitoringEventSubscription": _MONITORING,
        "UpdateIndMonitoringEventSubscription": _MONITORING,
        "ModifyIndMonitoringEventSubscription": [[excluded]],
        "CreatePDTQSubscription": [plan, warned],
        "ModifyIndPDTQSubscription": [{"warnNotifEnabled": True}, {"selectedPolicy": 1}],
        "loadSimulation": [{"scenario": "steady"}, {"scenario": "busy-cell", "mode": "manual"}],
        "stepSimulation": [{"seconds": 1.5}, {"seconds": 30}],
        "forceUeRadio": [{"sinrDb": 3.5}, {"sinrDb": -40}],
        "setUeAttachment": [{"attached": False}, {"attached": True}],
        "setCellState": [{"outage": True}, {"outage": False}],
        "setFault": [{"probability": 0.5}],
        "triggerFault": [{"times": 2}, {}],
        "reportMeasurements": [{"runId": "r", "flows": []}],
    }


#: Names that paths may hold, besides those of what was created.
NAMES: dict[str, Callable[[], list[str]]] = {
    "scsAsId": lambda: [AF],
    "afId": lambda: [AF],
    "ueId": lambda: ["ue-1", "ue-2", "ue-3"],
    "cellId": lambda: ["cell-1"],
    "faultName": lambda: list(FAULTS),
}
