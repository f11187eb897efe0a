"""What is found out of the courses of UEs and cells, for every kind of analytics."""

from dataclasses import replace
from typing import Any, TypeVar

import pytest

from builders.courses import place
from fakes.information import DELAY_MS, FakeInformation
from nef.domain.analytics import (
    AnalyticsEvent,
    Measure,
    Quality,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
    reading_of,
)
from nef.domain.areas import Area
from nef.domain.errors import InvalidRequest
from nef.domain.findings import (
    Answer,
    Congestion,
    Delay,
    DnPerformance,
    Finding,
    NetworkPerformance,
    Shortfall,
    Stay,
    Traffic,
    TransferTime,
)
from nef.domain.units import BitRate, PacketErrorRate
from nef.ports.information import Communication
from nef.services.analytics import Analyst

NOW_S = 1000.0
MBPS = 10**6
CELL_1, CELL_2 = (
    place("cell-1", "000000010", "000001"),
    place("cell-2", "000000020", "000002"),
)
NEXT_MINUTE, LAST_MINUTE = Window(offset_s=60.0), Window(offset_s=-60.0)

_Kind = TypeVar("_Kind", bound=Finding)


@pytest.fixture
def network() -> FakeInformation:
    return FakeInformation()


def ask(network: FakeInformation, event: str, **changes: Any) -> Answer:
    asked = Question(AnalyticsEvent(event), "", target=Target(gpsi="msisdn-1"))
    answer = Analyst(network).answer(replace(asked, **changes), NOW_S)
    assert answer is not None
    return answer


def found(kind: type[_Kind], answer: Answer) -> list[_Kind]:
    chosen: list[_Kind] = [one for one in answer.findings if isinstance(one, kind)]
    assert len(chosen) == len(answer.findings)
    return chosen


# --- rates, delays and losses ---


def test_a_rate_of_now_is_average_least_and_most(network: FakeInformation) -> None:
    [one] = found(DnPerformance, ask(network, "DN_PERFORMANCE"))
    assert one.mean_rate == one.least_rate == one.most_rate == BitRate(10 * MBPS)
    assert (one.rate_variance, one.ues, one.confidence) == (0, 1, 100)
    assert one.delay == Delay(DELAY_MS, DELAY_MS, 0.0)
    assert one.places == (CELL_1,)


