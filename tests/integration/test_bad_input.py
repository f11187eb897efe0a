"""Bad input gets its own 4xx with cause and invalidParams, never a 500, and changes nothing."""

import random
from collections.abc import Iterator
from string import ascii_letters
from typing import Any

import orjson
import pytest
from starlette.websockets import WebSocketDisconnect

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


def refused(response: Any, status: int, cause: str | None, *pointers: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document.get("cause") == cause
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
    (subscription(qosReference=None), "MANDATORY_IE_MISSING", "/qosReference"),
    (subscription(ueIpv4Addr=None), "MANDATORY_IE_MISSING", "/ueIpv4Addr"),
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
    (
        subscription(
            flowInfo=[{"flowId": 1, "flowDescriptions": ["permit out ip from any to 10.45.0.3"]}]
        ),
        "OPTIONAL_IE_INCORRECT",
        "/flowInfo/0/flowDescriptions/0",
    ),
    (
        subscription(
            flowInfo=[
                {"flowId": 1, "flowDescriptions": ["permit out ip from 2001:db8::1 to 2001:db8::2"]}
            ]
        ),
        "OPTIONAL_IE_INCORRECT",
        "/flowInfo/0/flowDescriptions/0",
    ),
    (subscription(ueIpv6Addr="2001:db8::2"), "OPTIONAL_IE_INCORRECT", "/ueIpv6Addr"),
    (subscription(ueIpv4Addr="999.1.1.1"), "OPTIONAL_IE_INCORRECT", "/ueIpv4Addr"),
    (subscription(events=["QOS_GUARANTED"]), "OPTIONAL_IE_INCORRECT", "/events/0"),
    (subscription(qosDuration=-1), "OPTIONAL_IE_INCORRECT", "/qosDuration"),
    (subscription(snssai={"sst": 300}), "MANDATORY_IE_INCORRECT", "/snssai/sst"),
    (subscription(snssai={"sd": "000001"}), "MANDATORY_IE_MISSING", "/snssai/sst"),
    (subscription(usageThreshold={}), "OPTIONAL_IE_INCORRECT", "/usageThreshold"),
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
    refused(nef.http.post(AF, content=body, headers=JSON), 400, "INVALID_MSG_FORMAT", "/")


@pytest.mark.parametrize("levels", [101, 255, 1000])
@pytest.mark.parametrize(
    "path",
    [
        AF,
        "/3gpp-analyticsexposure/v1/af-1/fetch",
        "/3gpp-analyticsexposure/v1/af-1/subscriptions",
        "/3gpp-monitoring-event/v1/af-1/subscriptions",
        "/3gpp-pdtq-policy-negotiation/v1/af-1/subscriptions",
        "/simulator/v1/simulation/step",
    ],
)
def test_a_body_that_is_nested_too_deep_is_refused(nef: Served, path: str, levels: int) -> None:
    body = b'{"x":' * levels + b"1" + b"}" * levels
    refused(nef.http.post(path, content=body, headers=JSON), 400, "INVALID_MSG_FORMAT", "/")


@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"text"'])
def test_what_is_no_object_is_said_to_be_none(nef: Served, body: bytes) -> None:
    refused(nef.http.post(AF, content=body, headers=JSON), 400, "MANDATORY_IE_INCORRECT", "/")


def test_an_empty_body_is_refused(nef: Served) -> None:
    refused(nef.http.post(AF, headers=JSON), 400, "INVALID_MSG_FORMAT", "/")
    refused(nef.http.post(AF), 400, "INVALID_MSG_FORMAT", "/")


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/json;charset=utf-16", "application/json; charset=utf-16", "json"],
)
def test_another_media_type_or_character_encoding_is_refused(
    nef: Served, content_type: str
) -> None:
    headers = {"content-type": content_type}
    response = nef.http.post(AF, content=orjson.dumps(subscription()), headers=headers)
    refused(response, 415, None, "Content-Type")
    assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        (f"{AF}/x", "application/merge-patch+json"),
        ("/3gpp-monitoring-event/v1/af-1/subscriptions/x", "application/json-patch+json"),
        ("/3gpp-pdtq-policy-negotiation/v1/af-1/subscriptions/x", "application/merge-patch+json"),
    ],
)
def test_who_patches_in_another_form_is_told_the_form_that_is_taken(
    nef: Served, path: str, accepted: str
) -> None:
    response = nef.http.patch(path, json={})
    refused(response, 415, None, "Content-Type")
    assert response.headers["accept-patch"] == accepted


