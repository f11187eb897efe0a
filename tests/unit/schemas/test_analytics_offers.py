"""What changes an answer and is not offered is refused by name, and the rest goes on."""

from typing import Any

import pytest

from builders.analytics_requests import question, subscription
from nef.domain.errors import InvalidRequest
from nef.schemas.analytics_requests import question_of, request_of

FILTER = "/analyEventFilter"
DOWN = {"downlinkVolume": 1000}

NOT_OFFERED: list[tuple[str, dict[str, Any], str]] = [
    ("DN_PERFORMANCE", {"snssai": {"sst": 99}}, "/snssai"),
    ("DN_PERFORMANCE", {"snssais": [{"sst": 1}, {"sst": 1, "sd": "000001"}]}, "/snssais"),
    ("DN_PERFORMANCE", {"dnn": "nowhere"}, "/dnn"),
    ("DN_PERFORMANCE", {"appIds": ["zz"]}, "/appIds"),
    ("DN_PERFORMANCE", {"appServerAddrs": [{"ipAddr": {}}]}, "/appServerAddrs"),
    ("DN_PERFORMANCE", {"qosReq": {"5qi": 3, "gfbrUl": "1 bps"}}, "/qosReq/gfbrUl"),
    ("DN_PERFORMANCE", {"reptThlds": [{"congLevel": 5}]}, "/reptThlds/0/congLevel"),
    ("DN_PERFORMANCE", {"reptThlds": [{"avgPacketLossRate": 5}]}, "/reptThlds/0/avgPacketLossRate"),
    (
        "DN_PERFORMANCE",
        {"dnPerfReqs": [{"reportThresholds": [{"varPacketLossRate": 0.5}]}]},
        "/dnPerfReqs/0/reportThresholds/0/varPacketLossRate",
    ),
    ("DN_PERFORMANCE", {"extraReportReq": {"sampRatio": 10}}, "/extraReportReq/sampRatio"),
    ("CONGESTION", {"reptThlds": [{"avgTrafficRate": "1 bps"}]}, "/reptThlds/0/avgTrafficRate"),
    ("UE_MOBILITY", {"reptThlds": [{"avgPacketDelay": 5}]}, "/reptThlds/0/avgPacketDelay"),
    ("QOS_SUSTAINABILITY", {"qosFlowRetThds": [{"relFlowNum": 5}]}, "/qosFlowRetThds"),
    (
        "NETWORK_PERFORMANCE",
        {"nwPerfReqs": [{"nwPerfType": "NUM_OF_UE"}, {"nwPerfType": "HO_SUCC_RATIO"}]},
        "/nwPerfReqs/1/nwPerfType",
    ),
    (
        "E2E_DATA_VOL_TRANS_TIME",
        {"dataVlTrnsTmRqs": [{"dataVolume": DOWN | {"uplinkVolume": 1}, "repeatDataTrans": 1}]},
        "/dataVlTrnsTmRqs/0/dataVolume/uplinkVolume",
    ),
    (
        "E2E_DATA_VOL_TRANS_TIME",
        {"dataVlTrnsTmReqs": [{"dataVolume": {"uplinkVolume": 1}, "repeatDataTrans": 1}]},
        "/dataVlTrnsTmReqs/0/dataVolume/uplinkVolume",
    ),
]


def pointers(document: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        request_of(document)
    assert all(param.reason for param in caught.value.params)
    return [param.pointer for param in caught.value.params]


@pytest.mark.parametrize(("event", "conditions", "where"), NOT_OFFERED)
def test_what_is_not_offered_is_named_where_it_is_all_that_is_asked(
    event: str, conditions: dict[str, Any], where: str
) -> None:
    asked = question(event, **conditions)
    assert pointers(subscription(asked)) == [f"/analyEventsSubs/0{FILTER}{where}"]


@pytest.mark.parametrize(("event", "conditions", "_"), NOT_OFFERED)
def test_what_is_not_offered_fails_alone_beside_what_is(
    event: str, conditions: dict[str, Any], _: str
) -> None:
    request = request_of(subscription(question(event, **conditions), question("UE_COMM")))
    assert [one.event for one in request.questions] == ["UE_COMM"]
    assert request.unsupported == (event,)


@pytest.mark.parametrize(
    ("event", "conditions"),
    [
        ("DN_PERFORMANCE", {"snssai": {"sst": 1}, "useCaseCxt": "download"}),
        ("DN_PERFORMANCE", {"extraReportReq": {"accuracy": "HIGHEST"}}),
        ("CONGESTION", {"reptThlds": [{"congLevel": 5}]}),
        ("DN_PERFORMANCE", {"attributeOfTomorrow": 5}),
    ],
)
def test_what_changes_nothing_is_taken(event: str, conditions: dict[str, Any]) -> None:
    assert len(request_of(subscription(question(event, **conditions))).questions) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"notifFlag": "DEACTIVATE"},
        {"notifFlag": "RETRIEVAL"},
        {"sampRatio": 10},
        {"grpRepTime": 60},
        {"partitionCriteria": ["TAC"]},
        {"mutingSetting": {"maxNoOfNotif": 5}},
    ],
)
def test_reporting_that_is_not_offered_is_refused(said: dict[str, Any]) -> None:
    [name] = said
    assert pointers(subscription(analyRepInfo=said)) == [f"/analyRepInfo/{name}"]
    assert request_of(subscription(analyRepInfo={"notifFlag": "ACTIVATE"})).questions


def test_a_fetch_is_refused_in_the_same_way() -> None:
    asked = {"analyEvent": "CONGESTION", "tgtUe": {"anyUeInd": True}}
    for extra, where in (
        ({"analyEventFilter": {"dnn": "internet"}}, "/analyEventFilter/dnn"),
        ({"analyRep": {"sampRatio": 10}}, "/analyRep/sampRatio"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            question_of(asked | extra)
        assert [param.pointer for param in caught.value.params] == [where]
