"""What an AF plans to send, when a network could carry it, and what it chose (TS 29.522 `Pdtq`).

A plan reserves nothing: it says when a session is likely to be granted, and warns when that has
changed. Moments are aware datetimes, in the time of the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from af_client.answers import Cell, TrackingArea
from af_client.checks import check_values

#: What a QoS leaves open as an alternative: these stay as they were asked for first.
_OF_THE_FIRST_ONLY = ("mbr_dl_bps", "mbr_ul_bps", "priority")


@dataclass(frozen=True, slots=True)
class Window:
    """A time from a moment to a later one; raises ValueError for naive ones, or no later one."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        for name in ("starts_at", "ends_at"):
            if getattr(self, name).tzinfo is None:
                raise ValueError(f"{name} needs a time zone, datetime.now(UTC) has one")
        if self.ends_at <= self.starts_at:
            raise ValueError(f"ends_at {self.ends_at} is not later than starts_at {self.starts_at}")

    @classmethod
    def of_next(cls, seconds: float) -> Self:
        """Return the time from now on."""
        now = datetime.now(UTC)
        return cls(now, now + timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class TransferQos:
    """What each UE is to get (`QosParameterSet`); `priority` is 1 (the highest) to 127.

    Raises ValueError for a packet error rate or a bit rate that cannot be written.
    """

    gbr_dl_bps: int | None = None
    gbr_ul_bps: int | None = None
    mbr_dl_bps: int | None = None
    mbr_ul_bps: int | None = None
    delay_ms: int | None = None
    per: str | None = None
    priority: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be written."""
        check_values(self)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be sent: to `n_ues` UEs at once, within `windows`, in `places` (none: anywhere).

    The QoS is asked for by name (`qos_reference`, then `alternative_references` in falling
    priority) or by value (`qos`, then `alternatives`, without maximum rates and priorities).
    `provider` is who provides the application, the AF itself where none is named. With `warned`
    a warning comes to `notification_destination` when the plan cannot be kept. Raises ValueError
    for what contradicts itself.
    """

    windows: tuple[Window, ...]
    n_ues: int = 1
    qos: TransferQos | None = None
    alternatives: tuple[TransferQos, ...] = ()
    qos_reference: str | None = None
    alternative_references: tuple[str, ...] = ()
    places: tuple[Cell | TrackingArea, ...] = ()
    provider: str | None = None
    application: str | None = None
    notification_destination: str | None = None
    warned: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what the NEF would have to."""
        check_values(self)
        if not self.windows:
            raise ValueError("a plan needs at least one window that would do")
        if (self.qos is None) == (self.qos_reference is None):
            raise ValueError("say either qos or qos_reference")
        for other in self.alternatives:
            for name in _OF_THE_FIRST_ONLY:
                if getattr(other, name) is not None:
                    raise ValueError(f"an alternative has no {name} of its own")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A window in which the network could carry the transfer; `id` is its number in its plan."""

    id: int
    window: Window


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as the NEF holds it: `candidates` come best first, `raw` is its own words.

    `reference` is what a warning calls it.
    """

    id: str
    url: str
    request: PlanRequest
    candidates: tuple[Candidate, ...] = ()
    chosen_id: int | None = None
    reference: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that was chosen, if it is still one."""
        return next((one for one in self.candidates if one.id == self.chosen_id), None)


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """A plan can no longer be kept as it was; `candidates` can be chosen instead, best first."""

    reference: str
    candidates: tuple[Candidate, ...]

    def is_about(self, plan: Plan) -> bool:
        """Whether this is the plan that cannot be kept."""
        return self.reference == plan.reference
