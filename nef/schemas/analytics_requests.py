"""What an AF asks of analytics, from the wire (TS 29.522 5.6.3; TS 29.520 5.1.6.2)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from nef.domain.analytics import (
    PERFORMANCE_MEASURES,
    AnalyticsEvent,
    AnalyticsRequest,
    Measure,
    Quality,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
)
from nef.domain.areas import NOWHERE
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.fiveqi import FIVE_QIS
from nef.domain.reporting import Direction, Method, Reporting
from nef.schemas.areas import LocationAreaSchema
from nef.schemas.base import WireSchema, loaded
from nef.schemas.fields import (
    AT_LEAST_ONE,
    BitRateField,
    ErrorRateField,
    FeaturesField,
    MomentField,
)
from nef.schemas.links import websocket_wanted

#: JSON carries whole numbers exactly up to here (RFC 8259 6), and so does the store.
_MOST = 2**53
_WHOLE = validate.Range(0, _MOST, error="must be a number from {min} to {max}")
_COUNT = validate.Range(1, _MOST, error="must be a number from {min} to {max}")
_FIVE_QI = validate.OneOf(tuple(FIVE_QIS), error="is no standardized 5QI (TS 23.501 5.7.4)")
#: A window moves along at this distance at the most: thirty years, in seconds.
_FAR_S = 10**9
_OFFSET = validate.Range(-_FAR_S, _FAR_S, error="must be a number from {min} to {max}")

_PERFORMANCES = {measure.value: measure for measure in PERFORMANCE_MEASURES}


class TargetSchema(WireSchema):
    """`TargetUeId`."""

    makes = Target
    gpsi = fields.String()
    group = fields.String(data_key="exterGroupId")
    any_ue = fields.Boolean(data_key="anyUeInd")


class QualitySchema(WireSchema):
    """`QosRequirement`; what it says of devices is not modelled."""

    makes = Quality
    five_qi = fields.Integer(data_key="5qi", validate=_FIVE_QI)
    gbr_dl = BitRateField(data_key="gfbrDl")
    delay_ms = fields.Integer(data_key="pdb", validate=_COUNT)
    per = ErrorRateField(data_key="per")


class WindowSchema(WireSchema):
    """`EventReportingRequirement`: when, and how many findings at the most."""

    makes = dict
    from_s = MomentField(data_key="startTs")
    until_s = MomentField(data_key="endTs")
    offset_s = fields.Float(data_key="offsetPeriod", validate=_OFFSET)
    most_objects = fields.Integer(data_key="maxObjectNbr", validate=_COUNT)
    needed_by_s = MomentField(data_key="timeAnaNeeded")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The parts, if they are in order."""
        if "from_s" in data and "until_s" in data and data["until_s"] < data["from_s"]:
            raise ValidationError("must not be before startTs", "endTs")
        return data


class ThresholdsSchema(WireSchema):
    """`ThresholdLevel`: one or more thresholds; losses in tenths of a per cent (TS 29.571)."""

    congestion = fields.Integer(data_key="congLevel", validate=_WHOLE)
    mean_rate = BitRateField(data_key="avgTrafficRate")
    most_rate = BitRateField(data_key="maxTrafficRate")
    least_rate = BitRateField(data_key="minTrafficRate")
    mean_delay = fields.Integer(data_key="avgPacketDelay", validate=_WHOLE)
    most_delay = fields.Integer(data_key="maxPacketDelay", validate=_WHOLE)
    total_rate = BitRateField(data_key="aggTrafficRate")
    rate_variance = fields.Float(data_key="varTrafficRate")
    delay_variance = fields.Float(data_key="varPacketDelay")
    loss = fields.Integer(data_key="avgPacketLossRate", validate=_WHOLE)
    most_loss = fields.Integer(data_key="maxPacketLossRate", validate=_WHOLE)
    loss_variance = fields.Float(data_key="varPacketLossRate")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Threshold, ...]:
        """A threshold for each attribute."""
        # Each flow of a class has the same error rate, on average and at the most.
        named = ((name.replace("most_loss", "loss"), value) for name, value in data.items())
        return tuple(Threshold(Measure(name), _value(name, value)) for name, value in named)


def _value(name: str, value: Any) -> float:
    if name == Measure.LOSS:
        return float(value) / 10
    return float(getattr(value, "bps", value))


class PerformanceThresholdsSchema(WireSchema):
    """`DnPerformanceReq`."""

    makes = dict
    thresholds = fields.List(fields.Nested(ThresholdsSchema), data_key="reportThresholds")


class PerformanceSchema(WireSchema):
    """`NetworkPerfRequirement`: a kind of performance, and what is to be reported of it."""

    makes = dict
    kind = fields.String(data_key="nwPerfType", required=True)
    ratio = fields.Integer(data_key="relativeRatio", validate=_WHOLE)
    number = fields.Integer(data_key="absoluteNum", validate=_WHOLE)


class BytesSchema(WireSchema):
    """`DataVolume`."""

    makes = dict
    downlink = fields.Integer(data_key="downlinkVolume", validate=_COUNT)


