"""When an AF is told of analytics that change: once a crossing, once a change, and no more."""

import pytest

from builders.analytics_rig import (
    MBPS,
    NOW_S,
    AnalyticsRig,
    below,
    question,
)
from nef.domain.analytics import (
    AnalyticsEvent,
    Measure,
    Threshold,
    Volume,
)
from nef.domain.reporting import Direction


@pytest.fixture
def rig() -> AnalyticsRig:
    return AnalyticsRig()


# --- thresholds ---


ROUND_TRIP = (10, 8, 3, 2, 3, 8, 9, 4, 10)  # twice below 5 and up again


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.CROSSED, [3, 8, 4, 10]),
        (Direction.DESCENDING, [3, 4]),
        (Direction.ASCENDING, [8, 10]),
    ],
)
def test_each_crossing_is_told_once_and_in_order(
    rig: AnalyticsRig, direction: Direction, expected: list[float]
) -> None:
    rig.subscribe(below(5, direction))
    for mbps in ROUND_TRIP:
        rig.rate(mbps)
        rig.pass_s(0.1)
        rig.pass_s(0.1)
    assert rig.rates() == expected


def test_being_beyond_a_threshold_at_the_start_is_no_crossing(rig: AnalyticsRig) -> None:
    rig.rate(1)
    rig.subscribe(below(5))
    rig.pass_s(1)
    assert rig.told() == []
    rig.rate(6)
    rig.pass_s(1)
    assert rig.rates() == [6]


def test_the_value_itself_is_above_its_threshold(rig: AnalyticsRig) -> None:
    rig.subscribe(below(5))
    for mbps in (5, 4.999999, 5):
        rig.rate(mbps)
        rig.pass_s(1)
    assert rig.rates() == [4.999999, 5]


def test_crossings_of_one_second_are_all_told(rig: AnalyticsRig) -> None:
    rig.subscribe(below(5))
    for mbps in (1, 9, 1, 9):
        rig.rate(mbps)
        rig.pass_s(0.1)
    assert rig.rates() == [1, 9, 1, 9]


def test_thresholds_a_bit_apart_are_crossed_one_by_one(rig: AnalyticsRig) -> None:
    rates = (7_654_321, 7_654_322)
    thresholds = tuple(Threshold(Measure.MEAN_RATE, rate) for rate in rates)
    rig.subscribe(question(thresholds=thresholds))
    for bps in (7_654_321, 7_654_320):
        rig.rate(bps / MBPS)
        rig.pass_s(1)
    assert len(rig.told()) == 2


def test_each_volume_has_thresholds_of_its_own(rig: AnalyticsRig) -> None:
    small, large = Volume(1_250_000), Volume(12_500_000)  # 1 s and 10 s at 10 Mbit/s
    thresholds = (
        Threshold(Measure.TRANSFER_TIME, 2_000, small),
        Threshold(Measure.TRANSFER_TIME, 15_000, large),
    )
    rig.subscribe(
        question("E2E_DATA_VOL_TRANS_TIME", volumes=(small, large), thresholds=thresholds)
    )
    crossed = []
    for mbps in (9, 6, 4, 6, 10):  # 1.1 and 11 s, 1.7 and 17 s, 2.5 and 25 s, and back
        rig.rate(mbps)
        rig.pass_s(1)
        crossed.append(len(rig.told()))
    assert crossed == [0, 1, 2, 3, 4]


def test_a_transfer_that_will_never_end_is_beyond_every_threshold(rig: AnalyticsRig) -> None:
    model = Volume(1_250_000)
    asked = question(
        "E2E_DATA_VOL_TRANS_TIME",
        volumes=(model,),
        thresholds=(Threshold(Measure.TRANSFER_TIME, 2_000, model),),
        direction=Direction.ASCENDING,
    )
    rig.subscribe(asked)
    rig.rate(0)
    rig.pass_s(1)
    [content] = rig.told()
    assert content.answers[0].findings == (), "there is no time to tell"
    rig.rate(10)
    rig.pass_s(1)
    rig.rate(0)
    rig.pass_s(1)
    assert len(rig.told()) == 2


def test_a_crossing_is_told_of_the_event_that_crossed_alone(rig: AnalyticsRig) -> None:
    rig.subscribe(below(5), question("CONGESTION", 1))
    rig.rate(1)
    rig.pass_s(1)
    [content] = rig.told()
    assert [answer.event for answer in content.answers] == [AnalyticsEvent.DN_PERFORMANCE]


# --- changes ---


def test_without_a_threshold_every_change_is_told_but_one_a_second_at_the_most(
    rig: AnalyticsRig,
) -> None:
    rig.subscribe()
    for n in range(1, 31):
        rig.rate(20 - n / 2)
        rig.pass_s(0.1)
    assert len(rig.told()) == 3
    rig.pass_s(1)
    assert rig.rates()[-1] == 5, "the last one is not forgotten"
    assert len(rig.told()) == 4
    rig.pass_s(1)
    assert len(rig.told()) == 4


def test_a_change_back_before_it_was_told_is_none(rig: AnalyticsRig) -> None:
    rig.subscribe()
    rig.rate(9)
    rig.pass_s(0.1)
    rig.rate(8)
    rig.pass_s(0.1)
    rig.rate(9)
    rig.pass_s(1)
    assert rig.rates() == [9]


def test_a_change_that_had_to_wait_is_told_although_another_event_came_first(
    rig: AnalyticsRig,
) -> None:
    rig.subscribe(below(5), question("CONGESTION", 1))
    rig.network.held["cell-1"] = [(0.0, 0), (NOW_S, 40)]
    rig.pass_s(0.1)  # the change of congestion, at once
    rig.network.held["cell-1"].append((rig.clock.time_s, 70))
    rig.rate(1)
    rig.pass_s(0.1)  # the crossing; the change has to wait
    events = [answer.event.value for one in rig.told() for answer in one.answers]
    assert events == ["CONGESTION", "DN_PERFORMANCE"]
    rig.pass_s(1)
    events = [answer.event.value for one in rig.told() for answer in one.answers]
    assert events == ["CONGESTION", "DN_PERFORMANCE", "CONGESTION"]
