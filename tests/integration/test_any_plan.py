"""Whatever stands in a plan: it is accepted or refused by name, and never ends in a failure."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.odd_bodies import ODD, changed, check, paths
from builders.plans import AF, CELL, QOS, Planning, body, busy_then_idle
from builders.service import Served, served

TAI = {"plmnId": CELL["plmnId"], "tac": "000001"}
WHOLE = body(
    1.8e9,
    (0, 3600),
    appId="recognition",
    qosParamSet=QOS | {"maxBitRateDl": "40 Mbps", "priorLevel": 30, "pdb": 100, "gfbrUl": "1 Mbps"},
    altQosParamSets=[{"gfbrDl": "1 Mbps", "per": "1E-5", "pdb": 80}],
    locationArea5G={"nwAreaInfo": {"ncgis": [CELL], "tais": [TAI]}},
    notificationDestination="http://127.0.0.1:9/not-listening",
    warnNotifEnabled=True,
    supportedFeatures="0",
)
BY_NAME = {key: value for key, value in WHOLE.items() if not key.endswith(("ParamSet", "Sets"))} | {
    "qosReference": "model-weights",
    "altQosRefs": ["model-weights-small"],
}
CHANGES = {
    "selectedPolicy": 1,
    "warnNotifEnabled": False,
    "notificationDestination": "http://127.0.0.1:9/elsewhere",
}
JSON = {"content-type": "application/json"}
PATCH = {"content-type": "application/merge-patch+json"}
ODD_TIMES = ["9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2027-01-15T08:00:00.0001Z"]


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served() as service:
        service.control("PUT", "/simulation", {"document": busy_then_idle()})
        yield service


def odd(document: dict[str, Any]) -> Any:
    places, values = st.sampled_from(list(paths(document))), st.sampled_from([*ODD, *ODD_TIMES])
    return st.builds(changed, st.just(document), places, values)


def now(nef: Served, document: Any) -> Any:
    """The document with its time, where that is still the one of the example, from now on."""
    if isinstance(document, dict) and document.get("desTimeInts") == WHOLE["desTimeInts"]:
        return document | {"desTimeInts": body(Planning(nef).now_s, (0, 100))["desTimeInts"]}
    return document


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(document=st.one_of(odd(WHOLE), odd(BY_NAME)))
def test_one_odd_value_anywhere(nef: Served, document: Any) -> None:
    response = nef.http.post(AF, content=orjson.dumps(now(nef, document)), headers=JSON)
    check(response)
    if response.status_code == 201:
        check(nef.http.get(nef.path(response.json())))
        nef.step(1)
        nef.http.delete(nef.path(response.json()))


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(document=odd(CHANGES), keys=st.sets(st.sampled_from(sorted(CHANGES)), max_size=3))
def test_a_patch_with_one_odd_value(nef: Served, document: Any, keys: set[str]) -> None:
    plan = Planning(nef).create()
    try:
        patch = {key: value for key, value in document.items() if key in keys}
        response = nef.http.patch(nef.path(plan), content=orjson.dumps(patch), headers=PATCH)
        check(response)
        assert "null" not in nef.http.get(nef.path(plan)).text
    finally:
        nef.http.delete(nef.path(plan))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"null", b'"x"', b"\xff"])
def test_what_is_no_object_is_refused(nef: Served, content: bytes) -> None:
    plan = Planning(nef).create()
    for response in (
        nef.http.post(AF, content=content, headers=JSON),
        nef.http.patch(nef.path(plan), content=content, headers=PATCH),
    ):
        assert response.status_code == 400, response.text
        assert response.json()["cause"]
    nef.http.delete(nef.path(plan))


def test_very_many_times_alternatives_and_ues_are_bounded(nef: Served) -> None:
    now_s = Planning(nef).now_s
    many = {
        "desTimeInts": body(now_s, *[(n, n + 1) for n in range(1500)])["desTimeInts"],
        "altQosParamSets": [{"gfbrDl": "1 Mbps"}] * 1500,
    }
    for name, value in many.items():
        response = nef.http.post(AF, json=body(now_s) | {name: value})
        check(response)
        assert [one["param"] for one in response.json()["invalidParams"]] == [f"/{name}"]
    response = nef.http.post(
        AF, json=body(now_s, numberOfUEs=2**31 - 1, qosParamSet={"gfbrDl": "1 Mbps"})
    )
    assert response.status_code == 201, "whoever is there is meant"
    nef.http.delete(nef.path(response.json()))
