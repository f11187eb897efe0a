"""Analytics on the wire: DN_PERFORMANCE of `AnalyticsRequest` and `AnalyticsData` (TS 29.522)."""

from typing import Any

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.features import NO_FEATURES
from nef.ports.network import Performance
from nef.schemas.times import date_time

_EVENT = "DN_PERFORMANCE"


def ue_of(document: dict[str, Any]) -> str:
    """The GPSI that a request is about; raises InvalidRequest for what is not offered."""
    if document["analyEvent"] != _EVENT:
        reason = f"this NEF offers {_EVENT} only"
        raise InvalidRequest(InvalidParam("/analyEvent", reason))
    gpsi = document.get("tgtUe", {}).get("gpsi")
    if not isinstance(gpsi, str):
        raise InvalidRequest(InvalidParam("/tgtUe/gpsi", f"name the UE that {_EVENT} is about"))
    return gpsi


def performance_document(now_s: float, performance: Performance) -> dict[str, Any]:
    """`AnalyticsData`: delays in milliseconds, losses in tenths of a per cent (TS 29.571)."""
    loss = round(performance.loss.value * 1000)
    rates = {
        "avgTrafficRate": str(performance.rate_dl),
        "minTrafficRate": str(performance.min_rate_dl),
        "maxTrafficRate": str(performance.max_rate_dl),
    }
    data = rates | {"avePacketDelay": performance.delay_ms, "avgPacketLossRate": loss}
    return {
        "start": date_time(now_s),
        "expiry": date_time(performance.until_s),
        "timeStampGen": date_time(now_s),
        "dnPerfInfos": [{"dnPerf": [{"perfData": data}]}],
        "suppFeat": NO_FEATURES,
    }
