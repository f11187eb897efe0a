"""`AsSessionWithQoSSubscription` on the wire (TS 29.122 5.14.2.1.2)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load

from nef.domain.sessions import (
    MediaComponent,
    Session,
    SessionRequest,
    Snssai,
    Sponsor,
    UeAddress,
    Usage,
    Websocket,
)
from nef.domain.subscriptions import Api
from nef.schemas.base import MISSING, WireSchema, dumping, loaded
from nef.schemas.components import MediaComponentSchema
from nef.schemas.fields import AT_LEAST_ONE, FeaturesField
from nef.schemas.flows import AlternativeSchema, FlowInfoSchema, TscQosSchema
from nef.schemas.links import subscription_link, websocket_config
from nef.schemas.merge_patch import merged
from nef.schemas.monitoring import MonitoringSchema


class SnssaiSchema(WireSchema):
    """`Snssai`."""

    makes = Snssai
    sst = fields.Integer(required=True)
    sd = fields.String()


class UsageSchema(WireSchema):
    """`UsageThreshold`."""

    makes = Usage
    duration_s = fields.Integer(data_key="duration")
    total_bytes = fields.Integer(data_key="totalVolume")
    downlink_bytes = fields.Integer(data_key="downlinkVolume")
    uplink_bytes = fields.Integer(data_key="uplinkVolume")


class SponsorSchema(WireSchema):
    """`SponsorInformation`."""

    makes = Sponsor
    sponsor_id = fields.String(data_key="sponsorId", required=True)
    provider_id = fields.String(data_key="aspId", required=True)


class WebsocketSchema(WireSchema):
    """`WebsockNotifConfig`."""

    makes = Websocket
    requested = fields.Boolean(data_key="requestWebsocketUri")


class SessionRequestSchema(WireSchema):
    """The subscription without what the NEF adds to it."""

    makes = SessionRequest
    notification_destination = fields.String(data_key="notificationDestination", required=True)
    ipv4 = fields.IPv4(data_key="ueIpv4Addr")
    ipv6 = fields.IPv6(data_key="ueIpv6Addr")
    gpsi = fields.String()
    features = FeaturesField(data_key="supportedFeatures")
    flows = fields.List(fields.Nested(FlowInfoSchema), data_key="flowInfo")
    qos_reference = fields.String(data_key="qosReference")
    alternative_references = fields.List(fields.String(), data_key="altQoSReferences")
    requirement = fields.Nested(TscQosSchema, data_key="tscQosReq")
    alternatives = fields.List(fields.Nested(AlternativeSchema), data_key="altQosReqs")
    components = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(MediaComponentSchema),
        data_key="multiModDatFlows",
    )
    events = fields.List(fields.String())
    duration_s = fields.Integer(data_key="qosDuration", validate=AT_LEAST_ONE)
    inactivity_s = fields.Integer(data_key="qosInactInt", validate=AT_LEAST_ONE)
    dnn = fields.String()
    snssai = fields.Nested(SnssaiSchema)
    ip_domain = fields.String(data_key="ipDomain")
    external_app_id = fields.String(data_key="exterAppId")
    disable_ue_notification = fields.Boolean(data_key="disUeNotif")
    direct_notification = fields.Boolean(data_key="directNotifInd")
    usage_threshold = fields.Nested(UsageSchema, data_key="usageThreshold")
    sponsor = fields.Nested(SponsorSchema, data_key="sponsorInfo")
    delay_monitoring = fields.Nested(MonitoringSchema, data_key="qosMonInfo")
    rate_monitoring = fields.Nested(MonitoringSchema, data_key="qosMonDatRate")
    congestion_monitoring = fields.Nested(MonitoringSchema, data_key="qosMonConReq")
    averaging_window_ms = fields.Integer(data_key="avrgWndw")
    test_notification = fields.Boolean(data_key="requestTestNotification")
    websocket = fields.Nested(WebsocketSchema, data_key="websockNotifConfig")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SessionRequest:
        """Build the request, its components in the order of their numbers."""
        wrong = _wrong_ue(data) | _wrong_component_keys(data.get("components", {}))
        if wrong:
            raise ValidationError(wrong)
        ue = UeAddress(**{name: data.pop(name, None) for name in _UE_KEYS})
        parts = sorted(data.pop("components", {}).values(), key=_number)
        rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return SessionRequest(ue=ue, components=tuple(parts), **rest)


_UE_KEYS = {"ipv4": "ueIpv4Addr", "ipv6": "ueIpv6Addr", "gpsi": "gpsi"}
_SCHEMA = SessionRequestSchema()


def _named(ue: UeAddress) -> Iterable[tuple[str, Any]]:
    return ((name, getattr(ue, name)) for name in _UE_KEYS)


def _wrong_ue(given: Collection[str]) -> dict[str, Any]:
    """Exactly one identity names the UE (TS 29.122 table 5.14.2.1.2-1, NOTE 1)."""
    keys = [key for name, key in _UE_KEYS.items() if name in given]
    if len(keys) == 1:
        return {}
    reason = f"name one UE by exactly one of {', '.join(_UE_KEYS.values())}"
    if not keys:
        return {_UE_KEYS["ipv4"]: [f"{MISSING}: {reason}"]}
    return {key: [reason] for key in keys[1:]}


def _wrong_component_keys(components: Mapping[str, MediaComponent]) -> dict[str, Any]:
    """The key of a media component is its medCompN (TS 29.122 5.14.2.1.2)."""
    for key, part in components.items():
        if key != str(part.number):
            reason = f"stands under the key {key}, but its medCompN is {part.number}"
            return {"multiModDatFlows": {key: {"medCompN": [reason]}}}
    return {}


def _number(part: MediaComponent) -> int:
    return part.number


def request_of(document: Any) -> SessionRequest:
    """What a subscription on the wire asks for; raises InvalidRequest."""
    request: SessionRequest = loaded(_SCHEMA, document)
    return request


def _document(request: SessionRequest) -> dict[str, Any]:
    """The subscription, its UE's identity and its components apart from it again."""
    own = {name: getattr(request, name) for name in SessionRequest.__slots__}
    given = {name: value for name, value in own.items() if value not in (None, ())}
    del given["ue"]
    given |= {name: value for name, value in _named(request.ue) if value is not None}
    if request.components:
        given["components"] = {str(part.number): part for part in request.components}
    return dict(dumping(SessionRequestSchema, frozenset(given)).dump(given))


def revision_of(patch: Any) -> Callable[[SessionRequest], SessionRequest]:
    """What a merge patch makes of a request (RFC 7396, on its wire form)."""
    return lambda request: request_of(merged(_document(request), patch))


def session_document(session: Session, api_root: str) -> dict[str, Any]:
    """The subscription as the AF reads it."""
    link = subscription_link(api_root, Api.SESSIONS, session.af_id, session.id)
    document: dict[str, Any] = {"self": link} | _document(session.request)
    if "websockNotifConfig" in document:
        document["websockNotifConfig"] = websocket_config(
            document["websockNotifConfig"], api_root, Api.SESSIONS, session.af_id, session.id
        )
    return document
