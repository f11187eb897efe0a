"""Whatever is asked of analytics: it is answered or refused by name, at once and at each tick."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.analytics_requests import AF, FETCH, GPSI, MODEL, fetched, subscription
from builders.odd_bodies import ODD, changed, check, paths
from builders.service import Served, served

JSON = {"content-type": "application/json"}
CELL = {"plmnId": {"mcc": "001", "mnc": "01"}, "nrCellId": "000000001"}
AREA = {"plmnId": {"mcc": "001", "mnc": "01"}, "tac": "000001"}
WINDOW = {
    "startTs": "2030-01-01T00:00:00Z",
    "endTs": "2030-01-01T00:00:10Z",
    "maxObjectNbr": 2,
    "timeAnaNeeded": "2035-01-01T00:00:00Z",
}
CONDITIONS: dict[str, Any] = {
    "locArea": {"nwAreaInfo": {"ncgis": [CELL], "tais": [AREA]}},
    "qosReq": {"5qi": 3, "gfbrDl": "1 Gbps", "pdb": 50, "per": "1E-3"},
    "ranUeThrouThds": ["1 Gbps", "2 Mbps"],
    "matchingDir": "CROSSED",
    "nwPerfReqs": [{"nwPerfType": "NUM_OF_UE", "absoluteNum": 5}],
    "dataVlTrnsTmRqs": [MODEL | {"highTransTmThr": 5, "lowTransTmThr": 1, "maxNumberUes": 1}],
    "temporalGranSize": 3,
}
#: Thresholds are of one event each.
THRESHOLDS: dict[str, dict[str, Any]] = {
    "DN_PERFORMANCE": {
        "reptThlds": [{"avgTrafficRate": "1 Mbps", "avgPacketDelay": 5}],
        "dnPerfReqs": [{"reportThresholds": [{"varTrafficRate": 0.5, "maxTrafficRate": "2 Mbps"}]}],
    },
    "CONGESTION": {"reptThlds": [{"congLevel": 5}]},
}
MOVING = {"offsetPeriod": 60, "maxObjectNbr": 9}
EVENTS = (
    "DN_PERFORMANCE",
    "E2E_DATA_VOL_TRANS_TIME",
    "QOS_SUSTAINABILITY",
    "CONGESTION",
    "NETWORK_PERFORMANCE",
    "UE_MOBILITY",
    "UE_COMM",
)
WHOLE = subscription(
    *(
        {"analyEvent": event, "tgtUe": {"gpsi": GPSI}}
        | {"analyEventFilter": CONDITIONS | THRESHOLDS.get(event, {}) | {"extraReportReq": window}}
        for event, window in zip(EVENTS, (WINDOW, MOVING) * 4, strict=False)
    ),
    analyRepInfo={"notifMethod": "PERIODIC", "immRep": True, "repPeriod": 1, "maxReportNbr": 5}
    | {"monDur": "2035-01-01T00:00:00Z"},
    suppFeat="0",
    requestTestNotification=True,
    websockNotifConfig={"requestWebsocketUri": False},
)
MORE_ODD = [*ODD, 1e300, -1e300, 2**53, 10**9, "2030-01-01T00:00:00", "9999-12-31T23:59:59-12:00"]


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served(scenario="busy-cell") as service:
        yield service


def test_what_is_made_odd_below_is_a_good_request(nef: Served) -> None:
    response = nef.http.post(AF, json=WHOLE)
    assert response.status_code == 201, response.text
    assert len(response.json()["eventNotifis"]) == len(EVENTS) - 1, "ue-1 has no traffic"
    assert nef.http.delete(nef.path(response.json())).status_code == 204


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(list(paths(WHOLE))), st.sampled_from(MORE_ODD))
def test_one_odd_value_anywhere_in_a_subscription(
    nef: Served, path: tuple[Any, ...], value: Any
) -> None:
    content = orjson.dumps(changed(WHOLE, path, value))
    response = nef.http.post(AF, content=content, headers=JSON)
    check(response)
    nef.step(1)
    listed = nef.http.get(AF)
    assert listed.status_code == 200
    for one in listed.json():
        assert nef.http.delete(nef.path(one)).status_code == 204


ASKED = fetched("DN_PERFORMANCE") | {"analyEventFilter": CONDITIONS, "analyRep": WINDOW}


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(EVENTS),
    st.sampled_from(list(paths(ASKED))),
    st.sampled_from(MORE_ODD),
    st.booleans(),
)
def test_one_odd_value_anywhere_in_a_fetch(
    nef: Served, event: str, path: tuple[Any, ...], value: Any, moving: bool
) -> None:
    asked = changed(ASKED | {"analyEvent": event}, path, value)
    if moving and path[0] != "analyRep":
        asked["analyRep"] = MOVING
    check(nef.http.post(FETCH, content=orjson.dumps(asked), headers=JSON))
