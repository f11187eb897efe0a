"""What UEs could get all at once, where each alone could have all that is free in its cell."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nef.domain.courses import Course, UeMoment, abreast, mean


def shared_rate_bps(courses: Sequence[Course[UeMoment]]) -> float:
    """The mean over time of what some UEs could get together; there are some."""
    shared = tuple(_Shared(time_s, _shared_bps(moments)) for time_s, moments in abreast(courses))
    return mean(Course(shared, courses[0].until_s), lambda one: float(one.bps))


@dataclass(frozen=True, slots=True)
class _Shared:
    time_s: float
    bps: int


def _shared_bps(moments: Sequence[UeMoment]) -> int:
    """Each that a cell reaches has as many whole blocks as its others; that is what is granted."""
    reached: dict[str | None, list[UeMoment]] = defaultdict(list)
    for moment in moments:
        if moment.rate_dl.bps:
            reached[moment.cell_id].append(moment)
    return sum(
        one.rate_dl.bps // one.free_blocks * (one.free_blocks // len(those))
        for those in reached.values()
        for one in those
    )
