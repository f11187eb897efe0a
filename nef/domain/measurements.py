"""What can be measured of a session's flows, and what was (TS 29.122 5.14.2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from nef.domain.sessions import Monitoring, SessionRequest
from nef.domain.units import BitRate

#: TS 23.501 5.7.3.6 and table 5.7.4-1: what a rate is taken over where nobody says.
AVERAGING_WINDOW_MS = 2000


class Kind(StrEnum):
    """What can be measured of a flow."""

    DELAY = "delay"
    RATE = "rate"
    CONGESTION = "congestion"


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a flow stands; None is said of what cannot be measured now.

    The rate is taken over the averaging window; the delay is that of packets in the window.
    """

    rate_dl: BitRate | None
    delay_dl_ms: int | None
    congestion_dl_percent: int | None

    def value(self, parameter: str) -> int | None:
        """The value of a `RequestedQosMonitoringParameter`; the uplink is not measured."""
        match parameter:
            case "DOWNLINK":
                return self.delay_dl_ms
            case "DOWNLINK_DATA_RATE":
                return None if self.rate_dl is None else self.rate_dl.bps
            case "DOWNLINK_CONGESTION":
                return self.congestion_dl_percent
        return None


#: How flows stand, by component number; of one that is absent the network knows nothing.
Measurements = Mapping[int, Measurement]


def monitoring_of(request: SessionRequest) -> dict[Kind, Monitoring]:
    """What is to be measured of every flow of a session."""
    asked = {
        Kind.DELAY: request.delay_monitoring,
        Kind.RATE: request.rate_monitoring,
        Kind.CONGESTION: request.congestion_monitoring,
    }
    return {kind: one for kind, one in asked.items() if one is not None}


def thresholds_of(asked: Monitoring) -> dict[str, int]:
    """The thresholds of the parameters that are to be measured."""
    thresholds = {
        "DOWNLINK": asked.delay_dl_ms,
        "UPLINK": asked.delay_ul_ms,
        "ROUND_TRIP": asked.delay_round_trip_ms,
        "DOWNLINK_DATA_RATE": None if asked.rate_dl is None else asked.rate_dl.bps,
        "DOWNLINK_CONGESTION": asked.congestion_dl_percent,
        "UPLINK_CONGESTION": asked.congestion_ul_percent,
    }
    return {
        name: threshold
        for name, threshold in thresholds.items()
        if threshold is not None and name in asked.parameters
    }
