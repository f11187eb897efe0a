"""`AnalyticsRequest` and `AnalyticsData` of TS 29.522 as far as DN performance needs them."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from marshmallow import EXCLUDE, Schema, fields

from af_client.errors import NoAnalytics
from af_client.messages import Bandwidth
from af_client.schemas.base import RateField, loaded


class _Open(Schema):
    class Meta:
        unknown = EXCLUDE


class PerfDataSchema(_Open):
    """`PerfData` of TS 29.520."""

    average_dl_bps = RateField(data_key="avgTrafficRate")
    max_dl_bps = RateField(data_key="maxTrafficRate")
    min_dl_bps = RateField(data_key="minTrafficRate")
    delay_ms = fields.Integer(data_key="avePacketDelay")
    loss_tenths_of_percent = fields.Integer(data_key="avgPacketLossRate")


class DnPerfSchema(_Open):
    """`DnPerf` of TS 29.520."""

    performance = fields.Nested(PerfDataSchema, data_key="perfData", required=True)


class DnPerfInfoSchema(_Open):
    """`DnPerfInfo` of TS 29.520."""

    entries = fields.List(fields.Nested(DnPerfSchema), data_key="dnPerf", required=True)


class AnalyticsDataSchema(_Open):
    """`AnalyticsData` of TS 29.522."""

    generated_at = fields.AwareDateTime(data_key="timeStampGen", default_timezone=UTC)
    valid_until = fields.AwareDateTime(data_key="expiry", default_timezone=UTC)
    infos = fields.List(fields.Nested(DnPerfInfoSchema), data_key="dnPerfInfos", load_default=list)


_ANALYTICS = AnalyticsDataSchema()


def bandwidth_query(gpsi: str) -> dict[str, Any]:
    """Ask how well the data network is reached from a UE."""
    return {"analyEvent": "DN_PERFORMANCE", "tgtUe": {"gpsi": gpsi}, "suppFeat": "0"}


def bandwidth_of(document: Any) -> Bandwidth:
    """The first entry that has an average rate; raises Malformed, or NoAnalytics without one."""
    data = loaded(_ANALYTICS, document)
    performance = next((p for p in _performances(data) if "average_dl_bps" in p), None)
    if performance is None:
        raise NoAnalytics("the NEF's DN performance analytics name no avgTrafficRate")
    loss = performance.pop("loss_tenths_of_percent", None)
    return Bandwidth(
        **performance,
        # PacketLossRate counts tenths of a percent (TS 29.571 5.5.2).
        loss_rate=None if loss is None else loss / 1000,
        generated_at=data.get("generated_at"),
        valid_until=data.get("valid_until"),
    )


def _performances(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (entry["performance"] for info in data["infos"] for entry in info["entries"])
