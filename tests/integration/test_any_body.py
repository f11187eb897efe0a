"""Whatever stands in a body: it is accepted or refused by name, and never ends in a failure."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.odd_bodies import ODD, changed, check, paths
from builders.service import AF, Served, component, served, subscription

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


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served() as service:
        yield service


ODD_BODIES = st.builds(
    changed, st.just(WHOLE), st.sampled_from(list(paths(WHOLE))), st.sampled_from(ODD)
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(body=ODD_BODIES)
def test_one_odd_value_anywhere(nef: Served, body: Any) -> None:
    check(
        nef.http.post(AF, content=orjson.dumps(body), headers={"content-type": "application/json"})
    )


@settings(deadline=None, suppress_health_check=list(HealthCheck))
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


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60))
def test_any_text_as_a_query(nef: Served, text: str) -> None:
    check(nef.http.get(AF, params={"ip-addrs": text}))
    check(nef.http.get(f"{AF}/{quote(text, safe='') or 'x'}"))
