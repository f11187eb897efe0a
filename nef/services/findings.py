"""How each kind of analytics is found out: from the courses of UEs and cells to findings."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pvariance
from typing import TypeVar

from nef.domain.analytics import (
    AnalyticsEvent,
    Answer,
    Congestion,
    DnPerformance,
    Finding,
    Measure,
    NetworkPerformance,
    Question,
    Shortfall,
    Stay,
    Traffic,
    TransferTime,
    Volume,
    reading_of,
)
from nef.domain.areas import CellPlace
from nef.domain.courses import (
    CellMoment,
    Course,
    Moment,
    UeMoment,
    mean,
    parts,
    spans,
    transfer_s,
    variance,
    without_repetition,
)
from nef.domain.fiveqi import FIVE_QIS
from nef.domain.units import MAX_BPS, BitRate
from nef.ports.information import ORDINARY_FLOW, FlowClass, Information, UeIdentity

#: How far a transfer is followed, step by step, since a forecast has only so many looks. One that
#: takes longer than the last is not foreseen, and the answer has no time for it.
HORIZONS_S = (10.0, 60.0, 600.0, 3600.0)
#: How long a transfer takes that is not foreseen, for thresholds: longer than any of them.
NEVER_MS = sys.float_info.max

#: A window is answered in no more parts than this.
MOST_PARTS = 100

_Moment = TypeVar("_Moment", bound=Moment)
_Found = tuple[Sequence[Finding], Mapping[str, float]]


@dataclass(frozen=True)
class Inquiry:
    """A question with everything it names looked up, at a moment.

    `ues` are those that it is about, `places` the cells, `network` all cells by the network's name
    for them. Without data for the window, a course is absent.
    """

    question: Question
    now_s: float
    ues: tuple[UeIdentity, ...]
    places: tuple[CellPlace, ...]
    network: Mapping[str, CellPlace]
    information: Information

    @property
    def window(self) -> tuple[float, float]:
        """From when until when."""
        return self.question.window.at(self.now_s)

    @property
    def flow(self) -> FlowClass:
        """The class of flow that the question means."""
        quality = self.question.quality
        row = FIVE_QIS.get(quality.five_qi or 0)
        per = quality.per or (row.per if row else ORDINARY_FLOW.per)
        return FlowClass(per, row.priority if row else ORDINARY_FLOW.priority)

    def ue_courses(self) -> list[tuple[UeIdentity, Course[UeMoment]]]:
        """The course of each UE that is known, within the window."""
        found = ((ue, self.ue_course(ue, self.window[1])) for ue in self.ues)
        return [(ue, course) for ue, course in found if course is not None]

    def ue_course(self, ue: UeIdentity, until_s: float) -> Course[UeMoment] | None:
        """The course of a UE from the window's beginning on."""
        from_s, _ = self.window
        return self.information.ue_course(ue.ue_id, self.flow, from_s, until_s, self.now_s)

    def cell_courses(self) -> list[tuple[CellPlace, Course[CellMoment]]]:
        """The course of each cell that is known."""
        found = (
            (place, self.information.cell_course(place.cell_id, *self.window, self.now_s))
            for place in self.places
        )
        return [(place, course) for place, course in found if course is not None]


def answer(inquiry: Inquiry) -> Answer | None:
    """What was found; None where there is no data for the window."""
    found = _FINDERS[inquiry.question.event](inquiry)
    if found is None:
        return None
    findings, readings = found
    from_s, until_s = inquiry.window
    most = inquiry.question.most_objects
    return Answer(
        event=inquiry.question.event,
        made_at_s=inquiry.now_s,
        from_s=from_s,
        until_s=until_s,
        findings=tuple(findings[:most]),
        readings=readings,
        area=inquiry.question.area,
    )


def _dn_performance(inquiry: Inquiry) -> _Found | None:
    courses = [course for _, course in inquiry.ue_courses()]
    if not courses:
        return None
    whole = _performance(inquiry, courses)
    if inquiry.question.part_s is None:
        return [whole], _readings(whole)
    split = zip(*(_in_parts(inquiry, course) for course in courses), strict=False)
    return [_performance(inquiry, part) for part in split], _readings(whole)


