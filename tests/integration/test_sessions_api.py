"""The six operations of AsSessionWithQoS over HTTP, with the simulated network behind them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from builders.service import AF, PUBLIC_URL, Served, by_value, component, served, subscription
from nef.domain.features import SUPPORTED

PATCH = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def nef(database_url: str) -> Iterator[Served]:
    with served(database_url=database_url, scenario="fading-ue") as service:
        yield service


def problem(response: Any, status: int, cause: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["cause"]) == (status, cause)
    assert document["title"]
    assert document["detail"]
    return document


def test_create_answers_with_the_resource_and_its_location(nef: Served) -> None:
    response = nef.http.post(AF, json=subscription(supportedFeatures="FFF"))
    assert response.status_code == 201
    document = response.json()
    assert response.headers["location"] == document["self"]
    assert document["self"].startswith(f"{PUBLIC_URL}{AF}/")
    assert document["supportedFeatures"] == f"{SUPPORTED:X}"
    assert {**document, "supportedFeatures": "FFF"} == subscription(supportedFeatures="FFF") | {
        "self": document["self"]
    }


def test_read_gives_what_create_gave(nef: Served) -> None:
    document = nef.create()
    response = nef.http.get(nef.path(document))
    assert (response.status_code, response.json()) == (200, document)


def test_the_list_is_empty_before_the_first_session_and_never_404(nef: Served) -> None:
    response = nef.http.get(AF)
    assert (response.status_code, response.json()) == (200, [])


def test_a_ue_may_have_several_sessions_and_the_list_has_them_in_order(nef: Served) -> None:
    documents = [nef.create(dnn=name) for name in ("a", "b", "c")]
    assert nef.http.get(AF).json() == documents


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"ip-addrs": '[{"ipv4Addr": "10.45.0.2"}]'}, 1),
        ({"ip-addrs": '[{"ipv4Addr": "10.45.0.77"}, {"ipv6Addr": "2001:db8::1"}]'}, 0),
        ({"ip-addrs": '[{"ipv4Addr": "10.45.0.2"}]', "ip-domain": "home"}, 1),
        ({"ip-addrs": '[{"ipv4Addr": "10.45.0.2"}]', "ip-domain": "elsewhere"}, 0),
        ({"ip-addrs": '[{"ipv6Prefix": "2001:db8:45::/64"}]'}, 1),
        ({"ip-addrs": '[{"ipv6Prefix": "2001:db8:46::/64"}]'}, 0),
        ({"mac-addrs": "00-00-5E-00-53-00"}, 0),
    ],
)
def test_the_list_can_be_asked_for_one_ue(nef: Served, query: dict[str, str], found: int) -> None:
    nef.create(ipDomain="home")
    response = nef.http.get(AF, params=query)
    assert response.status_code == 200, response.text
    assert len(response.json()) == found


def test_the_sessions_of_a_ue_are_found_by_each_of_its_addresses_however_they_name_it(
    nef: Served,
) -> None:
    ipv4, ipv6 = "10.45.0.2", "2001:db8:45::2"
    names = ({"ueIpv4Addr": ipv4}, {"ueIpv6Addr": ipv6}, {"gpsi": "msisdn-001010000000001"})
    made = [nef.create(**{"ueIpv4Addr": None} | name) for name in names]
    nef.create(ueIpv4Addr="10.45.0.3")
    for place in ({"ipv4Addr": ipv4}, {"ipv6Addr": ipv6}, {"ipv6Prefix": f"{ipv6}/64"}):
        found = nef.http.get(AF, params={"ip-addrs": json.dumps([place])})
        assert found.json() == made, place
    nobody = nef.http.get(AF.replace("af-1", "af-2"), params={"ip-addrs": json.dumps([place])})
    assert nobody.json() == []


def test_put_replaces_everything_and_keeps_the_resource(nef: Served) -> None:
    document = nef.create(dnn="internet", qosDuration=60)
    response = nef.http.put(
        nef.path(document), json=subscription(qosReference="model-weights-small")
    )
    assert response.status_code == 200, response.text
    after = response.json()
    assert after["self"] == document["self"]
    assert after["qosReference"] == "model-weights-small"
    assert "qosDuration" not in after
    assert nef.http.get(nef.path(document)).json() == after


def test_patch_changes_what_it_names_and_removes_with_null(nef: Served) -> None:
    document = nef.create(qosDuration=60, usageThreshold={"duration": 5})
    changes = {"qosDuration": None, "qosReference": "model-weights-small"}
    response = nef.http.patch(nef.path(document), json=changes, headers=PATCH)
    assert response.status_code == 200, response.text
    expected = {k: v for k, v in document.items() if k != "qosDuration"}
    assert response.json() == expected | {"qosReference": "model-weights-small"}


def test_patch_of_the_ladder_reaches_the_network(nef: Served) -> None:
    body = by_value(component(1, "1 Mbps"), component(2, "10 Mbps"))
    document = nef.http.post(AF, json=body).json()
    changes = {"multiModDatFlows": {"2": {"medCompN": 2, "mirBwDl": "20 Mbps"}}}
    response = nef.http.patch(nef.path(document), json=changes, headers=PATCH)
    assert response.status_code == 200, response.text
    flows = nef.control("GET", "/flows?ueId=ue-1")["flows"]
    assert {f["component"]: f["rateDlBps"] for f in flows} == {1: 1_000_000, 2: 20_000_000}


def test_patch_gives_one_component_back_and_not_the_last(nef: Served) -> None:
    body = by_value(component(1, "1 Mbps"), component(2, "10 Mbps", ("low", "2 Mbps")))
    path = nef.path(nef.http.post(AF, json=body).json())
    # `AsSessionMediaComponentRm` is nullable (TS 29.122 5.14.2.1)
    response = nef.http.patch(path, json={"multiModDatFlows": {"2": None}}, headers=PATCH)
    assert response.status_code == 200, response.text
    assert list(response.json()["multiModDatFlows"]) == ["1"]
    flows = nef.control("GET", "/flows?ueId=ue-1")["flows"]
    assert [f["component"] for f in flows] == [1]
    last = nef.http.patch(path, json={"multiModDatFlows": {"1": None}}, headers=PATCH)
    assert last.status_code == 400, last.text
    assert list(nef.http.get(path).json()["multiModDatFlows"]) == ["1"]


def test_delete_ends_it_for_good(nef: Served) -> None:
    document = nef.create()
    response = nef.http.delete(nef.path(document))
    assert (response.status_code, response.content) == (204, b"")
    assert nef.control("GET", "/flows?ueId=ue-1")["flows"] == []
    for method in ("GET", "DELETE"):
        problem(nef.http.request(method, nef.path(document)), 404, "SUBSCRIPTION_NOT_FOUND")


def test_another_af_cannot_tell_that_a_session_exists(nef: Served) -> None:
    document = nef.create()
    foreign = nef.path(document).replace("/af-1/", "/af-2/")
    absent = "SUBSCRIPTION_NOT_FOUND"
    problem(nef.http.get(foreign), 404, absent)
    problem(nef.http.put(foreign, json=subscription()), 404, absent)
    problem(nef.http.patch(foreign, json={"qosDuration": 5}, headers=PATCH), 404, absent)
    problem(nef.http.delete(foreign), 404, absent)
    assert nef.http.get(AF.replace("af-1", "af-2")).json() == []
    assert nef.http.get(nef.path(document)).json() == document


def test_a_refusal_for_lack_of_resources_says_what_would_be_acceptable(nef: Served) -> None:
    body = by_value(component(1, "1 Mbps", per="1E-5"), component(2, "2 Gbps"))
    response = nef.http.post(AF, json=body)
    document = problem(response, 403, "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED")
    assert int(response.headers["retry-after"]) > 0
    offer = document["acceptableServInfo"]["accBwMedComps"]["2"]
    assert offer["medCompN"] == 2
    accepted = by_value(component(1, "1 Mbps", per="1E-5"), component(2, offer["marBwDl"]))
    assert nef.http.post(AF, json=accepted).status_code == 201
    assert len(nef.http.get(AF).json()) == 1


def test_two_sessions_cannot_both_have_the_last_of_the_cell(nef: Served) -> None:
    rate = f"{nef.control('GET', '/ues/ue-1')['rateDlBps'] * 6 // 10} bps"
    first = nef.http.post(AF, json=by_value(component(2, rate)))
    second = nef.http.post(AF, json=by_value(component(2, rate)))
    assert (first.status_code, second.status_code) == (201, 403)


def test_what_a_session_gives_back_another_can_have(nef: Served) -> None:
    rate = f"{nef.control('GET', '/ues/ue-1')['rateDlBps'] * 6 // 10} bps"
    document = nef.http.post(AF, json=by_value(component(2, rate))).json()
    assert nef.http.post(AF, json=by_value(component(2, rate))).status_code == 403
    nef.http.delete(nef.path(document))
    assert nef.http.post(AF, json=by_value(component(2, rate))).status_code == 201


def test_a_ue_is_known_by_each_of_its_identities(nef: Served) -> None:
    ue = nef.control("GET", "/ues/ue-1")
    nef.create(ueIpv4Addr=None, gpsi=ue["gpsi"])
    nef.create(ueIpv4Addr=ue["ueIpv4Addr"])
    assert len(nef.control("GET", "/flows?ueId=ue-1")["flows"]) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"flowInfo": [{"flowId": 1}]},
        {"dnn": "nowhere.example"},
        {"snssai": {"sst": 77, "sd": "abcdef"}},
        {"qosReference": None, "tscQosReq": {"reqGbrDl": "1 Mbps", "reqGbrUl": "10 Tbps"}},
    ],
)
def test_what_says_little_to_this_network_is_accepted_and_shown(
    nef: Served, changes: dict[str, Any]
) -> None:
    document = nef.create(**changes)
    try:
        shown = nef.http.get(nef.path(document)).json()
        assert {key: shown.get(key) for key in changes} == changes
    finally:
        nef.http.delete(nef.path(document))
