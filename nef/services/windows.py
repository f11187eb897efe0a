"""Windows in which a planned transfer could be carried, found in what the network foresees."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from nef.domain.capacity import Standing, spare_blocks, together
from nef.domain.courses import Course, RoomMoment, mean, part, spans
from nef.domain.planned_qos import rate_of
from nef.domain.plans import MOST_CANDIDATES, Plan, Window
from nef.domain.units import PacketErrorRate
from nef.ports.information import FlowClass, Information

#: What is shorter is no time to send anything.
LEAST_WINDOW_S = 1.0
#: A forecast of very many changes shows some of them, evenly, but never fewer than this. So where
#: there are as many it is asked for in parts, as many as this for all windows together; and the
#: best windows are looked at again, each by itself, up to this often.
_MANY_MOMENTS, _PARTS, CLOSER_LOOKS = 50, 8, 1
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
    courses: dict[tuple[PacketErrorRate, Window], Course[Standing]] = field(default_factory=dict)

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
        return all(map(self._carries, self.course(inside).moments))

    def course(self, window: Window, parts: int = 1) -> Course[Standing]:
        """How the cells of the area will stand."""
        course = self._course(window)
        if parts <= 1 or len(course.moments) < _MANY_MOMENTS:
            return course
        times = [window.from_s + window.length_s * n / parts for n in range(parts)]
        within = map(Window, times, [*times[1:], window.until_s])
        moments = [moment for one in within for moment in self._course(one).moments]
        return replace(course, moments=tuple(moments))

    def _course(self, window: Window) -> Course[Standing]:
        per = self.plan.ladder[self.plan.rung].per
        if (per, window) not in self.courses:
            # For all rungs at once: the network looks only once at what it is asked in one breath.
            self.courses.update(self._foreseen(window))
        return self.courses[per, window]

    def _foreseen(self, window: Window) -> dict[tuple[PacketErrorRate, Window], Course[Standing]]:
        times = (window.from_s, window.until_s, self.now_s)
        # A flow is as important as what was asked for, whichever alternative it gets.
        priority = self.plan.ladder[0].priority
        rooms: dict[PacketErrorRate, list[Course[RoomMoment]]] = {
            r.per: [] for r in self.plan.ladder
        }
        for place in self.information.cells(self.plan.request.area or None):
            for per, found in rooms.items():
                flow = FlowClass(per, priority)
                course = self.information.room_course(place.cell_id, flow, *times, self.beside)
                if course:
                    found.append(course)
        # Where another scenario was loaded, there may be no cell that could carry anything.
        nothing = Course((Standing(window.from_s, ()),), window.until_s)
        return {(per, window): together(one) if one else nothing for per, one in rooms.items()}

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
