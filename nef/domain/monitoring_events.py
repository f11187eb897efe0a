"""Events of UEs that an AF asks to be told of (TS 29.122 5.3): what it asked, and what it heard."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from nef.domain.areas import CellPlace
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.sessions import UeAddress


class MonitoringType(StrEnum):
    """`MonitoringType` (TS 29.122 5.3.2.4.3), as far as it is offered."""

    LOSS_OF_CONNECTIVITY = "LOSS_OF_CONNECTIVITY"
    UE_REACHABILITY = "UE_REACHABILITY"
    LOCATION_REPORTING = "LOCATION_REPORTING"


class LocationType(StrEnum):
    """`LocationType` (TS 29.122 5.3.2.4.5), as far as it is offered."""

    CURRENT_LOCATION = "CURRENT_LOCATION"
    LAST_KNOWN_LOCATION = "LAST_KNOWN_LOCATION"
    CURRENT_OR_LAST_KNOWN_LOCATION = "CURRENT_OR_LAST_KNOWN_LOCATION"


class Accuracy(StrEnum):
    """How finely a place is told (TS 29.122 5.3.2.4.7): by its cell, tracking area or network."""

    CGI_ECGI = "CGI_ECGI"
    TA_RA = "TA_RA"
    PLMN = "PLMN"


class LossReason(Enum):
    """Why a UE is no longer reachable (TS 29.336 8.4.58).

    The values were made for an MME; TS 29.122 has no others, so an AMF tells its own by them.
    """

    UE_DETACHED = 0
    MAX_DETECTION_TIME_EXPIRED = 2


class LocationFailure(StrEnum):
    """Why there is no place to tell (TS 29.122 5.3.2.4)."""

    NOT_REGISTERED = "NOT_REGISTED_UE"  # sic, as published
    UNSPECIFIED = "UNSPECIFIED"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a subscription is about: one UE, or a group; `pointer` is the attribute that names it.

    Of a group, those in `excluded` are left out; those in `added` had been, and are back. Both are
    GPSIs.
    """

    pointer: str
    ue: UeAddress | None = None
    group: str | None = None
    excluded: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def names_ues(self) -> bool:
        """Whether reports may name their UE: who asked by an IP address does not learn a GPSI."""
        return self.ue is None or self.ue.gpsi is not None

    @property
    def whom(self) -> tuple[UeAddress | None, str | None]:
        """The UE or the group, without the members that are left out."""
        return self.ue, self.group


@dataclass(frozen=True, slots=True)
class LocationWish:
    """Which location is asked for, how finely, and how often; see `sightings.py`."""

    type: LocationType = LocationType.CURRENT_LOCATION
    accuracy: Accuracy = Accuracy.CGI_ECGI
    period_s: float | None = None
    interval_s: float = 0.0

    @property
    def takes_last(self) -> bool:
        """Whether the last known location will do."""
        return self.type is not LocationType.CURRENT_LOCATION

    @property
    def takes_current(self) -> bool:
        """Whether the current location is asked for."""
        return self.type is not LocationType.LAST_KNOWN_LOCATION


@dataclass(frozen=True, slots=True)
class MonitoringRequest:
    """What an AF asks to be told of.

    `max_reports` counts for each UE and each type by itself, and `until_s` ends the subscription,
    whatever comes first. `detection_s` is how long a UE must be unreachable before that is told.
    `guard_s` is how long reports on a group are collected. `negotiates` says whether the AF named
    optional features, of which none is supported. `wire` is the request as it was written.
    """

    destination: str
    target: Target
    types: tuple[MonitoringType, ...]
    max_reports: int | None = None
    until_s: float | None = None
    immediate: bool = False
    guard_s: float = 0.0
    detection_s: float = 0.0
    location: LocationWish = field(default_factory=LocationWish)
    negotiates: bool = False
    test_notification: bool = False
    websocket: bool = False
    wire: Mapping[str, Any] = field(default_factory=dict)

    @property
    def one_time(self) -> bool:
        """Whether one report is all there will be of each UE and type."""
        return self.max_reports == 1


