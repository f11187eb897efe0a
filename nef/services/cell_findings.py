"""What is found about cells: their load, and figures of the network."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from nef.domain.analytics import Measure
from nef.domain.courses import (
    CellMoment,
    Course,
    mean,
)
from nef.domain.findings import Congestion, NetworkPerformance
from nef.services.inquiries import Found, Inquiry, in_parts, least_confidence


def congestion(inquiry: Inquiry) -> Found | None:
    """How much of each cell guaranteed flows hold."""
    courses = inquiry.cell_courses()
    if not courses:
        return None
    found = [
        Congestion(place, _percent(mean(c, _load)), c.from_s, c.until_s, c.confidence)
        for place, course in courses
        for c in in_parts(inquiry, course)
    ]
    return found, {Measure.CONGESTION: max(mean(course, _load) for _, course in courses)}


def network_performance(inquiry: Inquiry) -> Found | None:
    """The figures about cells that were asked for."""
    courses = [course for _, course in inquiry.cell_courses()]
    if not courses:
        return None
    from_s, until_s = min(c.from_s for c in courses), max(c.until_s for c in courses)
    figures = {m: _PERFORMANCES[m](courses) for m in inquiry.question.measures}
    found = [
        NetworkPerformance(
            inquiry.places, m, _percent(value), from_s, until_s, least_confidence(courses)
        )
        for m, value in figures.items()
    ]
    return found, {m.value: figure for m, figure in figures.items()}


def _load(moment: CellMoment) -> float:
    return float(moment.load_percent)


def _percent(value: float) -> int:
    return round(value)


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
