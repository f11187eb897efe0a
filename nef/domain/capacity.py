"""Whether cells could carry the same flow for some UEs that nobody has named: pure arithmetic.

Nothing is known of which UEs they will be, so they are taken to be like those that are there: as
many in each cell, in proportion, and each in need of the blocks that a UE of the cell needs on
average. Where all UEs of one cell are meant, that is exactly what admission would take.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nef.domain.courses import Course, RoomMoment
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
        return sum(_reached(room) for room in self.rooms)


def together(courses: Sequence[Course[RoomMoment]]) -> Course[Standing]:
    """The courses of cells over the same window as one of their area; there must be some."""
    times = sorted({room.time_s for course in courses for room in course.moments})
    found, places = [], [0] * len(courses)
    for time_s in times:
        for number, course in enumerate(courses):
            rooms = course.moments
            while places[number] + 1 < len(rooms) and rooms[places[number] + 1].time_s <= time_s:
                places[number] += 1
        rooms_now = (course.moments[place] for course, place in zip(courses, places, strict=True))
        found.append(Standing(time_s, tuple(rooms_now)))
    confidence = min(course.confidence for course in courses)
    return Course(tuple(found), courses[0].until_s, confidence)


def spare_blocks(standing: Standing, rate: BitRate, ues: int) -> int | None:
    """The blocks that the fullest cell would have left; None where the UEs cannot be carried.

    As many as are meant must be within reach, or all where there are fewer. Each cell must have
    room for its share of them, rounded up to whole UEs.
    """
    reached = standing.reached
    if not reached or reached < min(ues, standing.attached):
        return None
    spare = []
    for room in standing.rooms:
        here = _reached(room)
        if here:
            share = -(-ues * here // reached)
            needed = -(-share * _blocks(room, rate) // here)
            spare.append(room.free_blocks - needed)
    return min(spare) if min(spare) >= 0 else None


def most_rate(standings: Iterable[Standing], ues: int) -> tuple[BitRate, float] | None:
    """The highest rate that so many UEs could have at one of some moments, and when; in kbit/s.

    None where they could have none.
    """
    best: tuple[BitRate, float] | None = None
    for standing in standings:
        least = (best[0].bps if best else 0) // _STEP_BPS + 1
        if _fits(standing, least, ues):
            steps = _last_fitting(standing, least, ues)
            best = BitRate(steps * _STEP_BPS), standing.time_s
    return best


def _last_fitting(standing: Standing, low: int, ues: int) -> int:
    high = MAX_BPS // _STEP_BPS
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(standing, middle, ues) else (low, middle - 1)
    return low


def _fits(standing: Standing, steps: int, ues: int) -> bool:
    return spare_blocks(standing, BitRate(steps * _STEP_BPS), ues) is not None


def _reached(room: RoomMoment) -> int:
    return sum(number for rate_bps, number in room.ues_at.items() if rate_bps)


def _blocks(room: RoomMoment, rate: BitRate) -> int:
    """The blocks that all UEs of the cell that are within reach would need together."""
    return sum(-(-rate.bps // bps) * number for bps, number in room.ues_at.items() if bps)
