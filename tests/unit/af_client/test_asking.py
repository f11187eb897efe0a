"""What the network can do for a UE, a group and an area, asked once."""

from collections.abc import Callable
from typing import Any

import pytest

from af_client import (
    Analytics,
    Cell,
    InvalidReply,
    NefClient,
    NoAnalytics,
    NotFound,
    PerformanceKind,
    Reply,
    ServerFailed,
    TrackingArea,
    UeAnalytics,
)
from builders.analytics import (
    BANDWIDTH,
    COMMUNICATION,
    CONGESTION,
    MOBILITY,
    OUTLOOK,
    PERFORMANCE,
    event,
    transfers,
)
from fakes.transport import FakeTransport, problem, reply

BASE = "http://nef.example/root"
FETCH = f"{BASE}/3gpp-analyticsexposure/v1/recognition/fetch"
ANALYTICS = f"{BASE}/3gpp-analyticsexposure/v1/recognition/subscriptions"
MONITORING = f"{BASE}/3gpp-monitoring-event/v1/recognition/subscriptions"
REPORT = {"monitoringType": "LOCATION_REPORTING", "locationInfo": {"cellId": "cell-1"}}


def ue(*script: Reply | Exception) -> tuple[UeAnalytics, FakeTransport]:
    transport = FakeTransport(*script)
    return NefClient(BASE, "recognition", transport=transport).ue(gpsi="msisdn-1"), transport


def created(link: str, document: Any = None) -> Reply:
    return reply(201, document or {}, Location=f"{link}/s-1")


@pytest.mark.parametrize(
    ("ask", "document", "event_name", "value"),
    [
        (lambda u: u.bandwidth().average_dl_bps, BANDWIDTH, "DN_PERFORMANCE", 40_000_000),
        (lambda u: u.qos_outlook(rate_dl_bps=1).holds, OUTLOOK, "QOS_SUSTAINABILITY", False),
        (lambda u: u.congestion().percent, CONGESTION, "CONGESTION", 35),
        (
            lambda u: u.network_performance().of(PerformanceKind.NUM_OF_UE),
            PERFORMANCE,
            "NETWORK_PERFORMANCE",
            4,
        ),
        (lambda u: u.mobility().stays[0].duration_s, MOBILITY, "UE_MOBILITY", 30),
        (lambda u: u.communication().traffic[0].downlink_bytes, COMMUNICATION, "UE_COMM", 5000),
    ],
)
class TestFetching:
    def test_each_kind_of_analytics_is_a_method(
        self,
        ask: Callable[[Analytics], Any],
        document: dict[str, Any],
        event_name: str,
        value: object,
    ) -> None:
        asked, network = ue(reply(200, document))
        assert ask(asked) == value
        assert network.asked == [("POST", FETCH)]
        assert network.said["analyEvent"] == event_name
        assert network.said["tgtUe"] == {"gpsi": "msisdn-1"}

    def test_no_analytics_now_is_an_error_of_its_own(
        self,
        ask: Callable[[Analytics], Any],
        document: dict[str, Any],
        event_name: str,
        value: object,
    ) -> None:
        asked, _ = ue(reply(204))
        with pytest.raises(NoAnalytics, match=f"{event_name} analytics about msisdn-1"):
            ask(asked)


@pytest.mark.parametrize("answer", [reply(200), reply(200, []), Reply(200, {}, b"<html>")])
def test_analytics_that_cannot_be_understood_are_an_invalid_reply(answer: Reply) -> None:
    asked, _ = ue(answer)
    with pytest.raises(InvalidReply):
        asked.bandwidth()


def test_a_window_and_a_loss_go_with_the_question() -> None:
    asked, network = ue(reply(200, BANDWIDTH), reply(200, MOBILITY))
    asked.bandwidth(within_s=30, per="1E-5")
    assert network.said["analyRep"] == {"offsetPeriod": 30}
    assert network.said["analyEventFilter"]["qosReq"]["per"] == "1E-5"
    asked.mobility(past_s=10)
    assert network.said["analyRep"] == {"offsetPeriod": -10}


def test_figures_of_performance_are_asked_for_by_their_kinds() -> None:
    asked, network = ue(reply(200, PERFORMANCE))
    asked.network_performance("HO_SUCC_RATIO", within_s=5)
    assert network.said["analyEventFilter"] == {"nwPerfTypes": ["HO_SUCC_RATIO"]}


def test_a_group_and_an_area_are_asked_with_the_same_words() -> None:
    transport = FakeTransport(reply(200, BANDWIDTH), reply(200, CONGESTION))
    nef = NefClient(BASE, "recognition", transport=transport)
    assert nef.group("extgroupid-1@example.com").bandwidth().average_dl_bps == 40_000_000
    assert transport.said["tgtUe"] == {"exterGroupId": "extgroupid-1@example.com"}
    area = nef.area(Cell("001", "01", "000000010"), TrackingArea("001", "01", "0001"))
    assert area.congestion().percent == 35
    assert set(transport.said["analyEventFilter"]["locArea"]["nwAreaInfo"]) == {"ncgis", "tais"}


