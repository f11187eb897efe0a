"""What analytics find, and how an answer is known again (TS 23.288 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from nef.domain.analytics import AnalyticsEvent, Measure
from nef.domain.areas import NOWHERE, Area, CellPlace
from nef.domain.units import BitRate, PacketErrorRate


@dataclass(frozen=True, slots=True)
class Delay:
    """Delays over the UEs and a time, as far as they were in reach."""

    mean_ms: float
    most_ms: float
    variance: float


@dataclass(frozen=True, slots=True)
class DnPerformance:
    """Rates that a new flow could get, delays and losses, over the UEs and a time.

    Mean, least and most are those of UEs that each are alone in asking; `total_rate` is what all
    of them could get at once. Without anybody in reach there is no `delay`, and no loss either.
    """

    places: tuple[CellPlace, ...]
    from_s: float
    until_s: float
    mean_rate: BitRate
    least_rate: BitRate
    most_rate: BitRate
    total_rate: BitRate
    rate_variance: float
    delay: Delay | None
    loss: PacketErrorRate
    ues: int
    confidence: int


@dataclass(frozen=True, slots=True)
class TransferTime:
    """How long a volume takes to one UE; the variance is that of its repetitions."""

    gpsi: str
    place: CellPlace
    downlink_bytes: int
    mean_s: float
    variance_s2: float
    from_s: float
    until_s: float
    confidence: int


@dataclass(frozen=True, slots=True)
class Congestion:
    """How much of a cell guaranteed flows hold, over a time."""

    place: CellPlace
    percent: int
    from_s: float
    until_s: float
    confidence: int


@dataclass(frozen=True, slots=True)
class NetworkPerformance:
    """One figure about cells: a share in per cent, or a number."""

    places: tuple[CellPlace, ...]
    measure: Measure
    value: int
    from_s: float
    until_s: float
    confidence: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A time in which UEs of a cell get less than a threshold: where QoS is not sustainable."""

    place: CellPlace
    threshold: BitRate
    from_s: float
    until_s: float
    confidence: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A time that a UE spent or will spend in one cell."""

    place: CellPlace
    from_s: float
    until_s: float
    confidence: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a UE received or will receive of its own, at a stretch."""

    from_s: float
    until_s: float
    downlink_bytes: int
    confidence: int


Finding = (
    DnPerformance | TransferTime | Congestion | NetworkPerformance | Shortfall | Stay | Traffic
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: of one kind, by `event`; no findings are an answer too.

    `until_s` is when it expires. `readings` are the values that thresholds are held against,
    by the names that `reading_of` gives them.
    `area` is where it was asked about, if it was.
    """

    event: AnalyticsEvent
    made_at_s: float
    from_s: float
    until_s: float
    findings: tuple[Finding, ...]
    readings: Mapping[str, float] = field(default_factory=dict)
    area: Area = NOWHERE


_PASSING = frozenset({"from_s", "until_s", "confidence"})


def mark(answer: Answer) -> str:
    """What an answer says, apart from times and confidence, which are never the same twice."""
    return repr([_substance(finding) for finding in answer.findings])


def _substance(finding: Finding) -> tuple[Any, ...]:
    if isinstance(finding, TransferTime):
        return finding.gpsi, finding.downlink_bytes, f"{finding.mean_s:.2g}"
    if isinstance(finding, Traffic):
        return ()  # how much of it lies in the window changes all the time
    names = (f.name for f in fields(finding) if f.name not in _PASSING)
    return tuple(getattr(finding, name) for name in names)
