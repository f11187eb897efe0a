"""`Pdtq`: planned transfers on the wire (TS 29.522 PDTQPolicyNegotiation)."""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import fields, validate

from nef.domain.areas import NOWHERE
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.features import NO_FEATURES
from nef.domain.plans import Candidate, Plan, PlanChanges, PlanRequest, QosWish, Window
from nef.domain.subscriptions import Api, Subscription
from nef.schemas.areas import LocationAreaSchema
from nef.schemas.base import WireSchema, loaded
from nef.schemas.fields import BitRateField, ErrorRateField, FeaturesField, MomentField
from nef.schemas.links import subscription_link
from nef.schemas.times import time_window

#: The published file has no bounds; the upper one is that of a signed 32-bit number.
_UES = validate.Range(1, 2**31 - 1, error="must be 1 to {max}")
_PRIORITIES = validate.Range(1, 127, error="must be 1 to 127")
_DELAYS = validate.Range(1, 2**31 - 1, error="must be 1 to {max} milliseconds")


class WindowSchema(WireSchema):
    """`TimeWindow` (TS 29.122 5.2.1)."""

    makes = Window
    from_s = MomentField(data_key="startTime", required=True)
    until_s = MomentField(data_key="stopTime", required=True)


class AlternativeSchema(WireSchema):
    """`AltQosParamSet` (TS 29.543)."""

    makes = QosWish
    gbr_dl = BitRateField(data_key="gfbrDl")
    gbr_ul = BitRateField(data_key="gfbrUl")
    delay_ms = fields.Integer(data_key="pdb", validate=_DELAYS)
    per = ErrorRateField()


class WishSchema(AlternativeSchema):
    """`QosParameterSet` (TS 29.543); bursts do not count where only rates are planned."""

    mbr_dl = BitRateField(data_key="maxBitRateDl")
    mbr_ul = BitRateField(data_key="maxBitRateUl")
    priority = fields.Integer(data_key="priorLevel", validate=_PRIORITIES)


class RequestSchema(WireSchema):
    """`Pdtq` without what the NEF adds to it."""

    makes = dict
    provider = fields.String(data_key="aspId", required=True)
    application = fields.String(data_key="appId")
    windows = fields.List(fields.Nested(WindowSchema), data_key="desTimeInts", required=True)
    ues = fields.Integer(data_key="numberOfUEs", required=True, validate=_UES)
    qos_reference = fields.String(data_key="qosReference")
    alternative_references = fields.List(fields.String(), data_key="altQosRefs")
    wish = fields.Nested(WishSchema, data_key="qosParamSet")
    alternatives = fields.List(fields.Nested(AlternativeSchema), data_key="altQosParamSets")
    area = fields.Nested(LocationAreaSchema, data_key="locationArea5G")
    destination = fields.String(data_key="notificationDestination")
    warned = fields.Boolean(data_key="warnNotifEnabled")
    features = FeaturesField(data_key="supportedFeatures")


class ChangesSchema(WireSchema):
    """`PdtqPatch`."""

    makes = PlanChanges
    selected = fields.Integer(data_key="selectedPolicy")
    warned = fields.Boolean(data_key="warnNotifEnabled")
    destination = fields.String(data_key="notificationDestination")


_REQUEST, _CHANGES = RequestSchema(), ChangesSchema()
#: What an AF gives once and gets back as it was.
_FIXED = frozenset(field.data_key for field in _REQUEST.fields.values()) - {
    *("notificationDestination", "warnNotifEnabled"),
}


def request_of(document: Any) -> PlanRequest:
    """What an AF plans; raises InvalidRequest."""
    parts = loaded(_REQUEST, document)
    if document.get("selectedPolicy") is not None:
        reason = "belongs to a PATCH: there is nothing to choose of before the answer"
        raise InvalidRequest(InvalidParam("/selectedPolicy", reason))
    lists = ("windows", "alternative_references", "alternatives")
    return PlanRequest(
        **{name: tuple(parts.get(name, ())) for name in lists},
        ues=parts["ues"],
        qos_reference=parts.get("qos_reference"),
        wish=parts.get("wish"),
        area=parts.get("area", NOWHERE),
        destination=parts.get("destination"),
        warned=parts.get("warned", False),
        wire={key: value for key, value in document.items() if key in _FIXED},
    )


def changes_of(document: Any) -> PlanChanges:
    """What an AF changes of a plan; raises InvalidRequest."""
    changes: PlanChanges = loaded(_CHANGES, document)
    return changes


def plan_document(subscription: Subscription[Plan], api_root: str) -> dict[str, Any]:
    """`Pdtq`: as the AF wrote it, with what the NEF offers."""
    plan, name = subscription.body, subscription.id
    document: dict[str, Any] = {
        **plan.request.wire,
        "warnNotifEnabled": plan.request.warned,
        "self": subscription_link(api_root, Api.TRANSFERS, subscription.af_id, name),
        "referenceId": reference_of(name),
    }
    said: Mapping[str, Any] = {
        "notificationDestination": plan.request.destination,
        "pdtqPolicies": policy_documents(plan.candidates) or None,
        "selectedPolicy": plan.selected,
    }
    document |= {key: value for key, value in said.items() if value is not None}
    if "supportedFeatures" in document:
        document["supportedFeatures"] = NO_FEATURES
    return document


def policy_documents(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    """A list of `PdtqPolicy`."""
    return [policy_document(candidate) for candidate in candidates]


def policy_document(candidate: Candidate) -> dict[str, Any]:
    """`PdtqPolicy`."""
    window = time_window(candidate.window.from_s, candidate.window.until_s)
    return {"pdtqPolicyId": candidate.id, "recTimeInt": window}


def reference_of(plan_id: str) -> str:
    """`PdtqReferenceId`: a plan is known in the network by the id that it has here."""
    return plan_id
