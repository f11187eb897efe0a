"""Whatever stands in a body: it is accepted or refused by name, and never ends in a failure."""

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.service import AF, RULE, Served, component, served, subscription

PATCH = {"content-type": "application/merge-patch+json"}

WHOLE = subscription(
    supportedFeatures="812",
    dnn="internet",
    snssai={"sst": 1, "sd": "00abcd"},
    altQoSReferences=["model-weights-small"],
    tscQosReq={"reqGbrDl": "10 Mbps", "reqPer": "1E-3", "req5Gsdelay": 50},
    altQosReqs=[{"altQosParamSetRef": "half", "gbrDl": "5 Mbps", "pdb": 60}],
    multiModDatFlows={"1": component(1, "1 Mbps", ("a", "500 Kbps"))},
    usageThreshold={"duration": 60, "downlinkVolume": 8},
    sponsorInfo={"sponsorId": "s", "aspId": "a"},
    qosMonInfo={"reqQosMonParams": ["DOWNLINK"], "repFreqs": ["PERIODIC"], "repPeriod": 5},
    events=["QOS_GUARANTEED"],
    qosDuration=600,
    websockNotifConfig={"requestWebsocketUri": True},
)

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 1e308, 0.5, "", " ", "\x00", "é",
    "9" * 5000,
    "1 Mbps", "0 bps", "1E-3", "b8fc", RULE, "http://[::1", "10.45.0.2", "model-topology",
    [], {}, [None], {"": None}, [[[]]], {"1": {"medCompN": 1}},
]  # fmt: skip


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served() as service:
        yield service


def paths(node: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every member and item of a document."""
    keys: Any = (
        node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    )
    for key in keys:
        yield (*here, key)
        yield from paths(node[key], (*here, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a document with one place changed."""
    whole = copy.deepcopy(document)
    node = whole
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return whole


ODD_BODIES = st.builds(
    changed, st.just(WHOLE), st.sampled_from(list(paths(WHOLE))), st.sampled_from(ODD)
)


def check(response: Any) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["cause"]
        assert problem["detail"]
        if response.status_code == 400:
            assert all(p["param"] and p["reason"] for p in problem["invalidParams"])
        assert len(response.content) < 20_000


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=ODD_BODIES)
def test_one_odd_value_anywhere(nef: Served, body: Any) -> None:
    check(
        nef.http.post(AF, content=orjson.dumps(body), headers={"content-type": "application/json"})
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=ODD_BODIES, keys=st.sets(st.sampled_from(sorted(WHOLE)), max_size=4))
def test_a_patch_with_one_odd_value(nef: Served, body: Any, keys: set[str]) -> None:
    document = nef.create()
    try:
        patch = {key: value for key, value in body.items() if key in keys}
        response = nef.http.patch(nef.path(document), content=orjson.dumps(patch), headers=PATCH)
        check(response)
        after = nef.http.get(nef.path(document)).json()
        assert after == (response.json() if response.status_code == 200 else document)
    finally:
        nef.http.delete(nef.path(document))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60))
def test_any_text_as_a_query(nef: Served, text: str) -> None:
    check(nef.http.get(AF, params={"ip-addrs": text}))
    check(nef.http.get(f"{AF}/{quote(text, safe='') or 'x'}"))
