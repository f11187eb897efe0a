"""Planned transfers with QoS: what an AF wants to send, what it is offered, what it has chosen.

A plan reserves nothing; docs/decisions/0009-planned-transfers.md says what its windows are worth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any

from nef.domain.areas import NOWHERE, Area
from nef.domain.demands import MOST_ALTERNATIVES
from nef.domain.destinations import check_destination
from nef.domain.errors import InvalidParam, InvalidRequest, InvalidValue
from nef.domain.fiveqi import FIVE_QIS, ResourceType
from nef.domain.qos import Catalogue, QosLevel
from nef.domain.units import BitRate, PacketErrorRate

#: No more windows than this may be desired, and no more candidates are offered.
MOST_WINDOWS, MOST_CANDIDATES = 16, 5
#: A plan that runs or waits is looked at this often, in the time of the network.
LOOKS_APART_S = 1.0

# A QoS by value that leaves something open is treated like 5QI 3, as in a session.
_GUARANTEED = FIVE_QIS[3]


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
    AF are those it was chosen for.
    """

    request: PlanRequest
    ladder: tuple[QosLevel, ...]
    candidates: tuple[Candidate, ...] = ()
    rung: int = 0
    issued: int = 0
    selected: int | None = None
    begun_s: float | None = None

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
        after = replace(self, candidates=tuple(candidates), rung=rung, issued=issued)
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
    pointer = "/notificationDestination"
    if request.destination is not None:
        check_destination(request.destination, pointer)
    elif request.warned:
        reason = "is missing: warnings need a place to go to"
        raise InvalidRequest(InvalidParam(pointer, reason, missing=True))


def ladder_of(request: PlanRequest, catalogue: Catalogue) -> tuple[QosLevel, ...]:
    """What is asked for, and then its alternatives, each with a downlink rate to guarantee.

    Raises InvalidRequest for names that are not in the catalogue, and for what cannot be planned:
    the uplink, and flows without a guarantee.
    """
    if request.wish is None:
        ladder = _by_name(request, catalogue)
    else:
        ladder = _by_value(request.wish, request)
    if len(ladder) > MOST_ALTERNATIVES + 1:
        pointer = "/altQosParamSets" if request.alternatives else "/altQosRefs"
        raise _wrong(pointer, f"a plan has at most {MOST_ALTERNATIVES} alternatives")
    return ladder


def rate_of(level: QosLevel) -> BitRate:
    """The rate of a level of a plan's ladder, which always has one."""
    assert level.gbr_dl is not None  # noqa: S101 - see `ladder_of`
    return level.gbr_dl


def merged(windows: Iterable[Window], now_s: float) -> list[Window]:
    """What is left of windows that may overlap, as windows that do not; the earliest first."""
    found: list[Window] = []
    for window in sorted(window.after(now_s) for window in windows if window.until_s > now_s):
        if found and window.from_s <= found[-1].until_s:
            last = found.pop()
            window = Window(last.from_s, max(last.until_s, window.until_s))  # noqa: PLW2901 - grown
        found.append(window)
    return found


def _by_name(request: PlanRequest, catalogue: Catalogue) -> tuple[QosLevel, ...]:
    if request.alternatives:
        raise _wrong("/altQosParamSets", "alternatives by value need a qosParamSet")
    names = (request.qos_reference or "", *request.alternative_references)
    if len(set(names)) < len(names):
        raise _wrong("/altQosRefs", "each name may stand only once")
    pointers = ["/qosReference", *(f"/altQosRefs/{i}" for i in range(len(names) - 1))]
    return tuple(
        _named(name, pointer, catalogue) for name, pointer in zip(names, pointers, strict=True)
    )


def _named(name: str, pointer: str, catalogue: Catalogue) -> QosLevel:
    try:
        level = catalogue.profile(name).at(None)
    except InvalidValue as error:
        raise _wrong(pointer, str(error)) from None
    if level.resource_type is ResourceType.NON_GBR or level.gbr_dl is None:
        reason = f"the profile {name} guarantees no downlink rate, so there is nothing to plan"
        raise _wrong(pointer, reason)
    return level


def _by_value(wish: QosWish, request: PlanRequest) -> tuple[QosLevel, ...]:
    if request.alternative_references:
        raise _wrong("/altQosRefs", "alternatives by name need a qosReference")
    rate = wish.gbr_dl or wish.mbr_dl
    if rate is None:
        raise _wrong("/qosParamSet/gfbrDl", "name a downlink rate to guarantee: it is planned")
    first = QosLevel(
        reference=None,
        resource_type=_GUARANTEED.resource_type,
        priority=wish.priority or _GUARANTEED.priority,
        delay_ms=wish.delay_ms or _GUARANTEED.delay_ms,
        per=wish.per or _GUARANTEED.per,
        gbr_dl=rate,
        gbr_ul=wish.gbr_ul or wish.mbr_ul,
        mbr_dl=wish.mbr_dl,
        mbr_ul=wish.mbr_ul,
    )
    others = (_alternative(first, other) for other in request.alternatives)
    pointers = ["/qosParamSet", *(f"/altQosParamSets/{i}" for i in range(MOST_ALTERNATIVES + 2))]
    return tuple(_bounded(*pair) for pair in zip((first, *others), pointers, strict=False))


def _alternative(first: QosLevel, other: QosWish) -> QosLevel:
    return replace(
        first,
        gbr_dl=other.gbr_dl or first.gbr_dl,
        gbr_ul=other.gbr_ul or first.gbr_ul,
        delay_ms=other.delay_ms or first.delay_ms,
        per=other.per or first.per,
    )


def _bounded(level: QosLevel, pointer: str) -> QosLevel:
    for name, low, high in (("Dl", level.gbr_dl, level.mbr_dl), ("Ul", level.gbr_ul, level.mbr_ul)):
        if low and high and low > high:
            reason = f"the guaranteed rate {low} is above the maximum rate {high}"
            raise _wrong(f"{pointer}/gfbr{name}", reason)
    return level


def _wrong(pointer: str, reason: str) -> InvalidRequest:
    return InvalidRequest(InvalidParam(pointer, reason))
