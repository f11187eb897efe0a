"""When measurements are told: on time, and once for each crossing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.measurements import DELAYS, asking, measurement, rate_above
from builders.service import component
from builders.sessions import request, session
from nef.domain.events import EventReport, Measured
from nef.domain.measurements import Measurement
from nef.domain.measuring import (
    SessionWatch,
    Side,
    first_look,
    look,
    next_look,
    watch_of,
)
from nef.domain.sessions import Session, Usage
from nef.domain.subscriptions import Due
from nef.domain.units import BitRate

MONITORING, USAGE = "QOS_MONITORING", "USAGE_REPORT"


def watched(*components: int, **asked: Any) -> Session:
    """A session from second 100 on, of components or of the subscription itself."""
    if not components:
        return session(asked=request(**asked))
    parts = {str(n): component(n, "1 Mbps") for n in components}
    by_value = {"flowInfo": None, "qosReference": None, "altQoSReferences": None}
    return session(asked=request(multiModDatFlows=parts, **by_value, **asked))


def watch(of: Session, before: SessionWatch | None = None, now_s: float = 100.0) -> SessionWatch:
    made = watch_of(of, before, now_s)
    assert made is not None
    return made


@dataclass
class Watching:
    """A watch that is looked at again and again."""

    watch: SessionWatch

    def at(
        self,
        now_s: float,
        measured: Measurement | Mapping[int, Measurement] | None = None,
        **carried: int,
    ) -> tuple[EventReport, ...]:
        flows = measured if isinstance(measured, Mapping) else {0: measured or measurement()}
        self.watch, reports = look(self.watch, flows, carried, now_s)
        return reports

    def told(self, now_s: float, measured: Measurement) -> Measured | None:
        reports = self.at(now_s, measured)
        assert len(reports) <= 1
        return reports[0].measured if reports else None


def watching(*components: int, **asked: Any) -> Watching:
    return Watching(watch(watched(*components, **asked)))


# --- periodic ---


def test_a_periodic_report_comes_each_period_and_not_before() -> None:
    one = watching(qosMonInfo=asking("DOWNLINK", repPeriod=5))
    told = [now_s for now_s in range(100, 121) if one.at(now_s)]
    assert told == [105, 110, 115, 120]
    assert next_look(one.watch, {}, 120) == Due(125)


def test_a_late_look_keeps_the_beat_and_tells_missed_periods_once() -> None:
    one = watching(qosMonInfo=asking("DOWNLINK", repPeriod=5))
    assert len(one.at(117.5)) == 1
    assert one.at(119.9) == ()
    assert len(one.at(120)) == 1


def test_a_report_says_what_was_asked_for_and_which_flow_it_is_about() -> None:
    one = watching(
        qosMonInfo=asking("DOWNLINK", repPeriod=1),
        qosMonDatRate=asking("DOWNLINK_DATA_RATE", repPeriod=1),
        qosMonConReq=asking("DOWNLINK_CONGESTION", repPeriod=1),
    )
    (report,) = one.at(101, measurement(4, 0, 0))
    assert (report.event, report.component, report.flow_ids) == (MONITORING, 0, (1,))
    assert report.measured == Measured(0, False, BitRate(4_000_000), 0, False)


def test_what_is_of_another_direction_is_said_to_be_not_measured() -> None:
    one = watching(
        qosMonInfo=asking(*DELAYS, repPeriod=1),
        qosMonConReq=asking("UPLINK_CONGESTION", repPeriod=1),
    )
    told = one.told(101, measurement(delay_ms=8))
    assert told == Measured(delay_dl_ms=8, delays_failed=True, congestion_failed=True)


def test_a_delay_without_coverage_is_said_to_be_not_measured() -> None:
    one = watching(qosMonInfo=asking("DOWNLINK", repPeriod=1))
    assert one.told(101, measurement(delay_ms=None)) == Measured(delays_failed=True)


def test_each_component_has_a_report_of_its_own() -> None:
    one = watching(1, 2, qosMonDatRate=asking("DOWNLINK_DATA_RATE", repPeriod=1))
    reports = one.at(101, {1: measurement(1), 2: measurement(2)})
    rates = [(r.component, r.measured.rate_dl) for r in reports if r.measured]
    assert rates == [(1, BitRate(1_000_000)), (2, BitRate(2_000_000))]


def test_a_rate_that_is_not_known_yet_waits_until_it_is() -> None:
    one = watching(qosMonDatRate=asking("DOWNLINK_DATA_RATE", repPeriod=5))
    assert one.at(105, measurement(None)) == ()
    assert len(one.at(106, measurement(1))) == 1


def test_a_flow_that_the_network_does_not_know_is_not_spoken_of() -> None:
    one = watching(qosMonDatRate=rate_above("1 Mbps", repPeriod=1))
    assert one.at(105, {}) == ()


# --- crossings ---


def test_a_crossing_is_told_once_in_each_direction() -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps"))
    rates = [0, 4.9, 5, 7, 6, 4, 1, 5]
    told = [mbps for i, mbps in enumerate(rates) if one.at(101 + i, measurement(mbps))]
    assert told == [5, 4, 5]


@pytest.mark.parametrize(
    ("name", "asked", "over"),
    [
        ("qosMonInfo", asking("DOWNLINK", repThreshDl=30), measurement(delay_ms=30)),
        (
            "qosMonConReq",
            asking("DOWNLINK_CONGESTION", conThreshDl=80),
            measurement(congestion_percent=80),
        ),
    ],
)
def test_delays_and_congestion_have_thresholds_too(
    name: str, asked: dict[str, Any], over: Measurement
) -> None:
    one = watching(**{name: asked})
    assert one.at(101) == ()
    assert len(one.at(102, over)) == 1
    assert one.at(103, over) == ()
    assert len(one.at(104)) == 1


def test_what_cannot_be_measured_is_told_once_when_a_threshold_waits_for_it() -> None:
    one = watching(qosMonInfo=asking("UPLINK", repThreshUl=30))
    assert one.told(101, measurement()) == Measured(delays_failed=True)
    assert one.told(102, measurement()) is None


def test_a_threshold_of_what_is_not_to_be_measured_is_none() -> None:
    asked = asking("DOWNLINK", repThreshDl=30, repThreshUl=30)
    assert watching(qosMonInfo=asked).at(101) == ()


def test_two_reports_of_crossings_are_a_wait_apart() -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps", waitTime=10))
    assert len(one.at(101, measurement(9))) == 1
    assert one.at(102, measurement(1)) == ()
    assert one.at(103, measurement(9)) == ()
    assert one.at(112, measurement(9)) == ()  # it has come back during the wait
    assert len(one.at(113, measurement(1))) == 1
    assert one.at(122.9, measurement(9)) == ()
    assert len(one.at(123, measurement(9))) == 1


def test_flows_do_not_wait_for_each_other() -> None:
    one = watching(1, 2, qosMonDatRate=rate_above("5 Mbps", waitTime=10))
    one.at(101, {1: measurement(9), 2: measurement(0)})
    (report,) = one.at(102, {1: measurement(9), 2: measurement(9)})
    assert report.component == 2


def test_periods_and_crossings_go_side_by_side() -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps", repPeriod=10, waitTime=60))
    told = [now_s for now_s in (101, 102, 105, 110) if one.at(now_s, measurement(9))]
    assert told == [101, 110]


def test_a_watch_of_crossings_is_looked_at_with_every_change() -> None:
    one = watching(qosMonDatRate=rate_above("1 Mbps", waitTime=10))
    assert next_look(one.watch, {}, 100) == Due(None, on_change=True)
    assert next_look(one.watch, {0: measurement(9)}, 100) == Due(100.1, on_change=True)
    one.at(101, measurement(9))
    assert next_look(one.watch, {}, 101) == Due(111, on_change=True), "when the wait is over"
    assert next_look(one.watch, {}, 111) == Due(None, on_change=True)


def test_the_end_of_a_threshold_of_time_is_a_moment_to_look() -> None:
    one = watching(usageThreshold={"duration": 5})
    assert next_look(one.watch, {}, 102) == Due(105, on_change=True)
    one.at(105)
    assert next_look(one.watch, {}, 107) == Due(None, on_change=True)


def test_what_is_watched_from_now_on_is_looked_at_at_once_where_a_threshold_may_be_reached() -> (
    None
):
    assert first_look(watching(qosMonDatRate=rate_above("1 Mbps")).watch, 100).at_s == 100
    assert first_look(watching(qosMonInfo=asking("DOWNLINK", repPeriod=5)).watch, 100) == Due(105)


_SERIES = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10)), max_size=60)


@given(_SERIES, st.integers(0, 100))
def test_told_crossings_alternate_and_are_a_wait_apart(
    series: Sequence[tuple[int, int]], wait_s: int
) -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps", waitTime=wait_s))
    now_s, told = 100, []
    for step_s, mbps in series:
        now_s += step_s
        if one.at(now_s, measurement(mbps)):
            told.append((now_s, mbps >= 5))
    assert [over for _, over in told] == [i % 2 == 0 for i in range(len(told))]
    times = [at_s for at_s, _ in told]
    assert all(b - a >= wait_s for a, b in pairwise(times))


@given(_SERIES)
def test_without_a_wait_every_crossing_is_told(series: Sequence[tuple[int, int]]) -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps"))
    over = [False, *(mbps >= 5 for _, mbps in series)]
    told = [bool(one.at(101 + i, measurement(mbps))) for i, (_, mbps) in enumerate(series)]
    assert told == [a != b for a, b in pairwise(over)]


# --- usage ---


def test_a_volume_is_told_once_with_all_that_was_used() -> None:
    one = watching(usageThreshold={"downlinkVolume": 1000, "duration": 3600})
    assert one.at(101, a=999) == ()
    (report,) = one.at(102.5, a=600, b=400)
    assert (report.event, report.usage) == (USAGE, Usage(2, 1399, 1399))
    assert one.at(103, a=5000) == ()


def test_a_duration_is_told_when_it_is_over() -> None:
    one = watching(usageThreshold={"duration": 10})
    told = [now_s for now_s in range(100, 130) if one.at(now_s)]
    assert told == [110]


def test_what_was_counted_is_written_down_at_most_once_a_second() -> None:
    one = watching(usageThreshold={"totalVolume": 10**9})
    written = []
    for tenth in range(1, 31):
        one.at(100 + tenth / 10, a=tenth)
        written.append(sum(one.watch.counted.values()))
    assert sorted(set(written)) == [0, 10, 20, 30]


def test_usage_goes_on_where_a_service_was_started_anew() -> None:
    one = watching(usageThreshold={"totalVolume": 1000})
    one.at(101, a=800)
    assert one.at(102) == ()  # the user plane has not reported again yet
    (report,) = one.at(103, a=850, b=150)
    assert report.usage == Usage(3, 1000, 1000)


# --- what is watched ---


def test_a_session_that_asks_for_nothing_is_not_watched() -> None:
    assert watch_of(watched(), None, 100.0) is None
    asked = {"qosMonDatRate": rate_above("1 Mbps")}
    assert watch_of(watched(events=["QOS_GUARANTEED"], **asked), None, 100.0) is None
    assert watch_of(watched(events=[MONITORING], **asked), None, 100.0)


def test_usage_is_counted_but_not_told_where_it_was_not_subscribed_to() -> None:
    one = watching(events=["SESSION_TERMINATION"], usageThreshold={"totalVolume": 5})
    assert one.at(102, a=10) == ()
    assert dict(one.watch.counted) == {"a": 10}


def test_a_change_of_other_things_keeps_what_was_told() -> None:
    rate = rate_above("5 Mbps")
    one = watching(qosMonDatRate=rate, usageThreshold={"totalVolume": 5})
    one.at(102, measurement(9), a=10)
    changed = watched(
        qosMonDatRate=rate,
        usageThreshold={"totalVolume": 5},
        qosMonInfo=asking("DOWNLINK", repPeriod=5),
        notificationDestination="http://127.0.0.1:9090/other",
    )
    one.watch = watch(changed, one.watch, 103.0)
    assert one.watch.destination.endswith("/other")
    assert one.at(104, measurement(9), a=10) == ()
    assert len(one.at(108, measurement(9), a=10)) == 1  # the period began with the change


def test_another_threshold_is_told_again() -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps"), usageThreshold={"totalVolume": 5})
    one.at(102, measurement(9), a=10)
    changed = watched(qosMonDatRate=rate_above("6 Mbps"), usageThreshold={"totalVolume": 12})
    one.watch = watch(changed, one.watch, 103.0)
    first, second = one.at(104, measurement(9), a=12)
    assert first.measured == Measured(rate_dl=BitRate(9_000_000))
    assert second.usage == Usage(4, 12, 12)


def test_a_new_component_is_watched_from_its_beginning_and_a_removed_one_still_counts() -> None:
    asked = {"qosMonDatRate": rate_above("5 Mbps"), "usageThreshold": {"totalVolume": 100}}
    one = watching(1, **asked)
    one.at(102, {1: measurement(9)}, a=60)
    one.watch = watch(watched(2, **asked), one.watch, 103.0)
    assert [w.component for w in one.watch.watched] == [2]
    (rate, usage) = one.at(104, {2: measurement(9)}, b=40)
    assert (rate.component, usage.usage) == (2, Usage(4, 100, 100))


def test_sides_are_those_of_the_report_that_was_told() -> None:
    one = watching(qosMonDatRate=rate_above("5 Mbps"))
    one.at(101, measurement(9))
    assert one.watch.watched[0].sides == {"DOWNLINK_DATA_RATE": Side.REACHED}
