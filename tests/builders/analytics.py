"""Analytics as a NEF writes them, and one that is told what to answer."""

from typing import Any

AREA = {"nwAreaInfo": {"ncgis": [{"plmnId": {"mcc": "001", "mnc": "01"}, "nrCellId": "000000010"}]}}
START, END = "2026-11-23T12:00:00Z", "2026-11-23T12:00:30Z"

BANDWIDTH: dict[str, Any] = {
    "dnPerfInfos": [
        {
            "dnPerf": [
                {
                    "perfData": {
                        "avgTrafficRate": "40 Mbps",
                        "maxTrafficRate": "1 Gbps",
                        "minTrafficRate": "0 bps",
                        "avePacketDelay": 12,
                        "avgPacketLossRate": 3,
                    }
                }
            ],
            "confidence": 90,
        }
    ]
}
OUTLOOK: dict[str, Any] = {
    "qosSustainInfos": [
        {"locArea": AREA, "startTs": START, "endTs": END, "ranUeThrouThd": "1 Mbps"}
        | {"confidence": 80}
    ]
}
CONGESTION: dict[str, Any] = {
    "congestInfos": [
        {
            "locArea": AREA,
            "cngAnas": [
                {
                    "cngType": "USER_PLANE",
                    "tmWdw": {"startTime": START, "stopTime": END},
                    "nsi": {"congLevel": 35},
                    "confidence": 70,
                }
            ],
        }
    ]
}
PERFORMANCE: dict[str, Any] = {
    "nwPerfInfos": [
        {"locArea": AREA, "nwPerfType": "NUM_OF_UE", "absoluteNum": 4, "confidence": 100},
        {"locArea": AREA, "nwPerfType": "GNB_ACTIVE_RATIO", "relativeRatio": 50, "confidence": 60},
    ]
}
MOBILITY: dict[str, Any] = {
    "ueMobilityInfos": [{"ts": START, "duration": 30, "locInfo": [{"loc": AREA, "confidence": 95}]}]
}
COMMUNICATION: dict[str, Any] = {
    "ueCommInfos": [{"ts": START, "commDur": 10, "trafChar": {"dlVol": 5000}, "confidence": 85}]
}


def transfers(*times: tuple[int, int], name: str = "dataVlTrnsTmIfs") -> dict[str, Any]:
    """Transfer times of (bytes, milliseconds)."""
    return {name: [_transfer(n_bytes, time_ms) for n_bytes, time_ms in times]}


def _transfer(n_bytes: int, time_ms: int) -> dict[str, Any]:
    taken = {"downlinkVolume": n_bytes, "avgTransTimeDl": time_ms}
    ue = {"gpsi": "msisdn-1", "snssai": {"sst": 1}, "dataVolTransTime": taken}
    slot = {"tsStart": START, "tsDuration": 1, "e2eDataVolTransTimePerUe": [ue]}
    return {"e2eDataVolTransTimes": [slot], "confidence": 88}


def event(name: str, found: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """`AnalyticsEventNotif`."""
    return {"analyEvent": name, "timeStamp": START} | (found or {}) | more


def notification(notification_id: str, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """`AnalyticsEventNotification`."""
    return {"notifId": notification_id, "analyEventNotifs": list(events)} | more
