"""Planned transfers with QoS: what an AF wants to send, what it is offered, what it has chosen.

A plan reserves nothing; docs/decisions/0009-planned-transfers.md says what its windows are worth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any

from nef.domain.areas import NOWHERE, Area
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.qos import QosLevel
from nef.domain.units import BitRate, PacketErrorRate

#: No more windows than this may be desired, and no more candidates are offered.
MOST_WINDOWS, MOST_CANDIDATES = 16, 5
#: A plan that runs or waits is looked at this often, in the time of the network.
LOOKS_APART_S = 1.0
#: Where it cannot be kept and nothing else could be offered, other windows are sought this often.
SEARCHES_APART_S = 5.0


@dataclass(frozen=True, order=True, slots=True)
class Window:
    """A time from a moment to a later one; seconds since the epoch."""

    from_s: float
    until_s: float

    @property
    def length_s(self) -> float:
        """How long it is."""
        return self.until_s - self.from_s

    def after(self, now_s: float) -> "Window":
        """What is left of it."""
        return Window(max(self.from_s, now_s), self.until_s)

    def in_whole_ms(self) -> "Window":
        """The longest one inside that can be written in whole milliseconds."""
        # Floats of the epoch are exact to a few tenths of a microsecond, which is no time at all.
        from_ms, until_ms = (round(1000 * time_s, 2) for time_s in (self.from_s, self.until_s))
        return Window(ceil(from_ms) / 1000, floor(until_ms) / 1000)


@dataclass(frozen=True, slots=True)
class QosWish:
    """A QoS by value, for each UE (`QosParameterSet`, and `AltQosParamSet` as far as it goes).

    `priority` is a priority level of TS 23.501 5.7.3.3; None leaves something open.
    """

    gbr_dl: BitRate | None = None
    gbr_ul: BitRate | None = None
    mbr_dl: BitRate | None = None
    mbr_ul: BitRate | None = None
    delay_ms: int | None = None
    per: PacketErrorRate | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What an AF plans to send (`Pdtq`, TS 29.522).

    To `ues` UEs at once, in `area` or, where it names no place, anywhere; the QoS is asked for by
    name or by value. `wire` is what the AF wrote of what does not change.
    """

    windows: tuple[Window, ...]
    ues: int
    qos_reference: str | None = None
    alternative_references: tuple[str, ...] = ()
    wish: QosWish | None = None
    alternatives: tuple[QosWish, ...] = ()
    area: Area = NOWHERE
    destination: str | None = None
    warned: bool = False
    wire: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ends_s(self) -> float:
        """When the last of its windows is over."""
        return max(window.until_s for window in self.windows)


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """What an AF changes of a plan (`PdtqPatch`); None changes nothing."""

    selected: int | None = None
    warned: bool | None = None
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A window in which the transfer could be carried (`PdtqPolicy`); `id` is its plan's own."""

    id: int
    window: Window


@dataclass(frozen=True, slots=True)
class Plan:
    """A request, what was offered last, and what was chosen of it.

    `rung` is the one of the ladder that the candidates are for, and `issued` the highest id that a
    candidate has had. From `begun_s` on, when the first chosen window began, new sessions of the
    AF are those it was chosen for. `sought_s` is when other candidates were sought last, in vain.
    """

    request: PlanRequest
    ladder: tuple[QosLevel, ...]
    candidates: tuple[Candidate, ...] = ()
    rung: int = 0
    issued: int = 0
    selected: int | None = None
    begun_s: float | None = None
    sought_s: float | None = None

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that the AF has chosen."""
        return next((one for one in self.candidates if one.id == self.selected), None)

    @property
    def ends_s(self) -> float:
        """When it is over: with its chosen window, or with the last one that would do."""
        return self.chosen.window.until_s if self.chosen else self.request.ends_s

    @property
    def relied_on(self) -> tuple[Candidate, ...]:
        """What the AF relies on: what it has chosen, or all that it may choose of."""
        return (self.chosen,) if self.chosen else self.candidates

    def at(self, now_s: float) -> "Plan":
        """The plan at a moment: what is over cannot be chosen, and what was chosen may begin."""
        left = tuple(one for one in self.candidates if one.window.until_s > now_s)
        begun_s = self.begun_s
        if begun_s is None and self.chosen and self.chosen.window.from_s <= now_s:
            begun_s = self.chosen.window.from_s
        return replace(self, candidates=left, begun_s=begun_s)

    def offering(self, windows: Iterable[Window], rung: int, now_s: float) -> "Plan":
        """The plan with other candidates; one that was there before keeps its id.

        What was chosen stays chosen where it is still among them.
        """
        known = {}
        if rung == self.rung:
            known = {one.window.after(now_s).in_whole_ms(): one for one in self.candidates}
        candidates, issued = [], self.issued
        for window in windows:
            if window not in known:
                issued += 1
            candidates.append(known.get(window) or Candidate(issued, window))
        offered = replace(self, candidates=tuple(candidates), rung=rung, issued=issued)
        after = replace(offered, sought_s=None)
        return after if after.chosen else replace(after, selected=None)

    def choosing(self, candidate_id: int, now_s: float) -> "Plan":
        """The plan with a candidate chosen; raises InvalidRequest for an id that is none.

        Where its window has begun already, the transfer begins now.
        """
        ids = [one.id for one in self.candidates]
        if candidate_id not in ids:
            names = ", ".join(map(str, ids)) or "none"
            raise _wrong("/selectedPolicy", f"no candidate has this id; there are: {names}")
        chosen = replace(self, selected=candidate_id)
        if self.begun_s is None and chosen.at(now_s).begun_s is not None:
            return replace(chosen, begun_s=now_s)
        return chosen


def check_request(request: PlanRequest, now_s: float) -> None:
    """Whether it can be planned at all; raises InvalidRequest."""
    if len(request.windows) > MOST_WINDOWS:
        raise _wrong("/desTimeInts", f"a plan has at most {MOST_WINDOWS} desired times")
    for number, window in enumerate(request.windows):
        if window.length_s <= 0:
            raise _wrong(f"/desTimeInts/{number}/stopTime", "must be later than startTime")
    if request.ends_s <= now_s:
        raise _wrong("/desTimeInts", "all of these times are over")
    check_warnings(request)


def check_warnings(request: PlanRequest) -> None:
    """Whether there is a place to send warnings to, where they are wanted."""
    if request.warned and request.destination is None:
        reason = "is missing: warnings need a place to go to"
        raise InvalidRequest(InvalidParam("/notificationDestination", reason, missing=True))


def merged(windows: Iterable[Window], now_s: float) -> list[Window]:
    """What is left of windows that may overlap, as windows that do not; the earliest first."""
    found: list[Window] = []
    for window in sorted(window.after(now_s) for window in windows if window.until_s > now_s):
        if found and window.from_s <= found[-1].until_s:
            last = found.pop()
            window = Window(last.from_s, max(last.until_s, window.until_s))  # noqa: PLW2901 - grown
        found.append(window)
    return found


def _wrong(pointer: str, reason: str) -> InvalidRequest:
    return InvalidRequest(InvalidParam(pointer, reason))
