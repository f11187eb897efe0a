"""Plans between words and wire, against a scripted NEF."""

import json
from typing import Any

import pytest

from af_client import (
    BadRequest,
    Cell,
    InvalidReply,
    NefClient,
    NotFound,
    Refused,
    Reply,
    TrackingArea,
    TransferQos,
    Warnings,
)
from af_client.schemas.base import Malformed
from af_client.schemas.planning import plan_of, request_document, warning_of
from builders.plan_requests import (
    NEF_URL,
    PLANS,
    a_candidate,
    a_plan,
    a_plan_request,
    a_window,
    plan_document,
    policy,
    warning_document,
)
from fakes.transport import FakeTransport, problem, reply

MADE = reply(201, plan_document(), Location=f"{NEF_URL}{PLANS}/p-1")
CELL = {"plmnId": {"mcc": "001", "mnc": "01"}, "nrCellId": "000000010"}
AREA = {"plmnId": {"mcc": "001", "mnc": "01"}, "tac": "000001"}


def scripted(*script: Reply | Exception) -> tuple[NefClient, FakeTransport]:
    transport = FakeTransport(*script)
    return NefClient(NEF_URL, "af", transport=transport), transport


# --- on the wire ---


def test_a_request_says_what_is_to_be_sent_and_nothing_more() -> None:
    window = {"startTime": "2026-11-23T22:00:00+00:00", "stopTime": "2026-11-23T22:01:40+00:00"}
    assert request_document(a_plan_request()) == {
        "numberOfUEs": 1,
        "desTimeInts": [window],
        "qosParamSet": {"gfbrDl": "30 Mbps", "per": "1E-3"},
    }


def test_every_word_has_its_name_on_the_wire() -> None:
    request = a_plan_request(
        n_ues=4,
        qos=TransferQos(30_000_000, 1000, 40_000_000, 2000, 50, "1E-3", 20),
        alternatives=(TransferQos(gbr_dl_bps=9_000_000, delay_ms=100, per="1E-2"),),
        places=(Cell("001", "01", "000000010"), TrackingArea("001", "01", "000001")),
        provider="asp",
        application="cameras",
        notification_destination="http://af.example/warnings",
        warned=True,
        extra={"future": 1},
    )
    document = request_document(request)
    assert document["qosParamSet"] == {
        "gfbrDl": "30 Mbps",
        "gfbrUl": "1 Kbps",
        "maxBitRateDl": "40 Mbps",
        "maxBitRateUl": "2 Kbps",
        "pdb": 50,
        "per": "1E-3",
        "priorLevel": 20,
    }
    assert document["altQosParamSets"] == [{"gfbrDl": "9 Mbps", "pdb": 100, "per": "1E-2"}]
    assert document["locationArea5G"] == {"nwAreaInfo": {"ncgis": [CELL], "tais": [AREA]}}
    assert (document["aspId"], document["appId"]) == ("asp", "cameras")
    assert (document["warnNotifEnabled"], document["future"]) == (True, 1)
    read = plan_of(document | {"self": f"{NEF_URL}{PLANS}/p-9"})
    assert (read.request, read.id) == (request, "p-9")


def test_a_plan_by_name_is_read_back() -> None:
    request = a_plan_request(
        qos=None, qos_reference="model-weights", alternative_references=("model-topology",)
    )
    document = request_document(request)
    assert document["altQosRefs"] == ["model-topology"]
    assert plan_of(document, f"{NEF_URL}/p").request == request


def test_a_plan_has_its_candidates_in_the_order_of_the_nef() -> None:
    plan = plan_of(plan_document(selectedPolicy=2))
    assert plan.candidates == (a_candidate(1, 20, 60), a_candidate(2, 70, 100))
    assert plan.chosen == a_candidate(2, 70, 100)
    assert (plan.id, plan.reference, plan.request.extra) == ("p-1", "ref-p-1", {})


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"desTimeInts": None}, "/desTimeInts"),
        ({"pdtqPolicies": [{"pdtqPolicyId": 1}]}, "/pdtqPolicies/0/recTimeInt"),
        ({"pdtqPolicies": [policy(1, 0, 1) | {"pdtqPolicyId": "x"}]}, "/pdtqPolicies/0/pdtq"),
        ({"locationArea5G": []}, "/locationArea5G"),
        ({"locationArea5G": {"nwAreaInfo": 1}}, "/locationArea5G"),
        ({"self": None}, "/self"),
        ({"qosParamSet": None}, "either qos"),
    ],
)
def test_what_is_no_plan_is_pointed_at(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Malformed, match=pointer):
        plan_of(plan_document(**changes))