def test_an_area_is_somewhere() -> None:
    with pytest.raises(ValueError, match="at least one Cell"):
        NefClient(BASE, "recognition", transport=FakeTransport()).area()


class TestTransferTimes:
    def test_are_the_one_report_of_a_subscription_that_does_not_stay(self) -> None:
        told = {"eventNotifis": [event("E2E_DATA_VOL_TRANS_TIME", transfers((10, 20), (30, 60)))]}
        asked, network = ue(created(ANALYTICS, told), problem(404))
        times = asked.transfer_times([10, 30], per="1E-3")
        assert [(time.n_bytes, time.seconds) for time in times.times] == [(10, 0.02), (30, 0.06)]
        assert network.asked == [("POST", ANALYTICS), ("DELETE", f"{ANALYTICS}/s-1")]
        assert network.said["analyRepInfo"] == {"notifMethod": "ONE_TIME", "immRep": True}
        assert network.said["notifUri"].endswith(".invalid/")

    def test_of_one_size_is_a_number_of_seconds(self) -> None:
        told = {"eventNotifis": [event("E2E_DATA_VOL_TRANS_TIME", transfers((10, 20)))]}
        asked, _ = ue(created(ANALYTICS, told), reply(204))
        assert asked.transfer_time(10).seconds == 0.02

    def test_that_are_not_foreseen_are_no_analytics(self) -> None:
        told = {"eventNotifis": [event("E2E_DATA_VOL_TRANS_TIME")]}
        asked, _ = ue(created(ANALYTICS, told), reply(204))
        with pytest.raises(NoAnalytics, match="that 10 bytes reach msisdn-1 is not foreseen"):
            asked.transfer_time(10)

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            ({}, "does not report at once"),
            (
                {
                    "failEventReports": [
                        {"event": "E2E_DATA_VOL_TRANS_TIME", "failureCode": "OTHER"}
                    ]
                },
                "E2E_DATA_VOL_TRANS_TIME: OTHER",
            ),
            (
                {"eventNotifis": [event("E2E_DATA_VOL_TRANS_TIME", failNotifyCode="STOPPED")]},
                "STOPPED",
            ),
        ],
    )
    def test_that_the_nef_does_not_tell_are_no_analytics_and_leave_nothing(
        self, told: dict[str, Any], reason: str
    ) -> None:
        asked, network = ue(created(ANALYTICS, told), reply(204))
        with pytest.raises(NoAnalytics, match=reason):
            asked.transfer_times([10])
        assert network.asked[-1] == ("DELETE", f"{ANALYTICS}/s-1")

    def test_that_cannot_be_understood_leave_nothing_either(self) -> None:
        asked, network = ue(created(ANALYTICS, {"eventNotifis": 5}), reply(204))
        with pytest.raises(InvalidReply, match="/eventNotifis"):
            asked.transfer_times([10])
        assert network.asked[-1] == ("DELETE", f"{ANALYTICS}/s-1")

    def test_without_a_location_are_an_invalid_reply(self) -> None:
        asked, _ = ue(reply(201, {}))
        with pytest.raises(InvalidReply, match="Location"):
            asked.transfer_times([10])

    def test_of_an_unknown_ue_are_not_found(self) -> None:
        asked, network = ue(problem(404))
        with pytest.raises(NotFound):
            asked.transfer_times([10])
        assert len(network.asked) == 1


class TestMonitoring:
    def test_a_location_that_comes_instead_of_a_subscription_needs_no_end(self) -> None:
        asked, network = ue(reply(200, REPORT))
        assert asked.location().cell_id == "cell-1"
        assert network.asked == [("POST", MONITORING)]
        assert network.said["monitoringType"] == "LOCATION_REPORTING"
        assert network.said["maximumNumberOfReports"] == 1

    def test_a_location_that_comes_with_a_subscription_ends_it(self) -> None:
        asked, network = ue(created(MONITORING, {"monitoringEventReport": REPORT}), reply(204))
        assert asked.location().cell_id == "cell-1"
        assert network.asked[-1] == ("DELETE", f"{MONITORING}/s-1")

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (created(MONITORING), "at once"),
            (
                reply(200, {"monitoringType": "LOCATION_REPORTING", "locFailureCause": "GONE"}),
                "GONE",
            ),
        ],
    )
    def test_a_location_that_is_not_known_is_no_analytics(self, answer: Reply, reason: str) -> None:
        asked, _ = ue(answer, reply(204))
        with pytest.raises(NoAnalytics, match=reason):
            asked.location()

    def test_a_ue_is_reachable_where_the_nef_says_so_at_once(self) -> None:
        asked, _ = ue(reply(200, {"monitoringType": "UE_REACHABILITY"}))
        assert asked.reachable()

    def test_a_ue_is_not_reachable_where_the_nef_has_yet_to_report_it(self) -> None:
        asked, network = ue(created(MONITORING), reply(204))
        assert not asked.reachable()
        assert network.asked[-1] == ("DELETE", f"{MONITORING}/s-1")

    def test_a_subscription_that_may_stay_is_an_error(self) -> None:
        asked, _ = ue(created(MONITORING), problem(503))
        with pytest.raises(ServerFailed):
            asked.reachable()
