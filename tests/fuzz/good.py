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


def bodies(now_s: float) -> dict[str, list[Any]]:
    """Good bodies by operationId, at a time of the simulation."""
    plan = plans.body(now_s, (0, 1000), (2000, 3000), notificationDestination="http://af.example/w")
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
        "CreatePDTQSubscription": [plan],
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