def _performance(inquiry: Inquiry, courses: Sequence[Course[UeMoment]]) -> DnPerformance:
    moments = [moment for course in courses for moment in course.moments]
    rates = [moment.rate_dl for moment in moments]
    means_bps = [mean(c, _rate_bps) for c in courses]
    return DnPerformance(
        places=inquiry.places,
        from_s=min(c.from_s for c in courses),
        until_s=max(c.until_s for c in courses),
        mean_rate=BitRate(int(fmean(means_bps))),
        least_rate=min(rates),
        most_rate=max(rates),
        total_rate=BitRate(min(int(sum(means_bps)), MAX_BPS)),
        rate_variance=fmean([variance(c, _rate_bps) for c in courses]),
        mean_delay_ms=fmean([mean(c, _delay_ms) for c in courses]),
        most_delay_ms=max(_delay_ms(moment) for moment in moments),
        delay_variance=fmean([variance(c, _delay_ms) for c in courses]),
        loss=inquiry.flow.per,
        ues=len(courses),
        confidence=_confidence(courses),
    )


def _readings(found: DnPerformance) -> dict[str, float]:
    return {
        Measure.MEAN_RATE: float(found.mean_rate.bps),
        Measure.LEAST_RATE: float(found.least_rate.bps),
        Measure.MOST_RATE: float(found.most_rate.bps),
        Measure.TOTAL_RATE: float(found.total_rate.bps),
        Measure.RATE_VARIANCE: found.rate_variance,
        Measure.MEAN_DELAY: found.mean_delay_ms,
        Measure.MOST_DELAY: found.most_delay_ms,
        Measure.DELAY_VARIANCE: found.delay_variance,
        Measure.LOSS: 100 * found.loss.value,
        # A class of flows has one error rate, whatever the radio: link adaptation keeps it.
        Measure.LOSS_VARIANCE: 0.0,
    }


def _in_parts(inquiry: Inquiry, course: Course[_Moment]) -> list[Course[_Moment]]:
    part_s = inquiry.question.part_s
    if part_s is None or course.until_s <= course.from_s:
        return [course]
    return list(parts(course, max(part_s, (course.until_s - course.from_s) / MOST_PARTS)))


def _transfer_time(inquiry: Inquiry) -> _Found | None:
    if not inquiry.ue_courses():
        return None
    found: list[Finding] = []
    readings: dict[str, float] = {}
    for volume in inquiry.question.volumes:
        times = [_transfer(inquiry, ue, volume) for ue in inquiry.ues]
        slowest_ms = max(NEVER_MS if one is None else 1000 * one.mean_s for one in times)
        readings[reading_of(Measure.TRANSFER_TIME, volume)] = slowest_ms
        foreseen = [one for one in times if one is not None]
        foreseen.sort(key=lambda t: t.mean_s, reverse=volume.slowest_first)
        found += foreseen[: volume.most_ues]
    return found, readings


def _transfer(inquiry: Inquiry, ue: UeIdentity, volume: Volume) -> TransferTime | None:
    from_s, _ = inquiry.window
    for horizon_s in HORIZONS_S:
        course = inquiry.ue_course(ue, from_s + horizon_s)
        times_s = course and _times_s(course, volume.downlink_bytes, volume.repeats)
        if times_s:
            end_s = from_s + sum(times_s)
            sure = inquiry.ue_course(ue, end_s)
            return TransferTime(
                gpsi=ue.gpsi,
                place=inquiry.network[ue.cell_id],
                downlink_bytes=volume.downlink_bytes,
                mean_s=fmean(times_s),
                variance_s2=pvariance(times_s),
                from_s=from_s,
                until_s=end_s,
                confidence=sure.confidence if sure else 0,
            )
    return None


def _times_s(course: Course[UeMoment], volume_bytes: int, repeats: int) -> list[float] | None:
    """The time of each repetition; None where one of them would take too long."""
    times_s: list[float] = []
    for _ in range(repeats):
        taken_s = transfer_s(course, volume_bytes, course.from_s + sum(times_s))
        if taken_s is None:
            return None
        times_s.append(taken_s)
    return times_s


def _sustainability(inquiry: Inquiry) -> _Found | None:
    courses = inquiry.ue_courses()
    if not courses:
        return None
    wanted = [t.value for t in inquiry.question.thresholds if t.measure is Measure.LEAST_RATE]
    found = [
        Shortfall(
            inquiry.network[ue.cell_id],
            BitRate(int(threshold)),
            from_s,
            until_s,
            course.confidence,
        )
        for threshold in wanted
        for ue, course in courses
        for from_s, until_s in spans(course, lambda m, t=threshold: _total_bps(m) < t)  # type: ignore[misc]
    ]
    least = min(_total_bps(m) for _, course in courses for m in course.moments)
    return sorted(found, key=lambda s: s.from_s), {Measure.LEAST_RATE: least}


