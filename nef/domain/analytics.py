"""What an AF may ask about the network (TS 29.522 5.6): about whom, where, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nef.domain.areas import NOWHERE, Area
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.reporting import ON_EVENTS, Direction, Reported, Reporting
from nef.domain.units import BitRate, PacketErrorRate


class AnalyticsEvent(StrEnum):
    """The kinds of analytics that this NEF offers (`AnalyticsEvent`)."""

    UE_MOBILITY = "UE_MOBILITY"
    UE_COMM = "UE_COMM"
    CONGESTION = "CONGESTION"
    NETWORK_PERFORMANCE = "NETWORK_PERFORMANCE"
    QOS_SUSTAINABILITY = "QOS_SUSTAINABILITY"
    DN_PERFORMANCE = "DN_PERFORMANCE"
    E2E_DATA_VOL_TRANS_TIME = "E2E_DATA_VOL_TRANS_TIME"


class Failure(StrEnum):
    """Why a question has no answer (`AnalyticsFailureCode`)."""

    UNAVAILABLE_DATA = "UNAVAILABLE_DATA"
    BOTH_STAT_PRED_NOT_ALLOWED = "BOTH_STAT_PRED_NOT_ALLOWED"
    UNSATISFIED_REQUESTED_ANALYTICS_TIME = "UNSATISFIED_REQUESTED_ANALYTICS_TIME"
    OTHER = "OTHER"


class Measure(StrEnum):
    """What a threshold can be about; rates in bit/s, delays and times in ms, shares in per cent.

    A variance has the square of its unit.
    """

    MEAN_RATE = "mean_rate"
    LEAST_RATE = "least_rate"
    MOST_RATE = "most_rate"
    MEAN_DELAY = "mean_delay"
    MOST_DELAY = "most_delay"
    TOTAL_RATE = "total_rate"
    RATE_VARIANCE = "rate_variance"
    DELAY_VARIANCE = "delay_variance"
    CONGESTION = "congestion"
    TRANSFER_TIME = "transfer_time"
    GNB_ACTIVE_RATIO = "GNB_ACTIVE_RATIO"
    GNB_RSC_USAGE_GBR_TRAFFIC = "GNB_RSC_USAGE_GBR_TRAFFIC"
    NUM_OF_UE = "NUM_OF_UE"


#: The kinds of NETWORK_PERFORMANCE that the radio model knows (`NetworkPerfType`).
PERFORMANCE_MEASURES = (
    Measure.GNB_ACTIVE_RATIO,
    Measure.GNB_RSC_USAGE_GBR_TRAFFIC,
    Measure.NUM_OF_UE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """The UEs that a question is about; none of them set means that it is about an area only."""

    gpsi: str | None = None
    group: str | None = None
    any_ue: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a question is about: fixed, or moving along with each report; else now.

    With `offset_s` below 0 it is the time before each report, above 0 the time after it.
    """

    from_s: float | None = None
    until_s: float | None = None
    offset_s: float | None = None

    def at(self, now_s: float) -> tuple[float, float]:
        """From when until when, for an answer that is given now."""
        if self.offset_s is not None:
            return min(now_s, now_s + self.offset_s), max(now_s, now_s + self.offset_s)
        from_s = now_s if self.from_s is None else self.from_s
        return from_s, from_s if self.until_s is None else max(from_s, self.until_s)

    def is_mixed(self, now_s: float) -> bool:
        """Whether it asks for statistics and predictions at once."""
        from_s, until_s = self.at(now_s)
        return from_s < now_s < until_s


@dataclass(frozen=True, slots=True)
class Quality:
    """The QoS that a question means (`QosRequirement`, TS 29.520 5.1.6.2.20)."""

    five_qi: int | None = None
    gbr_dl: BitRate | None = None
    delay_ms: int | None = None
    per: PacketErrorRate | None = None


@dataclass(frozen=True, slots=True)
class Volume:
    """A downlink transfer of so many bytes, `repeats` times one after the other.

    `most_ues` answers are wanted at the most, the quickest first, or where `slowest_first` that.
    """

    downlink_bytes: int
    repeats: int = 1
    most_ues: int | None = None
    slowest_first: bool = False


def reading_of(measure: Measure, volume: Volume | None = None) -> str:
    """The name of a reading; transfer times have one for each volume."""
    if volume is None:
        return measure.value
    return f"{measure.value}/{volume.downlink_bytes}x{volume.repeats}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value that is reported when it is crossed; one of a transfer time belongs to a volume."""

    measure: Measure
    value: float
    volume: Volume | None = None

    @property
    def reading(self) -> str:
        """The name of the reading that it is held against."""
        return reading_of(self.measure, self.volume)

    @property
    def name(self) -> str:
        """What tells it from the others of its question."""
        return f"{self.reading}/{float(self.value)!r}"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing an AF wants to know; `pointer` is where it stands in the AF's document.

    `part_s` wants an answer for each part of the window. After `needed_by_s` none is of use.
    """

    event: AnalyticsEvent
    pointer: str
    target: Target = Target()
    area: Area = NOWHERE
    window: Window = Window()
    quality: Quality = Quality()
    volumes: tuple[Volume, ...] = ()
    measures: tuple[Measure, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    direction: Direction = Direction.CROSSED
    most_objects: int | None = None
    part_s: float | None = None
    needed_by_s: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that cannot be reported, and why; `event` may be one that we do not know."""

    event: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class AnalyticsRequest:
    """A subscription as an AF asks for it.

    `unsupported` names events that this NEF does not offer. `wire` is the AF's document, opaque to
    all but the schema, to be returned as it came.
    """

    destination: str
    notification_id: str
    questions: tuple[Question, ...]
    unsupported: tuple[str, ...] = ()
    reporting: Reporting = ON_EVENTS
    features: int | None = None
    test_notification: bool = False
    websocket: bool = False
    wire: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnalyticsSubscription:
    """A subscription and how far it has come; `failed` says which events had no answer at first."""

    request: AnalyticsRequest
    reported: Reported
    failed: tuple[Failed, ...] = ()


def check_question(question: Question) -> None:
    """Whether a question names what its event is about; raises InvalidRequest."""
    if question.target == Target() and not question.area:
        reason = "name the UEs, or an area in locArea"
        raise InvalidRequest(InvalidParam(f"{question.pointer}/tgtUe", reason, missing=True))
    if question.event is AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME and not question.volumes:
        raise _wrong(question, "analyEventFilter", "say how much is to be transferred downlink")
    wants_rate = question.event is AnalyticsEvent.QOS_SUSTAINABILITY
    if wants_rate and not any(t.measure is Measure.LEAST_RATE for t in question.thresholds):
        raise _wrong(question, "analyEventFilter/qosReq", "name the rate to be kept: gfbrDl")
    if question.event is AnalyticsEvent.NETWORK_PERFORMANCE and not question.measures:
        kinds = ", ".join(PERFORMANCE_MEASURES)
        raise _wrong(question, "analyEventFilter", f"name what to report; there are: {kinds}")


def _wrong(question: Question, name: str, reason: str) -> InvalidRequest:
    return InvalidRequest(InvalidParam(f"{question.pointer}/{name}", reason))
