"""Requests to be told of events of UEs, and sightings of UEs."""

from typing import Any

from builders.contracts import breaches
from builders.courses import place
from builders.service import Served
from nef.domain.areas import CellPlace
from nef.domain.monitoring_events import MonitoringRequest, Sighting
from nef.network.simulator.scenario import shipped_document
from nef.schemas.monitoring_event_requests import request_of

AF = "/3gpp-monitoring-event/v1/af-1/subscriptions"
#: ue-1 of the scenario `steady` by its MSISDN, and ue-4 by its external identifier.
MSISDN, EXTERNAL_ID = "001010000000001", "camera-4@example.com"
LOSS, REACHABILITY, LOCATION = "LOSS_OF_CONNECTIVITY", "UE_REACHABILITY", "LOCATION_REPORTING"

HERE, THERE = place("cell-1", "000000010", "000001"), place("cell-2", "000000020", "000002")
#: The same tracking area as HERE, another cell.
NEXT_DOOR = place("cell-3", "000000030", "000001")


def body(kind: str = LOSS, **changes: Any) -> dict[str, Any]:
    """A subscription on the wire to ten reports; an attribute set to None is left out."""
    own = {
        REACHABILITY: {"reachabilityType": "DATA"},
        LOCATION: {"locationType": "CURRENT_LOCATION"},
    }
    document = {
        "notificationDestination": "http://127.0.0.1:9/not-listening",
        "monitoringType": kind,
        "msisdn": MSISDN,
        "maximumNumberOfReports": 10,
    }
    document |= own.get(kind, {}) | changes
    return {key: value for key, value in document.items() if value is not None}


def group_body(kind: str = LOSS, **changes: Any) -> dict[str, Any]:
    """The same for a group."""
    return body(kind, **{"msisdn": None, "externalGroupId": "cars@example.com"} | changes)


def asking(kind: str = LOSS, **changes: Any) -> MonitoringRequest:
    """The request of such a body."""
    return request_of(body(kind, **changes))


def at(where: CellPlace | None = HERE) -> Sighting:
    """A UE in a cell, or within reach of none."""
    return Sighting(attached=True, reachable=where is not None, place=where)


def with_group() -> dict[str, Any]:
    """The scenario `steady`, with ue-1 and ue-4 in a group."""
    group = {"id": "cars@example.com", "ues": ["ue-1", "ue-4"]}
    return shipped_document("steady") | {"groups": [group]}


def create(nef: Served, document: dict[str, Any]) -> dict[str, Any]:
    """Make a subscription that is kept; what is answered keeps the contract."""
    response = nef.http.post(AF, json=document)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    assert response.headers["location"] == made["self"]
    assert breaches("monitoring-event.yaml", "MonitoringEventSubscription", made) == []
    return made
