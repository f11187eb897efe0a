"""`AsSessionMediaComponent` on the wire."""

from typing import Any

from marshmallow import fields, post_load, pre_dump

from nef.domain.sessions import MediaComponent
from nef.schemas.base import WireSchema
from nef.schemas.fields import BitRateField
from nef.schemas.flows import (
    AlternativeSchema,
    FlowInfoSchema,
    TsnQosSchema,
    flattened,
    requirement,
)


class MediaComponentSchema(WireSchema):
    """`AsSessionMediaComponent` (TS 29.122 5.14.2.1)."""

    number = fields.Integer(data_key="medCompN", required=True)
    # May be null, as published (TS 29.122 5.14.2.1), which says no more than absence.
    flows = fields.List(fields.Nested(FlowInfoSchema), data_key="flowInfos", allow_none=True)
    qos_reference = fields.String(data_key="qosReference")
    alternative_references = fields.List(fields.String(), data_key="altSerReqs")
    alternatives = fields.List(fields.Nested(AlternativeSchema), data_key="altSerReqsData")
    disable_ue_notification = fields.Boolean(data_key="disUeNotif")
    media_type = fields.String(data_key="medType")
    gbr_dl = BitRateField(data_key="mirBwDl")
    gbr_ul = BitRateField(data_key="mirBwUl")
    mbr_dl = BitRateField(data_key="marBwDl")
    mbr_ul = BitRateField(data_key="marBwUl")
    tsn_qos = fields.Nested(TsnQosSchema, data_key="tsnQos")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> MediaComponent:
        """Build the component; rates and tsnQos are one requirement to us."""
        asked = requirement(data | data.pop("tsn_qos", {}))
        names = ("flows", "alternative_references", "alternatives")
        lists: dict[str, Any] = {name: tuple(data.get(name) or ()) for name in names}
        single = ("number", "qos_reference", "disable_ue_notification", "media_type")
        return MediaComponent(
            **lists, requirement=asked, **{name: data[name] for name in single if name in data}
        )

    @pre_dump
    def flat(self, value: MediaComponent, **_: Any) -> dict[str, Any]:
        """Take the requirement apart again."""
        parts = flattened(value.requirement)
        own = ("number", "flows", "qos_reference", "alternative_references", "alternatives")
        more = ("disable_ue_notification", "media_type")
        return parts | {name: getattr(value, name) for name in own + more} | {"tsn_qos": parts}