def _congestion(inquiry: Inquiry) -> _Found | None:
    courses = inquiry.cell_courses()
    if not courses:
        return None
    found = [
        Congestion(place, _percent(mean(c, _load)), c.from_s, c.until_s, c.confidence)
        for place, course in courses
        for c in _in_parts(inquiry, course)
    ]
    return found, {Measure.CONGESTION: max(mean(course, _load) for _, course in courses)}


def _network_performance(inquiry: Inquiry) -> _Found | None:
    courses = [course for _, course in inquiry.cell_courses()]
    if not courses:
        return None
    from_s, until_s = inquiry.window
    figures = {m: _PERFORMANCES[m](courses) for m in inquiry.question.measures}
    found = [
        NetworkPerformance(
            inquiry.places, m, _percent(value), from_s, until_s, _confidence(courses)
        )
        for m, value in figures.items()
    ]
    return found, {m.value: figure for m, figure in figures.items()}


def _mobility(inquiry: Inquiry) -> _Found | None:
    courses = inquiry.ue_courses()
    if not courses:
        return None
    found = [
        Stay(place, moment.time_s, end_s, course.confidence)
        for _, course in courses
        for moment, end_s in _stays(course)
        if (place := inquiry.network.get(moment.cell_id or "")) is not None
    ]
    return found, {}


def _stays(course: Course[UeMoment]) -> Iterable[tuple[UeMoment, float]]:
    moments = without_repetition(course.moments, lambda a, b: a.cell_id == b.cell_id)
    for moment, after in pairwise(moments):
        yield moment, after.time_s
    yield moments[-1], course.until_s


def _communication(inquiry: Inquiry) -> _Found | None:
    from_s, until_s = inquiry.window
    found: list[Finding] = []
    for ue, course in inquiry.ue_courses():
        reached = list(spans(course, lambda m: m.reachable))
        for one in inquiry.information.communications(ue.ue_id, from_s, until_s):
            for begun_s, ended_s in reached:
                begin_s, end_s = max(one.from_s, begun_s), min(one.until_s, ended_s)
                if begin_s < end_s:
                    volume = int(one.rate_dl.bps * (end_s - begin_s) / 8)
                    found.append(Traffic(begin_s, end_s, volume, course.confidence))
    return (found, {}) if found else None


def _rate_bps(moment: UeMoment) -> float:
    return float(moment.rate_dl.bps)


def _total_bps(moment: UeMoment) -> float:
    # The throughput of a UE includes what its sessions have: the question is whether one holds.
    return float(moment.total_rate_dl.bps)


def _delay_ms(moment: UeMoment) -> float:
    return moment.delay_ms


def _load(moment: CellMoment) -> float:
    return float(moment.load_percent)


def _percent(value: float) -> int:
    return round(value)


def _confidence(courses: Iterable[Course[UeMoment]] | Iterable[Course[CellMoment]]) -> int:
    return min(course.confidence for course in courses)


def _active_ratio(courses: Sequence[Course[CellMoment]]) -> float:
    return 100 * fmean(mean(c, lambda m: float(m.active)) for c in courses)


def _gbr_usage(courses: Sequence[Course[CellMoment]]) -> float:
    held = sum(mean(c, lambda m: float(m.held_blocks)) for c in courses)
    return 100 * held / sum(mean(c, lambda m: float(m.blocks)) for c in courses)


def _ues(courses: Sequence[Course[CellMoment]]) -> float:
    return sum(mean(c, lambda m: float(m.ues)) for c in courses)


_PERFORMANCES: Mapping[Measure, Callable[[Sequence[Course[CellMoment]]], float]] = {
    Measure.GNB_ACTIVE_RATIO: _active_ratio,
    Measure.GNB_RSC_USAGE_GBR_TRAFFIC: _gbr_usage,
    Measure.NUM_OF_UE: _ues,
}

_FINDERS: Mapping[AnalyticsEvent, Callable[[Inquiry], _Found | None]] = {
    AnalyticsEvent.DN_PERFORMANCE: _dn_performance,
    AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME: _transfer_time,
    AnalyticsEvent.QOS_SUSTAINABILITY: _sustainability,
    AnalyticsEvent.CONGESTION: _congestion,
    AnalyticsEvent.NETWORK_PERFORMANCE: _network_performance,
    AnalyticsEvent.UE_MOBILITY: _mobility,
    AnalyticsEvent.UE_COMM: _communication,
}