@dataclass(frozen=True, slots=True)
class Sighting:
    """How a UE stands at a moment.

    `place` is where it is, None while nobody can tell; `last` is where it was seen last, `age_s`
    ago where that is known. The last two are looked up only where somebody asks for them.
    """

    attached: bool
    reachable: bool
    place: CellPlace | None
    last: CellPlace | None = None
    age_s: float | None = None


#: A UE that the network has no more.
GONE = Sighting(attached=False, reachable=False, place=None)


@dataclass(frozen=True, slots=True)
class Location:
    """A place as finely as it may be told; `age_s` is None where it is not known."""

    place: CellPlace
    accuracy: Accuracy
    age_s: float | None


@dataclass(frozen=True, slots=True)
class UeEvent:
    """One report (`MonitoringEventReport`); `gpsi` is None where the AF may not learn it."""

    type: MonitoringType
    gpsi: str | None
    time_s: float
    loss: LossReason | None = None
    location: Location | None = None
    failure: LocationFailure | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told of one UE as regards one type.

    `told` says whether the state it is in was told; `lost_s` is since when it is not reachable.
    `last_s` and `mark` are for locations: when the last was told, and which; before the first,
    when it was asked for, and where the UE was then.
    """

    count: int = 0
    told: bool = False
    lost_s: float | None = None
    last_s: float | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class MonitoringSubscription:
    """What was asked, and where each UE stands: `standings` by UE and type.

    `gpsi` is the UE, where it is one. `held` is what was collected since `held_s`, and not told.
    """

    request: MonitoringRequest
    gpsi: str | None = None
    standings: Mapping[str, Mapping[MonitoringType, Standing]] = field(default_factory=dict)
    held: tuple[UeEvent, ...] = ()
    held_s: float | None = None

    def of_each(self) -> Iterator[Standing]:
        """The standings of all UEs in all types."""
        for standings in self.standings.values():
            yield from standings.values()


def check_request(request: MonitoringRequest, now_s: float) -> None:
    """Raise InvalidRequest where parts do not go together."""
    wrong = [*_in_time(request, now_s), *_of_locations(request), *_of_groups(request.target)]
    if request.guard_s and request.target.group is None:
        wrong.append(InvalidParam("/groupReportGuardTime", "belongs to a group of UEs"))
    if wrong:
        raise InvalidRequest(*wrong)


def _in_time(request: MonitoringRequest, now_s: float) -> Iterator[InvalidParam]:
    if request.max_reports is None and request.until_s is None:
        reason = "name it, or monitorExpireTime, or both"
        yield InvalidParam("/maximumNumberOfReports", reason, missing=True)
    if request.until_s is not None and request.until_s <= now_s:
        yield InvalidParam("/monitorExpireTime", "this time has passed")


def _of_locations(request: MonitoringRequest) -> Iterator[InvalidParam]:
    wish = request.location
    if not wish.takes_current and not request.one_time:
        # TS 29.122 table 5.3.2.1.2-1: a last known location does not change.
        yield InvalidParam("/maximumNumberOfReports", "must be 1 for LAST_KNOWN_LOCATION")
    if wish.period_s is not None and request.one_time:
        yield InvalidParam("/repPeriod", "a single report has no period")
    if wish.period_s is not None and wish.interval_s:
        reason = "belongs to reports of changes, repPeriod to periodic ones; name one of them"
        yield InvalidParam("/minimumReportInterval", reason)


def _of_groups(target: Target) -> Iterator[InvalidParam]:
    if target.group is None and (target.excluded or target.added):
        reason = "UEs are added and left out in a group only, which externalGroupId names"
        yield InvalidParam("/externalGroupId", reason, missing=True)
    both = [gpsi for gpsi in target.added if gpsi in target.excluded]
    if both:
        yield InvalidParam(target.pointer, f"{both[0]} cannot be added and left out at once")
