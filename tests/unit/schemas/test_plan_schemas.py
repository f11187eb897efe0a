"""Plans on the wire."""

from typing import Any

import pytest

from builders.contracts import breaches
from builders.plans import CELL, DOCUMENT, QOS, body
from nef.domain.areas import Area, Ncgi, Plmn
from nef.domain.errors import InvalidRequest
from nef.domain.plans import Plan, PlanChanges, QosWish, Window
from nef.domain.subscriptions import Api, Subscription
from nef.domain.units import BitRate, PacketErrorRate
from nef.schemas.plans import changes_of, plan_document, request_of

ROOT = "http://nef.example"
FULL = {
    "appId": "recognition",
    "altQosParamSets": [{"gfbrDl": "1 Mbps", "gfbrUl": "2 Kbps", "pdb": 9, "per": "1E-2"}, {}],
    "locationArea5G": {"nwAreaInfo": {"ncgis": [CELL]}},
    "notificationDestination": "http://af.example/plans",
    "supportedFeatures": "0",
    "warnNotifEnabled": True,
}


def refused(document: Any, read: Any = request_of) -> list[str]:
    with pytest.raises(InvalidRequest) as refusal:
        read(document)
    return [param.pointer for param in refusal.value.params]


def written(plan: Plan) -> dict[str, Any]:
    subscription = Subscription("p1", "af", Api.TRANSFERS, plan, 0.0)
    document = plan_document(subscription, ROOT)
    assert breaches(DOCUMENT, "Pdtq", document) == []
    return document


# --- what is asked for ---


def test_everything_that_is_said_is_read() -> None:
    wish = {
        "gfbrDl": "30 Mbps",
        "gfbrUl": "1 Mbps",
        "maxBitRateDl": "40 Mbps",
        "maxBitRateUl": "2 Mbps",
        "pdb": 100,
        "per": "1E-3",
        "priorLevel": 20,
        "maxBurstSize": 4095,
    }
    request = request_of(body(1000.0, (0, 10), (20, 30.5), **FULL | {"qosParamSet": wish}))
    dl, ul, most_dl, most_ul = (BitRate(n * 10**6) for n in (30, 1, 40, 2))
    assert request.wish == QosWish(dl, ul, most_dl, most_ul, 100, PacketErrorRate(1, 3), 20)
    assert request.alternatives == (
        QosWish(BitRate(10**6), BitRate(2000), delay_ms=9, per=PacketErrorRate(1, 2)),
        QosWish(),
    )
    assert request.windows == (Window(1000, 1010), Window(1020, 1030.5))
    assert request.area == Area((Ncgi(Plmn("001", "01"), "000000001"),))
    assert (request.ues, request.warned) == (2, True)
    assert request.destination == "http://af.example/plans"


def test_what_is_not_said_is_open() -> None:
    named = {"qosParamSet": None, "qosReference": "best", "altQosRefs": ["less"]}
    request = request_of(body(0.0, **named))
    assert (request.qos_reference, request.alternative_references) == ("best", ("less",))
    assert (request.wish, request.alternatives, request.area) == (None, (), Area())
    assert (request.destination, request.warned) == (None, False)


