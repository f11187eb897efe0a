"""`FlowInfo` and the QoS by value, on the wire."""

from typing import Any

from marshmallow import fields, post_load, pre_dump

from nef.domain.qos import ServiceDataFlow
from nef.domain.sessions import AlternativeRequirement, QosRequirement, RateRequirement
from nef.schemas.base import WireSchema
from nef.schemas.fields import BitRateField, ErrorRateField, FlowDescriptionField, TosField


class FlowInfoSchema(WireSchema):
    """`FlowInfo` (TS 29.122 5.2.1)."""

    makes = ServiceDataFlow
    flow_id = fields.Integer(data_key="flowId", required=True, strict=True)
    descriptions = fields.List(FlowDescriptionField(), data_key="flowDescriptions")
    tos = TosField(data_key="tosTC")


class AlternativeSchema(WireSchema):
    """`AlternativeServiceRequirementsData` (TS 29.514 5.6.2)."""

    makes = AlternativeRequirement
    reference = fields.String(data_key="altQosParamSetRef", required=True)
    gbr_dl = BitRateField(data_key="gbrDl")
    gbr_ul = BitRateField(data_key="gbrUl")
    delay_ms = fields.Integer(data_key="pdb")
    per = ErrorRateField(data_key="per")


class TscQosSchema(WireSchema):
    """`TscQosRequirement` (TS 29.122 5.14.2.1)."""

    gbr_dl = BitRateField(data_key="reqGbrDl")
    gbr_ul = BitRateField(data_key="reqGbrUl")
    mbr_dl = BitRateField(data_key="reqMbrDl")
    mbr_ul = BitRateField(data_key="reqMbrUl")
    delay_ms = fields.Integer(data_key="req5Gsdelay")
    per = ErrorRateField(data_key="reqPer")
    priority = fields.Integer()
    max_burst_bytes = fields.Integer(data_key="maxTscBurstSize")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> QosRequirement:
        """Build the requirement."""
        return requirement(data)

    @pre_dump
    def flat(self, value: QosRequirement, **_: Any) -> dict[str, Any]:
        """The rates stand beside the rest on the wire."""
        return flattened(value)


class TsnQosSchema(WireSchema):
    """`TsnQosContainer` (TS 29.514 5.6.2), as plain keywords."""

    makes = dict
    delay_ms = fields.Integer(data_key="tscPackDelay")
    per = ErrorRateField(data_key="maxPer")
    priority = fields.Integer(data_key="tscPrioLevel")
    max_burst_bytes = fields.Integer(data_key="maxTscBurstSize")


_RATES = ("gbr_dl", "gbr_ul", "mbr_dl", "mbr_ul")


def requirement(data: dict[str, Any]) -> QosRequirement:
    """A requirement from its parts in one flat mapping; takes them out of `data`."""
    rates = RateRequirement(**{name: data.pop(name, None) for name in _RATES})
    rest = ("delay_ms", "per", "priority", "max_burst_bytes")
    return QosRequirement(rates, **{name: data.pop(name, None) for name in rest})


def flattened(value: QosRequirement) -> dict[str, Any]:
    """The parts of a requirement in one flat mapping."""
    rates = {name: getattr(value.rates, name) for name in _RATES}
    own = {
        "delay_ms": value.delay_ms,
        "per": value.per,
        "priority": value.priority,
        "max_burst_bytes": value.max_burst_bytes,
    }
    return rates | own
