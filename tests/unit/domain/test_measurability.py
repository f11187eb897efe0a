"""What could never be reported is refused, with a pointer to what would be right."""

from typing import Any

import pytest

from builders.measurements import DELAYS, asking, rate_above
from builders.sessions import request
from nef.domain.errors import InvalidRequest
from nef.domain.measurability import check_measuring

SENSIBLE: list[dict[str, Any]] = [
    {},
    {"qosMonInfo": asking(*DELAYS, repPeriod=5)},
    {"qosMonInfo": asking("UPLINK", repThreshUl=5)},
    {"qosMonDatRate": rate_above("1 Mbps", waitTime=0)},
    {"qosMonDatRate": asking("DOWNLINK_DATA_RATE", "UPLINK_DATA_RATE", "LATER", repPeriod=5)},
    {"qosMonConReq": asking("UPLINK_CONGESTION", conThreshUl=5, repPeriod=1)},
    {"usageThreshold": {"uplinkVolume": 1, "duration": 1}},
]


@pytest.mark.parametrize("asked", SENSIBLE)
def test_what_can_be_reported_is_accepted(asked: dict[str, Any]) -> None:
    check_measuring(request(**asked))


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
    ({"usageThreshold": {"uplinkVolume": 5}}, "/usageThreshold/uplinkVolume"),
]


@pytest.mark.parametrize(("asked", "pointer"), NONSENSE)
def test_what_could_never_be_reported_is_refused(asked: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check_measuring(request(**asked))
    (param,) = refusal.value.params
    assert param.pointer == pointer
    assert param.reason


def test_everything_that_is_wrong_is_named() -> None:
    wrong = request(qosMonInfo=NONSENSE[0][0]["qosMonInfo"], usageThreshold={})
    with pytest.raises(InvalidRequest) as refusal:
        check_measuring(wrong)
    pointers = [param.pointer for param in refusal.value.params]
    assert pointers == ["/qosMonInfo/repPeriod", "/usageThreshold"]