def test_a_body_that_does_not_say_what_it_is_is_read_as_json(nef: Served) -> None:
    response = nef.http.post(AF, content=b"{}")
    refused(response, 400, "MANDATORY_IE_MISSING", "/notificationDestination")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        *(("*/*", 200), ("application/*", 200), ("text/html, */*;q=0.1", 200), ("", 200)),
        *(("application/json, text/html", 200), ("text/html," * 200, 200)),
        *(("Application/JSON", 200), ("application/problem+json, application/json;q=0.5", 200)),
        *(("application/json; charset=utf-8", 200), ("application/json;q=0.5;v=1", 200)),
        ("text/html, image/gif, *; q=.2, */*; q=.2", 200),
        *(("text/html", 406), ("application/json;q=0, text/xml", 406), ("application/xml", 406)),
    ],
)
def test_who_takes_no_json_reads_nothing(nef: Served, accept: str, status: int) -> None:
    response = nef.http.get(AF, headers={"accept": accept})
    assert response.status_code == status, response.text
    if status == 406:
        refused(response, 406, None, "Accept")


def test_what_is_accepted_may_stand_in_several_lines(nef: Served) -> None:
    lines = [("accept", "text/html"), ("accept", "application/json;q=0.1")]
    assert nef.http.get(AF, headers=lines).status_code == 200


def test_a_compressed_body_is_refused(nef: Served) -> None:
    headers = JSON | {"content-encoding": "gzip"}
    response = nef.http.post(AF, content=orjson.dumps(subscription()), headers=headers)
    refused(response, 415, None, "Content-Encoding")
    assert response.headers["accept-encoding"] == "identity"


