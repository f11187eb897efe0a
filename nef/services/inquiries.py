"""A question with all that it names looked up, ready to be answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from nef.domain.analytics import Question
from nef.domain.areas import CellPlace
from nef.domain.courses import (
    CellMoment,
    Course,
    Moment,
    UeMoment,
    parts,
)
from nef.domain.findings import Finding
from nef.domain.fiveqi import FIVE_QIS
from nef.ports.information import ORDINARY_FLOW, FlowClass, Information, UeIdentity

#: A window is answered in no more parts than this.
MOST_PARTS = 100

_Moment = TypeVar("_Moment", bound=Moment)
#: What was found, and what thresholds are held against.
Found = tuple[Sequence[Finding], Mapping[str, float]]


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
    def known_from_s(self) -> float:
        """From when on anything is known of the window: the past may not reach back so far."""
        from_s, _ = self.window
        if from_s >= self.now_s or not self.places:
            return from_s
        course = self.information.cell_course(self.places[0].cell_id, *self.window, self.now_s)
        return from_s if course is None else course.from_s

    @property
    def flow(self) -> FlowClass:
        """The class of flow that the question means."""
        quality = self.question.quality
        row = FIVE_QIS.get(quality.five_qi or 0)
        per = quality.per or (row.per if row else ORDINARY_FLOW.per)
        return FlowClass(per, row.priority if row else ORDINARY_FLOW.priority)

    @property
    def delay_budget_ms(self) -> float:
        """How late a packet may come for the QoS to hold; a 5QI has a budget of its own."""
        quality = self.question.quality
        row = FIVE_QIS.get(quality.five_qi or 0)
        return quality.delay_ms or (row.delay_ms if row else inf)

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


def in_parts(inquiry: Inquiry, course: Course[_Moment]) -> list[Course[_Moment]]:
    """A course in the parts that were asked for."""
    part_s = inquiry.question.part_s
    if part_s is None or course.until_s <= course.from_s:
        return [course]
    return list(parts(course, max(part_s, (course.until_s - course.from_s) / MOST_PARTS)))


def least_confidence(courses: Iterable[Course[UeMoment]] | Iterable[Course[CellMoment]]) -> int:
    """The confidence of what several courses say together."""
    return min(course.confidence for course in courses)
