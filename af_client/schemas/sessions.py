"""`AsSessionWithQoSSubscription` and its merge patch (TS 29.122 5.14.2.1.2 and 5.14.2.1.3)."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, post_dump, pre_load

from af_client.checks import check_numbers, check_value
from af_client.errors import InvalidParam
from af_client.measurements import QosMonitoring, Usage
from af_client.messages import (
    Alternative,
    FlowFilter,
    MediaFlow,
    QosRequirement,
    Session,
    SessionChanges,
    SessionRequest,
    Snssai,
    UeAddress,
    UserPlaneEvent,
)
from af_client.schemas.base import (
    ErrorRateField,
    Malformed,
    NameField,
    RateField,
    WireSchema,
    loaded,
)
from af_client.schemas.measurements import QosMonitoringSchema, UsageSchema

_UE_KEYS = {"ipv4": "ueIpv4Addr", "ipv6": "ueIpv6Addr", "gpsi": "gpsi"}
_TSN_KEYS = ("maxTscBurstSize", "tscPackDelay", "maxPer", "tscPrioLevel")


class SnssaiSchema(WireSchema):
    """`Snssai`."""

    makes = Snssai
    sst = fields.Integer(required=True)
    sd = fields.String()

    @post_dump
    def _said(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        # Zero is a slice type like others.
        return {key: value for key, value in data.items() if value is not None}


class FlowFilterSchema(WireSchema):
    """`FlowInfo`."""

    makes = FlowFilter
    flow_id = fields.Integer(data_key="flowId", required=True)
    descriptions = fields.List(fields.String(), data_key="flowDescriptions", load_default=list)
    tos = fields.String(data_key="tosTC")


class AlternativeSchema(WireSchema):
    """`AlternativeServiceRequirementsData`."""

    makes = Alternative
    ref = fields.String(data_key="altQosParamSetRef", required=True)
    gbr_dl_bps = RateField(data_key="gbrDl")
    gbr_ul_bps = RateField(data_key="gbrUl")
    delay_ms = fields.Integer(data_key="pdb")
    per = ErrorRateField()


class QosRequirementSchema(WireSchema):
    """`TscQosRequirement`."""

    makes = QosRequirement
    gbr_dl_bps = RateField(data_key="reqGbrDl")
    gbr_ul_bps = RateField(data_key="reqGbrUl")
    mbr_dl_bps = RateField(data_key="reqMbrDl")
    mbr_ul_bps = RateField(data_key="reqMbrUl")
    delay_ms = fields.Integer(data_key="req5Gsdelay")
    per = ErrorRateField(data_key="reqPer")
    priority = fields.Integer()
    burst_bytes = fields.Integer(data_key="maxTscBurstSize")


class MediaFlowSchema(WireSchema):
    """`AsSessionMediaComponent`, with its `TsnQosContainer` laid flat."""

    makes = MediaFlow
    number = fields.Integer(data_key="medCompN", required=True)
    filters = fields.List(fields.Nested(FlowFilterSchema), data_key="flowInfos")
    qos_reference = fields.String(data_key="qosReference")
    alternative_references = fields.List(fields.String(), data_key="altSerReqs")
    per = ErrorRateField(data_key="maxPer")
    delay_ms = fields.Integer(data_key="tscPackDelay")
    priority = fields.Integer(data_key="tscPrioLevel")
    burst_bytes = fields.Integer(data_key="maxTscBurstSize")
    min_rate_dl_bps = RateField(data_key="mirBwDl")
    max_rate_dl_bps = RateField(data_key="marBwDl")
    min_rate_ul_bps = RateField(data_key="mirBwUl")
    max_rate_ul_bps = RateField(data_key="marBwUl")
    alternatives = fields.List(fields.Nested(AlternativeSchema), data_key="altSerReqsData")
    extra = fields.Dict()

    @pre_load
    def _read(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        rest = {key: value for key, value in data.items() if key != "tsnQos"}
        tsn = data.get("tsnQos") or {}
        if not isinstance(tsn, dict):
            raise ValidationError({"tsnQos": ["must be an object"]})
        return super()._read(rest | {key: tsn[key] for key in _TSN_KEYS if key in tsn})

    @post_dump
    def _said(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        said: dict[str, Any] = super()._said(data)
        tsn = {key: said.pop(key) for key in _TSN_KEYS if key in said}
        return said | {"tsnQos": tsn} if tsn else said


class WebsocketField(fields.Field[Any]):
    """`WebsockNotifConfig`: whether notifications come by websocket; where is in the session."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        return value.get("requestWebsocketUri") is True

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:  # noqa: ARG002
        return {"requestWebsocketUri": True} if value else None


