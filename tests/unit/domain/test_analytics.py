"""Questions, windows, thresholds, and what makes one answer say the same as another."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.courses import place
from builders.findings import FINDINGS, MODEL, answer
from nef.domain.analytics import (
    AnalyticsEvent,
    Measure,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
    check_question,
    reading_of,
)
from nef.domain.areas import Area
from nef.domain.errors import InvalidRequest
from nef.domain.findings import Delay, TransferTime, mark
from nef.domain.units import BitRate

UE = Target(gpsi="msisdn-1")
NOW_S = 1_800_000_000.0
times = st.floats(NOW_S - 1e6, NOW_S + 1e6)


def question(event: str, **changes: Any) -> Question:
    return replace(Question(AnalyticsEvent(event), "/here", target=UE), **changes)


# --- windows ---


def test_no_window_is_now() -> None:
    assert Window().at(NOW_S) == (NOW_S, NOW_S)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(offset_s=-30.0), (-30, 0)),
        (Window(offset_s=60.0), (0, 60)),
        (Window(until_s=NOW_S + 5), (0, 5)),
        (Window(from_s=NOW_S - 9), (-9, -9)),
        (Window(from_s=NOW_S + 9), (9, 9)),
        (Window(NOW_S - 20, NOW_S - 10), (-20, -10)),
    ],
)
def test_a_window_lies_where_it_says(window: Window, expected: tuple[float, float]) -> None:
    assert window.at(NOW_S) == (NOW_S + expected[0], NOW_S + expected[1])


@given(st.none() | times, st.none() | times, st.none() | st.floats(-1e6, 1e6), times)
def test_a_window_never_ends_before_it_begins(
    from_s: float | None, until_s: float | None, offset_s: float | None, now_s: float
) -> None:
    begin_s, end_s = Window(from_s, until_s, offset_s).at(now_s)
    assert begin_s <= end_s


@given(st.none() | st.floats(-1e6, 1e6), times)
def test_a_window_that_moves_along_is_never_of_past_and_future(
    offset_s: float | None, now_s: float
) -> None:
    assert not Window(offset_s=offset_s).is_mixed(now_s)


def test_a_window_that_touches_now_is_of_one_kind() -> None:
    window = Window(NOW_S, NOW_S + 10)
    assert not window.is_mixed(NOW_S)
    assert window.is_mixed(NOW_S + 5)
    assert not window.is_mixed(NOW_S + 10)


# --- thresholds ---


def test_thresholds_that_are_close_are_not_the_same() -> None:
    rates = [1_234_567.0, 1_234_568.0, 123_456_789.0, 123_456_790.0]
    names = {Threshold(Measure.MEAN_RATE, rate).name for rate in rates}
    assert len(names) == len(rates)


def test_a_threshold_has_the_same_name_whichever_number_it_came_as() -> None:
    assert Threshold(Measure.CONGESTION, 5).name == Threshold(Measure.CONGESTION, 5.0).name


def test_thresholds_of_other_volumes_are_held_against_other_readings() -> None:
    small, large = Volume(1000), Volume(10**9)
    readings = {Threshold(Measure.TRANSFER_TIME, 5, one).reading for one in (small, large, None)}
    assert len(readings) == 3
    assert Threshold(Measure.TRANSFER_TIME, 5, small).reading in readings
    assert reading_of(Measure.TRANSFER_TIME, Volume(1000, 2)) not in readings
    assert reading_of(Measure.CONGESTION) == "congestion"


# --- what a question must name ---

GOOD = [
    question("DN_PERFORMANCE"),
    question("DN_PERFORMANCE", target=Target(), area=Area((place().ncgi,))),
    question("E2E_DATA_VOL_TRANS_TIME", volumes=(MODEL,)),
    question("QOS_SUSTAINABILITY", thresholds=(Threshold(Measure.LEAST_RATE, 1e6),)),
    question("NETWORK_PERFORMANCE", measures=(Measure.NUM_OF_UE,)),
    question("UE_MOBILITY", target=Target(any_ue=True)),
    question("CONGESTION", target=Target(group="g@example.com")),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda q: q.event)
def test_what_names_all_that_its_event_is_about_is_a_question(good: Question) -> None:
    check_question(good)


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (question("DN_PERFORMANCE", target=Target()), "/here/tgtUe"),
        (question("E2E_DATA_VOL_TRANS_TIME"), "/here/analyEventFilter"),
        (question("QOS_SUSTAINABILITY"), "/here/analyEventFilter/qosReq"),
        (
            question("QOS_SUSTAINABILITY", thresholds=(Threshold(Measure.MEAN_RATE, 1e6),)),
            "/here/analyEventFilter/qosReq",
        ),
        (question("NETWORK_PERFORMANCE"), "/here/analyEventFilter"),
    ],
)
def test_what_leaves_something_out_is_told_where(bad: Question, pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_question(bad)
    assert [param.pointer for param in caught.value.params] == [pointer]


# --- marks ---

each_event = pytest.mark.parametrize("event", list(FINDINGS))


@each_event
def test_time_that_passes_is_no_change(event: AnalyticsEvent) -> None:
    found = FINDINGS[event]
    later = replace(found, from_s=found.from_s + 1, until_s=found.until_s + 2, confidence=3)
    assert mark(answer(event)) == mark(answer(event, later, made_at_s=NOW_S + 5))


CHANGES: list[tuple[AnalyticsEvent, dict[str, Any]]] = [
    (AnalyticsEvent.DN_PERFORMANCE, {"mean_rate": BitRate(40_000_001)}),
    (AnalyticsEvent.DN_PERFORMANCE, {"delay": Delay(9.5, 12.0, 1.5)}),
    (AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME, {"mean_s": 0.75}),
    (AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME, {"gpsi": "msisdn-2"}),
    (AnalyticsEvent.CONGESTION, {"percent": 36}),
    (AnalyticsEvent.CONGESTION, {"place": place("cell-2", "000000020")}),
    (AnalyticsEvent.NETWORK_PERFORMANCE, {"value": 51}),
    (AnalyticsEvent.QOS_SUSTAINABILITY, {"threshold": BitRate(6_000_000)}),
    (AnalyticsEvent.UE_MOBILITY, {"place": place("cell-2", "000000020")}),
]


@pytest.mark.parametrize(("event", "changes"), CHANGES, ids=str)
def test_what_is_said_anew_is_a_change(event: AnalyticsEvent, changes: dict[str, Any]) -> None:
    assert mark(answer(event)) != mark(answer(event, replace(FINDINGS[event], **changes)))


@each_event
def test_more_or_nothing_of_it_is_a_change(event: AnalyticsEvent) -> None:
    found = FINDINGS[event]
    once = mark(answer(event))
    assert once != mark(answer(event, found, found))
    assert once != mark(answer(event, findings=()))


def test_a_transfer_that_takes_nearly_as_long_is_no_news() -> None:
    event = AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME
    found = FINDINGS[event]
    assert isinstance(found, TransferTime)
    assert mark(answer(event)) == mark(answer(event, replace(found, mean_s=0.6123)))


def test_there_is_a_finding_for_every_event_that_is_offered() -> None:
    assert set(FINDINGS) == set(AnalyticsEvent)
