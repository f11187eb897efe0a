"""What a network can be asked, once or again and again.

Each question has one kind of answer, of `af_client.answers`. `within_s` asks for the whole
seconds to come, `past_s` for those gone by; without either a question is about now. `per` is the
packet error rate of the flow that is meant ("1E-3"), which has its price in radio resources.
Thresholds matter to a watch without a period: it reports when one of them is crossed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from af_client.answers import (
    Answer,
    Bandwidth,
    Cell,
    Communication,
    Congestion,
    ConnectivityLoss,
    Location,
    Mobility,
    NetworkPerformance,
    PerformanceKind,
    QosOutlook,
    Reachability,
    TrackingArea,
    TransferTimes,
)
from af_client.checks import check_several
from af_client.units import checked_error_rate, checked_rate

A_co = TypeVar("A_co", bound=Answer, covariant=True)


class Crossing(StrEnum):
    """Which crossings of a threshold are of interest (`MatchingDirection`)."""

    ANY = "CROSSED"
    RISING = "ASCENDING"
    FALLING = "DESCENDING"


@dataclass(frozen=True, slots=True)
class Question(Generic[A_co]):
    """Something to be asked of a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsQuestion(Question[A_co]):
    """A question about a time, to the analytics (TS 29.522 AnalyticsExposure)."""

    within_s: int | None = None
    past_s: int | None = None

    def __post_init__(self) -> None:
        """Refuse both times at once, and what is no whole number of seconds."""
        _check_time(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthQuestion(AnalyticsQuestion[Bandwidth]):
    """What could a new flow get? Thresholds are average downlink rates."""

    per: str | None = None
    thresholds_bps: tuple[int, ...] = ()
    crossing: Crossing = Crossing.ANY

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        _check_time(self)
        _check_per(self.per)
        check_several("thresholds_bps", self.thresholds_bps)
        for rate_bps in self.thresholds_bps:
            checked_rate("thresholds_bps", rate_bps)


@dataclass(frozen=True, slots=True)
class TransferTimeQuestion(AnalyticsQuestion[TransferTimes]):
    """How long will each of these sizes take, one at a time, if it starts now?

    The threshold is that of the longest time, to the millisecond.
    """

    sizes: tuple[int, ...]
    per: str | None = None
    threshold_s: float | None = None
    crossing: Crossing = Crossing.ANY

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        _check_time(self)
        _check_per(self.per)
        check_several("sizes", self.sizes)
        if not self.sizes:
            raise ValueError("name at least one size in bytes")
        for n_bytes in self.sizes:
            _check_whole("a size", n_bytes, "bytes")


@dataclass(frozen=True, slots=True)
class QosQuestion(AnalyticsQuestion[QosOutlook]):
    """Will this downlink rate hold? A watch reports when that changes."""

    rate_dl_bps: int
    per: str | None = None
    crossing: Crossing = Crossing.ANY

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        _check_time(self)
        _check_per(self.per)
        checked_rate("rate_dl_bps", self.rate_dl_bps)


@dataclass(frozen=True, slots=True, kw_only=True)
class CongestionQuestion(AnalyticsQuestion[Congestion]):
    """How congested is the cell, or the area? Thresholds are per cent."""

    thresholds_percent: tuple[int, ...] = ()
    crossing: Crossing = Crossing.ANY

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        _check_time(self)
        check_several("thresholds_percent", self.thresholds_percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceQuestion(AnalyticsQuestion[NetworkPerformance]):
    """What are these figures of the cell, or of the area?"""

    kinds: tuple[str, ...] = tuple(PerformanceKind)

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        _check_time(self)
        check_several("kinds", self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityQuestion(AnalyticsQuestion[Mobility]):
    """Where is the UE, where was it, where will it be?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationQuestion(AnalyticsQuestion[Communication]):
    """When does the UE communicate, and how much?"""


@dataclass(frozen=True, slots=True)
class MonitoringQuestion(Question[A_co]):
    """A question about events of a UE (TS 29.122 MonitoringEvent)."""


@dataclass(frozen=True, slots=True)
class LocationQuestion(MonitoringQuestion[Location]):
    """Where is the UE? A watch reports each change."""


@dataclass(frozen=True, slots=True)
class ReachabilityQuestion(MonitoringQuestion[Reachability]):
    """Can the UE be reached for data? A watch reports when it becomes reachable."""


@dataclass(frozen=True, slots=True)
class ConnectivityLossQuestion(MonitoringQuestion[ConnectivityLoss]):
    """Does the UE lose its connection? A watch reports each time that it does."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a question is about: a UE, a group of UEs, or whoever is in an area."""

    gpsi: str | None = None
    group: str | None = None
    cells: tuple[Cell, ...] = ()
    tracking_areas: tuple[TrackingArea, ...] = ()

    def __str__(self) -> str:
        """Name it in a message."""
        return self.gpsi or self.group or "the area"


@dataclass(frozen=True, slots=True)
class Terms:
    """How often reports are wanted, and how long; without a period, when something happens.

    `once` is for a single report, in the reply to the request.
    """

    duration_s: float
    every_s: int | None = None
    max_reports: int | None = None
    once: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no whole number."""
        _check_whole("every_s", self.every_s, "seconds")
        _check_whole("max_reports", self.max_reports, "reports")

    def until(self) -> datetime:
        """Return when it ends, if it begins now."""
        return datetime.now(UTC) + timedelta(seconds=self.duration_s)


def _check_time(question: AnalyticsQuestion[Any]) -> None:
    if question.within_s is not None and question.past_s is not None:
        raise ValueError("ask about the time to come or about the past: within_s or past_s")
    _check_whole("within_s", question.within_s, "seconds", least=0)
    _check_whole("past_s", question.past_s, "seconds")


def _check_per(per: str | None) -> None:
    if per is not None:
        checked_error_rate(per)


def _check_whole(name: str, value: object, unit: str, *, least: int = 1) -> None:
    if value is not None and (not isinstance(value, int) or value < least):
        raise ValueError(f"{name} is {value!r}; give a whole number of {unit}, at least {least}")
