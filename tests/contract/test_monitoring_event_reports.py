"""Each kind of report of an event of a UE keeps the contract, and says what it must."""

import pytest

from builders.contracts import breaches
from builders.monitoring_events import HERE, MSISDN
from nef.domain.monitoring_events import (
    Accuracy,
    Location,
    LocationFailure,
    LossReason,
    MonitoringType,
    UeEvent,
)
from nef.domain.notifications import MonitoringEvents, Notification, Trial
from nef.domain.subscriptions import Api
from nef.schemas.monitoring_events import report_document, reports_document
from nef.schemas.notifications import notification_document

DOCUMENT = "monitoring-event.yaml"
LOSS, REACHABILITY, LOCATION = MonitoringType
NAMED = f"msisdn-{MSISDN}"

EVENTS = [
    *(UeEvent(LOSS, NAMED, 0.0, loss=reason) for reason in LossReason),
    UeEvent(REACHABILITY, "extid-camera@example.com", 1e9),
    *(
        UeEvent(LOCATION, None, 1.8e9, location=Location(HERE, accuracy, age_s))
        for accuracy in Accuracy
        for age_s in (None, 0.0, 59.0, 1e6)
    ),
    *(UeEvent(LOCATION, NAMED, 0.0, failure=failure) for failure in LocationFailure),
]


def notified(content: MonitoringEvents | Trial) -> dict[str, object]:
    notification = Notification("s1", "af", "http://af.example.com", content, 0.0)
    return notification_document(notification, "http://nef.example")


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_each_report_keeps_the_contract(event: UeEvent) -> None:
    assert breaches(DOCUMENT, "MonitoringEventReport", report_document(event)) == []


@pytest.mark.parametrize(
    ("kind", "says"),
    [(LOSS, "lossOfConnectReason"), (REACHABILITY, "reachabilityType"), (LOCATION, None)],
)
def test_each_report_says_what_belongs_to_its_event(kind: MonitoringType, says: str | None) -> None:
    for event in EVENTS:
        document = report_document(event)
        if event.type is kind:
            located = ("locationInfo" in document) != ("locFailureCause" in document)
            assert says in document if says else located
            assert {"monitoringType", "eventTime"} <= document.keys()


def test_all_together_keep_the_contract_in_a_notification_and_in_an_answer() -> None:
    document = notified(MonitoringEvents(tuple(EVENTS)))
    assert breaches(DOCUMENT, "MonitoringNotification", document) == []
    assert breaches(DOCUMENT, "MonitoringEventReports", reports_document(EVENTS)) == []


def test_a_trial_names_the_subscription_and_nothing_else() -> None:
    document = notified(Trial(Api.MONITORING))
    assert breaches(DOCUMENT, "MonitoringNotification", document) == []
    assert list(document) == ["subscription"]


def test_the_contract_would_notice() -> None:
    report = report_document(EVENTS[0])
    assert breaches(DOCUMENT, "MonitoringEventReport", report | {"lossOfConnectReason": "gone"})
    assert breaches(DOCUMENT, "MonitoringNotification", {"monitoringEventReports": [report]})
