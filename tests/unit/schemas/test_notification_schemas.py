"""Notifications and refusals on the wire."""

from typing import Any

from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.notifications import Content, Notification, SessionEvents, Trial
from nef.domain.subscriptions import Api
from nef.domain.units import BitRate
from nef.schemas.notifications import notification_document
from nef.schemas.problems import acceptable_document

LINK = "http://nef/3gpp-as-session-with-qos/v1/af/subscriptions/s1"


def sent(*reports: EventReport) -> dict[str, Any]:
    return document(SessionEvents(reports))


def document(content: Content) -> dict[str, Any]:
    return notification_document(Notification("s1", "af", "http://x", content, 0.0), "http://nef")


def test_a_report_about_a_component_names_it_with_its_flows_and_what_is_applied() -> None:
    report = EventReport(UserPlaneEvent.QOS_NOT_GUARANTEED, 2, (7, 8), "small")
    assert sent(report) == {
        "transaction": LINK,
        "eventReports": [
            {
                "event": "QOS_NOT_GUARANTEED",
                "multiModFlows": [{"medCompN": 2, "flowIds": [7, 8]}],
                "appliedQosRef": "small",
            }
        ],
    }


def test_a_component_without_flow_ids_is_meant_as_a_whole() -> None:
    (report,) = sent(EventReport(UserPlaneEvent.QOS_GUARANTEED, 2))["eventReports"]
    assert report == {"event": "QOS_GUARANTEED", "multiModFlows": [{"medCompN": 2}]}


def test_a_report_about_the_subscription_names_its_flow_ids() -> None:
    (report,) = sent(EventReport(UserPlaneEvent.QOS_GUARANTEED, 0, (7,)))["eventReports"]
    assert report == {"event": "QOS_GUARANTEED", "flowIds": [7]}


def test_the_end_of_a_session_is_about_all_of_it() -> None:
    (report,) = sent(EventReport(UserPlaneEvent.SESSION_TERMINATION))["eventReports"]
    assert report == {"event": "SESSION_TERMINATION"}


def test_a_test_notification_names_its_subscription_and_no_event() -> None:
    assert document(Trial(Api.SESSIONS)) == {"subscription": LINK}


def test_a_refusal_offers_a_rate_for_each_component() -> None:
    offer = acceptable_document({2: BitRate.parse("6 Mbps"), 1: BitRate.parse("1 Mbps")})
    assert offer["acceptableServInfo"]["accBwMedComps"] == {
        "1": {"medCompN": 1, "marBwDl": "1 Mbps"},
        "2": {"medCompN": 2, "marBwDl": "6 Mbps"},
    }


def test_a_refusal_of_the_subscription_offers_one_rate() -> None:
    offer = acceptable_document({0: BitRate.parse("6 Mbps")})
    assert offer == {"acceptableServInfo": {"marBwDl": "6 Mbps"}}


def test_a_refusal_that_offers_nothing_says_nothing() -> None:
    assert acceptable_document({}) == {}
