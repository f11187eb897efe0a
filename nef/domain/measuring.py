"""What is measured of a session's flows, and when it is told (TS 29.122 5.14.2.1, TS 29.512 5.6).

The rules are pure: the moment and what was measured come as arguments, and what has been told is
in `SessionWatch`, which the store keeps. So each crossing is told once, also across a restart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from nef.domain.events import EventReport, Measured, UserPlaneEvent
from nef.domain.measurements import (
    AVERAGING_WINDOW_MS,
    Kind,
    Measurement,
    Measurements,
    monitoring_of,
    thresholds_of,
)
from nef.domain.sessions import Monitoring, Session, SessionRequest, Usage
from nef.domain.subscriptions import Due
from nef.domain.usage import counted_up, has_reached, usage_of

#: What was carried is written down this often; a crash of everything at once loses no more.
_SAVED_EVERY_S = 1.0
#: While packets flow, what is taken over the averaging window is looked at this often.
LOOKS_APART_S = 0.1


class Side(StrEnum):
    """Where a value stands to its threshold; FAILED is a value that cannot be measured."""

    BELOW = "below"
    REACHED = "reached"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Watched:
    """One kind of measurement of one flow: what is asked for, and what has been told.

    `period_s` is when the present period began, `told_s` the last report of a crossing; `sides`
    is where each value stood when it was told last, BELOW where it never was.
    """

    component: int
    flow_ids: tuple[int, ...]
    kind: Kind
    asked: Monitoring
    period_s: float
    told_s: float | None = None
    sides: Mapping[str, Side] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionWatch:
    """All that is watched of a session.

    `counted` are the bytes carried by the name of their counter, as last saved at `counted_s`. A
    `threshold` is told once, which `threshold_told` remembers.
    """

    destination: str
    begun_s: float
    window_ms: int
    watched: tuple[Watched, ...] = ()
    threshold: Usage | None = None
    threshold_told: bool = False
    counted: Mapping[str, int] = field(default_factory=dict)
    counted_s: float = 0.0


def watch_of(session: Session, before: SessionWatch | None, now_s: float) -> SessionWatch | None:
    """What is to be watched of a session, None for nothing.

    What is asked for as it was `before` goes on; the rest begins now. A threshold that is another
    one than before is told again.
    """
    request = session.request
    watched = _watched(session, before, now_s) if _wants(request, _MONITORING) else ()
    threshold = request.usage_threshold
    if not watched and threshold is None:
        return None
    same = before is not None and before.threshold == threshold
    told = before.threshold_told if before is not None and same else False
    return SessionWatch(
        destination=request.destination,
        begun_s=session.created_at_s,
        window_ms=request.averaging_window_ms or AVERAGING_WINDOW_MS,
        watched=watched,
        threshold=threshold,
        # Who does not want to hear of it still gets the sum at the end of the session.
        threshold_told=told or not _wants(request, _USAGE),
        counted=before.counted if before else {},
        counted_s=before.counted_s if before else now_s,
    )


def look(
    watch: SessionWatch, measured: Measurements, carried: Mapping[str, int], now_s: float
) -> tuple[SessionWatch, tuple[EventReport, ...]]:
    """What is to be told now, and the watch after it was told.

    `carried` are the bytes by the name of their counter, as far as they are known.
    """
    watched, reports = _look_at_flows(watch, measured, now_s)
    after = replace(watch, watched=watched)
    if watch.threshold is None:
        return after, reports
    counted = counted_up(watch.counted, carried)
    usage = usage_of(counted, watch.begun_s, now_s)
    reached = not watch.threshold_told and has_reached(usage, watch.threshold)
    if reached:
        reports += (EventReport(_USAGE, usage=usage),)
    if reached or (counted != watch.counted and now_s >= watch.counted_s + _SAVED_EVERY_S):
        told = watch.threshold_told or reached
        after = replace(after, counted=counted, counted_s=now_s, threshold_told=told)
    return after, reports


def next_look(watch: SessionWatch, measured: Measurements, now_s: float) -> Due:
    """When to look again, after what was measured now was looked at."""
    crossing = [one for one in watch.watched if _EVENTS in one.asked.frequencies]
    looks_s = [
        one.period_s + one.asked.period_s
        for one in watch.watched
        if _PERIODIC in one.asked.frequencies and one.asked.period_s is not None
    ]
    waits_s = [one.told_s + (one.asked.wait_s or 0) for one in crossing if one.told_s is not None]
    looks_s += [until_s for until_s in waits_s if until_s > now_s]
    if crossing and any(_is_flowing(one) for one in measured.values()):
        looks_s.append(round(now_s + LOOKS_APART_S, 6))
    looks_s += _usage_looks_s(watch, now_s)
    on_change = bool(crossing) or watch.threshold is not None
    return Due(min(looks_s, default=None), on_change)


def first_look(watch: SessionWatch, now_s: float) -> Due:
    """When to look at what is watched from now on: a threshold may be reached already."""
    due = next_look(watch, {}, now_s)
    return due.at_latest(now_s) if due.on_change else due


def _is_flowing(measurement: Measurement) -> bool:
    """Whether what is taken over the averaging window changes as the window moves on."""
    return measurement.rate_dl is None or measurement.rate_dl.bps > 0


def _usage_looks_s(watch: SessionWatch, now_s: float) -> Iterator[float]:
    if watch.threshold is None:
        return
    if watch.threshold.duration_s is not None and not watch.threshold_told:
        yield watch.begun_s + watch.threshold.duration_s
    if watch.counted_s + _SAVED_EVERY_S > now_s:
        yield watch.counted_s + _SAVED_EVERY_S


_MONITORING, _USAGE = UserPlaneEvent.QOS_MONITORING, UserPlaneEvent.USAGE_REPORT
_EVENTS, _PERIODIC = "EVENT_TRIGGERED", "PERIODIC"


def _wants(request: SessionRequest, event: UserPlaneEvent) -> bool:
    return not request.events or event.value in request.events


def _watched(session: Session, before: SessionWatch | None, now_s: float) -> tuple[Watched, ...]:
    known = {(w.component, w.kind): w for w in before.watched} if before else {}
    found = []
    for demand in session.demands:
        for kind, asked in monitoring_of(session.request).items():
            fresh = Watched(demand.component, demand.flow_ids, kind, asked, now_s)
            old = known.get((demand.component, kind))
            goes_on = old is not None and old.asked == asked
            found.append(replace(old, flow_ids=demand.flow_ids) if old and goes_on else fresh)
    return tuple(found)


def _look_at_flows(
    watch: SessionWatch, measured: Measurements, now_s: float
) -> tuple[tuple[Watched, ...], tuple[EventReport, ...]]:
    """One report a flow, with all kinds of measurements of which something is to be told."""
    after: list[Watched] = []
    reports: dict[int, EventReport] = {}
    for one in watch.watched:
        measurement = measured.get(one.component)
        is_told, looked = look_at_flow(one, measurement, now_s) if measurement else (False, one)
        after.append(looked)
        if measurement and is_told:
            report = reports.get(
                one.component, EventReport(_MONITORING, one.component, one.flow_ids)
            )
            told = replace(report.measured or Measured(), **_told(one, measurement))
            reports[one.component] = replace(report, measured=told)
    return tuple(after), tuple(reports.values())


def look_at_flow(watched: Watched, measurement: Measurement, now_s: float) -> tuple[bool, Watched]:
    """Whether something is to be told of a flow now, and the watch after it was told."""
    if watched.kind is Kind.RATE and measurement.rate_dl is None:
        # A report has no word for a rate that is not known, so it waits until it is.
        return False, watched
    is_over, watched = _period(watched, now_s)
    is_crossed, watched = _crossing(watched, measurement, now_s)
    return is_over or is_crossed, watched


def _period(watched: Watched, now_s: float) -> tuple[bool, Watched]:
    period_s = watched.asked.period_s
    if _PERIODIC not in watched.asked.frequencies or period_s is None:
        return False, watched
    periods = int((now_s - watched.period_s) / period_s)
    if periods < 1:
        return False, watched
    # The beat stays, however late the look is; of several missed periods one report is enough.
    return True, replace(watched, period_s=watched.period_s + periods * period_s)


def _crossing(watched: Watched, measurement: Measurement, now_s: float) -> tuple[bool, Watched]:
    asked = watched.asked
    if _EVENTS not in asked.frequencies:
        return False, watched
    sides = {
        name: _side(measurement.value(name), threshold)
        for name, threshold in thresholds_of(asked).items()
    }
    moved = any(side is not watched.sides.get(name, Side.BELOW) for name, side in sides.items())
    waits = watched.told_s is not None and now_s < watched.told_s + (asked.wait_s or 0)
    if waits or not moved:
        return False, watched
    return True, replace(watched, sides=sides, told_s=now_s)


def _side(value: int | None, threshold: int) -> Side:
    if value is None:
        return Side.FAILED
    return Side.REACHED if value >= threshold else Side.BELOW


def _told(watched: Watched, measurement: Measurement) -> dict[str, Any]:
    """What a report says of a kind of measurements, as attributes of `Measured`."""
    asked = watched.asked.parameters
    fails = any(measurement.value(name) is None for name in asked)
    match watched.kind:
        case Kind.DELAY:
            value = measurement.delay_dl_ms if "DOWNLINK" in asked else None
            return {"delay_dl_ms": value, "delays_failed": fails}
        case Kind.RATE:
            return {"rate_dl": measurement.rate_dl}
        case Kind.CONGESTION:
            value = measurement.congestion_dl_percent if "DOWNLINK_CONGESTION" in asked else None
            return {"congestion_dl_percent": value, "congestion_failed": fails}
