"""`QosMonitoringInformation` on the wire (TS 29.122 5.14.2.1)."""

from marshmallow import fields

from nef.domain.sessions import Monitoring
from nef.schemas.base import WireSchema
from nef.schemas.fields import AT_LEAST_ONE, NOT_NEGATIVE, BitRateField


class MonitoringSchema(WireSchema):
    """What to measure and when to report it."""

    makes = Monitoring
    parameters = fields.List(fields.String(), data_key="reqQosMonParams", required=True)
    frequencies = fields.List(fields.String(), data_key="repFreqs", required=True)
    delay_dl_ms = fields.Integer(data_key="repThreshDl")
    delay_ul_ms = fields.Integer(data_key="repThreshUl")
    delay_round_trip_ms = fields.Integer(data_key="repThreshRp")
    congestion_dl_percent = fields.Integer(data_key="conThreshDl")
    congestion_ul_percent = fields.Integer(data_key="conThreshUl")
    wait_s = fields.Integer(data_key="waitTime", validate=NOT_NEGATIVE)
    period_s = fields.Integer(data_key="repPeriod", validate=AT_LEAST_ONE)
    rate_dl = BitRateField(data_key="repThreshDatRateDl")
    rate_ul = BitRateField(data_key="repThreshDatRateUl")
    consolidated_rate_dl = BitRateField(data_key="consDataRateThrDl")
    consolidated_rate_ul = BitRateField(data_key="consDataRateThrUl")
