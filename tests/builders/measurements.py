"""What is asked to be measured, and what a flow carried."""

from typing import Any

from nef.domain.measurements import Measurement
from nef.domain.units import BitRate

DELAYS = ("DOWNLINK", "UPLINK", "ROUND_TRIP")


def measurement(
    mbps: float | None = 0.0, delay_ms: int | None = 8, congestion_percent: int | None = 20
) -> Measurement:
    """How a flow stands; None is said of what cannot be measured."""
    rate = None if mbps is None else BitRate(round(mbps * 1e6))
    return Measurement(rate, delay_ms, congestion_percent)


def asking(*parameters: str, **changes: Any) -> dict[str, Any]:
    """A `QosMonitoringInformation`: with a period periodic, with a threshold on crossings."""
    frequencies = ["PERIODIC"] if "repPeriod" in changes else []
    if any("Thresh" in name for name in changes):
        frequencies.append("EVENT_TRIGGERED")
    return {"reqQosMonParams": list(parameters), "repFreqs": frequencies, **changes}


def rate_above(rate: str, **changes: Any) -> dict[str, Any]:
    """Downlink rates, told when they cross a threshold."""
    return asking("DOWNLINK_DATA_RATE", repThreshDatRateDl=rate, **changes)


def counted(flow_key: str, packets: int, **changes: int) -> dict[str, Any]:
    """Counters of a flow on the wire: packets of 1250 bytes."""
    return {
        "flowKey": flow_key,
        "packetsCarried": packets,
        "bytesCarried": 1250 * packets,
    } | changes