class VolumeSchema(WireSchema):
    """`E2eDataVolTransTimeReq`; thresholds in milliseconds, as all of its times here."""

    makes = dict
    volume = fields.Nested(BytesSchema, data_key="dataVolume")
    repeats = fields.Integer(data_key="repeatDataTrans")
    high_ms = fields.Integer(data_key="highTransTmThr", validate=_WHOLE)
    low_ms = fields.Integer(data_key="lowTransTmThr", validate=_WHOLE)
    order = fields.String(data_key="order")
    most_ues = fields.Integer(data_key="maxNumberUes", validate=_COUNT)


class FilterSchema(WireSchema):
    """`AnalyticsEventFilterSubsc` of subscriptions, and `AnalyticsEventFilter` of fetches."""

    makes = dict
    area = fields.Nested(LocationAreaSchema, data_key="locArea")
    quality = fields.Nested(QualitySchema, data_key="qosReq")
    rates = fields.List(BitRateField(), data_key="ranUeThrouThds")
    direction = fields.String(data_key="matchingDir")
    thresholds = fields.List(fields.Nested(ThresholdsSchema), data_key="reptThlds")
    dn_thresholds = fields.List(fields.Nested(PerformanceThresholdsSchema), data_key="dnPerfReqs")
    performances = fields.List(fields.Nested(PerformanceSchema), data_key="nwPerfReqs")
    kinds = fields.List(fields.String(), data_key="nwPerfTypes")
    # The published file has this attribute under two names.
    volumes = fields.List(fields.Nested(VolumeSchema), data_key="dataVlTrnsTmRqs")
    more_volumes = fields.List(fields.Nested(VolumeSchema), data_key="dataVlTrnsTmReqs")
    window = fields.Nested(WindowSchema, data_key="extraReportReq")
    part_s = fields.Float(data_key="temporalGranSize", validate=AT_LEAST_ONE)


class QuestionSchema(WireSchema):
    """`AnalyticsEventSubsc`, and `AnalyticsRequest` of a fetch."""

    makes = dict
    event = fields.String(data_key="analyEvent", required=True)
    target = fields.Nested(TargetSchema, data_key="tgtUe")
    conditions = fields.Nested(FilterSchema, data_key="analyEventFilter")
    window = fields.Nested(WindowSchema, data_key="analyRep")


class ReportingSchema(WireSchema):
    """`ReportingInformation` (TS 29.523 5.6.2)."""

    makes = dict
    method = fields.String(data_key="notifMethod")
    immediate = fields.Boolean(data_key="immRep")
    period_s = fields.Float(data_key="repPeriod", validate=AT_LEAST_ONE)
    max_reports = fields.Integer(data_key="maxReportNbr", validate=_COUNT)
    until_s = MomentField(data_key="monDur")


class RequestSchema(WireSchema):
    """`AnalyticsExposureSubsc`."""

    makes = dict
    destination = fields.String(data_key="notifUri", required=True)
    notification_id = fields.String(data_key="notifId", required=True)
    questions = fields.List(
        fields.Nested(QuestionSchema), data_key="analyEventsSubs", required=True
    )
    reporting = fields.Nested(ReportingSchema, data_key="analyRepInfo")
    features = FeaturesField(data_key="suppFeat")
    test_notification = fields.Boolean(data_key="requestTestNotification")


_REQUEST, _QUESTION = RequestSchema(), QuestionSchema()
#: What an AF gives; the rest of its document is the NEF's to say.
_OWN = frozenset(field.data_key for field in _REQUEST.fields.values()) | {"websockNotifConfig"}


def question_of(document: Any) -> Question:
    """What a fetch asks; raises InvalidRequest, also for an event that is not offered."""
    parts = loaded(_QUESTION, document)
    if parts["event"] not in set(AnalyticsEvent):
        reason = f"this NEF offers {', '.join(AnalyticsEvent)}"
        raise InvalidRequest(InvalidParam("/analyEvent", reason))
    return _question(parts, "")


def request_of(document: Any) -> AnalyticsRequest:
    """What a subscription asks; raises InvalidRequest. Events not offered are kept by name."""
    parts = loaded(_REQUEST, document)
    named = list(enumerate(parts["questions"]))
    offered = [(i, part) for i, part in named if part["event"] in set(AnalyticsEvent)]
    return AnalyticsRequest(
        destination=parts["destination"],
        notification_id=parts["notification_id"],
        questions=tuple(_question(part, f"/analyEventsSubs/{i}") for i, part in offered),
        unsupported=tuple(p["event"] for _, p in named if p["event"] not in set(AnalyticsEvent)),
        reporting=_reporting(parts.get("reporting", {})),
        features=parts.get("features"),
        test_notification=parts.get("test_notification", False),
        websocket=websocket_wanted(document),
        wire={key: value for key, value in document.items() if key in _OWN},
    )