def test_a_rate_over_time_is_weighed_by_it(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [(0.0, 10 * MBPS), (NOW_S + 45, 2 * MBPS)]
    answer = ask(network, "DN_PERFORMANCE", window=NEXT_MINUTE)
    [one] = found(DnPerformance, answer)
    assert (one.mean_rate.bps, one.least_rate.bps) == (8 * MBPS, 2 * MBPS)
    assert one.most_rate.bps == 10 * MBPS
    assert one.confidence == network.confidence
    assert answer.readings[Measure.MEAN_RATE] == 8 * MBPS
    assert answer.readings[Measure.LEAST_RATE] == 2 * MBPS


def test_the_rates_of_several_are_averaged_and_added(network: FakeInformation) -> None:
    network.groups["g"] = ["ue-1", "ue-3"]
    network.rates_bps["ue-3"] = [(0.0, 4 * MBPS)]
    [one] = found(DnPerformance, ask(network, "DN_PERFORMANCE", target=Target(group="g")))
    assert (one.mean_rate.bps, one.total_rate.bps, one.ues) == (7 * MBPS, 14 * MBPS, 2)
    assert set(one.places) == {CELL_1, CELL_2}


def test_a_rate_that_comes_too_late_does_not_hold(network: FakeInformation) -> None:
    for delay_ms, five_qi, expected in ((7, None, 1), (8, None, 0), (None, 85, 1), (None, 3, 0)):
        quality = Quality(five_qi, BitRate(MBPS), delay_ms)
        threshold = Threshold(Measure.LEAST_RATE, MBPS)
        answer = ask(network, "QOS_SUSTAINABILITY", quality=quality, thresholds=(threshold,))
        assert len(found(Shortfall, answer)) == expected, (delay_ms, five_qi)
        assert (answer.readings[Measure.LEAST_RATE] == 0) == bool(expected)


def test_who_is_not_in_reach_has_no_delay(network: FakeInformation) -> None:
    network.groups["g"] = ["ue-1", "ue-2"]
    network.gone.add("ue-1")
    [alone] = found(DnPerformance, ask(network, "DN_PERFORMANCE"))
    assert (alone.delay, alone.mean_rate.bps) == (None, 0)
    answer = ask(network, "DN_PERFORMANCE", window=NEXT_MINUTE, target=Target(group="g"))
    [both] = found(DnPerformance, answer)
    assert both.delay == Delay(DELAY_MS, DELAY_MS, 0.0), "that of the other one"
    assert answer.readings[Measure.MEAN_DELAY] == DELAY_MS
    assert Measure.MEAN_DELAY not in ask(network, "DN_PERFORMANCE").readings


def test_those_of_one_cell_share_it(network: FakeInformation) -> None:
    network.groups["g"] = ["ue-1", "ue-2"]
    network.rates_bps["ue-2"] = [(0.0, 4 * MBPS), (NOW_S + 30, 0)]
    group = Target(group="g")
    [one] = found(DnPerformance, ask(network, "DN_PERFORMANCE", target=group))
    assert one.mean_rate.bps == 7 * MBPS, "each alone"
    assert one.total_rate.bps == 7 * MBPS, "both at once, with half of the blocks each"
    [later] = found(DnPerformance, ask(network, "DN_PERFORMANCE", window=NEXT_MINUTE, target=group))
    assert later.total_rate.bps == (7 + 10) / 2 * MBPS, "who is not reached needs no blocks"


def test_a_window_in_parts_has_a_finding_for_each(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [(0.0, 10 * MBPS), (NOW_S + 30, 2 * MBPS)]
    parts = found(DnPerformance, ask(network, "DN_PERFORMANCE", window=NEXT_MINUTE, part_s=20.0))
    assert [one.mean_rate.bps for one in parts] == [10 * MBPS, 6 * MBPS, 2 * MBPS]
    assert [(one.from_s - NOW_S, one.until_s - NOW_S) for one in parts] == [
        (0, 20),
        (20, 40),
        (40, 60),
    ]


def test_an_area_has_the_ues_that_are_in_it(network: FakeInformation) -> None:
    area = Area(tracking_areas=(CELL_2.tai,))
    [one] = found(DnPerformance, ask(network, "DN_PERFORMANCE", target=Target(), area=area))
    assert (one.ues, one.places) == (1, (CELL_2,))


def test_an_area_elsewhere_is_refused(network: FakeInformation) -> None:
    area = Area(cells=(place(nci="fffffffff").ncgi,))
    with pytest.raises(InvalidRequest) as caught:
        ask(network, "DN_PERFORMANCE", area=area)
    assert [param.pointer for param in caught.value.params] == ["/analyEventFilter/locArea"]


@pytest.mark.parametrize(
    ("quality", "loss"),
    [
        (Quality(), "1E-3"),
        (Quality(five_qi=4), "1E-6"),
        (Quality(five_qi=4, per=PacketErrorRate(1, 5)), "1E-5"),
    ],
)
def test_the_loss_is_that_of_the_class_that_was_meant(
    network: FakeInformation, quality: Quality, loss: str
) -> None:
    [one] = found(DnPerformance, ask(network, "DN_PERFORMANCE", quality=quality))
    assert str(one.loss) == loss


# --- transfers ---


def transfers(network: FakeInformation, *volumes: Volume, **changes: Any) -> list[TransferTime]:
    changes = {"volumes": volumes} | changes
    return found(TransferTime, ask(network, "E2E_DATA_VOL_TRANS_TIME", **changes))


def test_a_transfer_takes_its_bits_at_the_rate_and_the_delay(network: FakeInformation) -> None:
    [one] = transfers(network, Volume(1_250_000))
    assert one.mean_s == pytest.approx(1 + DELAY_MS / 1000)
    assert (one.from_s, one.variance_s2, one.gpsi) == (NOW_S, 0, "msisdn-1")
    assert one.until_s == pytest.approx(NOW_S + one.mean_s)
    assert one.confidence == network.confidence


def test_a_change_ahead_is_in_the_time(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [(0.0, 10 * MBPS), (NOW_S + 0.5, 1 * MBPS)]
    [one] = transfers(network, Volume(1_250_000))
    assert one.mean_s == pytest.approx(0.5 + 5 + DELAY_MS / 1000)


def test_repetitions_come_one_after_the_other(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [(0.0, 10 * MBPS), (NOW_S + 1 + DELAY_MS / 1000, 5 * MBPS)]
    [one] = transfers(network, Volume(1_250_000, repeats=2))
    assert one.mean_s == pytest.approx(1.5 + DELAY_MS / 1000)
    assert one.variance_s2 == pytest.approx(0.25)
    assert one.until_s - one.from_s == pytest.approx(3 + 2 * DELAY_MS / 1000)


def test_a_transfer_in_the_future_begins_then(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [(0.0, 0), (NOW_S + 100, 10 * MBPS)]
    [now] = transfers(network, Volume(1_250_000))
    [then] = transfers(network, Volume(1_250_000), window=Window(from_s=NOW_S + 100))
    assert now.mean_s == pytest.approx(101, abs=0.1)
    assert then.mean_s == pytest.approx(1, abs=0.1)


def test_what_will_not_come_within_an_hour_is_not_foreseen(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [(0.0, 1000)]
    answer = ask(network, "E2E_DATA_VOL_TRANS_TIME", volumes=(Volume(10**6), Volume(10)))
    assert [one.downlink_bytes for one in found(TransferTime, answer)] == [10]
    never = answer.readings[reading_of(Measure.TRANSFER_TIME, Volume(10**6))]
    assert never > 3_600_000


def test_the_slowest_ue_is_held_against_the_threshold_whoever_is_named(
    network: FakeInformation,
) -> None:
    network.rates_bps["ue-2"] = [(0.0, 1 * MBPS)]
    quickest = Volume(125_000, most_ues=1)
    answer = ask(
        network,
        "E2E_DATA_VOL_TRANS_TIME",
        target=Target(any_ue=True),
        volumes=(quickest,),
        area=Area((CELL_1.ncgi,)),
    )
    assert [one.gpsi for one in found(TransferTime, answer)] == ["msisdn-1"]
    [slowest_ms] = answer.readings.values()
    assert slowest_ms == pytest.approx(1000 + DELAY_MS)


def test_the_slowest_come_first_where_they_are_wanted_first(network: FakeInformation) -> None:
    network.rates_bps["ue-2"] = [(0.0, 1 * MBPS)]
    network.groups["g"] = ["ue-1", "ue-2"]
    slow = transfers(network, Volume(125_000, slowest_first=True), target=Target(group="g"))
    quick = transfers(network, Volume(125_000), target=Target(group="g"))
    assert [one.gpsi for one in slow] == ["msisdn-2", "msisdn-1"]
    assert [one.gpsi for one in quick] == ["msisdn-1", "msisdn-2"]


# --- sustainability ---


def test_where_a_rate_does_not_hold_is_told_with_its_time(network: FakeInformation) -> None:
    network.rates_bps["ue-1"] = [
        (0.0, 10 * MBPS),
        (NOW_S + 10, 4 * MBPS),
        (NOW_S + 20, 1 * MBPS),
        (NOW_S + 30, 10 * MBPS),
    ]
    thresholds = tuple(Threshold(Measure.LEAST_RATE, mbps * MBPS) for mbps in (2, 5))
    answer = ask(network, "QOS_SUSTAINABILITY", window=NEXT_MINUTE, thresholds=thresholds)
    told = [
        (s.threshold.bps / MBPS, s.from_s - NOW_S, s.until_s - NOW_S)
        for s in found(Shortfall, answer)
    ]
    assert told == [(5, 10, 30), (2, 20, 30)]
    assert answer.readings == {Measure.LEAST_RATE: MBPS}


def test_a_rate_that_holds_has_an_answer_without_a_finding(network: FakeInformation) -> None:
    thresholds = (Threshold(Measure.LEAST_RATE, 10 * MBPS),)
    answer = ask(network, "QOS_SUSTAINABILITY", window=NEXT_MINUTE, thresholds=thresholds)
    assert answer.findings == ()


# --- cells ---


def test_congestion_is_told_of_the_cells_of_the_ues(network: FakeInformation) -> None:
    network.held["cell-1"] = [(0.0, 20), (NOW_S - 30, 60)]
    [one] = found(Congestion, ask(network, "CONGESTION", window=LAST_MINUTE))
    assert (one.place, one.percent, one.confidence) == (CELL_1, 40, 100)
    assert (one.from_s, one.until_s) == (NOW_S - 60, NOW_S)


def test_congestion_of_everybody_is_that_of_every_cell(network: FakeInformation) -> None:
    network.held["cell-2"] = [(0.0, 70)]
    answer = ask(network, "CONGESTION", target=Target(any_ue=True))
    assert {one.place: one.percent for one in found(Congestion, answer)} == {CELL_1: 0, CELL_2: 70}
    assert answer.readings == {Measure.CONGESTION: 70}


def test_figures_of_cells_are_taken_together(network: FakeInformation) -> None:
    network.held["cell-2"] = [(0.0, 70)]
    measures = (Measure.GNB_RSC_USAGE_GBR_TRAFFIC, Measure.GNB_ACTIVE_RATIO, Measure.NUM_OF_UE)
    answer = ask(network, "NETWORK_PERFORMANCE", target=Target(any_ue=True), measures=measures)
    told = {one.measure: one.value for one in found(NetworkPerformance, answer)}
    assert told == dict(zip(measures, (35, 100, 6), strict=True))
    assert all(answer.readings[measure] == told[measure] for measure in measures)


# --- mobility and traffic ---


def test_a_stay_lasts_as_long_as_the_window(network: FakeInformation) -> None:
    [one] = found(Stay, ask(network, "UE_MOBILITY", window=LAST_MINUTE))
    assert (one.place, one.from_s, one.until_s) == (CELL_1, NOW_S - 60, NOW_S)


def test_a_ue_that_is_nowhere_has_no_stay(network: FakeInformation) -> None:
    network.gone.add("ue-1")
    assert ask(network, "UE_MOBILITY", window=LAST_MINUTE).findings == ()


def test_traffic_is_told_with_the_volume_within_the_window(network: FakeInformation) -> None:
    network.traffic["ue-1"] = [Communication(NOW_S - 90, NOW_S - 30, BitRate(8000))]
    [one] = found(Traffic, ask(network, "UE_COMM", window=LAST_MINUTE))
    assert (one.from_s, one.until_s, one.downlink_bytes) == (NOW_S - 60, NOW_S - 30, 30_000)


def test_a_ue_that_is_not_reached_receives_nothing(network: FakeInformation) -> None:
    network.traffic["ue-1"] = [Communication(NOW_S - 90, NOW_S - 30, BitRate(8000))]
    network.gone.add("ue-1")
    asked = Question(AnalyticsEvent.UE_COMM, "", target=Target(gpsi="msisdn-1"), window=LAST_MINUTE)
    assert Analyst(network).answer(asked, NOW_S) is None


# --- windows ---

ANYTHING: list[tuple[str, dict[str, Any]]] = [
    ("DN_PERFORMANCE", {}),
    ("E2E_DATA_VOL_TRANS_TIME", {"volumes": (Volume(5),)}),
    ("QOS_SUSTAINABILITY", {"thresholds": (Threshold(Measure.LEAST_RATE, 5.0),)}),
    ("CONGESTION", {}),
    ("NETWORK_PERFORMANCE", {"measures": (Measure.NUM_OF_UE,)}),
    ("UE_MOBILITY", {}),
    ("UE_COMM", {}),
]


@pytest.mark.parametrize(("event", "changes"), ANYTHING)
def test_of_a_time_that_nobody_remembers_nothing_is_said(
    network: FakeInformation, event: str, changes: dict[str, Any]
) -> None:
    network.seen_from_s = NOW_S - 10
    window = Window(NOW_S - 100, NOW_S - 50)
    asked = Question(AnalyticsEvent(event), "", target=Target(gpsi="msisdn-1"), window=window)
    assert Analyst(network).answer(replace(asked, **changes), NOW_S) is None


@pytest.mark.parametrize(("event", "changes"), ANYTHING[:-1])
def test_no_more_findings_are_told_than_are_wanted(
    network: FakeInformation, event: str, changes: dict[str, Any]
) -> None:
    everybody = {"target": Target(any_ue=True), "most_objects": 1}
    network.rates_bps = {ue.ue_id: [(0.0, 1)] for ue in network.members}
    every = ask(network, event, **(changes | {"target": Target(any_ue=True)}))
    assert len(ask(network, event, **(changes | everybody)).findings) == 1 <= len(every.findings)