class SessionRequestSchema(WireSchema):
    """The subscription without the link to itself, its UE and its flows by number apart."""

    makes = SessionRequest
    ue = fields.Raw(required=True)
    flows = fields.List(fields.Nested(MediaFlowSchema), data_key="multiModDatFlows")
    notification_destination = fields.String(data_key="notificationDestination")
    events = fields.List(NameField(*UserPlaneEvent))
    duration_s = fields.Integer(data_key="qosDuration")
    features = fields.String(data_key="supportedFeatures", load_default=None)
    dnn = fields.String()
    snssai = fields.Nested(SnssaiSchema)
    qos_reference = fields.String(data_key="qosReference")
    alternative_references = fields.List(fields.String(), data_key="altQoSReferences")
    requirement = fields.Nested(QosRequirementSchema, data_key="tscQosReq")
    alternative_requirements = fields.List(fields.Nested(AlternativeSchema), data_key="altQosReqs")
    flow_filters = fields.List(fields.Nested(FlowFilterSchema), data_key="flowInfo")
    external_app_id = fields.String(data_key="exterAppId")
    disable_ue_notification = fields.Boolean(data_key="disUeNotif")
    request_test_notification = fields.Boolean(data_key="requestTestNotification")
    delay_monitoring = fields.Nested(QosMonitoringSchema, data_key="qosMonInfo")
    rate_monitoring = fields.Nested(QosMonitoringSchema, data_key="qosMonDatRate")
    congestion_monitoring = fields.Nested(QosMonitoringSchema, data_key="qosMonConReq")
    averaging_window_ms = fields.Integer(data_key="avrgWndw")
    usage_threshold = fields.Nested(UsageSchema, data_key="usageThreshold")
    websocket = WebsocketField(data_key="websockNotifConfig")
    extra = fields.Dict()

    @pre_load
    def _read(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        rest = {k: v for k, v in data.items() if k not in {"self", *_UE_KEYS.values()}}
        flows = data.get("multiModDatFlows")
        if isinstance(flows, dict):
            rest["multiModDatFlows"] = list(flows.values())
        return super()._read(rest | {"ue": _ue_of(data)})

    @post_dump
    def _said(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        ue: UeAddress = data.pop("ue")
        said: dict[str, Any] = super()._said(data)
        said |= {key: getattr(ue, name) for name, key in _UE_KEYS.items() if getattr(ue, name)}
        if "multiModDatFlows" in said:
            # The key of the map is the medCompN of its value (TS 29.122 5.14.2.1.2).
            said["multiModDatFlows"] = {str(f["medCompN"]): f for f in said["multiModDatFlows"]}
        return said


_REQUEST = SessionRequestSchema()
_MEDIA_FLOW = MediaFlowSchema()
#: What a patch replaces as a whole: what it does not say must not stay from before.
_WHOLES: dict[type, Schema] = {
    QosRequirement: QosRequirementSchema(),
    QosMonitoring: QosMonitoringSchema(),
    Usage: UsageSchema(),
}
_REMOVABLE = ("duration_s", "usage_threshold")


def request_document(request: SessionRequest) -> dict[str, Any]:
    """The request on the wire."""
    return cast("dict[str, Any]", _REQUEST.dump(request))


def session_of(document: Any, url: str | None = None) -> Session:
    """The session in a reply; `url` is its Location, else its own `self`. Raises Malformed."""
    request: SessionRequest = loaded(_REQUEST, document)
    link = url or document.get("self")
    if not isinstance(link, str):
        raise Malformed((InvalidParam("/self", "missing, and no Location header instead"),))
    return Session(urlsplit(link).path.rstrip("/").rsplit("/", 1)[-1], link, request, document)


def merge_patch(changes: SessionChanges) -> dict[str, Any]:
    """The changes as a merge patch (RFC 7396) within what `…Patch` of TS 29.122 allows."""
    patch: dict[str, Any] = {}
    words = cast("dict[str, Any]", dict(changes))
    if unknown := sorted(set(words) - set(SessionChanges.__annotations__)):
        raise TypeError(f"modify_session cannot change {', '.join(unknown)}")
    for name, value in words.items():
        if value is not None:
            check_value(name, value, SessionChanges.__annotations__[name])
    flows: tuple[MediaFlow, ...] = words.pop("flows", ())
    check_numbers([flow.number for flow in flows])
    removed: tuple[int, ...] = words.pop("removed_flows", ())
    for name, value in words.items():
        if value is None and name not in _REMOVABLE:
            removable = " and ".join(_REMOVABLE)
            raise ValueError(f"{name} cannot be removed from a session, only {removable} can")
        patch[_key(_REQUEST, name)] = _patch_value(name, value)
    if flows or removed:
        gone: dict[str, Any] = {str(number): None for number in removed}
        patch["multiModDatFlows"] = gone | {str(flow.number): _flow_patch(flow) for flow in flows}
    return patch


def _patch_value(name: str, value: Any) -> Any:
    if (schema := _WHOLES.get(type(value))) is not None:
        return _with_nulls(schema, schema.dump(value))
    if value is None:
        return None
    field = _REQUEST.fields[name]
    return field.serialize(name, {name: value})


def _flow_patch(flow: MediaFlow) -> dict[str, Any]:
    """The whole flow: what it does not say is removed, so that nothing old stays in it."""
    said = cast("dict[str, Any]", _MEDIA_FLOW.dump(flow))
    tsn = dict.fromkeys(_TSN_KEYS) | said["tsnQos"] if "tsnQos" in said else None
    patch = _with_nulls(_MEDIA_FLOW, said) | {"tsnQos": tsn}
    # The contract forbids both ladders in one component, were it only to remove the other.
    by_name = bool(flow.qos_reference or flow.alternative_references)
    unused = "altSerReqsData" if by_name else "altSerReqs"
    return {key: value for key, value in patch.items() if key not in {unused, *_TSN_KEYS}}


def _with_nulls(schema: Schema, said: Mapping[str, Any]) -> dict[str, Any]:
    keys = (_key(schema, name) for name in schema.fields if name != "extra")
    return dict.fromkeys(keys) | dict(said)


def _key(schema: Schema, name: str) -> str:
    return schema.fields[name].data_key or name


def _ue_of(data: Mapping[str, Any]) -> UeAddress | None:
    for name, key in _UE_KEYS.items():
        if isinstance(data.get(key), str):
            return UeAddress(**{name: data[key]})
    return None