def _question(parts: Mapping[str, Any], pointer: str) -> Question:
    conditions = parts.get("conditions", {})
    event = AnalyticsEvent(parts["event"])
    window = dict(parts.get("window") or conditions.get("window") or {})
    own = {name: window.pop(name, None) for name in ("most_objects", "needed_by_s")}
    kinds = [*conditions.get("kinds", ()), *(p["kind"] for p in conditions.get("performances", ()))]
    where = f"{pointer}/analyEventFilter"
    return Question(
        event=event,
        pointer=pointer,
        target=parts.get("target", Target()),
        area=conditions.get("area", NOWHERE),
        window=Window(**window),
        quality=conditions.get("quality", Quality()),
        volumes=tuple(_volume(one, where) for one in _volumes(conditions)),
        measures=tuple(_measure(kind, where) for kind in dict.fromkeys(kinds)),
        thresholds=tuple(dict.fromkeys(_thresholds(event, conditions, where))),
        direction=_one_of(
            Direction, conditions.get("direction"), Direction.CROSSED, f"{where}/matchingDir"
        ),
        part_s=conditions.get("part_s"),
        **own,
    )


def _volumes(conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*conditions.get("volumes", ()), *conditions.get("more_volumes", ())]


def _volume(parts: Mapping[str, Any], pointer: str) -> Volume:
    downlink_bytes = parts.get("volume", {}).get("downlink")
    if downlink_bytes is None:
        reason = "name the dataVolume, downlinkVolume in bytes: the uplink is not modelled"
        raise InvalidRequest(InvalidParam(f"{pointer}/dataVlTrnsTmRqs", reason))
    repeats = parts.get("repeats")
    if repeats is None:
        reason = "name repeatDataTrans; slots at intervals of time are not offered"
        raise InvalidRequest(InvalidParam(f"{pointer}/dataVlTrnsTmRqs", reason))
    if not 1 <= repeats <= MOST_REPEATS:
        reason = f"repeatDataTrans is a number from 1 to {MOST_REPEATS}"
        raise InvalidRequest(InvalidParam(f"{pointer}/dataVlTrnsTmRqs", reason))
    slowest_first = parts.get("order") == Direction.DESCENDING
    return Volume(downlink_bytes, repeats, parts.get("most_ues"), slowest_first)


#: A bound on the work of one question.
MOST_REPEATS = 100


def _measure(kind: str, pointer: str) -> Measure:
    if kind not in _PERFORMANCES:
        reason = (
            f"{kind[:40]!r} is not known of this network; there are: {', '.join(_PERFORMANCES)}"
        )
        raise InvalidRequest(InvalidParam(f"{pointer}/nwPerfType", reason))
    return _PERFORMANCES[kind]


def _thresholds(
    event: AnalyticsEvent, conditions: Mapping[str, Any], pointer: str
) -> list[Threshold]:
    """The thresholds that belong to an event; those of another event mean nothing to it."""
    match event:
        case AnalyticsEvent.QOS_SUSTAINABILITY:
            rates = conditions.get("rates") or [conditions.get("quality", Quality()).gbr_dl]
            return [Threshold(Measure.LEAST_RATE, rate.bps) for rate in rates if rate]
        case AnalyticsEvent.DN_PERFORMANCE:
            levels = [
                level
                for one in conditions.get("dn_thresholds", ())
                for level in one.get("thresholds", ())
            ]
            found = [t for level in (*conditions.get("thresholds", ()), *levels) for t in level]
            return [t for t in found if t.measure is not Measure.CONGESTION]
        case AnalyticsEvent.CONGESTION:
            found = [t for level in conditions.get("thresholds", ()) for t in level]
            return [t for t in found if t.measure is Measure.CONGESTION]
        case AnalyticsEvent.NETWORK_PERFORMANCE:
            return [
                Threshold(_PERFORMANCES[one["kind"]], one.get("ratio", one.get("number")))
                for one in conditions.get("performances", ())
                if one["kind"] in _PERFORMANCES and ("ratio" in one or "number" in one)
            ]
        case AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME:
            return [
                Threshold(Measure.TRANSFER_TIME, one[name], _volume(one, pointer))
                for one in _volumes(conditions)
                for name in ("high_ms", "low_ms")
                if name in one
            ]
    return []


def _reporting(parts: Mapping[str, Any]) -> Reporting:
    default = Method.PERIODIC if "period_s" in parts else Method.ON_EVENT_DETECTION
    method = _one_of(Method, parts.get("method"), default, "/analyRepInfo/notifMethod")
    if method is Method.PERIODIC and "period_s" not in parts:
        reason = "PERIODIC needs a repPeriod"
        raise InvalidRequest(InvalidParam("/analyRepInfo/repPeriod", reason, missing=True))
    return Reporting(**{**parts, "method": method})


def _one_of(kind: Any, text: str | None, default: Any, pointer: str) -> Any:
    if text is None:
        return default
    if text not in set(kind):
        reason = f"{text[:40]!r} is not offered; there are: {', '.join(kind)}"
        raise InvalidRequest(InvalidParam(pointer, reason))
    return kind(text)