def test_what_is_kept_of_what_was_written_is_what_does_not_change() -> None:
    request = request_of(body(0.0, **FULL, pdtqPolicies=[], referenceId="mine", self="x", other=1))
    expected = {"aspId", "appId", "numberOfUEs", "desTimeInts", "qosParamSet"}
    expected |= {"altQosParamSets", "locationArea5G", "supportedFeatures"}
    assert request.wire.keys() == expected


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"numberOfUEs": 0}, "/numberOfUEs"),
        ({"numberOfUEs": -1}, "/numberOfUEs"),
        ({"numberOfUEs": 2**31}, "/numberOfUEs"),
        ({"numberOfUEs": None}, "/numberOfUEs"),
        ({"aspId": None}, "/aspId"),
        ({"desTimeInts": None}, "/desTimeInts"),
        ({"desTimeInts": [{"startTime": "now", "stopTime": "2026-11-23T14:00:00Z"}]}, "/startTime"),
        ({"desTimeInts": [{"startTime": "2026-11-23T14:00:00Z"}]}, "/stopTime"),
        ({"qosParamSet": {"gfbrDl": "0 bps"}}, "/qosParamSet/gfbrDl"),
        ({"qosParamSet": {"gfbrDl": "99 Tbps"}}, "/qosParamSet/gfbrDl"),
        ({"qosParamSet": QOS | {"per": "0E-1"}}, "/qosParamSet/per"),
        ({"qosParamSet": QOS | {"pdb": 0}}, "/qosParamSet/pdb"),
        ({"qosParamSet": QOS | {"pdb": 2**31}}, "/qosParamSet/pdb"),
        ({"qosParamSet": QOS | {"priorLevel": 0}}, "/qosParamSet/priorLevel"),
        ({"qosParamSet": QOS | {"priorLevel": 128}}, "/qosParamSet/priorLevel"),
        ({"altQosParamSets": [{}, {"gfbrDl": "much"}]}, "/altQosParamSets/1/gfbrDl"),
        ({"locationArea5G": {}}, "/locationArea5G"),
        ({"locationArea5G": {"nwAreaInfo": {"ncgis": []}}}, "/locationArea5G"),
        ({"supportedFeatures": "xyz"}, "/supportedFeatures"),
        ({"selectedPolicy": 1}, "/selectedPolicy"),
        ({"selectedPolicy": 0}, "/selectedPolicy"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(changes: dict[str, Any], pointer: str) -> None:
    [found] = refused(body(0.0, **changes))
    assert found.endswith(pointer)
    assert found.startswith(f"/{next(iter(changes))}")


# --- what is changed ---


def test_a_patch_says_what_changes_and_nothing_else() -> None:
    assert changes_of({}) == PlanChanges()
    assert changes_of({"numberOfUEs": 9}) == PlanChanges()
    everything = {
        "selectedPolicy": 3,
        "warnNotifEnabled": False,
        "notificationDestination": "http://af.example",
    }
    assert changes_of(everything) == PlanChanges(3, warned=False, destination="http://af.example")


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"selectedPolicy": "first"}, "/selectedPolicy"),
        ({"warnNotifEnabled": 7}, "/warnNotifEnabled"),
    ],
)
def test_what_is_wrong_with_a_patch_is_named(document: dict[str, Any], pointer: str) -> None:
    assert refused(document, changes_of) == [pointer]


# --- what is answered ---


def test_a_plan_is_what_was_written_with_what_is_offered() -> None:
    asked = body(1.8e9, (0, 100), **FULL)
    plan = Plan(request_of(asked), ())
    offered = plan.offering([Window(1.8e9 + 20, 1.8e9 + 60.25)], 0, 1.8e9).choosing(1, 1.8e9)
    window = {
        "startTime": "2027-01-15T08:00:20.000+00:00",
        "stopTime": "2027-01-15T08:01:00.250+00:00",
    }
    assert written(offered) == asked | {
        "pdtqPolicies": [{"pdtqPolicyId": 1, "recTimeInt": window}],
        "selectedPolicy": 1,
        "referenceId": "p1",
        "self": f"{ROOT}/3gpp-pdtq-policy-negotiation/v1/af/subscriptions/p1",
    }


def test_what_there_is_not_is_left_out() -> None:
    document = written(Plan(request_of(body(0.0)), ()))
    absent = {"pdtqPolicies", "selectedPolicy", "notificationDestination", "supportedFeatures"}
    assert absent.isdisjoint(document)
    assert document["warnNotifEnabled"] is False


def test_no_feature_is_supported_whatever_is_asked_for() -> None:
    asked = body(0.0, supportedFeatures="FF")
    assert written(Plan(request_of(asked), ()))["supportedFeatures"] == "0"
