"""Windows in which a planned transfer could be carried, found in what the network foresees."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from nef.domain.capacity import Standing, spare_blocks, together
from nef.domain.courses import Course, mean, part, spans
from nef.domain.plans import MOST_CANDIDATES, Plan, Window, rate_of
from nef.ports.information import FlowClass, Information

#: What is shorter is no time to send anything.
LEAST_WINDOW_S = 1.0
#: A forecast of very many changes shows some of them, evenly, but never fewer than this. So where
#: there are as many it is asked for in parts, as many as this for all windows together; and the
#: best windows are looked at again, each by itself, up to this often.
_MANY_MOMENTS, _PARTS, CLOSER_LOOKS = 50, 16, 1
#: Ends of windows are told to the millisecond.
_LEAST_S = 1e-3
#: A window in whole milliseconds may begin or end a few microseconds beside the change it ends at.
_EDGE_S = 1e-5


@dataclass(frozen=True)
class View:
    """What is foreseen for one rung of a plan; the `courses` that were asked for are kept."""

    information: Information
    plan: Plan
    beside: Collection[str]
    now_s: float
    courses: dict[tuple[FlowClass, Window], Course[Standing]] = field(default_factory=dict)

    def best(self, windows: Sequence[Window], closer: int = CLOSER_LOOKS) -> Iterator[Window]:
        """The windows within some in which the transfer fits: the longest, then the emptiest."""
        parts = _PARTS // len(windows) if windows else 0
        found = [one for window in windows for one in self._fitting(window, parts)]
        found.sort(key=lambda one: (-one[0].length_s, -one[1], one[0].from_s))
        first = [window for window, _ in found[:MOST_CANDIDATES]]
        if not closer or first == list(windows):
            yield from first
        else:
            yield from self.best(first, closer - 1)

    def fits(self, window: Window) -> bool:
        """Whether the transfer fits during all of a window."""
        inside = Window(window.from_s + _EDGE_S, window.until_s - _EDGE_S)
        if inside.length_s <= 0:
            return True
        parts = _PARTS // MOST_CANDIDATES
        return all(map(self._carries, self.course(inside, parts).moments))

    def course(self, window: Window, parts: int = 1) -> Course[Standing]:
        """How the cells of the area will stand."""
        course = self._course(window)
        if parts <= 1 or len(course.moments) < _MANY_MOMENTS:
            return course
        middle_s = (window.from_s + window.until_s) / 2
        halves = Window(window.from_s, middle_s), Window(middle_s, window.until_s)
        before, after = (self.course(half, parts // 2) for half in halves)
        return replace(course, moments=before.moments + after.moments)

    def _course(self, window: Window) -> Course[Standing]:
        plan = self.plan
        # A flow is as important as what was asked for, whichever alternative it gets.
        flow = FlowClass(plan.ladder[plan.rung].per, plan.ladder[0].priority)
        if (flow, window) not in self.courses:
            self.courses[flow, window] = self._foreseen(window, flow)
        return self.courses[flow, window]

    def _foreseen(self, window: Window, flow: FlowClass) -> Course[Standing]:
        times = (window.from_s, window.until_s, self.now_s)
        courses = [
            course
            for place in self.information.cells(self.plan.request.area or None)
            if (course := self.information.room_course(place.cell_id, flow, *times, self.beside))
        ]
        if not courses:  # another scenario was loaded: nothing is there that could carry anything
            return Course((Standing(window.from_s, ()),), window.until_s)
        return together(courses)

    def _fitting(self, window: Window, parts: int) -> Iterator[tuple[Window, float]]:
        course = self.course(window, parts)
        for from_s, until_s in spans(course, self._carries):
            found = Window(from_s, self._end_s(course, until_s)).in_whole_ms()
            if found.length_s >= LEAST_WINDOW_S:
                within = part(course, from_s, until_s)
                yield found, mean(within, lambda one: float(self._spare(one) or 0))

    def _end_s(self, course: Course[Standing], until_s: float) -> float:
        """Until when it is carried, where it is at the last moment before `until_s`.

        A course has steps only, and a UE that moves is lost somewhere between two of them.
        """
        good_s = max(one.time_s for one in course.moments if one.time_s < until_s)
        end_s = until_s - _LEAST_S
        if end_s <= good_s or self._carries_at(end_s):
            return until_s
        while end_s - good_s > _LEAST_S:
            middle_s = (good_s + end_s) / 2
            good_s, end_s = (middle_s, end_s) if self._carries_at(middle_s) else (good_s, middle_s)
        return good_s

    def _carries_at(self, time_s: float) -> bool:
        return self._carries(self._course(Window(time_s, time_s)).moments[-1])

    def _carries(self, standing: Standing) -> bool:
        return self._spare(standing) is not None

    def _spare(self, standing: Standing) -> int | None:
        rate = rate_of(self.plan.ladder[self.plan.rung])
        return spare_blocks(standing, rate, self.plan.request.ues)
