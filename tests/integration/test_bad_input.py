"""Bad input gets its own 4xx with cause and invalidParams, never a 500, and changes nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from builders.service import AF, RULE, Served, by_value, component, served, subscription

JSON = {"content-type": "application/json"}
PATCH = {"content-type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served() as service:
        yield service


@pytest.fixture(autouse=True)
def nothing_changes(nef: Served) -> Iterator[None]:
    before = state(nef)
    yield
    assert state(nef) == before


def state(nef: Served) -> tuple[Any, ...]:
    flows = nef.control("GET", "/flows")["flows"]
    notes = nef.control("GET", "/notifications")["notifications"]
    return nef.http.get(AF).json(), flows, notes


def refused(response: Any, status: int, cause: str, *pointers: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["cause"] == cause
    found = {param["param"] for param in document.get("invalidParams", [])}
    assert set(pointers) == found
    assert all(param["reason"] for param in document.get("invalidParams", []))


WRONG: list[tuple[dict[str, Any], str, str]] = [
    (
        subscription(notificationDestination=None),
        "MANDATORY_IE_MISSING",
        "/notificationDestination",
    ),
    (subscription(notificationDestination=5), "MANDATORY_IE_INCORRECT", "/notificationDestination"),
    (
        subscription(notificationDestination="mailto:a@b"),
        "MANDATORY_IE_INCORRECT",
        "/notificationDestination",
    ),
    (subscription(qosReference=["a"]), "OPTIONAL_IE_INCORRECT", "/qosReference"),
    (subscription(qosReference="no-such-thing"), "OPTIONAL_IE_INCORRECT", "/qosReference"),
    (subscription(qosReference=None), "OPTIONAL_IE_INCORRECT", "/qosReference"),
    (subscription(flowInfo=[]), "OPTIONAL_IE_INCORRECT", "/flowInfo"),
    (
        subscription(flowInfo=[{"flowDescriptions": [RULE]}]),
        "MANDATORY_IE_MISSING",
        "/flowInfo/0/flowId",
    ),
    (
        subscription(flowInfo=[{"flowId": 1, "flowDescriptions": ["permit both ways"]}]),
        "OPTIONAL_IE_INCORRECT",
        "/flowInfo/0/flowDescriptions/0",
    ),
    (subscription(ueIpv6Addr="2001:db8::2"), "OPTIONAL_IE_INCORRECT", "/ueIpv6Addr"),
    (subscription(ueIpv4Addr="999.1.1.1"), "OPTIONAL_IE_INCORRECT", "/ueIpv4Addr"),
    (subscription(qosDuration=-1), "OPTIONAL_IE_INCORRECT", "/qosDuration"),
    (subscription(snssai={"sst": 300}), "OPTIONAL_IE_INCORRECT", "/snssai/sst"),
    (by_value(component(1, "0 bps")), "OPTIONAL_IE_INCORRECT", "/multiModDatFlows/1/mirBwDl"),
    (by_value(component(1, "-3 Mbps")), "OPTIONAL_IE_INCORRECT", "/multiModDatFlows/1/mirBwDl"),
    (
        by_value(component(1, f"{10**30} bps")),
        "OPTIONAL_IE_INCORRECT",
        "/multiModDatFlows/1/mirBwDl",
    ),
    (
        by_value(component(1, "9" * 5000 + " bps")),
        "OPTIONAL_IE_INCORRECT",
        "/multiModDatFlows/1/mirBwDl",
    ),
    (
        by_value(component(1, "1 Mbps", per="0E-3")),
        "OPTIONAL_IE_INCORRECT",
        "/multiModDatFlows/1/tsnQos/maxPer",
    ),
    (
        by_value(component(1, "1 Mbps", ("a", "1 Mbps"), ("a", "2 Mbps"))),
        "OPTIONAL_IE_INCORRECT",
        "/multiModDatFlows/1/altSerReqsData",
    ),
    (
        by_value(component(1, "2 Mbps") | {"marBwDl": "1 Mbps"}),
        "OPTIONAL_IE_INCORRECT",
        "/multiModDatFlows/1/mirBwDl",
    ),
]


@pytest.mark.parametrize(("body", "cause", "pointer"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_named(nef: Served, body: Any, cause: str, pointer: str) -> None:
    refused(nef.http.post(AF, json=body), 400, cause, pointer)


def test_every_wrong_value_is_named_at_once(nef: Served) -> None:
    body = subscription(notificationDestination=5, events=[], qosDuration="long")
    pointers = ("/notificationDestination", "/events", "/qosDuration")
    refused(nef.http.post(AF, json=body), 400, "MANDATORY_IE_INCORRECT", *pointers)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{}", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_said_to_be_none(nef: Served, body: bytes) -> None:
    refused(nef.http.post(AF, content=body, headers=JSON), 400, "INVALID_MSG_FORMAT")


@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"text"'])
def test_what_is_no_object_is_said_to_be_none(nef: Served, body: bytes) -> None:
    refused(nef.http.post(AF, content=body, headers=JSON), 400, "MANDATORY_IE_INCORRECT", "/")


def test_an_empty_body_is_refused(nef: Served) -> None:
    refused(nef.http.post(AF, headers=JSON), 400, "INVALID_MSG_FORMAT")


def test_another_media_type_is_refused(nef: Served) -> None:
    response = nef.http.post(AF, content=b"<a/>", headers={"content-type": "text/xml"})
    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_another_character_encoding_is_refused(nef: Served) -> None:
    headers = {"content-type": "application/json;charset=utf-16"}
    refused(nef.http.post(AF, content=b"{}", headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_of_ten_megabytes_is_refused(nef: Served) -> None:
    response = nef.http.post(AF, content=b" " * 10_000_000, headers=JSON)
    refused(response, 413, "INCORRECT_LENGTH")


def test_a_body_in_chunks_without_length_is_a_body_all_the_same(nef: Served) -> None:
    response = nef.http.post(AF, content=iter([b'{"qos', b'Reference": "a"}']), headers=JSON)
    refused(response, 400, "MANDATORY_IE_MISSING", "/notificationDestination")


def test_an_unknown_ue_is_not_found_by_the_attribute_that_named_it(nef: Served) -> None:
    body = subscription(ueIpv4Addr="10.99.99.99")
    refused(nef.http.post(AF, json=body), 404, "UE_NOT_FOUND", "/ueIpv4Addr")


def test_the_wrong_method_is_told_the_right_ones(nef: Served) -> None:
    response = nef.http.patch(AF, json={}, headers=PATCH)
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"
    one = nef.http.post(f"{AF}/x", json={})
    assert one.headers["allow"] == "GET, PUT, PATCH, DELETE"


def test_a_path_that_does_not_exist_is_a_problem_too(nef: Served) -> None:
    refused(nef.http.get("/nowhere"), 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")


@pytest.mark.parametrize(
    "af_id", ["a%0Ab", "%0A", "a%00b", "a%2Fb", "%7F", "%F0%9F%A6%89", "..%2F"]
)
def test_an_odd_name_of_an_af_is_no_failure(nef: Served, af_id: str) -> None:
    path = AF.replace("af-1", af_id)
    for method in ("GET", "POST"):
        assert nef.http.request(method, path, json={}).status_code < 500


@pytest.mark.parametrize("af_id", ["a%0Ab", "%F0%9F%A6%89", "a%3Fb%23", "%7F"])
def test_what_an_af_of_an_odd_name_made_is_at_its_link(nef: Served, af_id: str) -> None:
    answer = nef.http.post(AF.replace("af-1", af_id), json=subscription())
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["self"]
    path = nef.path(answer.json())
    assert nef.http.get(path).json() == answer.json()
    assert nef.http.delete(path).status_code == 204


@pytest.mark.parametrize("query", ["10.45.0.2", "[]", '[{"ipv4Addr": "999"}]', "{"])
def test_a_bad_query_is_a_problem_and_no_failure(nef: Served, query: str) -> None:
    response = nef.http.get(AF, params={"ip-addrs": query})
    assert response.status_code == 400, response.text
    assert response.json()["invalidParams"]


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"notificationDestination": None}, "/notificationDestination"),
        ({"qosReference": None}, "/qosReference"),
        ({"flowInfo": None}, "/flowInfo"),
        ({"qosReference": "no-such-thing"}, "/qosReference"),
        ({"qosDuration": -5}, "/qosDuration"),
        ({"notificationDestination": "ftp://x"}, "/notificationDestination"),
    ],
)
def test_a_patch_that_leaves_nonsense_behind_is_refused(
    nef: Served, patch: dict[str, Any], pointer: str
) -> None:
    document = nef.create()
    try:
        response = nef.http.patch(nef.path(document), json=patch, headers=PATCH)
        assert response.status_code == 400, response.text
        assert pointer in {param["param"] for param in response.json()["invalidParams"]}
        assert nef.http.get(nef.path(document)).json() == document
    finally:
        nef.http.delete(nef.path(document))


def test_a_put_for_another_ue_is_refused(nef: Served) -> None:
    document = nef.create()
    try:
        body = subscription(ueIpv4Addr="10.45.0.3")
        response = nef.http.put(nef.path(document), json=body)
        refused(response, 400, "OPTIONAL_IE_INCORRECT", "/ueIpv4Addr")
    finally:
        nef.http.delete(nef.path(document))
