"""Questions: what cannot be asked, and what the rest is on the wire."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from af_client import (
    BandwidthQuestion,
    Cell,
    CommunicationQuestion,
    CongestionQuestion,
    Crossing,
    MobilityQuestion,
    PerformanceQuestion,
    QosQuestion,
    TrackingArea,
    TransferTimeQuestion,
)
from af_client.questions import AnalyticsQuestion, Target, Terms
from af_client.schemas.analytics_requests import fetch_document, subscription_document

UE = Target(gpsi="msisdn-1")


def fetched(question: AnalyticsQuestion[Any], target: Target = UE) -> dict[str, Any]:
    return fetch_document(question, target)


def subscribed(question: AnalyticsQuestion[Any], terms: Terms | None = None) -> dict[str, Any]:
    return subscription_document(question, UE, "http://af/n", "n-1", terms or Terms(60.0))


def conditions(question: AnalyticsQuestion[Any]) -> dict[str, Any]:
    (event,) = subscribed(question)["analyEventsSubs"]
    found: dict[str, Any] = event["analyEventFilter"]
    return found


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda: BandwidthQuestion(within_s=5, past_s=5), "within_s or past_s"),
        (lambda: MobilityQuestion(within_s=-1), "within_s is -1"),
        (lambda: BandwidthQuestion(thresholds_bps=5), r"needs a comma: thresholds_bps=\(…,\)"),  # type: ignore[arg-type]
        (lambda: CongestionQuestion(thresholds_percent=80), "thresholds_percent is a int"),  # type: ignore[arg-type]
        (lambda: PerformanceQuestion(kinds="NUM_OF_UE"), "kinds is a str and not a tuple"),  # type: ignore[arg-type]
        (lambda: TransferTimeQuestion(5), "sizes is a int and not a tuple"),  # type: ignore[arg-type]
        (lambda: MobilityQuestion(past_s=0), "past_s is 0"),
        (lambda: QosQuestion(1, within_s=0.5), "within_s is 0.5"),  # type: ignore[arg-type]
        (lambda: QosQuestion(1e6), "whole number of bits"),  # type: ignore[arg-type]
        (lambda: QosQuestion(1, per="0.001"), "1E-3"),
        (lambda: BandwidthQuestion(per="0.001"), "1E-3"),
        (lambda: BandwidthQuestion(thresholds_bps=(-5,)), "whole number of bits"),
        (lambda: TransferTimeQuestion(()), "at least one size"),
        (lambda: TransferTimeQuestion((0,)), "a size is 0"),
        (lambda: TransferTimeQuestion((5,), per="bad"), "1E-3"),
        (lambda: Terms(60.0, every_s=0), "every_s is 0"),
        (lambda: Terms(60.0, max_reports=0), "max_reports is 0"),
    ],
)
def test_what_cannot_be_asked_is_said_where_it_is_written(
    ask: Callable[[], object], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ask()


@pytest.mark.parametrize(
    ("question", "event"),
    [
        (BandwidthQuestion(), "DN_PERFORMANCE"),
        (TransferTimeQuestion((1,)), "E2E_DATA_VOL_TRANS_TIME"),
        (QosQuestion(1), "QOS_SUSTAINABILITY"),
        (CongestionQuestion(), "CONGESTION"),
        (PerformanceQuestion(), "NETWORK_PERFORMANCE"),
        (MobilityQuestion(), "UE_MOBILITY"),
        (CommunicationQuestion(), "UE_COMM"),
    ],
)
def test_each_question_is_of_one_event(question: AnalyticsQuestion[Any], event: str) -> None:
    assert fetched(question)["analyEvent"] == event
    assert subscribed(question)["analyEventsSubs"][0]["analyEvent"] == event
    assert fetched(question)["suppFeat"] == "0"


@pytest.mark.parametrize(
    ("target", "wire"),
    [
        (UE, {"gpsi": "msisdn-1"}),
        (Target(group="extgroupid-1@example.com"), {"exterGroupId": "extgroupid-1@example.com"}),
        (Target(cells=(Cell("001", "01", "000000010"),)), {"anyUeInd": True}),
    ],
)
def test_a_question_is_about_a_ue_a_group_or_whoever_is_there(
    target: Target, wire: dict[str, Any]
) -> None:
    assert fetched(MobilityQuestion(), target)["tgtUe"] == wire


def test_an_area_is_made_of_cells_and_tracking_areas() -> None:
    target = Target(
        cells=(Cell("001", "01", "000000010"),), tracking_areas=(TrackingArea("001", "01", "0001"),)
    )
    plmn = {"mcc": "001", "mnc": "01"}
    assert fetched(CongestionQuestion(), target)["analyEventFilter"]["locArea"] == {
        "nwAreaInfo": {
            "ncgis": [{"plmnId": plmn, "nrCellId": "000000010"}],
            "tais": [{"plmnId": plmn, "tac": "0001"}],
        }
    }


@pytest.mark.parametrize(
    ("question", "offset"),
    [
        (MobilityQuestion(within_s=30), 30),
        (MobilityQuestion(past_s=30), -30),
    ],
)
def test_the_time_to_come_is_ahead_and_the_past_behind(
    question: MobilityQuestion, offset: int
) -> None:
    assert fetched(question)["analyRep"] == {"offsetPeriod": offset}
    assert conditions(question)["extraReportReq"] == {"offsetPeriod": offset}


@pytest.mark.parametrize("question", [MobilityQuestion(), MobilityQuestion(within_s=0)])
def test_now_needs_no_window(question: MobilityQuestion) -> None:
    assert "analyRep" not in fetched(question)
    assert "analyEventFilter" not in subscribed(question)["analyEventsSubs"][0]


class TestConditions:
    def test_of_bandwidth_are_the_flow_that_is_meant_and_thresholds(self) -> None:
        question = BandwidthQuestion(
            per="1E-5", thresholds_bps=(1_000_000, 2_500_000), crossing=Crossing.FALLING
        )
        levels = [{"avgTrafficRate": "1 Mbps"}, {"avgTrafficRate": "2.5 Mbps"}]
        flow = {"resType": "NON_CRITICAL_GBR", "per": "1E-5"}
        assert conditions(question) == {
            "qosReq": flow,
            "dnPerfReqs": [{"reportThresholds": levels}],
            "matchingDir": "DESCENDING",
        }
        assert fetched(question)["analyEventFilter"] == {"qosReq": flow}

    def test_of_a_transfer_are_its_sizes_and_a_threshold_in_milliseconds(self) -> None:
        question = TransferTimeQuestion((5, 7), threshold_s=1.5, crossing=Crossing.RISING)
        once = {"repeatDataTrans": 1, "highTransTmThr": 1500}
        assert conditions(question) == {
            "matchingDir": "ASCENDING",
            "dataVlTrnsTmRqs": [
                {"dataVolume": {"downlinkVolume": 5}} | once,
                {"dataVolume": {"downlinkVolume": 7}} | once,
            ],
        }

    def test_of_an_outlook_are_the_rate_to_be_kept(self) -> None:
        flow = {"resType": "NON_CRITICAL_GBR", "gfbrDl": "3 Mbps", "per": "1E-3"}
        question = QosQuestion(3_000_000, per="1E-3")
        assert conditions(question) == {
            "qosReq": flow,
            "ranUeThrouThds": ["3 Mbps"],
            "matchingDir": "CROSSED",
        }
        assert fetched(question)["analyEventFilter"] == {"qosReq": flow}

    def test_of_congestion_are_its_thresholds(self) -> None:
        levels = [{"congLevel": 50}, {"congLevel": 90}]
        assert conditions(CongestionQuestion(thresholds_percent=(50, 90))) == {
            "reptThlds": levels,
            "matchingDir": "CROSSED",
        }

    def test_of_performance_are_spelt_differently_in_a_fetch(self) -> None:
        question = PerformanceQuestion(kinds=("NUM_OF_UE",))
        assert conditions(question) == {"nwPerfReqs": [{"nwPerfType": "NUM_OF_UE"}]}
        assert fetched(question)["analyEventFilter"] == {"nwPerfTypes": ["NUM_OF_UE"]}


class TestReporting:
    def test_without_a_period_is_when_something_happens(self) -> None:
        reporting = subscribed(MobilityQuestion())["analyRepInfo"]
        until = datetime.fromisoformat(reporting.pop("monDur"))
        assert reporting == {"notifMethod": "ON_EVENT_DETECTION", "immRep": True}
        assert timedelta(seconds=50) < until - datetime.now(UTC) < timedelta(seconds=61)

    def test_can_be_periodic_and_bounded(self) -> None:
        terms = Terms(60.0, every_s=2, max_reports=3)
        reporting = subscribed(MobilityQuestion(), terms)["analyRepInfo"]
        del reporting["monDur"]
        assert reporting == {
            "notifMethod": "PERIODIC",
            "repPeriod": 2,
            "immRep": True,
            "maxReportNbr": 3,
        }

    def test_can_be_once_and_at_once(self) -> None:
        document = subscribed(MobilityQuestion(), Terms(60.0, once=True))
        assert document["analyRepInfo"] == {"notifMethod": "ONE_TIME", "immRep": True}
        assert (document["notifUri"], document["notifId"]) == ("http://af/n", "n-1")
