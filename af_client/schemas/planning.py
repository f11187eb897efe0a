"""Planned transfers: `Pdtq`, `PdtqPatch` and `Notification` (TS 29.522 PDTQPolicyNegotiation)."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from af_client.answers import Cell, TrackingArea
from af_client.errors import InvalidParam
from af_client.plans import Candidate, Plan, PlanRequest, PlanWarning, TransferQos, Window
from af_client.schemas.analytics_data import NcgiSchema, PlmnSchema, moment
from af_client.schemas.base import ErrorRateField, Malformed, RateField, WireSchema, loaded


class WindowSchema(WireSchema):
    """`TimeWindow`."""

    makes = Window
    starts_at = moment("startTime", required=True)
    ends_at = moment("stopTime", required=True)


class TransferQosSchema(WireSchema):
    """`QosParameterSet`, and `AltQosParamSet`, which has some of it."""

    makes = TransferQos
    gbr_dl_bps = RateField(data_key="gfbrDl")
    gbr_ul_bps = RateField(data_key="gfbrUl")
    mbr_dl_bps = RateField(data_key="maxBitRateDl")
    mbr_ul_bps = RateField(data_key="maxBitRateUl")
    delay_ms = fields.Integer(data_key="pdb")
    per = ErrorRateField()
    priority = fields.Integer(data_key="priorLevel")


class TaiSchema(Schema):
    """`Tai`."""

    class Meta:
        unknown = EXCLUDE

    plmn = fields.Nested(PlmnSchema, data_key="plmnId", required=True)
    tac = fields.String(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> TrackingArea:
        return TrackingArea(**data["plmn"], tac=data["tac"])


class PlacesField(fields.Field[Any]):
    """`LocationArea5G`: cells and tracking areas."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:  # noqa: ARG002
        area: dict[str, list[Any]] = {}
        for place in value or ():
            plmn = {"plmnId": {"mcc": place.mcc, "mnc": place.mnc}}
            if isinstance(place, Cell):
                area.setdefault("ncgis", []).append(plmn | {"nrCellId": place.cell_id})
            else:
                area.setdefault("tais", []).append(plmn | {"tac": place.tac})
        return {"nwAreaInfo": area} if area else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002
        area = value.get("nwAreaInfo") or {} if isinstance(value, dict) else None
        if not isinstance(area, dict):
            raise ValidationError("must be an object")
        cells = NcgiSchema(many=True).load(area.get("ncgis") or [])
        return (*cells, *TaiSchema(many=True).load(area.get("tais") or []))


class PlanRequestSchema(WireSchema):
    """`Pdtq` without what the NEF says in it."""

    makes = PlanRequest
    windows = fields.List(fields.Nested(WindowSchema), data_key="desTimeInts", required=True)
    n_ues = fields.Integer(data_key="numberOfUEs", required=True)
    qos = fields.Nested(TransferQosSchema, data_key="qosParamSet")
    alternatives = fields.List(fields.Nested(TransferQosSchema), data_key="altQosParamSets")
    qos_reference = fields.String(data_key="qosReference")
    alternative_references = fields.List(fields.String(), data_key="altQosRefs")
    places = PlacesField(data_key="locationArea5G")
    provider = fields.String(data_key="aspId")
    application = fields.String(data_key="appId")
    notification_destination = fields.String(data_key="notificationDestination")
    warned = fields.Boolean(data_key="warnNotifEnabled")
    extra = fields.Dict()


class CandidateSchema(WireSchema):
    """`PdtqPolicy`."""

    makes = Candidate
    id = fields.Integer(data_key="pdtqPolicyId", required=True)
    window = fields.Nested(WindowSchema, data_key="recTimeInt", required=True)


class OfferedSchema(WireSchema):
    """What the NEF says in a `Pdtq`."""

    makes = dict
    url = fields.String(data_key="self")
    reference = fields.String(data_key="referenceId")
    chosen_id = fields.Integer(data_key="selectedPolicy")
    candidates = fields.List(fields.Nested(CandidateSchema), data_key="pdtqPolicies")


class WarningSchema(WireSchema):
    """`Notification`."""

    makes = PlanWarning
    reference = fields.String(data_key="pdtqRefId", required=True)
    candidates = fields.List(
        fields.Nested(CandidateSchema),
        data_key="candPolicies",
        required=True,
        validate=validate.Length(min=1),
    )


_REQUEST, _OFFERED, _WARNING = PlanRequestSchema(), OfferedSchema(), WarningSchema()
_OFFERED_KEYS = frozenset(field.data_key for field in _OFFERED.fields.values())


def request_document(request: PlanRequest) -> dict[str, Any]:
    """The request on the wire."""
    return cast("dict[str, Any]", _REQUEST.dump(request))


def plan_of(document: Any, url: str | None = None) -> Plan:
    """The plan in a reply; `url` is its Location, else its own `self`. Raises Malformed."""
    offered = loaded(_OFFERED, document)
    asked = {key: value for key, value in document.items() if key not in _OFFERED_KEYS}
    link = url or offered.pop("url", None)
    if not isinstance(link, str):
        raise Malformed((InvalidParam("/self", "missing, and no Location header instead"),))
    name = urlsplit(link).path.rstrip("/").rpartition("/")[2]
    said = {key: value for key, value in offered.items() if key != "url"}
    return Plan(name, link, loaded(_REQUEST, asked), **said, raw=document)


def warning_of(document: Any) -> PlanWarning:
    """The warning in a notification; raises Malformed."""
    warning: PlanWarning = loaded(_WARNING, document)
    return warning


def patch_document(
    chosen_id: int | None, warned: bool | None, notification_destination: str | None
) -> Mapping[str, Any]:
    """`PdtqPatch`: what is named, and nothing else."""
    said = {
        "selectedPolicy": chosen_id,
        "warnNotifEnabled": warned,
        "notificationDestination": notification_destination,
    }
    return {key: value for key, value in said.items() if value is not None}
