"""QoS levels, the operator's catalogue of named profiles, and what a flow asks of the network."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from nef.domain.errors import InvalidValue
from nef.domain.filters import PacketFilter, TosTrafficClass, parse_ip_filter_rule
from nef.domain.fiveqi import FIVE_QIS, FiveQi, ResourceType
from nef.domain.units import BitRate, PacketErrorRate


@dataclass(frozen=True, slots=True)
class QosLevel:
    """One rung of a ladder: what a QoS flow gets while this rung is granted.

    `reference` is its name on the wire: a qosReference, or the altQosParamSetRef of a set of
    parameters; the requested parameters themselves have none. `gbr_dl` and `gbr_ul` are the
    guaranteed rates (TS 23.501 5.7.2.5), None where nothing is reserved in that direction.
    """

    reference: str | None
    resource_type: ResourceType
    priority: int
    delay_ms: int
    per: PacketErrorRate
    gbr_dl: BitRate | None = None
    gbr_ul: BitRate | None = None
    mbr_dl: BitRate | None = None
    mbr_ul: BitRate | None = None


@dataclass(frozen=True, slots=True)
class QosProfile:
    """A named QoS of the catalogue: a level, and the bounds within which its rate may be asked.

    `min_gbr_dl` and `max_gbr_dl` bound a rate that a request names; a request that names none
    gets the rate of `level`.
    """

    level: QosLevel
    five_qi: int
    description: str = ""
    min_gbr_dl: BitRate | None = None
    max_gbr_dl: BitRate | None = None

    @property
    def reference(self) -> str:
        """The qosReference that names this profile."""
        assert self.level.reference is not None  # noqa: S101 - `of` always sets it
        return self.level.reference

    @classmethod
    def of(cls, reference: str, five_qi: int, **overrides: object) -> Self:
        """Make a profile from a standardised 5QI; `overrides` are fields of QosLevel or of this.

        Raises InvalidValue where the 5QI is not in TS 23.501 table 5.7.4-1.
        """
        row = FIVE_QIS.get(five_qi)
        if row is None:
            raise InvalidValue(f"5QI {five_qi} is not one of TS 23.501 table 5.7.4-1")
        own = {k: overrides.pop(k) for k in tuple(overrides) if k in _PROFILE_FIELDS}
        return cls(replace(_level(reference, row), **overrides), five_qi, **own)  # type: ignore[arg-type]

    def at(self, gbr_dl: BitRate | None, gbr_ul: BitRate | None = None) -> QosLevel:
        """This profile's level at the rates a request names, None for the profile's own.

        Raises InvalidValue where the downlink rate is outside the profile's bounds, or where the
        profile's resource type guarantees no rate at all (TS 23.501 5.7.2.5), or where neither
        side names the rate to guarantee.
        """
        if self.level.resource_type is ResourceType.NON_GBR and (gbr_dl or gbr_ul):
            raise InvalidValue(f"the profile {self.reference} guarantees no rate, so ask for none")
        low, high = self.min_gbr_dl, self.max_gbr_dl
        if gbr_dl is not None and ((low and gbr_dl < low) or (high and gbr_dl > high)):
            raise InvalidValue(
                f"{gbr_dl} is outside of what the profile {self.reference} allows: "
                f"{low or 'any rate'} to {high or 'any rate'}"
            )
        level = self.level
        if gbr_dl or gbr_ul:
            level = replace(level, gbr_dl=gbr_dl or level.gbr_dl, gbr_ul=gbr_ul or level.gbr_ul)
        guarantees = level.resource_type is not ResourceType.NON_GBR
        if guarantees and not (level.gbr_dl or level.gbr_ul):
            raise InvalidValue(f"the profile {self.reference} has no rate of its own, so name one")
        return level


_PROFILE_FIELDS = frozenset({"description", "min_gbr_dl", "max_gbr_dl"})


def _level(reference: str, row: FiveQi) -> QosLevel:
    return QosLevel(reference, row.resource_type, row.priority, row.delay_ms, row.per)


class Catalogue:
    """The QoS profiles an operator offers, by name."""

    def __init__(
        self,
        profiles: Iterable[QosProfile],
        for_now: Callable[[], Sequence[QosProfile]] = tuple,
    ) -> None:
        """Take the profiles; raises InvalidValue where a name stands twice.

        `for_now` gives those that are offered besides at the moment, and instead of those of the
        same names.
        """
        self._for_now = for_now
        self._profiles: Mapping[str, QosProfile] = {}
        for profile in profiles:
            if profile.reference in self._profiles:
                raise InvalidValue(f"the QoS profile {profile.reference!r} is defined twice")
            self._profiles = {**self._profiles, profile.reference: profile}

    def __iter__(self) -> Iterator[QosProfile]:
        """The profiles in the order of their definition."""
        return iter(self._offered().values())

    def beside(self, for_now: Callable[[], Sequence[QosProfile]]) -> "Catalogue":
        """The same profiles, beside those that are offered at the moment."""
        return Catalogue(self._profiles.values(), for_now)

    def profile(self, reference: str) -> QosProfile:
        """The profile of this name; raises InvalidValue that lists the names there are."""
        offered = self._offered()
        try:
            return offered[reference]
        except KeyError:
            names = ", ".join(offered) or "none"
            raise InvalidValue(
                f"no QoS profile is named {reference[:80]!r}; there are: {names}"
            ) from None

    def _offered(self) -> Mapping[str, QosProfile]:
        for_now = {profile.reference: profile for profile in self._for_now()}
        return {**self._profiles, **for_now} if for_now else self._profiles


@dataclass(frozen=True, slots=True)
class ServiceDataFlow:
    """A flow of packets inside a QoS flow (`FlowInfo`, TS 29.122 5.2.1)."""

    flow_id: int
    descriptions: tuple[str, ...] = ()
    tos: TosTrafficClass | None = None

    @property
    def filters(self) -> tuple[PacketFilter, ...]:
        """What its descriptions mean, which few ask."""
        return tuple(map(parse_ip_filter_rule, self.descriptions))


@dataclass(frozen=True, slots=True)
class FlowDemand:
    """What one QoS flow asks of the network.

    `component` is its medCompN, 0 for the subscription itself. `ladder` starts with what is asked
    for and goes on with the alternatives in falling priority; it is never empty.
    """

    component: int
    flows: tuple[ServiceDataFlow, ...]
    ladder: tuple[QosLevel, ...]

    @property
    def flow_ids(self) -> tuple[int, ...]:
        """The ids of its service data flows."""
        return tuple(flow.flow_id for flow in self.flows)


class NoBearer(Enum):
    """Why a QoS flow has no bearer at all; a bearer without any guarantee is not meant."""

    #: The network has not said yet whether it gives resources.
    AWAITED = "awaited"
    #: It broke off, and may come back.
    LOST = "lost"
    #: It is gone for good.
    RELEASED = "released"


#: An index into the ladder, None while nothing is guaranteed, or why there is no bearer.
Held = int | NoBearer | None


@dataclass(frozen=True, slots=True)
class FlowGrant:
    """Which rung of its ladder a QoS flow holds.

    `allocated` is False until the network has given resources for the first time.
    """

    component: int
    level: Held
    allocated: bool
