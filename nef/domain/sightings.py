"""From how UEs stand to what is told of them: each loss, return and change of place once.

The rules are pure: what was told is in the subscription, which the store keeps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from nef.domain.areas import CellPlace
from nef.domain.monitoring_events import (
    Accuracy,
    Location,
    LocationFailure,
    LossReason,
    MonitoringRequest,
    MonitoringSubscription,
    MonitoringType,
    Sighting,
    Standing,
    UeEvent,
)
from nef.domain.subscriptions import Due

_News = tuple[Standing, UeEvent | None]


def seen(
    body: MonitoringSubscription, sightings: Mapping[str, Sighting], now_s: float
) -> tuple[MonitoringSubscription, tuple[UeEvent, ...]]:
    """What there is to tell now of these UEs, by their GPSIs; others are forgotten."""
    standings: dict[str, Mapping[MonitoringType, Standing]] = {}
    events = []
    for gpsi, sighting in sightings.items():
        before, after = body.standings.get(gpsi, {}), {}
        for kind in body.request.types:
            standing = before.get(kind, Standing())
            after[kind], event = _news(body.request, kind, standing, sighting, now_s)
            if event is not None:
                named = gpsi if body.request.target.names_ues else None
                events.append(replace(event, gpsi=named))
        standings[gpsi] = after
    return replace(body, standings=standings), tuple(events)


def collected(
    body: MonitoringSubscription, events: tuple[UeEvent, ...], now_s: float
) -> tuple[MonitoringSubscription, tuple[UeEvent, ...]]:
    """What is told now of new events and those held back; all of it where nothing is to come."""
    held = (*body.held, *events)
    held_s = now_s if body.held_s is None else body.held_s
    if held and now_s < held_s + body.request.guard_s and not is_over(body, now_s):
        return replace(body, held=held, held_s=held_s), ()
    return replace(body, held=(), held_s=None), held


def is_over(body: MonitoringSubscription, now_s: float) -> bool:
    """Whether nothing more will be told: its time is over, or all its reports are made."""
    request = body.request
    if request.until_s is not None and now_s >= request.until_s:
        return True
    standings = tuple(body.of_each())
    return bool(standings) and all(_is_done(request, one) for one in standings)


def next_look(body: MonitoringSubscription, now_s: float) -> Due:
    """When to look again at one that is not over."""
    request = body.request
    going = [
        (kind, one)
        for standings in body.standings.values()
        for kind, one in standings.items()
        if not _is_done(request, one)
    ]
    looks_s = [at_s for kind, one in going for at_s in _looks_s(request, kind, one, now_s)]
    if body.held_s is not None:
        looks_s.append(body.held_s + request.guard_s)
    if request.until_s is not None:
        looks_s.append(request.until_s)
    periodic = request.types == (MonitoringType.LOCATION_REPORTING,) and request.location.period_s
    # A group may have nobody in it yet.
    return Due(min(looks_s, default=None), on_change=not (periodic and going))


def _looks_s(
    request: MonitoringRequest, kind: MonitoringType, standing: Standing, now_s: float
) -> Iterator[float]:
    """The moments at which there may be something to tell although nothing has happened."""
    if kind is MonitoringType.LOSS_OF_CONNECTIVITY:
        if standing.lost_s is not None and not standing.told:
            yield standing.lost_s + request.detection_s
        return
    if kind is MonitoringType.LOCATION_REPORTING:
        wish, last_s = request.location, now_s if standing.last_s is None else standing.last_s
        if wish.period_s is not None:
            yield last_s + wish.period_s
        elif last_s + wish.interval_s > now_s:
            yield last_s + wish.interval_s


def _is_done(request: MonitoringRequest, standing: Standing) -> bool:
    return request.max_reports is not None and standing.count >= request.max_reports


def _news(
    request: MonitoringRequest,
    kind: MonitoringType,
    standing: Standing,
    sighting: Sighting,
    now_s: float,
) -> _News:
    if _is_done(request, standing):
        return standing, None
    after, event = _RULES[kind](request, standing, sighting, now_s)
    return after if event is None else replace(after, count=after.count + 1), event


def _loss(
    request: MonitoringRequest, standing: Standing, sighting: Sighting, now_s: float
) -> _News:
    """Told once it has lasted for the detection time."""
    if sighting.reachable:
        return replace(standing, told=False, lost_s=None), None
    lost_s = now_s if standing.lost_s is None else standing.lost_s
    standing = replace(standing, lost_s=lost_s)
    if standing.told or now_s < lost_s + request.detection_s:
        return standing, None
    expired = LossReason.MAX_DETECTION_TIME_EXPIRED
    reason = expired if sighting.attached else LossReason.UE_DETACHED
    event = UeEvent(MonitoringType.LOSS_OF_CONNECTIVITY, None, now_s, loss=reason)
    return replace(standing, told=True), event


def _reachability(
    _request: MonitoringRequest, standing: Standing, sighting: Sighting, now_s: float
) -> _News:
    """Told when it begins, and of a UE that is reachable already at once."""
    event = None
    if sighting.reachable and not standing.told:
        event = UeEvent(MonitoringType.UE_REACHABILITY, None, now_s)
    return replace(standing, told=sighting.reachable), event


def _location(
    request: MonitoringRequest, standing: Standing, sighting: Sighting, now_s: float
) -> _News:
    """Told at once, periodically, or where the place is another one at the accuracy asked for."""
    mark = _mark(sighting.place, request.location.accuracy)
    if standing.last_s is None:
        due = request.immediate or request.one_time
        standing = replace(standing, last_s=now_s, mark=mark)
    else:
        due = _is_due(request, standing, mark, standing.last_s, now_s)
    if not due:
        return standing, None
    location = _located(request, sighting)
    failure = None
    if location is None:
        attached = sighting.attached
        failure = LocationFailure.UNSPECIFIED if attached else LocationFailure.NOT_REGISTERED
    event = UeEvent(
        MonitoringType.LOCATION_REPORTING, None, now_s, location=location, failure=failure
    )
    return replace(standing, last_s=now_s, mark=mark or standing.mark), event


def _is_due(
    request: MonitoringRequest, standing: Standing, mark: str, last_s: float, now_s: float
) -> bool:
    wish = request.location
    if wish.period_s is not None:
        return now_s >= last_s + wish.period_s
    # A UE that cannot be located has not moved, as far as anybody knows.
    moved = mark not in ("", standing.mark)
    return moved and (not standing.count or now_s >= last_s + wish.interval_s)


def _located(request: MonitoringRequest, sighting: Sighting) -> Location | None:
    wish = request.location
    if sighting.place is not None:
        # Where it is now is also where it was seen last.
        return Location(sighting.place, wish.accuracy, 0.0)
    if wish.takes_last and sighting.last is not None:
        return Location(sighting.last, wish.accuracy, sighting.age_s)
    return None


def _mark(place: CellPlace | None, accuracy: Accuracy) -> str:
    if place is None:
        return ""
    plmn = place.ncgi.plmn
    finer = {Accuracy.CGI_ECGI: place.ncgi.nci, Accuracy.TA_RA: place.tai.tac, Accuracy.PLMN: ""}
    return f"{plmn.mcc}-{plmn.mnc} {finer[accuracy]}"


_Rule = Callable[[MonitoringRequest, Standing, Sighting, float], _News]
_RULES: Mapping[MonitoringType, _Rule] = {
    MonitoringType.LOSS_OF_CONNECTIVITY: _loss,
    MonitoringType.UE_REACHABILITY: _reachability,
    MonitoringType.LOCATION_REPORTING: _location,
}
