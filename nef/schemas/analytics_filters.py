"""The objects in which an AF asks of analytics (TS 29.522 5.6.3; TS 29.520 5.1.6.2)."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from nef.domain.analytics import (
    Measure,
    Quality,
    Target,
    Threshold,
)
from nef.domain.fiveqi import FIVE_QIS
from nef.schemas.areas import LocationAreaSchema
from nef.schemas.base import WireSchema
from nef.schemas.fields import (
    AT_LEAST_ONE,
    BitRateField,
    ErrorRateField,
    FeaturesField,
    MomentField,
)

#: JSON carries whole numbers exactly up to here (RFC 8259 6), and so does the store.
_MOST = 2**53
_WHOLE = validate.Range(0, _MOST, error="must be a number from {min} to {max}")
_COUNT = validate.Range(1, _MOST, error="must be a number from {min} to {max}")
_FIVE_QI = validate.OneOf(tuple(FIVE_QIS), error="is no standardized 5QI (TS 23.501 5.7.4)")
#: A window moves along at this distance at the most: thirty years, in seconds.
_FAR_S = 10**9
#: How much one subscription or fetch may ask: each question, each amount of data in it and each
#: threshold is looked at again whenever a report is due, and an AF has a number of subscriptions.
MOST_QUESTIONS, MOST_VOLUMES, MOST_THRESHOLDS = 100, 20, 100
_FEW = "may have {max} entries at the most"
_FEW_VOLUMES = validate.Length(max=MOST_VOLUMES, error=_FEW)
_FEW_THRESHOLDS = validate.Length(max=MOST_THRESHOLDS, error=_FEW)
_OFFSET = validate.Range(-_FAR_S, _FAR_S, error="must be a number from {min} to {max}")


class TargetSchema(WireSchema):
    """`TargetUeId`."""

    makes = Target
    gpsi = fields.String()
    group = fields.String(data_key="exterGroupId")
    any_ue = fields.Boolean(data_key="anyUeInd")


class QualitySchema(WireSchema):
    """`QosRequirement`, of what is modelled."""

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
    """`ThresholdLevel`: one or more thresholds."""

    congestion = fields.Integer(data_key="congLevel", validate=_WHOLE)
    mean_rate = BitRateField(data_key="avgTrafficRate")
    most_rate = BitRateField(data_key="maxTrafficRate")
    least_rate = BitRateField(data_key="minTrafficRate")
    mean_delay = fields.Integer(data_key="avgPacketDelay", validate=_WHOLE)
    most_delay = fields.Integer(data_key="maxPacketDelay", validate=_WHOLE)
    total_rate = BitRateField(data_key="aggTrafficRate")
    rate_variance = fields.Float(data_key="varTrafficRate")
    delay_variance = fields.Float(data_key="varPacketDelay")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Threshold, ...]:
        """A threshold for each attribute."""
        return tuple(
            Threshold(Measure(name), float(getattr(value, "bps", value)))
            for name, value in data.items()
        )


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
    rates = fields.List(BitRateField(), data_key="ranUeThrouThds", validate=_FEW_THRESHOLDS)
    direction = fields.String(data_key="matchingDir")
    thresholds = fields.List(
        fields.Nested(ThresholdsSchema), data_key="reptThlds", validate=_FEW_THRESHOLDS
    )
    dn_thresholds = fields.List(
        fields.Nested(PerformanceThresholdsSchema), data_key="dnPerfReqs", validate=_FEW_THRESHOLDS
    )
    performances = fields.List(
        fields.Nested(PerformanceSchema), data_key="nwPerfReqs", validate=_FEW_THRESHOLDS
    )
    kinds = fields.List(fields.String(), data_key="nwPerfTypes")
    # The published file has this attribute under two names.
    volumes = fields.List(
        fields.Nested(VolumeSchema), data_key="dataVlTrnsTmRqs", validate=_FEW_VOLUMES
    )
    more_volumes = fields.List(
        fields.Nested(VolumeSchema), data_key="dataVlTrnsTmReqs", validate=_FEW_VOLUMES
    )
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
        fields.Nested(QuestionSchema),
        data_key="analyEventsSubs",
        required=True,
        validate=validate.Length(max=MOST_QUESTIONS, error=_FEW),
    )
    reporting = fields.Nested(ReportingSchema, data_key="analyRepInfo")
    features = FeaturesField(data_key="suppFeat")
    test_notification = fields.Boolean(data_key="requestTestNotification")