def test_the_case_of_a_media_type_does_not_matter(nef: Served) -> None:
    headers = {"content-type": "Application/JSON; Charset=UTF-8"}
    response = nef.http.post(AF, content=orjson.dumps({}), headers=headers)
    refused(response, 400, "MANDATORY_IE_MISSING", "/notificationDestination")
    headers = {"content-type": "Application/Merge-Patch+JSON"}
    response = nef.http.patch(f"{AF}/unknown", content=b"{}", headers=headers)
    assert response.status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_slash_at_the_end_of_a_path_leads_nowhere(nef: Served, method: str) -> None:
    response = nef.http.request(method, f"{AF}/", json={}, follow_redirects=False)
    refused(response, 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")
    assert "leave out the slash at its end" in response.json()["detail"]


def test_a_body_of_ten_megabytes_is_refused(nef: Served) -> None:
    response = nef.http.post(AF, content=b" " * 10_000_000, headers=JSON)
    refused(response, 413, None, "/")


def test_a_body_in_chunks_without_length_is_a_body_all_the_same(nef: Served) -> None:
    response = nef.http.post(AF, content=iter([b'{"qos', b'Reference": "a"}']), headers=JSON)
    refused(response, 400, "MANDATORY_IE_MISSING", "/notificationDestination")


def test_an_unknown_ue_is_not_found_by_the_attribute_that_named_it(nef: Served) -> None:
    body = subscription(ueIpv4Addr="10.99.99.99")
    refused(nef.http.post(AF, json=body), 404, "UE_NOT_FOUND", "/ueIpv4Addr")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_belongs_to_another_af_is_not_found_by_the_part_of_the_path_that_names_it(
    nef: Served, method: str
) -> None:
    document = nef.create()
    try:
        path = nef.path(document).replace("/af-1/", "/af-2/")
        body = {"PUT": subscription(), "PATCH": {}}.get(method)
        headers = PATCH if method == "PATCH" else JSON
        response = nef.http.request(method, path, json=body, headers=headers)
        refused(response, 404, "SUBSCRIPTION_NOT_FOUND", "{subscriptionId}")
    finally:
        nef.http.delete(nef.path(document))


def test_a_ue_that_the_scenario_does_not_have_is_named_by_the_part_of_the_path(
    nef: Served,
) -> None:
    response = nef.http.get("/simulator/v1/ues/nobody")
    refused(response, 404, None, "{ueId}")


def test_the_wrong_method_is_told_the_right_ones(nef: Served) -> None:
    response = nef.http.patch(AF, json={}, headers=PATCH)
    refused(response, 405, None)
    assert response.headers["allow"] == "GET, POST"
    one = nef.http.post(f"{AF}/x", json={})
    assert one.headers["allow"] == "GET, PUT, PATCH, DELETE"
    assert one.json()["detail"] == "not with this method; here there are GET, PUT, PATCH, DELETE"


def test_a_path_that_does_not_exist_is_a_problem_too(nef: Served) -> None:
    response = nef.http.get("/")
    refused(response, 404, None)
    assert "begin with /3gpp-as-session-with-qos/v1, /3gpp-" in response.json()["detail"]
    refused(nef.http.get(f"{AF}/x/y"), 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")


@pytest.mark.parametrize(
    "api", ["3gpp-as-session-with-qos/v2", "3gpp-as-session-with-qos/v1.1", "3gpp-nidd/v1"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_api_or_a_version_that_there_is_not_is_named(nef: Served, method: str, api: str) -> None:
    response = nef.http.request(method, f"/{api}/af-1/subscriptions", json={})
    refused(response, 400, "INVALID_API")
    assert api in response.json()["detail"]
    assert "3gpp-as-session-with-qos/v1," in response.json()["detail"]


@pytest.mark.parametrize(
    "af_id", ["a%0Ab", "%0A", "a%00b", "a%2Fb", "%7F", "%F0%9F%A6%89", "..%2F"]
)
def test_an_odd_name_of_an_af_is_no_failure(nef: Served, af_id: str) -> None:
    path = AF.replace("af-1", af_id)
    for method in ("GET", "POST"):
        assert nef.http.request(method, path, json={}).status_code < 500


def test_nothing_is_named_by_a_nul_or_without_end_in_any_store(database_url: str) -> None:
    letters = "".join(random.Random(1).choices(ascii_letters, k=3000))  # that nothing can press
    with served(database_url=database_url) as nef:
        for name in ("a%00b", letters):
            for path in (f"{AF}/{name}", AF.replace("af-1", name)):
                for method in ("GET", "DELETE", "POST"):
                    response = nef.http.request(method, path, json=subscription())
                    refused(response, 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")
        response = nef.http.get("/simulator/v1/notifications?subscriptionId=a%00b")
        refused(response, 400, "OPTIONAL_QUERY_PARAM_INCORRECT", "subscriptionId")
        with pytest.raises(WebSocketDisconnect):
            nef.http.websocket_connect("/notifications/sessions/af-1/%00").__enter__()


@pytest.mark.parametrize("af_id", ["a%0Ab", "%F0%9F%A6%89", "a%3Fb%23", "%7F"])
def test_what_an_af_of_an_odd_name_made_is_at_its_link(nef: Served, af_id: str) -> None:
    answer = nef.http.post(AF.replace("af-1", af_id), json=subscription())
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["self"]
    path = nef.path(answer.json())
    assert nef.http.get(path).json() == answer.json()
    assert nef.http.delete(path).status_code == 204


@pytest.mark.parametrize(
    "query",
    [
        *("10.45.0.2", "", "[]", "{}", "1", "null", "[1]", '[{"ipv4Addr": "999"}]', "{", "[" * 900),
        '{"ipv4Addr": "10.45.0.2"}',  # the published type is an array, also of one
    ],
)
def test_bad_addresses_of_a_query_are_named_by_their_parameter(nef: Served, query: str) -> None:
    response = nef.http.get(AF, params={"ip-addrs": query})
    refused(response, 400, "OPTIONAL_QUERY_PARAM_INCORRECT", "ip-addrs")


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/simulator/v1/notifications", "limit", "x"),
        ("/simulator/v1/notifications", "limit", "0"),
        ("/simulator/v1/notifications", "limit", "9" * 400),
        ("/simulator/v1/notifications", "state", "zz"),
        (AF, "mac-addrs", "zz"),
        (AF, "ip-domain", "x"),
        ("/3gpp-monitoring-event/v1/af-1/subscriptions", "ip-domain", "x"),
        ("/3gpp-monitoring-event/v1/af-1/subscriptions", "ip-addrs", "{}"),
        ("/3gpp-analyticsexposure/v1/af-1/subscriptions", "supp-feat", "zz"),
    ],
)
def test_a_bad_query_is_named_and_says_in_one_line_what_is_wrong(
    nef: Served, path: str, name: str, value: str
) -> None:
    response = nef.http.get(path, params={name: value})
    refused(response, 400, "OPTIONAL_QUERY_PARAM_INCORRECT", name)
    assert "\n" not in response.json()["detail"]
    assert len(response.json()["detail"]) < 400


def test_every_parameter_at_fault_is_named(nef: Served) -> None:
    response = nef.http.get("/simulator/v1/notifications", params={"limit": 0, "state": "zz"})
    refused(response, 400, "OPTIONAL_QUERY_PARAM_INCORRECT", "limit", "state")


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"notificationDestination": None}, "/notificationDestination"),
        ({"qosReference": None}, "/qosReference"),
        ({"flowInfo": None}, "/flowInfo"),
        ({"qosReference": "no-such-thing"}, "/qosReference"),
        ({"qosDuration": -5}, "/qosDuration"),
        (
            {
                "flowInfo": [
                    {"flowId": 1, "flowDescriptions": ["permit out ip from any to 10.9.9.9"]}
                ]
            },
            "/flowInfo/0/flowDescriptions/0",
        ),
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
        assert response.json()["cause"] == "OPTIONAL_IE_INCORRECT", "a patch may do without it"
        assert nef.http.get(nef.path(document)).json() == document
    finally:
        nef.http.delete(nef.path(document))


def test_a_put_for_another_ue_is_refused(nef: Served) -> None:
    document = nef.create()
    try:
        body = subscription(ueIpv4Addr="10.45.0.3")
        response = nef.http.put(nef.path(document), json=body)
        refused(response, 403, "MODIFICATION_NOT_ALLOWED", "/ueIpv4Addr")
    finally:
        nef.http.delete(nef.path(document))
