"""The standardised 5QI values as data: TS 23.501 table 5.7.4-1 (Release 18)."""

from dataclasses import dataclass
from enum import StrEnum

from nef.domain.units import PacketErrorRate


class ResourceType(StrEnum):
    """How a QoS flow holds resources (TS 23.501 5.7.3.2)."""

    GBR = "GBR"
    DELAY_CRITICAL_GBR = "DELAY_CRITICAL_GBR"
    NON_GBR = "NON_GBR"


@dataclass(frozen=True, slots=True)
class FiveQi:
    """One row: a lower `priority` is more important; GBR rows average over 2000 ms."""

    value: int
    resource_type: ResourceType
    priority: int
    delay_ms: int
    per: PacketErrorRate
    max_burst_bytes: int | None
    example: str

    @property
    def averaging_window_ms(self) -> int | None:
        """The default averaging window, which only GBR flows have."""
        return None if self.resource_type is ResourceType.NON_GBR else 2000


_GBR, _CRITICAL, _SHARED = (
    ResourceType.GBR,
    ResourceType.DELAY_CRITICAL_GBR,
    ResourceType.NON_GBR,
)

# 5QI, resource type, priority, delay budget in ms, error rate, burst in bytes, example service
_ROWS: tuple[tuple[int, ResourceType, int, int, str, int | None, str], ...] = (
    (1, _GBR, 20, 100, "1E-2", None, "conversational voice"),
    (2, _GBR, 40, 150, "1E-3", None, "conversational video"),
    (3, _GBR, 30, 50, "1E-3", None, "real-time gaming, process monitoring"),
    (4, _GBR, 50, 300, "1E-6", None, "buffered video"),
    (65, _GBR, 7, 75, "1E-2", None, "mission-critical push-to-talk voice"),
    (66, _GBR, 20, 100, "1E-2", None, "push-to-talk voice"),
    (67, _GBR, 15, 100, "1E-3", None, "mission-critical video"),
    (71, _GBR, 56, 150, "1E-6", None, "live uplink streaming"),
    (72, _GBR, 56, 300, "1E-4", None, "live uplink streaming"),
    (73, _GBR, 56, 300, "1E-8", None, "live uplink streaming"),
    (74, _GBR, 56, 500, "1E-8", None, "live uplink streaming"),
    (76, _GBR, 56, 500, "1E-4", None, "live uplink streaming"),
    (5, _SHARED, 10, 100, "1E-6", None, "IMS signalling"),
    (6, _SHARED, 60, 300, "1E-6", None, "buffered video, TCP applications"),
    (7, _SHARED, 70, 100, "1E-3", None, "voice, live video, interactive gaming"),
    (8, _SHARED, 80, 300, "1E-6", None, "buffered video, TCP applications"),
    (9, _SHARED, 90, 300, "1E-6", None, "buffered video, TCP applications (default bearer)"),
    (10, _SHARED, 90, 1100, "1E-6", None, "TCP applications over satellite"),
    (69, _SHARED, 5, 60, "1E-6", None, "mission-critical delay-sensitive signalling"),
    (70, _SHARED, 55, 200, "1E-6", None, "mission-critical data"),
    (79, _SHARED, 65, 50, "1E-2", None, "vehicle-to-everything messages"),
    (80, _SHARED, 68, 10, "1E-6", None, "low-latency mobile broadband, augmented reality"),
    (82, _CRITICAL, 19, 10, "1E-4", 255, "discrete automation"),
    (83, _CRITICAL, 22, 10, "1E-4", 1354, "discrete automation, platooning"),
    (84, _CRITICAL, 24, 30, "1E-5", 1354, "intelligent transport systems"),
    (85, _CRITICAL, 21, 5, "1E-5", 255, "high-voltage electricity distribution"),
    (86, _CRITICAL, 18, 5, "1E-4", 1354, "collision avoidance, platooning"),
    (87, _CRITICAL, 25, 5, "1E-3", 500, "interactive service, motion tracking"),
    (88, _CRITICAL, 25, 10, "1E-3", 1125, "interactive service, motion tracking"),
    (89, _CRITICAL, 25, 15, "1E-4", 17000, "cloud or edge rendering"),
    (90, _CRITICAL, 25, 20, "1E-4", 63000, "cloud or edge rendering"),
)

FIVE_QIS: dict[int, FiveQi] = {
    value: FiveQi(value, kind, priority, delay, PacketErrorRate.parse(per), burst, example)
    for value, kind, priority, delay, per, burst, example in _ROWS
}
