"""The shape of analytics: `AnalyticsData` and `AnalyticsEventNotif` of TS 29.522, their parts."""

from datetime import UTC
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load

from af_client.answers import Cell, Shortfall
from af_client.schemas.base import RateField


class Open(Schema):
    """What a NEF sends may hold more than we know."""

    class Meta:
        unknown = EXCLUDE


def moment(name: str, **options: Any) -> fields.AwareDateTime:
    """`DateTime`; without a zone it is UTC."""
    return fields.AwareDateTime(data_key=name, default_timezone=UTC, **options)


def _listed(schema: type[Schema], name: str, **options: Any) -> "fields.List[Any]":
    return fields.List(fields.Nested(schema), data_key=name, **options)


class PlmnSchema(Open):
    """`PlmnId`."""

    mcc = fields.String(required=True)
    mnc = fields.String(required=True)


class NcgiSchema(Open):
    """`Ncgi`."""

    plmn = fields.Nested(PlmnSchema, data_key="plmnId", required=True)
    cell_id = fields.String(data_key="nrCellId", required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Cell:
        return Cell(**data["plmn"], cell_id=data["cell_id"])


class NetworkAreaSchema(Open):
    """`NetworkAreaInfo`."""

    cells = _listed(NcgiSchema, "ncgis", load_default=list)


class AreaSchema(Open):
    """`LocationArea5G`, of which only the cells are read."""

    network = fields.Nested(NetworkAreaSchema, data_key="nwAreaInfo")

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> tuple[Cell, ...]:
        return tuple(data.get("network", {}).get("cells", ()))


class _Sure(Open):
    confidence = fields.Integer()


class PerfDataSchema(Open):
    """`PerfData` of TS 29.520."""

    average_dl_bps = RateField(data_key="avgTrafficRate")
    max_dl_bps = RateField(data_key="maxTrafficRate")
    min_dl_bps = RateField(data_key="minTrafficRate")
    delay_ms = fields.Integer(data_key="avePacketDelay")
    loss_tenths_of_percent = fields.Integer(data_key="avgPacketLossRate")


class DnPerfSchema(Open):
    """`DnPerf` of TS 29.520."""

    performance = fields.Nested(PerfDataSchema, data_key="perfData", required=True)


class DnPerfInfoSchema(_Sure):
    """`DnPerfInfo` of TS 29.520."""

    entries = _listed(DnPerfSchema, "dnPerf", required=True)


class VolumeTimeSchema(Open):
    """`DataVolumeTransferTime`; the times of the published file have no unit: milliseconds."""

    n_bytes = fields.Integer(data_key="downlinkVolume")
    time_ms = fields.Integer(data_key="avgTransTimeDl")


class UeTimeSchema(Open):
    """`E2eDataVolTransTimePerUe`."""

    gpsi = fields.String()
    taken = fields.Nested(VolumeTimeSchema, data_key="dataVolTransTime", load_default=dict)


class SlotSchema(Open):
    """`E2eDataVolTransTimePerTS`."""

    ues = _listed(UeTimeSchema, "e2eDataVolTransTimePerUe", required=True)


class TransferTimeInfoSchema(_Sure):
    """`E2eDataVolTransTimeInfo`."""

    slots = _listed(SlotSchema, "e2eDataVolTransTimes", required=True)


class ShortfallSchema(_Sure):
    """`QosSustainabilityExposure`."""

    starts_at = moment("startTs", required=True)
    ends_at = moment("endTs", required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Shortfall:
        return Shortfall(**data)


class CongestionLevelSchema(Open):
    """`ThresholdLevel`, as a value."""

    percent = fields.Integer(data_key="congLevel")


class CongestionAnalyticsSchema(_Sure):
    """`CongestionAnalytics`."""

    level = fields.Nested(CongestionLevelSchema, data_key="nsi", required=True)


class CongestInfoSchema(Open):
    """`CongestInfo`."""

    cells = fields.Nested(AreaSchema, data_key="locArea", required=True)
    analytics = _listed(CongestionAnalyticsSchema, "cngAnas", required=True)


class PerformanceSchema(_Sure):
    """`NetworkPerfExposure`."""

    kind = fields.String(data_key="nwPerfType", required=True)
    percent = fields.Integer(data_key="relativeRatio")
    number = fields.Integer(data_key="absoluteNum")


class PlaceSchema(_Sure):
    """`UeLocationInfo`."""

    cells = fields.Nested(AreaSchema, data_key="loc", required=True)


class StaySchema(Open):
    """`UeMobilityExposure`."""

    starts_at = moment("ts")
    duration_s = fields.Integer(required=True, data_key="duration")
    places = _listed(PlaceSchema, "locInfo", required=True)


class TrafficCharacterSchema(Open):
    """`TrafficCharacterization`."""

    downlink_bytes = fields.Integer(data_key="dlVol")
    uplink_bytes = fields.Integer(data_key="ulVol")


class TrafficSchema(_Sure):
    """`UeCommunication`."""

    starts_at = moment("ts")
    duration_s = fields.Integer(required=True, data_key="commDur")
    volume = fields.Nested(TrafficCharacterSchema, data_key="trafChar", required=True)


class DataSchema(Open):
    """What `AnalyticsData` and `AnalyticsEventNotif` share, and the two spellings of one name."""

    generated_at = moment("timeStampGen")
    valid_from = moment("start")
    valid_until = moment("expiry")
    performances = _listed(DnPerfInfoSchema, "dnPerfInfos", load_default=list)
    transfers = _listed(TransferTimeInfoSchema, "dataVlTrnsTmInfos", load_default=list)
    more_transfers = _listed(TransferTimeInfoSchema, "dataVlTrnsTmIfs", load_default=list)
    shortfalls = _listed(ShortfallSchema, "qosSustainInfos", load_default=list)
    congestions = _listed(CongestInfoSchema, "congestInfos", load_default=list)
    figures = _listed(PerformanceSchema, "nwPerfInfos", load_default=list)
    stays = _listed(StaySchema, "ueMobilityInfos", load_default=list)
    traffic = _listed(TrafficSchema, "ueCommInfos", load_default=list)


class EventSchema(Open):
    """What heads an `AnalyticsEventNotif`."""

    event = fields.String(data_key="analyEvent", required=True)
    failure = fields.String(data_key="failNotifyCode")


class NotificationSchema(Open):
    """`AnalyticsEventNotification`; its events are read by the question that they answer."""

    notification_id = fields.String(data_key="notifId", required=True)
    events = fields.List(fields.Dict(), data_key="analyEventNotifs", required=True)
    end = fields.String(data_key="termCause")


class FailedEventSchema(Open):
    """`AnalyticsFailureEventInfo`."""

    event = fields.String(required=True)
    code = fields.String(data_key="failureCode", required=True)


class SubscriptionSchema(Open):
    """`AnalyticsExposureSubsc`: what the NEF adds to it."""

    events = fields.List(fields.Dict(), data_key="eventNotifis", load_default=list)
    failed = _listed(FailedEventSchema, "failEventReports", load_default=list)
