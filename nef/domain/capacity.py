"""Whether cells could carry the same flow for some UEs that nobody has named: pure arithmetic.

Nothing is known of which UEs they will be, so it must be possible whichever they are: in each
cell for the neediest of those within reach, as if all that are meant were there. Who names a
smaller area asks less of the others, and where all UEs of one cell are meant, that is exactly what
admission would take.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from nef.domain.courses import Course, RoomMoment, abreast, spans
from nef.domain.units import MAX_BPS, BitRate

#: The steps in which a rate is offered to one whose own does not fit.
_STEP_BPS = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """How the cells of an area stand, all at the same moment."""

    time_s: float
    rooms: tuple[RoomMoment, ...]

    @property
    def attached(self) -> int:
        """How many UEs there are."""
        return sum(sum(room.ues_at.values()) for room in self.rooms)

    @property
    def reached(self) -> int:
        """How many of them can be sent anything."""
        return sum(map(_reached, self.rooms))


def together(courses: Sequence[Course[RoomMoment]]) -> Course[Standing]:
    """The courses of cells over the same window as one of their area; there must be some."""
    found = tuple(Standing(time_s, rooms) for time_s, rooms in abreast(courses))
    # Cells are surprised independently of each other.
    confidence = round(100 * prod(course.confidence / 100 for course in courses))
    return Course(found, courses[0].until_s, confidence)


def spare_blocks(standing: Standing, rate: BitRate, ues: int) -> int | None:
    """The blocks that the fullest cell would have left; None where the UEs cannot be carried.

    As many as are meant must be within reach, or all where there are fewer.
    """
    if not _are_reached(standing, ues):
        return None
    rooms = (room for room in standing.rooms if _reached(room))
    spare = min(room.free_blocks - _blocks(room, rate, ues) for room in rooms)
    return spare if spare >= 0 else None


def most_rate(
    courses: Sequence[Course[Standing]], ues: int, least_s: float
) -> tuple[BitRate, float] | None:
    """The highest rate that so many UEs could have for so long, and from when on; in kbit/s.

    None where they could have none.
    """
    rated = [tuple(_Rated(one.time_s, _rate_of(one, ues)) for one in c.moments) for c in courses]
    rates = sorted({one.rate for moments in rated for one in moments if one.rate})
    best: tuple[BitRate, float] | None = None
    low, high = 0, len(rates)
    while low < high:
        middle = (low + high) // 2
        begun_s = _first_span(zip(rated, courses, strict=True), rates[middle], least_s)
        if begun_s is None:
            high = middle
        else:
            best, low = (rates[middle], begun_s), middle + 1
    return best


@dataclass(frozen=True, slots=True)
class _Rated:
    time_s: float
    rate: BitRate | None


def _first_span(
    rated: Iterable[tuple[tuple[_Rated, ...], Course[Standing]]], rate: BitRate, least_s: float
) -> float | None:
    for moments, course in rated:
        enough = spans(Course(moments, course.until_s), lambda one: (one.rate or _NONE) >= rate)
        for from_s, until_s in enough:
            if until_s - from_s >= least_s:
                return from_s
    return None


_NONE = BitRate(0)


def _rate_of(standing: Standing, ues: int) -> BitRate | None:
    """The highest rate at a moment, by bisection below what would do without rounding up."""
    if not _are_reached(standing, ues):
        return None
    low, high = 0, min(MAX_BPS, *(_bound_bps(room, ues) for room in standing.rooms)) // _STEP_BPS
    while low < high:
        middle = (low + high + 1) // 2
        fits = spare_blocks(standing, BitRate(middle * _STEP_BPS), ues) is not None
        low, high = (middle, high) if fits else (low, middle - 1)
    return BitRate(low * _STEP_BPS) if low else None


def _are_reached(standing: Standing, ues: int) -> bool:
    reached = standing.reached
    return reached > 0 and reached >= min(ues, standing.attached)


def _reached(room: RoomMoment) -> int:
    return sum(number for bps, number in room.ues_at.items() if bps)


def _neediest(room: RoomMoment, ues: int) -> Iterator[tuple[int, int]]:
    """What a block carries for so many UEs, with their numbers; the neediest first."""
    left = ues
    for bps, number in sorted(room.ues_at.items()):
        if bps and left:
            yield bps, min(number, left)
            left -= min(number, left)


def _blocks(room: RoomMoment, rate: BitRate, ues: int) -> int:
    return sum(-(-rate.bps // bps) * number for bps, number in _neediest(room, ues))


def _bound_bps(room: RoomMoment, ues: int) -> int:
    """No more than this could be had if blocks could be shared; all there is in an empty cell."""
    cost = sum(Fraction(number, bps) for bps, number in _neediest(room, ues))
    return int(max(room.free_blocks, 0) / cost) if cost else MAX_BPS
