"""What is found about UEs: their rates, transfers, places and traffic."""

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from statistics import fmean, pvariance

from nef.domain.analytics import Measure, Volume, reading_of
from nef.domain.courses import (
    Course,
    UeMoment,
    mean,
    spans,
    stretches,
    transfer_s,
    variance,
    without_repetition,
)
from nef.domain.findings import (
    Delay,
    DnPerformance,
    Finding,
    Shortfall,
    Stay,
    Traffic,
    TransferTime,
)
from nef.domain.sharing import shared_rate_bps
from nef.domain.units import MAX_BPS, BitRate
from nef.ports.information import UeIdentity
from nef.services.inquiries import Found, Inquiry, in_parts, least_confidence

#: How far a transfer is followed, step by step, since a forecast has only so many looks. One that
#: takes longer than the last is not foreseen, and the answer has no time for it.
HORIZONS_S = (10.0, 60.0, 600.0, 3600.0)
#: How long a transfer takes that is not foreseen, for thresholds: longer than any of them.
NEVER_MS = sys.float_info.max


def dn_performance(inquiry: Inquiry) -> Found | None:
    """What a new flow could get, over the window or in its parts."""
    courses = [course for _, course in inquiry.ue_courses()]
    if not courses:
        return None
    whole = _performance(inquiry, courses)
    if inquiry.question.part_s is None:
        return [whole], _readings(whole)
    split = zip(*(in_parts(inquiry, course) for course in courses), strict=False)
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
        total_rate=BitRate(min(int(shared_rate_bps(courses)), MAX_BPS)),
        rate_variance=fmean([variance(c, _rate_bps) for c in courses]),
        delay=_delay(courses),
        loss=inquiry.flow.per,
        ues=len(courses),
        confidence=least_confidence(courses),
    )


def _delay(courses: Sequence[Course[UeMoment]]) -> Delay | None:
    """The delays while UEs are in reach; None where none ever is."""
    weighed = [
        (moment.delay_ms, length_s if course.until_s > course.from_s else 1.0)
        for course in courses
        for moment, length_s in stretches(course)
        if moment.reachable
    ]
    total_s = sum(length_s for _, length_s in weighed)
    if not total_s:
        return None
    least_ms, most_ms = (pick(delay_ms for delay_ms, _ in weighed) for pick in (min, max))
    mean_ms = sum(delay_ms * length_s for delay_ms, length_s in weighed) / total_s
    # What adds up in floats may end a hair beyond the extremes, and would be news at each look.
    mean_ms = min(max(mean_ms, least_ms), most_ms)
    spread = sum((delay_ms - mean_ms) ** 2 * length_s for delay_ms, length_s in weighed)
    return Delay(mean_ms, most_ms, spread / total_s)


def _readings(found: DnPerformance) -> dict[str, float]:
    delay = found.delay
    delays: dict[str, float] = {}
    if delay is not None:
        delays[Measure.MEAN_DELAY] = delay.mean_ms
        delays[Measure.MOST_DELAY] = delay.most_ms
        delays[Measure.DELAY_VARIANCE] = delay.variance
    return {
        Measure.MEAN_RATE: float(found.mean_rate.bps),
        Measure.LEAST_RATE: float(found.least_rate.bps),
        Measure.MOST_RATE: float(found.most_rate.bps),
        Measure.TOTAL_RATE: float(found.total_rate.bps),
        Measure.RATE_VARIANCE: found.rate_variance,
        **delays,
    }


def transfer_time(inquiry: Inquiry) -> Found | None:
    """How long each volume takes to each UE."""
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


def sustainability(inquiry: Inquiry) -> Found | None:
    """When UEs get less than the rates in question, or get them later than they may come."""
    courses = inquiry.ue_courses()
    if not courses:
        return None
    wanted = [t.value for t in inquiry.question.thresholds if t.measure is Measure.LEAST_RATE]
    kept = partial(_kept_bps, inquiry.delay_budget_ms)
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
        for from_s, until_s in spans(course, lambda m, t=threshold: kept(m) < t)  # type: ignore[misc]
    ]
    least = min(kept(m) for _, course in courses for m in course.moments)
    return sorted(found, key=lambda s: s.from_s), {Measure.LEAST_RATE: least}


def mobility(inquiry: Inquiry) -> Found | None:
    """In which cells UEs are, one after the other."""
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


def communication(inquiry: Inquiry) -> Found | None:
    """What UEs receive of their own."""
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


def _kept_bps(delay_budget_ms: float, moment: UeMoment) -> float:
    """The rate that comes in time; one that comes too late is none."""
    # The throughput of a UE includes what its sessions have: the question is whether one holds.
    return float(moment.total_rate_dl.bps) if moment.delay_ms <= delay_budget_ms else 0.0
