"""How something goes on over time, in steps, and what can be said of it: pure arithmetic.

A course is what was seen in the past or is foreseen. Each of its moments holds until the next
one, the last until the end of the course.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from nef.domain.units import BitRate


class Moment(Protocol):
    """Anything that holds from a time on."""

    @property
    def time_s(self) -> float:
        """From when on."""
        ...


_Moment_co = TypeVar("_Moment_co", bound=Moment, covariant=True)
_Any = TypeVar("_Any", bound=Moment)


@dataclass(frozen=True, slots=True)
class UeMoment:
    """How a UE stands: `cell_id` is None while it is not attached.

    Not `reachable` is a UE without a PDU session or without coverage. `rate_dl` is what a new flow
    could get with all the `free_blocks` of the cell, `total_rate_dl` what it could get in place of
    all sessions that AFs have for the UE.
    """

    time_s: float
    cell_id: str | None
    reachable: bool
    rate_dl: BitRate
    total_rate_dl: BitRate
    delay_ms: float
    free_blocks: int


@dataclass(frozen=True, slots=True)
class CellMoment:
    """How a cell stands: its resource blocks, those that guaranteed flows hold, and its UEs."""

    time_s: float
    blocks: int
    held_blocks: int
    active: bool
    ues: int

    @property
    def load_percent(self) -> int:
        """The share of blocks that are held, rounded up; all of them while it is out of service."""
        return -(-100 * self.held_blocks // self.blocks) if self.active else 100


@dataclass(frozen=True, slots=True)
class RoomMoment:
    """What a cell leaves to new flows of a class, and how its attached UEs stand.

    `free_blocks` are those that a new flow could hold; `ues_at` says how many UEs a block carries
    so many bit/s for, 0 being those out of reach.
    """

    time_s: float
    free_blocks: int
    ues_at: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Course(Generic[_Moment_co]):
    """What holds from its first moment until `until_s`; `confidence` is 0 to 100 per cent.

    A course of no length has one moment: how things stand then.
    """

    moments: tuple[_Moment_co, ...]
    until_s: float
    confidence: int = 100

    @property
    def from_s(self) -> float:
        """When it begins."""
        return self.moments[0].time_s


def stretches(course: Course[_Any]) -> Iterator[tuple[_Any, float]]:
    """Each moment with its length in seconds; together they are as long as the course."""
    ends = [moment.time_s for moment in course.moments[1:]] + [course.until_s]
    for moment, end_s in zip(course.moments, ends, strict=True):
        yield moment, end_s - moment.time_s


def mean(course: Course[_Any], value: Callable[[_Any], float]) -> float:
    """The mean over time; where the course has no length, what holds at its moment."""
    length_s = course.until_s - course.from_s
    if length_s <= 0:
        return value(course.moments[-1])
    weighed = [(value(moment), s) for moment, s in stretches(course)]
    found = sum(v * s for v, s in weighed) / length_s
    # What adds up in floats may end a hair beyond the extremes, which a mean never does.
    return min(max(found, min(v for v, _ in weighed)), max(v for v, _ in weighed))


def variance(course: Course[_Any], value: Callable[[_Any], float]) -> float:
    """The variance over time."""
    middle = mean(course, value)
    return mean(course, lambda moment: (value(moment) - middle) ** 2)


def parts(course: Course[_Any], part_s: float) -> Iterator[Course[_Any]]:
    """The course in parts of a length, the last one perhaps shorter; itself if it has no length."""
    begin_s = course.from_s
    while True:
        end_s = min(begin_s + part_s, course.until_s)
        yield part(course, begin_s, end_s)
        if end_s >= course.until_s:
            return
        begin_s = end_s


def part(course: Course[_Any], from_s: float, until_s: float) -> Course[_Any]:
    """What holds within a part of a course, from its beginning on."""
    before = [moment for moment in course.moments if moment.time_s <= from_s]
    within = [moment for moment in course.moments if from_s < moment.time_s < until_s]
    first = replace(before[-1], time_s=from_s)  # type: ignore[type-var] # moments are dataclasses
    return Course((first, *within), until_s, course.confidence)


def transfer_s(course: Course[UeMoment], volume_bytes: int, start_s: float) -> float | None:
    """How long a volume takes that begins to flow at `start_s`, with the delay of its last packet.

    The sender always uses the rate that a new flow could get. None where the course ends before.
    """
    left_bits = volume_bytes * 8.0
    for moment, length_s in stretches(course):
        begin_s = max(moment.time_s, start_s)
        end_s = moment.time_s + length_s
        carried_bits = moment.rate_dl.bps * max(0.0, end_s - begin_s)
        if carried_bits >= left_bits and moment.rate_dl.bps:
            done_s = begin_s + left_bits / moment.rate_dl.bps
            return done_s - start_s + moment.delay_ms / 1000
        left_bits -= carried_bits
    return None


def abreast(courses: Sequence[Course[_Any]]) -> Iterator[tuple[float, tuple[_Any, ...]]]:
    """What holds in several courses at once, from each time on at which any of them changes."""
    places = [0] * len(courses)
    for time_s in sorted({one.time_s for course in courses for one in course.moments}):
        for number, course in enumerate(courses):
            moments, place = course.moments, places[number]
            while place + 1 < len(moments) and moments[place + 1].time_s <= time_s:
                place += 1
            places[number] = place
        yield time_s, tuple(c.moments[place] for c, place in zip(courses, places, strict=True))


def spans(course: Course[_Any], holds: Callable[[_Any], bool]) -> Iterator[tuple[float, float]]:
    """The longest times, from and until, in which something holds."""
    begun_s: float | None = None
    for moment in course.moments:
        if holds(moment) and begun_s is None:
            begun_s = moment.time_s
        elif not holds(moment) and begun_s is not None:
            yield begun_s, moment.time_s
            begun_s = None
    if begun_s is not None:
        yield begun_s, course.until_s


def without_repetition(
    moments: Iterable[_Any], same: Callable[[_Any, _Any], bool]
) -> tuple[_Any, ...]:
    """The moments at which something is other than before."""
    found = list(moments)
    changed: Sequence[_Any] = [
        after for before, after in pairwise(found) if not same(before, after)
    ]
    return (*found[:1], *changed)
