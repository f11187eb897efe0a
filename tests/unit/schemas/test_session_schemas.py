"""The subscription on the wire: what is read is what is written again."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from nef.domain.destinations import OVER_WEBSOCKET
from nef.domain.errors import InvalidRequest
from nef.domain.sessions import Session
from nef.domain.subscriptions import Api
from nef.domain.units import BitRate
from nef.schemas.links import subscription_link
from nef.schemas.sessions import request_of, revision_of, session_document

RULE = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"


def subscription(**changes: Any) -> dict[str, Any]:
    document = {
        "notificationDestination": "http://127.0.0.1:9090/events",
        "ueIpv4Addr": "10.45.0.2",
        "flowInfo": [{"flowId": 1, "flowDescriptions": [RULE]}],
        "qosReference": "model-weights",
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def component(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "medCompN": number,
        "flowInfos": [{"flowId": 1, "flowDescriptions": [RULE], "tosTC": "b8fc"}],
        "tsnQos": {"maxPer": "1E-5", "tscPackDelay": 30, "tscPrioLevel": 1},
        "mirBwDl": "1.5 Mbps",
        "marBwDl": "2 Mbps",
        "altSerReqsData": [{"altQosParamSetRef": "small", "gbrDl": "500 Kbps"}],
    } | changes


EVERYTHING = subscription(
    supportedFeatures="812",
    gpsi=None,
    dnn="internet",
    snssai={"sst": 1, "sd": "00abcd"},
    ipDomain="home",
    exterAppId="recogniser",
    altQoSReferences=["model-weights-small"],
    tscQosReq={"reqGbrDl": "10 Mbps", "reqMbrUl": "1 Mbps", "reqPer": "1E-3", "req5Gsdelay": 50},
    altQosReqs=[{"altQosParamSetRef": "half", "gbrDl": "5 Mbps", "pdb": 60, "per": "2E-3"}],
    multiModDatFlows={"1": component(1), "2": component(2, medType="DATA", disUeNotif=True)},
    disUeNotif=True,
    directNotifInd=False,
    usageThreshold={"duration": 60, "totalVolume": 10, "downlinkVolume": 8, "uplinkVolume": 2},
    sponsorInfo={"sponsorId": "s", "aspId": "a"},
    qosMonInfo={"reqQosMonParams": ["DOWNLINK"], "repFreqs": ["PERIODIC"], "repPeriod": 5},
    qosMonDatRate={
        "reqQosMonParams": ["DOWNLINK_DATA_RATE"],
        "repFreqs": ["EVENT_TRIGGERED"],
        "repThreshDatRateDl": "5 Mbps",
        "waitTime": 1,
    },
    qosMonConReq={
        "reqQosMonParams": ["DOWNLINK_CONGESTION"],
        "repFreqs": ["EVENT_TRIGGERED"],
        "conThreshDl": 80,
    },
    events=["QOS_GUARANTEED", "SOMETHING_NEW"],
    qosDuration=600,
    qosInactInt=30,
    avrgWndw=2000,
    requestTestNotification=True,
    websockNotifConfig={"requestWebsocketUri": True},
)


def as_read(document: dict[str, Any]) -> dict[str, Any]:
    request = request_of(document)
    session = Session("id", "af", "ue", request, (), 0.0, 0.0)
    read = session_document(session, "http://nef")
    read.pop("self")
    if "websockNotifConfig" in read:
        read["websockNotifConfig"].pop("websocketUri", None)
    return read


def pointers(document: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidRequest) as refusal:
        request_of(document)
    assert all(param.reason for param in refusal.value.params)
    return {param.pointer for param in refusal.value.params}


def test_every_attribute_is_read_back_as_it_was_sent() -> None:
    assert as_read(EVERYTHING) == EVERYTHING


def test_what_the_client_leaves_out_stays_out() -> None:
    assert as_read(subscription()) == subscription()


def test_unknown_attributes_are_ignored_and_not_read_back() -> None:
    strange = subscription(fromTheFuture={"a": 1})
    assert "fromTheFuture" not in as_read(strange)


def test_an_explicit_false_survives() -> None:
    assert as_read(subscription(disUeNotif=False))["disUeNotif"] is False


def test_self_in_a_request_is_not_believed() -> None:
    request = request_of(subscription(self="http://evil/elsewhere"))
    session = Session("id", "af", "ue", request, (), 0.0, 0.0)
    link = subscription_link("http://nef", Api.SESSIONS, "af", "id")
    assert session_document(session, "http://nef")["self"] == link


def test_a_component_in_domain_words() -> None:
    request = request_of(subscription(flowInfo=None, multiModDatFlows={"1": component()}))
    (part,) = request.components
    assert part.requirement.rates.gbr_dl == BitRate.parse("1.5 Mbps")
    assert part.requirement.per is not None
    assert part.requirement.per.value == 1e-5
    assert part.flows[0].tos is not None
    assert part.flows[0].tos.matches(0xB8)
    assert part.alternatives[0].reference == "small"


def test_components_are_in_the_order_of_their_numbers_not_of_their_text() -> None:
    parts = {str(n): component(n) for n in (10, 2, 1)}
    request = request_of(subscription(multiModDatFlows=parts))
    assert [part.number for part in request.components] == [1, 2, 10]


def test_the_ue_is_an_address() -> None:
    assert request_of(subscription()).ue.ipv4 == IPv4Address("10.45.0.2")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"ueIpv4Addr": "999"}, "/ueIpv4Addr"),
        ({"ueIpv4Addr": None, "ueIpv6Addr": "not:an:address"}, "/ueIpv6Addr"),
        ({"ueIpv6Addr": "2001:db8::2"}, "/ueIpv6Addr"),
        ({"gpsi": "msisdn-001010000000001"}, "/gpsi"),
        ({"ueIpv4Addr": None}, "/ueIpv4Addr"),
        ({"tscQosReq": {"reqGbrDl": "0 bps"}}, "/tscQosReq/reqGbrDl"),
        ({"tscQosReq": {"reqGbrDl": "-3 Mbps"}}, "/tscQosReq/reqGbrDl"),
        ({"tscQosReq": {"reqGbrDl": f"{10**30} bps"}}, "/tscQosReq/reqGbrDl"),
        ({"tscQosReq": {"reqPer": "0E-3"}}, "/tscQosReq/reqPer"),
        ({"flowInfo": [{"flowId": 1, "tosTC": "b8"}]}, "/flowInfo/0/tosTC"),
        (
            {"flowInfo": [{"flowId": 1, "flowDescriptions": [RULE, "deny"]}]},
            "/flowInfo/0/flowDescriptions/1",
        ),
        ({"multiModDatFlows": {"2": component(3)}}, "/multiModDatFlows/2/medCompN"),
        (
            {"multiModDatFlows": {"1": component(mirBwDl="fast")}},
            "/multiModDatFlows/1/mirBwDl",
        ),
        (
            {"multiModDatFlows": {"1": component(altSerReqsData=[{"gbrDl": "1 Mbps"}])}},
            "/multiModDatFlows/1/altSerReqsData/0/altQosParamSetRef",
        ),
    ],
)
def test_a_bad_value_is_named_by_its_json_pointer(changes: dict[str, Any], wrong: str) -> None:
    assert pointers(subscription(**changes)) == {wrong}


def test_every_bad_value_is_named_not_only_the_first() -> None:
    bad = subscription(ueIpv4Addr="999", altQosReqs=[{"altQosParamSetRef": "a", "per": "x"}])
    assert pointers(bad) == {"/ueIpv4Addr", "/altQosReqs/0/per"}


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    request = request_of(EVERYTHING)
    patched = revision_of({"qosDuration": 5, "usageThreshold": {"duration": 7}})(request)
    assert patched.duration_s == 5
    assert patched.usage_threshold is not None
    assert patched.usage_threshold.duration_s == 7
    assert patched.usage_threshold.downlink_bytes == 8
    assert patched.components == request.components


def test_a_patch_removes_with_null() -> None:
    parts = {"2": None, "1": {"medCompN": 1, "altSerReqsData": None}}
    patched = revision_of({"multiModDatFlows": parts, "usageThreshold": None})(
        request_of(EVERYTHING)
    )
    assert [part.number for part in patched.components] == [1]
    assert patched.components[0].alternatives == ()
    assert patched.components[0].requirement.priority == 1
    assert patched.usage_threshold is None


def test_a_patch_that_removes_what_is_required_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        revision_of({"notificationDestination": None})(request_of(EVERYTHING))
    assert [p.pointer for p in refusal.value.params] == ["/notificationDestination"]


@pytest.mark.parametrize(
    ("root", "link"),
    [
        ("http://nef:8080", "ws://nef:8080/notifications/sessions/af/id"),
        ("https://nef/below", "wss://nef/below/notifications/sessions/af/id"),
    ],
)
def test_who_asks_for_a_websocket_is_told_where(root: str, link: str) -> None:
    asked = {"requestWebsocketUri": True, "websocketUri": "ws://evil/elsewhere"}
    request = request_of(subscription(websockNotifConfig=asked))
    session = Session("id", "af", "ue", request, (), 0.0, 0.0)
    told = session_document(session, root)["websockNotifConfig"]
    assert told == {"requestWebsocketUri": True, "websocketUri": link}
    assert request.destination == OVER_WEBSOCKET


def test_who_does_not_ask_for_a_websocket_gets_no_uri_and_posts() -> None:
    request = request_of(subscription(websockNotifConfig={"requestWebsocketUri": False}))
    session = Session("id", "af", "ue", request, (), 0.0, 0.0)
    assert "websocketUri" not in session_document(session, "http://nef")["websockNotifConfig"]
    assert request.destination == request.notification_destination
