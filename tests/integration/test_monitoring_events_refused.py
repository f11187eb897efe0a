"""Requests about monitoring events that cannot be met are refused by name and never fail."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.contracts import breaches
from builders.monitoring_events import (
    AF,
    LOCATION,
    LOSS,
    MSISDN,
    REACHABILITY,
    body,
    create,
    group_body,
    with_group,
)
from builders.service import Served, served

PATCH = {"content-type": "application/json-patch+json"}


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served() as service:
        service.control("PUT", "/simulation", {"document": with_group()})
        yield service


@pytest.mark.parametrize(
    ("document", "status", "pointer"),
    [
        (body("ROAMING_STATUS"), 400, "/monitoringType"),
        (body(monitoringType=None), 400, "/monitoringType"),
        (body(notificationDestination=None), 400, "/notificationDestination"),
        (body(notificationDestination="ftp://af"), 400, "/notificationDestination"),
        (body(REACHABILITY, reachabilityType="SMS"), 400, "/reachabilityType"),
        (body(LOCATION, accuracy="GEO_AREA"), 400, "/accuracy"),
        (body(LOCATION, locationType="LAST_KNOWN_LOCATION"), 400, "/maximumNumberOfReports"),
        (body(groupReportGuardTime=5), 400, "/groupReportGuardTime"),
        (body(monitorExpireTime="2001-01-01T00:00:00Z"), 400, "/monitorExpireTime"),
        (body(maximumNumberOfReports=10**30), 400, "/maximumNumberOfReports"),
        (body(locQoS={}), 400, "/locQoS"),
        (body(msisdn=None), 400, "/externalId"),
        (body(msisdn="999999"), 404, "/msisdn"),
        (group_body(externalGroupId="none@example.com"), 404, "/externalGroupId"),
        (group_body(excludedMsisdns=["999999"]), 400, "/externalGroupId"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name_and_changes_nothing(
    nef: Served, document: dict[str, Any], status: int, pointer: str
) -> None:
    before = nef.http.get(AF).json()
    response = nef.http.post(AF, json=document)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert breaches("monitoring-event.yaml", "ProblemDetails", response.json()) == []
    assert [param["param"] for param in response.json()["invalidParams"]] == [pointer]
    assert nef.http.get(AF).json() == before


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ([{"op": "add", "path": "/excludedMsisdns"}], "/0/value"),
        ([{"op": "remove", "path": "/excludedMsisdns"}], "/0/path"),
        ([{"op": "add", "path": "/excludedMsisdns", "value": ["999999"]}], "/externalGroupId"),
        ([{"path": "/excludedMsisdns"}], "/0/op"),
        ([], "/"),
        ({"op": "remove"}, "/"),
    ],
)
def test_a_patch_that_cannot_be_applied_is_refused_and_changes_nothing(
    nef: Served, patch: Any, pointer: str
) -> None:
    made = create(nef, group_body())
    response = nef.http.patch(nef.path(made), content=orjson.dumps(patch), headers=PATCH)
    assert response.status_code == 400, response.text
    assert response.json()["invalidParams"][0]["param"] == pointer
    assert nef.http.get(nef.path(made)).json() == made


def test_what_stays_as_it_was_made_is_changed_by_no_patch_and_no_put(nef: Served) -> None:
    made = create(nef, group_body())
    patch = [{"op": "replace", "path": "/monitoringType", "value": "x"}]
    patched = nef.http.patch(nef.path(made), content=orjson.dumps(patch), headers=PATCH)
    replaced = nef.http.put(nef.path(made), json=body())
    for response, pointer in ((patched, "/0/path"), (replaced, "/msisdn")):
        assert response.status_code == 403, response.text
        document = response.json()
        assert document["cause"] == "MODIFICATION_NOT_ALLOWED"
        assert [param["param"] for param in document["invalidParams"]] == [pointer]
    assert nef.http.get(nef.path(made)).json() == made


def test_a_patch_of_a_single_ue_is_refused(nef: Served) -> None:
    made = create(nef, body())
    patch = [{"op": "add", "path": "/excludedMsisdns", "value": [MSISDN]}]
    response = nef.http.patch(nef.path(made), content=orjson.dumps(patch), headers=PATCH)
    assert response.status_code == 400
    assert nef.http.patch(nef.path(made), json=patch).status_code == 415, "not application/json"


WHOLE = group_body(
    LOCATION,
    addnMonTypes=[LOSS, REACHABILITY],
    reachabilityType="DATA",
    monitorExpireTime="2099-01-01T00:00:00Z",
    groupReportGuardTime=5,
    maximumDetectionTime=30,
    accuracy="TA_RA",
    minimumReportInterval=7,
    immediateRep=True,
    supportedFeatures="207",
    requestTestNotification=True,
    excludedMsisdns=[MSISDN],
    websockNotifConfig={"requestWebsocketUri": True},
    ueIpAddr={"ipv4Addr": "10.45.0.2"},
    snssai={"sst": 1, "sd": "00abcd"},
    locationArea5G={"nwAreaInfo": {"tais": []}},
)
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 1e308, 0.5, "", " ", "\x00", "é",
    "9" * 5000, LOCATION, "10.45.0.2", "2099-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    [], {}, [None], {"": None}, [[[]]], [LOSS, 3],
]  # fmt: skip
PATHS = [(key,) for key in WHOLE] + [
    ("addnMonTypes", 0), ("excludedMsisdns", 0), ("ueIpAddr", "ipv4Addr"), ("snssai", "sd"),
    ("websockNotifConfig", "requestWebsocketUri"), ("locationArea5G", "nwAreaInfo"),
]  # fmt: skip


def changed(without: set[str], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The whole body with one odd value, and some attributes left out."""
    document = copy.deepcopy(WHOLE)
    node: Any = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return {key: found for key, found in document.items() if key not in without or key == path[0]}


ODD_BODIES = st.builds(
    changed,
    st.sets(st.sampled_from(sorted(WHOLE))).map(lambda s: s | {"ueIpAddr", "locationArea5G"}),
    st.sampled_from(PATHS),
    st.sampled_from(ODD),
)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(document=ODD_BODIES)
def test_whatever_stands_in_a_body_never_ends_in_a_failure(
    nef: Served, document: dict[str, Any]
) -> None:
    content = json.dumps(document).encode()
    response = nef.http.post(AF, content=content, headers={"content-type": "application/json"})
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.json()["cause"]
        assert len(response.content) < 20_000
    nef.step(1)
    assert nef.http.get(AF).status_code == 200
