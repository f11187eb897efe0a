"""What could never be reported is refused, with a pointer to what would be right."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders.measurements import DELAYS, asking, rate_above
from builders.sessions import request
from nef.domain.errors import InvalidRequest
from nef.domain.events import UserPlaneEvent
from nef.domain.measurability import check_reporting
from nef.domain.names import misspelt

SENSIBLE: list[dict[str, Any]] = [
    {},
    {"qosMonInfo": asking(*DELAYS, repPeriod=5)},
    {"qosMonInfo": asking("UPLINK", repThreshUl=5)},
    {"qosMonDatRate": rate_above("1 Mbps", waitTime=0)},
    {"qosMonDatRate": asking("DOWNLINK_DATA_RATE", "UPLINK_DATA_RATE", "LATER", repPeriod=5)},
    {"qosMonConReq": asking("UPLINK_CONGESTION", conThreshUl=5, repPeriod=1)},
    {"usageThreshold": {"uplinkVolume": 1, "duration": 1}},
    {"events": ["QOS_GUARANTEED", "PLMN_CHG", "L4S_AVAILABLE", "PDU_SET_LOST"]},
]


@pytest.mark.parametrize("asked", SENSIBLE)
def test_what_can_be_reported_is_accepted(asked: dict[str, Any]) -> None:
    check_reporting(request(**asked))


def information(*parameters: str, frequencies: tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {"reqQosMonParams": list(parameters), "repFreqs": list(frequencies), **more}


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"qosMonInfo": information("DOWNLINK", frequencies=("PERIODIC",))}, "/qosMonInfo/repPeriod"),
    (
        {"qosMonInfo": information("ROUND_TRIP", frequencies=("EVENT_TRIGGERED",))},
        "/qosMonInfo/repThreshRp",
    ),
    (
        {"qosMonInfo": information("DOWNLINK", frequencies=("EVENT_TRIGGERED",), repThreshUl=5)},
        "/qosMonInfo/repThreshDl",
    ),
    (
        {
            "qosMonDatRate": information(
                "DOWNLINK_DATA_RATE", frequencies=("EVENT_TRIGGERED",), repPeriod=3
            )
        },
        "/qosMonDatRate/repThreshDatRateDl",
    ),
    (
        {"qosMonDatRate": asking("UPLINK_DATA_RATE", repPeriod=5)},
        "/qosMonDatRate/reqQosMonParams",
    ),
    (
        {"qosMonConReq": asking("DOWNLINK", repPeriod=5)},
        "/qosMonConReq/reqQosMonParams",
    ),
    (
        {"qosMonConReq": information("DOWNLINK_CONGESTION", frequencies=("SOME_DAY",))},
        "/qosMonConReq/repFreqs",
    ),
    ({"usageThreshold": {}}, "/usageThreshold"),
    ({"events": ["PLMN_CHG", "L4S_AVAILABLE"]}, "/events"),
    ({"usageThreshold": {"uplinkVolume": 5}}, "/usageThreshold/uplinkVolume"),
]


@pytest.mark.parametrize(("asked", "pointer"), NONSENSE)
def test_what_could_never_be_reported_is_refused(asked: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check_reporting(request(**asked))
    (param,) = refusal.value.params
    assert param.pointer == pointer
    assert param.reason


@pytest.mark.parametrize(
    ("asked", "pointer", "meant"),
    [
        ({"events": ["QOS_NOT_GUARANTEED", "QOS_GUARANTED"]}, "/events/1", "QOS_GUARANTEED"),
        ({"events": ["qos_monitoring"]}, "/events/0", "QOS_MONITORING"),
        (
            {"qosMonInfo": asking("DOWNLINK", "UPLNK", repPeriod=5)},
            "/qosMonInfo/reqQosMonParams/1",
            "UPLINK",
        ),
        (
            {"qosMonInfo": information("DOWNLINK", frequencies=("PERIODICAL",), repPeriod=5)},
            "/qosMonInfo/repFreqs/0",
            "PERIODIC",
        ),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one(
    asked: dict[str, Any], pointer: str, meant: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check_reporting(request(**asked))
    (param,) = refusal.value.params
    assert param.pointer == pointer
    assert param.reason.endswith(f"did you mean {meant}?")


def test_no_other_name_of_the_contracts_is_taken_for_a_misspelt_event() -> None:
    documents = (yaml.safe_load(path.read_text("utf-8")) for path in Path("openapi").glob("*.yaml"))
    names = {name for document in documents for name in _names(document)}
    assert {"PLMN_CHG", "NOT_REGISTED_UE"} < names
    others = names - set(UserPlaneEvent)
    taken = [one for one in others if list(misspelt("/events", [one], tuple(UserPlaneEvent)))]
    assert taken == []


def test_a_crowd_of_strange_names_costs_no_time() -> None:
    crowd = [f"{n:x}" for n in range(30)] + ["QOS_GUARANTED"]
    assert list(misspelt("/events", crowd, tuple(UserPlaneEvent))) == []


def _names(document: Any) -> Iterator[str]:
    """What stands in the enumerations of a document."""
    for key, part in document.items() if isinstance(document, dict) else enumerate(document):
        if key == "enum":
            yield from map(str, part)
        elif isinstance(part, dict | list):
            yield from _names(part)


def test_everything_that_is_wrong_is_named() -> None:
    wrong = request(qosMonInfo=NONSENSE[0][0]["qosMonInfo"], usageThreshold={})
    with pytest.raises(InvalidRequest) as refusal:
        check_reporting(wrong)
    pointers = [param.pointer for param in refusal.value.params]
    assert pointers == ["/qosMonInfo/repPeriod", "/usageThreshold"]
