"""QoS monitoring and usage on the wire (TS 29.122 5.14.2.1 and 5.2.1, TS 29.514 5.6.2)."""

from typing import Any

from marshmallow import fields, post_load

from af_client.measurements import Measurement, QosMonitoring, Usage
from af_client.schemas.base import NameField, RateField, WireSchema

#: `RequestedQosMonitoringParameter` and `ReportingFrequency` (TS 29.512 5.6.3).
_PARAMETERS = (
    *("DOWNLINK", "UPLINK", "ROUND_TRIP", "DOWNLINK_DATA_RATE", "UPLINK_DATA_RATE"),
    *("DOWNLINK_CONGESTION", "UPLINK_CONGESTION"),
)
_FREQUENCIES = ("EVENT_TRIGGERED", "PERIODIC")


class UsageSchema(WireSchema):
    """`UsageThreshold` and `AccumulatedUsage`."""

    makes = Usage
    duration_s = fields.Integer(data_key="duration")
    total_bytes = fields.Integer(data_key="totalVolume")
    downlink_bytes = fields.Integer(data_key="downlinkVolume")
    uplink_bytes = fields.Integer(data_key="uplinkVolume")


class QosMonitoringSchema(WireSchema):
    """`QosMonitoringInformation`."""

    makes = QosMonitoring
    parameters = fields.List(NameField(*_PARAMETERS), data_key="reqQosMonParams", required=True)
    frequencies = fields.List(NameField(*_FREQUENCIES), data_key="repFreqs", required=True)
    period_s = fields.Integer(data_key="repPeriod")
    wait_s = fields.Integer(data_key="waitTime")
    delay_dl_ms = fields.Integer(data_key="repThreshDl")
    delay_ul_ms = fields.Integer(data_key="repThreshUl")
    delay_round_trip_ms = fields.Integer(data_key="repThreshRp")
    rate_dl_bps = RateField(data_key="repThreshDatRateDl")
    rate_ul_bps = RateField(data_key="repThreshDatRateUl")
    congestion_dl_percent = fields.Integer(data_key="conThreshDl")
    congestion_ul_percent = fields.Integer(data_key="conThreshUl")
    extra = fields.Dict()


class _MeasurementSchema(WireSchema):
    """What the reports of all kinds have in common."""

    makes = Measurement
    delays_failed = fields.Boolean(data_key="pdmf")
    congestion_failed = fields.Boolean(data_key="cimf")

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Measurement:
        marks = [data.pop(name, False) for name in ("delays_failed", "congestion_failed")]
        measurement: Measurement = super()._make(data | {"failed": any(marks)})
        return measurement


class DelayReportSchema(_MeasurementSchema):
    """`QosMonitoringReport` of TS 29.122, as far as it speaks of delays."""

    delays_dl_ms = fields.List(fields.Integer(), data_key="dlDelays")
    delays_ul_ms = fields.List(fields.Integer(), data_key="ulDelays")
    delays_round_trip_ms = fields.List(fields.Integer(), data_key="rtDelays")


class FlowsSchema(WireSchema):
    """`Flows` of TS 29.514: the number of a media flow and flow ids, none meaning all of them."""

    makes = tuple
    number = fields.Integer(data_key="medCompN", required=True)
    flow_ids = fields.List(fields.Integer(), data_key="fNums", load_default=list)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> tuple[int, tuple[int, ...]]:
        return data["number"], tuple(data["flow_ids"])


class RateReportSchema(_MeasurementSchema):
    """`QosMonitoringReport` of TS 29.514, as far as it speaks of data rates."""

    rate_dl_bps = RateField(data_key="dlDataRate")
    rate_ul_bps = RateField(data_key="ulDataRate")
    components = fields.List(fields.Nested(FlowsSchema), data_key="flows")


class CongestionReportSchema(_MeasurementSchema):
    """`QosMonitoringReport` of TS 29.122, as far as it speaks of congestion."""

    congestion_dl_percent = fields.Integer(data_key="dlConInfo")
    congestion_ul_percent = fields.Integer(data_key="ulConInfo")
