"""What the network can do, through the client, each kind of analytics over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from af_client import (
    Analytics,
    Bandwidth,
    BandwidthQuestion,
    Cell,
    Communication,
    CommunicationQuestion,
    Congestion,
    CongestionQuestion,
    Crossing,
    FlowFilter,
    MediaFlow,
    Mobility,
    MobilityQuestion,
    NefClient,
    NetworkPerformance,
    NotFound,
    NotificationReceiver,
    PerformanceKind,
    PerformanceQuestion,
    QosOutlook,
    QosQuestion,
    SessionRequest,
    TransferTimeQuestion,
    TransferTimes,
    UeAddress,
    UeAnalytics,
)
from af_client.questions import AnalyticsQuestion
from builders.simulations import one_cell
from builders.waiting import PATIENCE_S, until
from nef.testing import RunningNef

GPSI = "msisdn-001010000000001"
#: What a new flow of ue-1 can get while its radio is good, medium and bad (docs/scenarios.md).
GOOD, MEDIUM, BAD = 121_400_000, 33_600_000, 6_600_000


@pytest.fixture
def service(nef_server: RunningNef) -> RunningNef:
    nef_server.reset("fading-ue")
    return nef_server


@pytest.fixture
def ue(service: RunningNef) -> UeAnalytics:
    return NefClient(service.url, "af-1").ue(gpsi=GPSI)


@pytest.fixture
def receiver() -> Iterator[NotificationReceiver]:
    with NotificationReceiver() as receiver:
        yield receiver


def about(rate_bps: int) -> Any:
    return pytest.approx(rate_bps, rel=0.01)


class TestAskedOnce:
    def test_bandwidth_now_next_and_before(self, service: RunningNef, ue: UeAnalytics) -> None:
        now = ue.bandwidth()
        assert now.average_dl_bps == about(GOOD)
        assert now.confidence == 100
        soon = ue.bandwidth(within_s=16)
        assert (soon.max_dl_bps, soon.min_dl_bps) == (about(GOOD), about(BAD))
        assert soon.valid_until is not None
        assert soon.generated_at is not None
        assert (soon.valid_until - soon.generated_at).total_seconds() == 16
        service.step(9)
        assert ue.bandwidth().average_dl_bps == about(MEDIUM)
        assert ue.bandwidth(past_s=9).max_dl_bps == about(GOOD)

    def test_fewer_losses_have_their_price(self, ue: UeAnalytics) -> None:
        assert ue.bandwidth(per="1E-5").average_dl_bps < ue.bandwidth().average_dl_bps

    def test_transfer_times_of_several_sizes(self, ue: UeAnalytics) -> None:
        times = ue.transfer_times([1_500_000, 12_000_000])
        small, large = times.of(1_500_000), times.of(12_000_000)
        assert small is not None
        assert large is not None
        assert small.seconds == pytest.approx(8 * 1_500_000 / GOOD, rel=0.25)
        assert 6 * small.seconds < large.seconds < 9 * small.seconds
        assert (small.gpsi, small.confidence) == (GPSI, 100)
        assert ue.transfer_time(1_500_000).seconds == small.seconds

    def test_an_outlook_says_when_a_rate_falls_short(self, ue: UeAnalytics) -> None:
        assert ue.qos_outlook(rate_dl_bps=30_000_000, within_s=12).holds
        outlook = ue.qos_outlook(rate_dl_bps=30_000_000, within_s=25)
        assert not outlook.holds
        (shortfall,) = outlook.shortfalls
        assert (shortfall.ends_at - shortfall.starts_at).total_seconds() == 6
        assert outlook.confidence is not None

    def test_congestion_grows_with_what_flows_hold(
        self, service: RunningNef, ue: UeAnalytics
    ) -> None:
        free = ue.congestion()
        assert free.places[0].cells[0].mcc == "001"
        NefClient(service.url, "af-1").create_session(
            SessionRequest(
                UeAddress(gpsi=GPSI),
                flows=(
                    MediaFlow(
                        1,
                        (FlowFilter(1, ("permit out ip from any to any",)),),
                        per="1E-3",
                        min_rate_dl_bps=60_000_000,
                    ),
                ),
                notification_destination="http://127.0.0.1:9/not-listening",
            )
        )
        assert ue.congestion().percent > free.percent + 30

    def test_the_known_end_of_a_session_is_in_every_forecast(
        self, service: RunningNef, ue: UeAnalytics
    ) -> None:
        service.load("steady")
        client, volume = NefClient(service.url, "af-1"), 1_500_000_000
        free_bps = ue.bandwidth().average_dl_bps
        rule = FlowFilter(1, ("permit out ip from any to any",))
        session = client.create_session(
            SessionRequest(
                UeAddress(gpsi="msisdn-001010000000002"),
                flows=(MediaFlow(1, (rule,), per="1E-3", min_rate_dl_bps=1_000_000_000),),
                notification_destination="http://127.0.0.1:9/not-listening",
                duration_s=10,
            )
        )
        soon = ue.bandwidth(within_s=30)
        held_bps = soon.min_dl_bps or 0
        assert soon.max_dl_bps == free_bps
        assert 0 < held_bps < free_bps / 2
        left_bits = 8 * volume - 10 * held_bps
        assert ue.transfer_time(volume).seconds == pytest.approx(10 + left_bits / free_bps, 0.01)
        client.modify_session(session.id, duration_s=300)
        assert ue.bandwidth(within_s=30).max_dl_bps == held_bps

    def test_figures_of_the_cell(self, service: RunningNef, ue: UeAnalytics) -> None:
        figures = ue.network_performance()
        assert figures.of(PerformanceKind.NUM_OF_UE) == 2
        assert figures.of(PerformanceKind.GNB_ACTIVE_RATIO) == 100
        service.fail_cell("cell-1")
        assert ue.network_performance().of(PerformanceKind.GNB_ACTIVE_RATIO) == 0

    def test_where_a_ue_will_be(self, ue: UeAnalytics) -> None:
        (stay,) = ue.mobility(within_s=30).stays
        assert stay.duration_s == 30
        assert str(stay.cells[0]).startswith("001-01-")

    def test_when_a_ue_communicates(self, service: RunningNef) -> None:
        other = service.ue("ue-2").gpsi
        found = NefClient(service.url, "af-1").ue(gpsi=other).communication(within_s=10)
        volumes = sorted(one.downlink_bytes or 0 for one in found.traffic)
        assert volumes == [125_000, 2_000_000]

    def test_an_area_by_its_cells(self, service: RunningNef, ue: UeAnalytics) -> None:
        nef = NefClient(service.url, "af-1")
        cell = ue.congestion().places[0].cells[0]
        assert nef.area(cell).congestion().percent == ue.congestion().percent
        assert nef.area(cell).network_performance().of(PerformanceKind.NUM_OF_UE) == 2

    def test_a_ue_that_is_not_known_is_not_found(self, service: RunningNef) -> None:
        stranger = NefClient(service.url, "af-1").ue(gpsi="msisdn-999999999")
        for ask in (stranger.bandwidth, lambda: stranger.transfer_time(5)):
            with pytest.raises(NotFound):
                ask()


QUESTIONS: list[tuple[AnalyticsQuestion[Any], type]] = [
    (BandwidthQuestion(), Bandwidth),
    (BandwidthQuestion(within_s=30, per="1E-5"), Bandwidth),
    (TransferTimeQuestion((1_000, 2_000_000)), TransferTimes),
    (QosQuestion(30_000_000, within_s=10), QosOutlook),
    (CongestionQuestion(within_s=5), Congestion),
    (PerformanceQuestion(), NetworkPerformance),
    (MobilityQuestion(within_s=5), Mobility),
    (CommunicationQuestion(within_s=5), Communication),
]


class TestWatched:
    @pytest.mark.parametrize(("question", "kind"), QUESTIONS)
    def test_each_kind_is_reported_periodically_and_ends_with_the_block(
        self,
        service: RunningNef,
        receiver: NotificationReceiver,
        question: AnalyticsQuestion[Any],
        kind: type,
    ) -> None:
        gpsi = service.ue("ue-2").gpsi
        with (
            NefClient(service.url, "af-1")
            .ue(gpsi=gpsi)
            .watch(receiver, question, every_s=1) as watch
        ):
            reports = [watch.get(PATIENCE_S)]
            for _ in range(2):
                service.step(1)
                reports.append(watch.get(PATIENCE_S))
        assert [type(report.answer) for report in reports] == [kind] * 3
        made = [report.answer.generated_at for report in reports if report.answer]
        assert made == sorted(set(made))
        assert subscriptions(service) == []

    def test_bandwidth_is_reported_when_it_changes(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        with ue.watch(receiver, BandwidthQuestion()) as watch:
            rates = [rate_of(watch.get(PATIENCE_S).answer)]
            for seconds in (9, 6):
                service.step(seconds)
                rates.append(rate_of(watch.get(PATIENCE_S).answer))
        assert rates == [about(GOOD), about(MEDIUM), about(BAD)]

    def test_that_there_is_no_answer_any_more_is_reported_once(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        with ue.watch(receiver, BandwidthQuestion()) as watch:
            assert watch.get(PATIENCE_S).answer is not None
            service.load(one_cell())
            service.step(5)
            assert watch.get(PATIENCE_S).failure == "UNAVAILABLE_DATA"
            service.step(5)
            service.load("fading-ue")
            service.step(1)
            assert rate_of(watch.get(PATIENCE_S).answer) == about(GOOD)

    def test_a_threshold_is_reported_when_it_is_crossed(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        falling = BandwidthQuestion(thresholds_bps=(20_000_000,), crossing=Crossing.FALLING)
        with ue.watch(receiver, falling) as watch:
            rates = [rate_of(watch.get(PATIENCE_S).answer)]
            for _ in range(25):
                service.step(1)
            rates.append(rate_of(watch.get(PATIENCE_S).answer))
        assert rates == [about(GOOD), about(BAD)]

    def test_an_outlook_is_reported_when_it_turns(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        with ue.watch(receiver, QosQuestion(30_000_000, within_s=5)) as watch:
            outlooks = [watch.get(PATIENCE_S).answer]
            for _ in range(25):
                service.step(1)
            outlooks += [watch.get(PATIENCE_S).answer, watch.get(PATIENCE_S).answer]
        assert [outlook.holds for outlook in outlooks if outlook] == [True, False, True]

    def test_a_watch_of_so_many_reports_ends_by_itself(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        with ue.watch(receiver, BandwidthQuestion(), every_s=1, max_reports=3) as watch:
            service.step(1)
            service.step(1)
            assert len(list(watch)) == 3
            assert subscriptions(service) == []

    def test_a_callback_hears_what_an_iterator_would(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        heard: list[int] = []
        with ue.watch(receiver, BandwidthQuestion(), max_reports=2) as watch:
            watch.on_report(lambda report: heard.append(rate_of(report.answer)))
            service.step(9)
            until(lambda: len(heard) == 2)
        assert heard == [about(GOOD), about(MEDIUM)]

    def test_an_area_is_watched_with_the_same_words(
        self, service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
    ) -> None:
        cell: Cell = ue.congestion().places[0].cells[0]
        area: Analytics = NefClient(service.url, "af-1").area(cell)
        with area.watch(receiver, PerformanceQuestion()) as watch:
            watch.get(PATIENCE_S)
            service.fail_cell("cell-1")
            service.step(2)
            answer = watch.get(PATIENCE_S).answer
        assert answer is not None
        assert answer.of(PerformanceKind.GNB_ACTIVE_RATIO) == 0


def rate_of(answer: Bandwidth | None) -> int:
    assert answer is not None
    return answer.average_dl_bps


def subscriptions(service: RunningNef) -> Any:
    path = "/3gpp-analyticsexposure/v1/af-1/subscriptions"
    return requests.get(service.url + path, timeout=60).json()
