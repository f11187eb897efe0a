"""Which cause a wrong attribute has is read off the contract."""

import pytest

from nef.api.mandatory import cause_of_wrong
from nef.domain.errors import InvalidParam

SESSIONS = "/3gpp-as-session-with-qos/v1/af/subscriptions"
EVENTS = "/3gpp-monitoring-event/v1/af/subscriptions"
ANALYTICS = "/3gpp-analyticsexposure/v1/af"
PLANS = "/3gpp-pdtq-policy-negotiation/v1/af/subscriptions"


def cause(method: str, path: str, *pointers: str) -> str:
    return cause_of_wrong([InvalidParam(one, "is wrong") for one in pointers], method, path)


@pytest.mark.parametrize(
    ("method", "path", "pointer"),
    [
        ("POST", SESSIONS, "/"),
        ("PUT", f"{SESSIONS}/x", "/notificationDestination"),
        ("POST", SESSIONS, "/flowInfo/0/flowId"),
        ("POST", SESSIONS, "/multiModDatFlows/1/medCompN"),
        ("POST", SESSIONS, "/qosMonInfo/reqQosMonParams/0"),
        ("PATCH", f"{SESSIONS}/x", "/altQosReqs/0/altQosParamSetRef"),
        ("POST", EVENTS, "/monitoringType"),
        ("PATCH", f"{EVENTS}/x", "/0/op"),
        ("POST", f"{ANALYTICS}/subscriptions", "/analyEventsSubs/0/analyEvent"),
        ("POST", f"{ANALYTICS}/fetch", "/suppFeat"),
        ("POST", PLANS, "/desTimeInts/0/startTime"),
    ],
)
def test_what_its_own_type_requires_is_mandatory_wherever_that_stands(
    method: str, path: str, pointer: str
) -> None:
    assert cause(method, path, pointer) == "MANDATORY_IE_INCORRECT"


@pytest.mark.parametrize(
    ("method", "path", "pointer"),
    [
        ("POST", SESSIONS, "/ueIpv4Addr"),  # one of several
        ("POST", SESSIONS, "/usageThreshold"),
        ("POST", SESSIONS, "/flowInfo/0"),
        ("POST", SESSIONS, "/multiModDatFlows/1/mirBwDl"),
        ("POST", SESSIONS, "/no/such~1thing"),
        ("PATCH", f"{SESSIONS}/x", "/notificationDestination"),  # a patch may do without
        ("POST", f"{ANALYTICS}/subscriptions", "/analyEventsSubs/0/tgtUe"),
        ("PATCH", f"{EVENTS}/x", "/0/value"),
        ("GET", SESSIONS, "/notificationDestination"),
        ("POST", "/nowhere", "/notificationDestination"),
    ],
)
def test_what_no_type_requires_is_optional(method: str, path: str, pointer: str) -> None:
    assert cause(method, path, pointer) == "OPTIONAL_IE_INCORRECT"


def test_of_several_things_the_worst_is_the_cause() -> None:
    missing = InvalidParam("/qosReference", "is missing", missing=True)
    wrong = [InvalidParam(one, "is wrong") for one in ("/dnn", "/snssai/sst")]
    assert cause_of_wrong(wrong, "POST", SESSIONS) == "MANDATORY_IE_INCORRECT"
    assert cause_of_wrong([*wrong, missing], "POST", SESSIONS) == "MANDATORY_IE_MISSING"
