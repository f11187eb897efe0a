"""Notifications and refusals on the wire."""

from typing import Any

from nef.domain.events import EventReport, Measured, UserPlaneEvent
from nef.domain.notifications import Content, Notification, SessionEvents, Trial
from nef.domain.sessions import Usage
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


def test_measurements_stand_in_the_list_of_their_kind() -> None:
    measured = Measured(
        delay_dl_ms=9, delays_failed=True, rate_dl=BitRate(0), congestion_failed=True
    )
    report = EventReport(UserPlaneEvent.QOS_MONITORING, 2, (7,), measured=measured)
    assert sent(report)["eventReports"] == [
        {
            "event": "QOS_MONITORING",
            "multiModFlows": [{"medCompN": 2, "flowIds": [7]}],
            "qosMonReports": [{"dlDelays": [9]}, {"pdmf": True}],
            "qosMonDatRateReps": [
                {"flows": [{"medCompN": 2, "fNums": [7]}], "dlDataRate": "0 bps"}
            ],
            "qosMonConInfoReps": [{"cimf": True}],
        }
    ]


def test_measurements_of_the_subscription_name_no_component() -> None:
    measured = Measured(delay_dl_ms=0, rate_dl=BitRate(5000), congestion_dl_percent=0)
    report = EventReport(UserPlaneEvent.QOS_MONITORING, 0, measured=measured)
    assert sent(report)["eventReports"] == [
        {
            "event": "QOS_MONITORING",
            "qosMonReports": [{"dlDelays": [0]}],
            "qosMonDatRateReps": [{"dlDataRate": "5 Kbps"}],
            "qosMonConInfoReps": [{"dlConInfo": 0}],
        }
    ]


def test_usage_says_what_was_counted() -> None:
    usage = Usage(duration_s=0, total_bytes=7, downlink_bytes=7)
    (report,) = sent(EventReport(UserPlaneEvent.USAGE_REPORT, usage=usage))["eventReports"]
    assert report["accumulatedUsage"] == {"duration": 0, "totalVolume": 7, "downlinkVolume": 7}


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
