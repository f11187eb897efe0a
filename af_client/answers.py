"""What a network answers when it is asked what it can do, could do, or will do.

Rates are whole bits per second (`_bps`), shares per cent, `confidence` is per cent too. What the
NEF left out is None. Times are aware datetimes.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What all answers have in common; an answer about a moment has no `valid_until`.

    `valid_from` is later than the beginning of the time that was asked about, where the NEF knows
    nothing before it. `confidence` is 0..100: how likely it is to come true, by the NEF's own
    account; of the past, how much of it is known.
    """

    generated_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class Bandwidth(Answer):
    """What the network can do for a UE (DN performance: `PerfData` of TS 29.520).

    Over several UEs it is what each of them could get on average. `loss_rate` is a share between
    0 and 1, known in steps of 0.001.
    """

    average_dl_bps: int
    max_dl_bps: int | None = None
    min_dl_bps: int | None = None
    delay_ms: int | None = None
    loss_rate: float | None = None


@dataclass(frozen=True, slots=True)
class TransferTime(Answer):
    """How long so many bytes will take to reach a UE (`E2eDataVolTransTimePerUe`).

    The NEF knows it to the millisecond. `gpsi` names the UE, where the NEF does.
    """

    n_bytes: int
    seconds: float
    gpsi: str | None = None


@dataclass(frozen=True, slots=True)
class TransferTimes(Answer):
    """How long each of some sizes will take; one that is missing is not foreseen to arrive."""

    times: tuple[TransferTime, ...]

    def of(self, n_bytes: int) -> TransferTime | None:
        """Return the time of one size, of the slowest UE where there are several."""
        found = [time for time in self.times if time.n_bytes == n_bytes]
        return max(found, key=lambda time: time.seconds, default=None)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A time in which a UE gets less than the rate in question."""

    starts_at: datetime
    ends_at: datetime
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class QosOutlook(Answer):
    """Whether a rate holds in the time in question, and if not, when it does not.

    `confidence` is that of the shortfalls: the standard has none for "it holds".
    """

    rate_dl_bps: int
    shortfalls: tuple[Shortfall, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no shortfall is foreseen."""
        return not self.shortfalls


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell (`Ncgi`): country and network code, and 9 hexadecimal digits."""

    mcc: str
    mnc: str
    cell_id: str

    def __str__(self) -> str:
        """Write it as "001-01-000000010"."""
        return f"{self.mcc}-{self.mnc}-{self.cell_id}"


@dataclass(frozen=True, slots=True)
class TrackingArea:
    """A tracking area (`Tai`): country and network code, and 4 or 6 hexadecimal digits."""

    mcc: str
    mnc: str
    tac: str


@dataclass(frozen=True, slots=True)
class CellCongestion:
    """How congested some cells are, in per cent."""

    cells: tuple[Cell, ...]
    percent: int
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class Congestion(Answer):
    """How congested the cell of a UE, or an area, is: `percent` is that of the worst place."""

    percent: int
    places: tuple[CellCongestion, ...] = ()


class PerformanceKind(StrEnum):
    """Figures about cells (`NetworkPerfType`); a NEF may know others, by plain text."""

    GNB_ACTIVE_RATIO = "GNB_ACTIVE_RATIO"
    GNB_RSC_USAGE_GBR_TRAFFIC = "GNB_RSC_USAGE_GBR_TRAFFIC"
    NUM_OF_UE = "NUM_OF_UE"


@dataclass(frozen=True, slots=True)
class PerformanceFigure:
    """One figure: a share in per cent or a number, as its `kind` (a `PerformanceKind`) says."""

    kind: str
    value: int
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkPerformance(Answer):
    """Figures about the cell of a UE, or of an area."""

    figures: tuple[PerformanceFigure, ...] = ()

    def of(self, kind: str) -> int | None:
        """Return the value of one kind."""
        return next((figure.value for figure in self.figures if figure.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Stay:
    """A time spent in one place, as far as the NEF names its beginning."""

    cells: tuple[Cell, ...]
    duration_s: int
    starts_at: datetime | None = None
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class Mobility(Answer):
    """Where a UE was or will be, in the order of time."""

    stays: tuple[Stay, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """A time in which a UE communicates, and how much."""

    duration_s: int
    starts_at: datetime | None = None
    downlink_bytes: int | None = None
    uplink_bytes: int | None = None
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class Communication(Answer):
    """When a UE communicated or will communicate."""

    traffic: tuple[Traffic, ...] = ()


@dataclass(frozen=True, slots=True)
class Location(Answer):
    """Where a UE is (`LocationInfo` of TS 29.122), as the NEF writes it.

    `generated_at` is the time of the event, `age_min` how old the network's knowledge was then.
    """

    cell_id: str | None = None
    tracking_area_id: str | None = None
    plmn_id: str | None = None
    age_min: int | None = None


@dataclass(frozen=True, slots=True)
class Reachability(Answer):
    """A UE became reachable, or is: for `kind` "DATA" or "SMS"; until `valid_until`, if known."""

    kind: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectivityLoss(Answer):
    """A UE is no longer connected.

    `reason` is a number of TS 29.336 8.4.58; `unavailable_s` how long it will last, if known.
    """

    reason: int | None = None
    unavailable_s: int | None = None