def test_a_candidate_that_ends_before_it_begins_is_none() -> None:
    times = {"startTime": "2026-01-02T00:00:00Z", "stopTime": "2026-01-01T00:00:00Z"}
    with pytest.raises(Malformed, match="not later"):
        plan_of(plan_document(pdtqPolicies=[{"pdtqPolicyId": 1, "recTimeInt": times}]))


def test_a_warning_says_what_could_be_chosen_instead() -> None:
    warning = warning_of(warning_document(policy(3, 70, 90)))
    assert warning.is_about(plan_of(plan_document()))
    assert [one.window for one in warning.candidates] == [a_window(70, 90)]


@pytest.mark.parametrize("document", [[], {}, {"pdtqRefId": "r", "candPolicies": []}])
def test_what_is_no_warning_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        warning_of(document)


# --- the client ---


def test_a_plan_is_asked_for_in_the_name_of_the_af() -> None:
    nef, transport = scripted(MADE)
    assert nef.plan_transfer(a_plan_request()).id == "p-1"
    assert transport.asked == [("POST", f"{NEF_URL}{PLANS}")]
    assert transport.said["aspId"] == "af"


def test_warnings_come_to_the_place_that_takes_them() -> None:
    nef, transport = scripted(MADE)
    warnings = Warnings()
    warnings.url = "http://af.example/secret"
    nef.plan_transfer(a_plan_request(), warnings=warnings)
    assert transport.said["notificationDestination"] == warnings.url
    assert transport.said["warnNotifEnabled"] is True


def test_warnings_without_a_place_are_not_asked_for() -> None:
    nef, transport = scripted()
    with pytest.raises(ValueError, match="warnings need a place"):
        nef.plan_transfer(a_plan_request(warned=True))
    assert transport.asked == []


def test_one_candidate_is_chosen_by_its_number() -> None:
    nef, transport = scripted(reply(200, plan_document(selectedPolicy=2)))
    chosen = nef.choose(a_plan(), a_candidate(2, 70, 100)).chosen
    assert chosen == a_candidate(2, 70, 100)
    (request,) = transport.requests
    assert (request.method, request.url) == ("PATCH", f"{NEF_URL}{PLANS}/p-1")
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert transport.said == {"selectedPolicy": 2}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"warned": False}, {"warnNotifEnabled": False}),
        ({"notification_destination": "http://x/"}, {"notificationDestination": "http://x/"}),
    ],
)
def test_only_what_is_named_is_changed(changes: dict[str, Any], said: dict[str, Any]) -> None:
    nef, transport = scripted(reply(204), reply(200, plan_document()))
    assert nef.modify_plan("p-1", **changes).id == "p-1"
    assert json.loads(transport.requests[0].body or b"") == said


def test_a_change_of_nothing_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="nothing to change"):
        scripted()[0].modify_plan("p-1")


def test_plans_are_read_and_deleted() -> None:
    nef, transport = scripted(
        reply(200, plan_document(self=None)), reply(200, [plan_document()]), reply(204)
    )
    assert nef.plan("p-1").url == f"{NEF_URL}{PLANS}/p-1"
    assert [plan.id for plan in nef.plans()] == ["p-1"]
    nef.delete_plan("p-1")
    assert transport.asked[-1] == ("DELETE", f"{NEF_URL}{PLANS}/p-1")


def test_a_plan_that_is_over_already_is_as_good_as_deleted() -> None:
    scripted(problem(404))[0].delete_plan("p-1")


@pytest.mark.parametrize(("status", "kind"), [(400, BadRequest), (403, Refused), (404, NotFound)])
def test_refusals_are_errors_of_the_tree(status: int, kind: type[Exception]) -> None:
    nef, _ = scripted(problem(status, {"status": status, "detail": "at most 9 Mbps"}))
    with pytest.raises(kind, match="at most 9 Mbps"):
        nef.plan_transfer(a_plan_request())


@pytest.mark.parametrize("document", [{}, [{}]])
def test_a_list_that_is_none_is_an_invalid_reply(document: Any) -> None:
    with pytest.raises(InvalidReply, match="list of plans"):
        scripted(reply(200, document))[0].plans()
