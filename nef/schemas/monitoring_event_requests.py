"""`MonitoringEventSubscription` on the way in (TS 29.122 5.3.2.1.2): what an AF asks for."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Network
from typing import Any, TypeVar

from marshmallow import fields, validate

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.filters import AddressOrPrefix
from nef.domain.monitoring_events import (
    Accuracy,
    LocationType,
    LocationWish,
    MonitoringRequest,
    MonitoringType,
    Target,
)
from nef.domain.sessions import UeAddress
from nef.schemas.base import WireSchema, loaded
from nef.schemas.fields import FeaturesField, MomentField
from nef.schemas.json_patch import patched
from nef.schemas.links import websocket_wanted
from nef.schemas.queries import IpAddrSchema

_Kind = TypeVar("_Kind", bound=StrEnum)

#: The published file has no upper bound; this one is that of a signed 32-bit number.
_MOST = 2**31 - 1
_AT_LEAST_ONE = validate.Range(1, _MOST, error="must be 1 to {max}")
_NOT_NEGATIVE = validate.Range(0, _MOST, error="must be 0 to {max}")

#: What PATCH may change: which members of a group are left out, and which are back.
_PAIRS = (("excludedExternalIds", "addedExternalIds"), ("excludedMsisdns", "addedMsisdns"))
PATCHED = tuple(name for pair in _PAIRS for name in pair)

#: Attributes that ask for what is not offered; `false` asks for nothing.
_NOT_OFFERED = {
    "appIds": "traffic of applications is not watched",
    "dnn": "a UE is watched as a whole, and not one of its sessions",
    "snssai": "a UE is watched as a whole, and not one of its sessions",
    "addExtGroupId": "one subscription is about one group",
    "ueMacAddr": "no UE here has Ethernet sessions",
    "suggestedNumberOfDlPackets": "nothing is buffered for a UE",
    "idleStatusIndication": "UEs here have no idle mode",
    "maxRptExpireIntvl": "no reports are repeated while nothing happens",
    "samplingInterval": "a UE is located all the time",
    "reportingLocEstInd": "there are cells, and no estimates of positions",
    "linearDistance": "there are cells, and no distances",
    "locQoS": "there are cells, and no positions",
    "svcId": "no location service stands behind this",
    "ldrType": "no location service stands behind this",
    "velocityRequested": "no velocities are known",
    "maxAgeOfLocEst": "ask for the current location instead",
    "locTimeWindow": "name monitorExpireTime instead",
    "supportedGADShapes": "there are cells, and no shapes",
    "codeWord": "no location service stands behind this",
    "upLocRepIndAf": "locations are reported by notification",
    "upLocRepAddrAf": "locations are reported by notification",
    "locationArea": "UEs are followed, and no areas",
    "locationArea5G": "UEs are followed, and no areas",
    "reqRangingSlRes": "UEs do not range each other",
    "relatedUEs": "UEs do not range each other",
    "uavPolicy": "no UE here flies",
    "sesEstInd": "no UE here flies",
    "subType": "no UE here flies",
    "revocationNotifUri": "no consent of users is kept",
}


class RequestSchema(WireSchema):
    """The subscription without what the NEF adds to it."""

    makes = dict
    destination = fields.String(data_key="notificationDestination", required=True)
    type = fields.String(data_key="monitoringType", required=True)
    more_types = fields.List(fields.String(), data_key="addnMonTypes")
    external_id = fields.String(data_key="externalId")
    msisdn = fields.String(data_key="msisdn")
    ipv4 = fields.IPv4(data_key="ipv4Addr")
    ipv6 = fields.IPv6(data_key="ipv6Addr")
    ip = fields.Nested(IpAddrSchema, data_key="ueIpAddr")
    group = fields.String(data_key="externalGroupId")
    excluded_external_ids = fields.List(fields.String(), data_key="excludedExternalIds")
    excluded_msisdns = fields.List(fields.String(), data_key="excludedMsisdns")
    added_external_ids = fields.List(fields.String(), data_key="addedExternalIds")
    added_msisdns = fields.List(fields.String(), data_key="addedMsisdns")
    max_reports = fields.Integer(data_key="maximumNumberOfReports", validate=_AT_LEAST_ONE)
    until_s = MomentField(data_key="monitorExpireTime")
    period_s = fields.Integer(data_key="repPeriod", validate=_AT_LEAST_ONE)
    guard_s = fields.Integer(data_key="groupReportGuardTime", validate=_NOT_NEGATIVE)
    detection_s = fields.Integer(data_key="maximumDetectionTime", validate=_NOT_NEGATIVE)
    reachability = fields.String(data_key="reachabilityType")
    location = fields.String(data_key="locationType")
    accuracy = fields.String(data_key="accuracy")
    interval_s = fields.Integer(data_key="minimumReportInterval", validate=_NOT_NEGATIVE)
    immediate = fields.Boolean(data_key="immediateRep")
    features = FeaturesField(data_key="supportedFeatures")
    test_notification = fields.Boolean(data_key="requestTestNotification")


_SCHEMA = RequestSchema()
#: What an AF gives and gets back as it was; the rest of its document is the NEF's to say.
_OWN = frozenset(field.data_key for field in _SCHEMA.fields.values()) | {
    *("websockNotifConfig", "mtcProviderId", "afServiceId"),
    *("maximumLatency", "maximumResponseTime"),
}


def request_of(document: Any) -> MonitoringRequest:
    """What a subscription asks for; raises InvalidRequest, also for what is not offered."""
    parts = loaded(_SCHEMA, document)
    wrong = [
        InvalidParam(f"/{name}", f"is not offered: {why}")
        for name, why in _NOT_OFFERED.items()
        if not (document.get(name) is None or document[name] is False)
    ]
    if wrong:
        raise InvalidRequest(*wrong)
    types = _types(parts)
    _check_reachability(types, parts)
    return MonitoringRequest(
        destination=parts["destination"],
        target=_target(parts),
        types=types,
        max_reports=parts.get("max_reports"),
        until_s=parts.get("until_s"),
        immediate=parts.get("immediate", False),
        guard_s=parts.get("guard_s", 0),
        detection_s=parts.get("detection_s", 0),
        location=_location(types, parts),
        negotiates="features" in parts,
        test_notification=parts.get("test_notification", False),
        websocket=websocket_wanted(document),
        wire={key: value for key, value in document.items() if key in _OWN},
    )


def revision_of(patch: list[Any]) -> Callable[[MonitoringRequest], MonitoringRequest]:
    """What a JSON patch makes of a request; raises InvalidRequest.

    A UE that was left out and is added now is no longer left out, and the other way round.
    """

    def revised(request: MonitoringRequest) -> MonitoringRequest:
        before = dict(request.wire)
        after = patched(before, patch, PATCHED)
        for out, back in _PAIRS:
            newly_out = set(after.get(out, ())) - set(before.get(out, ()))
            newly_back = set(after.get(back, ())) - set(before.get(back, ()))
            after = _without(after, out, newly_back - newly_out)
            after = _without(after, back, newly_out - newly_back)
        return request_of(after)

    return revised


def _without(document: dict[str, Any], name: str, ids: Collection[str]) -> dict[str, Any]:
    kept = [one for one in document.get(name, ()) if one not in ids]
    rest = {key: value for key, value in document.items() if key != name}
    return rest | ({name: kept} if kept else {})


def _types(parts: Mapping[str, Any]) -> tuple[MonitoringType, ...]:
    first = _offered(MonitoringType, parts["type"], "/monitoringType")
    more = [
        _offered(MonitoringType, name, f"/addnMonTypes/{i}")
        for i, name in enumerate(parts.get("more_types", ()))
    ]
    return tuple(dict.fromkeys((first, *more)))


def _offered(kind: type[_Kind], name: str, pointer: str) -> _Kind:
    if name not in set(kind):
        reason = f"{name[:40]!r} is not offered; there are: {', '.join(kind)}"
        raise InvalidRequest(InvalidParam(pointer, reason))
    return kind(name)


def _check_reachability(types: Collection[MonitoringType], parts: Mapping[str, Any]) -> None:
    if MonitoringType.UE_REACHABILITY not in types:
        return
    if "reachability" not in parts:
        raise InvalidRequest(InvalidParam("/reachabilityType", "is missing", missing=True))
    if parts["reachability"] != "DATA":
        reason = f"{parts['reachability'][:40]!r} is not offered; there is: DATA"
        raise InvalidRequest(InvalidParam("/reachabilityType", reason))


def _location(types: Collection[MonitoringType], parts: Mapping[str, Any]) -> LocationWish:
    if MonitoringType.LOCATION_REPORTING not in types:
        for name in ("period_s", "interval_s"):
            if name in parts:
                key = _SCHEMA.fields[name].data_key
                raise InvalidRequest(InvalidParam(f"/{key}", "belongs to LOCATION_REPORTING"))
        return LocationWish()
    if "location" not in parts:
        raise InvalidRequest(InvalidParam("/locationType", "is missing", missing=True))
    return LocationWish(
        type=_offered(LocationType, parts["location"], "/locationType"),
        accuracy=_offered(Accuracy, parts.get("accuracy", Accuracy.CGI_ECGI), "/accuracy"),
        period_s=parts.get("period_s"),
        interval_s=parts.get("interval_s", 0),
    )


def _at(place: AddressOrPrefix) -> UeAddress:
    """The UE of a `ueIpAddr`; a prefix may have several."""
    if isinstance(place, IPv6Network):
        reason = "is not offered: name the UE by one of its addresses"
        raise InvalidRequest(InvalidParam("/ueIpAddr/ipv6Prefix", reason))
    return UeAddress(ipv4=place) if isinstance(place, IPv4Address) else UeAddress(ipv6=place)


#: How each attribute names a UE.
_NAMED: Mapping[str, Callable[[Any], UeAddress]] = {
    "external_id": lambda name: UeAddress(gpsi=f"extid-{name}"),
    "msisdn": lambda digits: UeAddress(gpsi=f"msisdn-{digits}"),
    "ipv4": lambda address: UeAddress(ipv4=address),
    "ipv6": lambda address: UeAddress(ipv6=address),
    "ip": _at,
}


def _target(parts: Mapping[str, Any]) -> Target:
    """The one UE or group (TS 29.122 table 5.3.2.1.2-1, NOTE 1)."""
    names = (*_NAMED, "group")
    keys = {name: f"/{_SCHEMA.fields[name].data_key}" for name in names}
    given = [name for name in names if name in parts]
    if len(given) != 1:
        reason = f"name one UE or group by exactly one of {', '.join(k[1:] for k in keys.values())}"
        wrong = given[1:] or ["external_id"]
        raise InvalidRequest(*(InvalidParam(keys[name], reason, not given) for name in wrong))
    [name] = given
    return Target(
        pointer=keys[name],
        ue=_NAMED[name](parts[name]) if name in _NAMED else None,
        group=parts.get("group"),
        excluded=_gpsis(parts, "excluded"),
        added=_gpsis(parts, "added"),
    )


def _gpsis(parts: Mapping[str, Any], which: str) -> tuple[str, ...]:
    external_ids = [f"extid-{name}" for name in parts.get(f"{which}_external_ids", ())]
    return (*external_ids, *(f"msisdn-{digits}" for digits in parts.get(f"{which}_msisdns", ())))
