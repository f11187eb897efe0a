"""What the simulated network tells of itself: the port `Information`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, pairwise
from typing import TypeVar

from nef.domain.areas import Area, CellPlace
from nef.domain.courses import (
    CellMoment,
    Course,
    Moment,
    RoomMoment,
    UeMoment,
    without_repetition,
)
from nef.domain.errors import UeNotFound
from nef.domain.filters import AddressOrPrefix
from nef.domain.sessions import UeAddress
from nef.network.simulator.history import Sample
from nef.network.simulator.ledger import Ledger
from nef.network.simulator.looks import Look
from nef.network.simulator.run import MOST_LOOKS, Run
from nef.network.simulator.scenario import Background, Cell, Ue
from nef.network.simulator.stage import Stage
from nef.ports.information import Communication, FlowClass, UeIdentity

#: A bound on the forecasts that are kept; a window has at most a hundred of them.
_MOST_AHEAD = 1000

_Moment = TypeVar("_Moment", bound=Moment)


class SimulatedInformation:
    """Implements `Information` on the stage of a simulated network."""

    def __init__(self, stage: Stage) -> None:
        """Look at this stage, which goes on to the moment of each question."""
        self._stage = stage
        #: Forecasts by cell and time, as long as nothing has moved: many ask the same at each tick.
        self._ahead: dict[tuple[str, float], Look] = {}
        self._ahead_of: tuple[Ledger, int, float] | None = None

    def begun_s(self) -> float:
        """See the port."""
        with self._stage.lock:
            return self._stage.begun_s

    def ue(self, address: UeAddress) -> UeIdentity:
        """See the port."""
        pointer, identity = address.named
        with self._stage.lock:
            found = self._stage.ledger.run.ues_by_identity.get(identity)
            if found is None:
                raise UeNotFound(pointer, str(identity))
            return self._identity(found)

    def ues_at(self, places: Collection[AddressOrPrefix]) -> Sequence[UeIdentity]:
        """See the port."""
        with self._stage.lock:
            return [self._identity(ue) for ue in self._stage.ledger.run.ues_at(places)]

    def group(self, group_id: str) -> Sequence[UeIdentity]:
        """See the port."""
        with self._stage.lock:
            run = self._stage.ledger.run
            for group in run.scenario.groups:
                if group.id == group_id:
                    return [self._identity(run.ues[ue_id]) for ue_id in group.ue_ids]
        raise UeNotFound("/externalGroupId", group_id)

    def ues(self) -> Sequence[UeIdentity]:
        """See the port."""
        with self._stage.lock:
            return [self._identity(ue) for ue in self._stage.ledger.run.scenario.ues]

    def cells(self, area: Area | None = None) -> Sequence[CellPlace]:
        """See the port."""
        with self._stage.lock:
            cells = self._stage.ledger.run.scenario.cells
        return [CellPlace(c.id, c.ncgi, c.tai) for c in cells if area is None or _inside(c, area)]

    def ue_course(
        self, ue_id: str, flow: FlowClass, from_s: float, until_s: float, now_s: float
    ) -> Course[UeMoment] | None:
        """See the port."""

        def moment(sample: Sample, cell_id: str, time_s: float) -> UeMoment:
            looks = sample.looks
            # A sample of the past has the UE where it was when the network looked.
            if ue_id not in looks[cell_id].rates:
                cell_id = next(name for name, look in looks.items() if ue_id in look.rates)
            return looks[cell_id].ue_moment(ue_id, flow, time_s)

        with self._stage.lock:
            self._stage.move(now_s)
            run = self._stage.ledger.run
            if ue_id not in run.ues:
                return None  # another scenario was loaded since it was looked up
            windows = _windows(run, run.ues[ue_id], from_s, until_s)
            courses = [self._course(cell, moment, *window) for cell, window in windows]
            return _joined(courses, from_s, until_s)

    def cell_course(
        self, cell_id: str, from_s: float, until_s: float, now_s: float
    ) -> Course[CellMoment] | None:
        """See the port."""

        def moment(sample: Sample, cell_id: str, time_s: float) -> CellMoment:
            return sample.looks[cell_id].cell_moment(time_s)

        with self._stage.lock:
            self._stage.move(now_s)
            cell = self._stage.ledger.run.cells.get(cell_id)
            return None if cell is None else self._course(cell, moment, from_s, until_s)

    def room_course(
        self,
        cell_id: str,
        flow: FlowClass,
        from_s: float,
        until_s: float,
        now_s: float,
        beside: Collection[str] = (),
    ) -> Course[RoomMoment] | None:
        """See the port."""

        def moment(sample: Sample, cell_id: str, time_s: float) -> RoomMoment:
            return sample.looks[cell_id].room_moment(flow, beside, time_s)

        with self._stage.lock:
            self._stage.move(now_s)
            cell = self._stage.ledger.run.cells.get(cell_id)
            return None if cell is None else self._course(cell, moment, from_s, until_s)

    def communications(self, ue_id: str, from_s: float, until_s: float) -> Sequence[Communication]:
        """See the port; what a UE receives besides the flows of AFs is its background."""
        with self._stage.lock:
            run = self._stage.ledger.run
            flows = run.ues[ue_id].background if ue_id in run.ues else ()
        return [one for flow in flows for one in _communications(run, flow, from_s, until_s)]

    def _course(
        self,
        cell: Cell,
        moment: Callable[[Sample, str, float], _Moment],
        from_s: float,
        until_s: float,
    ) -> Course[_Moment] | None:
        """A window in the time of the clock, from what was seen or from what is foreseen."""
        run = self._stage.ledger.run
        # Without the noise that a float of the epoch carries, as the time of the run is.
        first_s, last_s = (round(time_s - run.started_s, 6) for time_s in (from_s, until_s))
        samples, confidence = self._samples(cell, first_s, last_s)
        # A sample is of all cells, and most of them are of something that happened in another.
        own = without_repetition(samples, lambda a, b: a.looks[cell.id] is b.looks[cell.id])
        moments = tuple(moment(s, cell.id, run.started_s + s.time_s) for s in own)
        if not moments:
            return None
        known = _share(own[0].time_s, first_s, last_s)
        return Course(moments, max(until_s, moments[-1].time_s), round(known * confidence))

    def _samples(self, cell: Cell, from_s: float, until_s: float) -> tuple[Sequence[Sample], int]:
        stage, now_s = self._stage, self._stage.ledger.time_s
        if until_s < now_s:
            return stage.history.samples(from_s, until_s), 100
        # A window that is open at both sides is the past that is known, and what is foreseen.
        seen = stage.history.samples(from_s, now_s) if from_s < now_s else []
        begin_s = max(from_s, now_s)
        ledger = stage.ledger
        changes = ledger.run.changes_s(ledger.ues_ahead_of(cell.id), begin_s, until_s)
        times = [begin_s, *_with_ends(changes, ledger.ends_s(cell.id).values(), begin_s, until_s)]
        ahead = [
            Sample(t, {cell.id: ledger.look(cell.id) if t <= now_s else self._look_at(cell, t)})
            for t in times
            # What holds from the end of a window on does not hold within it.
            if t < until_s or not (seen or t > begin_s)
        ]
        confidence = stage.surprises.confidence(cell.id, now_s, until_s)
        return [*seen, *ahead], confidence

    def _identity(self, ue: Ue) -> UeIdentity:
        serving = self._stage.ledger.serving(ue.id)
        return UeIdentity(ue.id, ue.gpsi, ue.supi, ue.ipv4, ue.ipv6, serving)

    def _look_at(self, cell: Cell, time_s: float) -> Look:
        ledger = self._stage.ledger
        state = ledger, ledger.revision, ledger.time_s
        if state != self._ahead_of or len(self._ahead) >= _MOST_AHEAD:
            self._ahead, self._ahead_of = {}, state
        if (cell.id, time_s) not in self._ahead:
            self._ahead[cell.id, time_s] = ledger.look_at(cell, time_s)
        return self._ahead[cell.id, time_s]


def _share(begun_s: float, from_s: float, until_s: float) -> float:
    """How much of a window is known, where nothing is known of it before a moment."""
    if until_s <= from_s:
        return 1.0
    return (until_s - min(max(begun_s, from_s), until_s)) / (until_s - from_s)


def _with_ends(
    changes_s: Sequence[float], ends_s: Collection[float], from_s: float, until_s: float
) -> list[float]:
    """The moments at which to look, with the ends of sessions, thinned out where they are many."""
    ends = sorted({end_s for end_s in ends_s if from_s < end_s <= until_s})
    return sorted({*changes_s, *ends[:: 1 + len(ends) // MOST_LOOKS]})


def _windows(
    run: Run, ue: Ue, from_s: float, until_s: float
) -> Iterator[tuple[Cell, tuple[float, float]]]:
    """A window cut where the UE is handed over, each part with the cell that serves it."""
    handed_s = (run.started_s + stay.from_s for stay in ue.stays)
    cuts_s = [from_s, *(t for t in handed_s if from_s < t < until_s), until_s]
    for begin_s, end_s in pairwise(cuts_s):
        yield run.cells[ue.cell_at(run.time_s(begin_s))], (begin_s, end_s)


def _joined(
    courses: Sequence[Course[_Moment] | None], from_s: float, until_s: float
) -> Course[_Moment] | None:
    """Courses of parts of a window as one; what is not known of it costs confidence."""
    if len(courses) == 1:
        return courses[0]
    known = [course for course in courses if course is not None]
    if not known:
        return None
    moments = tuple(chain.from_iterable(course.moments for course in known))
    share = sum(course.until_s - course.from_s for course in known) / (until_s - from_s)
    confidence = min(course.confidence for course in known)
    return Course(moments, known[-1].until_s, round(min(1.0, share) * confidence))


def _inside(cell: Cell, area: Area) -> bool:
    return cell.ncgi in area.cells or cell.tai in area.tracking_areas


def _communications(
    run: Run, flow: Background, from_s: float, until_s: float
) -> Iterator[Communication]:
    for begun_s, ended_s in flow.span.times_s(from_s - run.started_s):
        begin_s, end_s = max(from_s, run.started_s + begun_s), min(until_s, run.started_s + ended_s)
        if begin_s >= until_s:
            return
        if begin_s < end_s:
            yield Communication(begin_s, end_s, flow.rate_dl)
