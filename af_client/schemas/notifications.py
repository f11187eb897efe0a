"""`UserPlaneNotificationData` and `TestNotification` (TS 29.122 5.14.2.1 and 5.2.1)."""

from typing import Any

from marshmallow import fields, post_load, pre_load, validate

from af_client.messages import EventReport, Notification, UserPlaneEvent
from af_client.schemas.base import NameField, WireSchema, loaded
from af_client.schemas.measurements import (
    CongestionReportSchema,
    DelayReportSchema,
    RateReportSchema,
    UsageSchema,
)


class MultiModalFlowsSchema(WireSchema):
    """`MultiModalFlows`: the number of a media flow and flow ids, none meaning all of them."""

    makes = tuple
    number = fields.Integer(data_key="medCompN", required=True)
    flow_ids = fields.List(fields.Integer(), data_key="flowIds", load_default=list)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> tuple[int, tuple[int, ...]]:
        return data["number"], tuple(data["flow_ids"])


class EventReportSchema(WireSchema):
    """`UserPlaneEventReport`."""

    makes = EventReport
    event = NameField(*UserPlaneEvent, required=True)
    flow_ids = fields.List(fields.Integer(), data_key="flowIds")
    components = fields.List(fields.Nested(MultiModalFlowsSchema), data_key="multiModFlows")
    applied_ref = fields.String(data_key="appliedQosRef")
    delays = fields.List(fields.Nested(DelayReportSchema), data_key="qosMonReports")
    rates = fields.List(fields.Nested(RateReportSchema), data_key="qosMonDatRateReps")
    congestion = fields.List(fields.Nested(CongestionReportSchema), data_key="qosMonConInfoReps")
    usage = fields.Nested(UsageSchema, data_key="accumulatedUsage")
    raw = fields.Raw()

    @pre_load
    def _read(self, data: Any, **_: Any) -> Any:
        return super()._read(data) | {"raw": data} if isinstance(data, dict) else data

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        kinds = (data.pop(name, []) for name in ("delays", "rates", "congestion"))
        measurements = [one for kind in kinds for one in kind]
        return super()._make(data | {"measurements": measurements})


class NotificationSchema(WireSchema):
    """`UserPlaneNotificationData`."""

    makes = Notification
    session_url = fields.String(data_key="transaction", required=True)
    reports = fields.List(
        fields.Nested(EventReportSchema),
        data_key="eventReports",
        required=True,
        validate=validate.Length(min=1),
    )


class TestNotificationSchema(WireSchema):
    """`TestNotification`."""

    makes = Notification
    session_url = fields.String(data_key="subscription", required=True)


_NOTIFICATION = NotificationSchema()
_TEST = TestNotificationSchema()


def notification_of(document: Any) -> Notification:
    """The notification in a body, of events or of a test; raises Malformed."""
    is_test = isinstance(document, dict) and "subscription" in document
    schema = _TEST if is_test and "transaction" not in document else _NOTIFICATION
    notification: Notification = loaded(schema, document)
    return notification
