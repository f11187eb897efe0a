"""Events of a UE: what is asked, and what is read of the reports."""

from datetime import UTC, datetime
from typing import Any

import pytest

from af_client import (
    Answer,
    ConnectivityLoss,
    ConnectivityLossQuestion,
    Location,
    LocationQuestion,
    Reachability,
    ReachabilityQuestion,
    Report,
)
from af_client.questions import MonitoringQuestion, Terms
from af_client.schemas.base import Malformed
from af_client.schemas.monitoring import request_document, told_in_notification, told_in_reply

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
WHEN = {"eventTime": "2026-11-23T12:00:00Z"}
CELL = {"cellId": "001-01-000000010", "trackingAreaId": "0001", "plmnId": "00101"}
LINK = "http://nef.example/3gpp-monitoring-event/v1/af/subscriptions/m-1"


def asked(question: MonitoringQuestion[Any], gpsi: str = "msisdn-1", **terms: Any) -> Any:
    return request_document(question, gpsi, "http://af/n", Terms(60.0, **terms))


def report(kind: str, **attributes: Any) -> dict[str, Any]:
    return {"monitoringType": kind} | WHEN | attributes


READ: list[tuple[MonitoringQuestion[Any], dict[str, Any], Answer]] = [
    (
        LocationQuestion(),
        report("LOCATION_REPORTING", locationInfo=CELL | {"ageOfLocationInfo": 2}),
        Location("001-01-000000010", "0001", "00101", 2, generated_at=NOON),
    ),
    (
        ReachabilityQuestion(),
        report("UE_REACHABILITY", reachabilityType="DATA", maxUEAvailabilityTime=WHEN["eventTime"]),
        Reachability("DATA", generated_at=NOON, valid_until=NOON),
    ),
    (
        ConnectivityLossQuestion(),
        report("LOSS_OF_CONNECTIVITY", lossOfConnectReason=7, unavailPerDur=30),
        ConnectivityLoss(7, 30, generated_at=NOON),
    ),
]


@pytest.mark.parametrize(("question", "document", "answer"), READ)
def test_each_kind_of_report_is_read_wherever_it_stands(
    question: MonitoringQuestion[Any], document: dict[str, Any], answer: Answer
) -> None:
    notified = {"subscription": LINK, "monitoringEventReports": [document]}
    expected = (Report(question, answer),)
    assert told_in_notification(question, notified).reports == expected
    created = {"monitoringEventReport": document}
    assert told_in_reply(question, created, created=True).reports == expected
    assert told_in_reply(question, document, created=False).reports == expected
    several = {"monitoringEventReports": [document]}
    assert told_in_reply(question, several, created=False).reports == expected


def test_a_report_instead_of_a_subscription_is_the_last() -> None:
    question, document, _ = READ[0]
    assert told_in_reply(question, document, created=False).over
    assert not told_in_reply(question, {}, created=True).over


def test_a_cancelled_subscription_is_over() -> None:
    cancelled = {"subscription": LINK, "cancelInd": True}
    assert told_in_notification(LocationQuestion(), cancelled).over
    assert not told_in_notification(LocationQuestion(), {"subscription": LINK}).over


def test_a_location_that_failed_says_why() -> None:
    failed = report("LOCATION_REPORTING", locFailureCause="UNREACHABLE_USER")
    told = told_in_reply(LocationQuestion(), failed, created=False)
    assert told.reports == (Report(LocationQuestion(), failure="UNREACHABLE_USER"),)


def test_a_report_of_another_kind_is_none_of_it() -> None:
    notified = {"subscription": LINK, "monitoringEventReports": [report("ROAMING_STATUS")]}
    assert told_in_notification(LocationQuestion(), notified).reports == ()


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/subscription"),
        ([], ""),
        ({"subscription": LINK, "monitoringEventReports": 5}, "/monitoringEventReports"),
        (
            {"subscription": LINK, "monitoringEventReports": [{}]},
            "/monitoringEventReports/0/monitoringType",
        ),
        (
            {
                "subscription": LINK,
                "monitoringEventReports": [{"monitoringType": "X", "eventTime": "noon"}],
            },
            "/monitoringEventReports/0/eventTime",
        ),
    ],
)
def test_a_malformed_notification_says_where(document: Any, pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        told_in_notification(LocationQuestion(), document)
    assert [param.param for param in caught.value.params] == [pointer]


@pytest.mark.parametrize("created", [True, False])
def test_a_reply_that_is_no_object_is_malformed(created: bool) -> None:
    with pytest.raises(Malformed):
        told_in_reply(LocationQuestion(), [], created=created)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            LocationQuestion(),
            {"monitoringType": "LOCATION_REPORTING", "locationType": "CURRENT_LOCATION"},
        ),
        (
            ReachabilityQuestion(),
            {"monitoringType": "UE_REACHABILITY", "reachabilityType": "DATA"},
        ),
        (ConnectivityLossQuestion(), {"monitoringType": "LOSS_OF_CONNECTIVITY"}),
    ],
)
def test_each_question_is_of_one_type(
    question: MonitoringQuestion[Any], said: dict[str, Any]
) -> None:
    document = asked(question)
    assert document.items() >= said.items()
    assert document["notificationDestination"] == "http://af/n"
    assert document["immediateRep"] is True
    assert "monitorExpireTime" in document


def test_one_report_is_enough_where_it_is_asked_once() -> None:
    assert asked(LocationQuestion(), once=True)["maximumNumberOfReports"] == 1
    assert asked(LocationQuestion(), max_reports=5)["maximumNumberOfReports"] == 5
    assert "maximumNumberOfReports" not in asked(LocationQuestion())


def test_a_place_can_be_told_periodically_but_an_event_cannot() -> None:
    assert asked(LocationQuestion(), every_s=9)["repPeriod"] == 9
    assert "repPeriod" not in asked(ReachabilityQuestion(), every_s=9)
    assert "repPeriod" not in asked(LocationQuestion())


@pytest.mark.parametrize(
    ("gpsi", "identity"),
    [
        ("msisdn-491700000001", {"msisdn": "491700000001"}),
        ("extid-cam-1@example.com", {"externalId": "cam-1@example.com"}),
    ],
)
def test_a_gpsi_is_split_as_the_standard_wants_it(gpsi: str, identity: dict[str, str]) -> None:
    assert asked(LocationQuestion(), gpsi).items() >= identity.items()


@pytest.mark.parametrize("gpsi", ["491700000001", "msisdn-", "imsi-001"])
def test_another_identity_is_refused_before_it_is_sent(gpsi: str) -> None:
    with pytest.raises(ValueError, match="is no GPSI"):
        asked(LocationQuestion(), gpsi)
