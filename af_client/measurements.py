"""What an AF may have measured of its sessions, and what it is then told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from af_client.checks import check_values


@dataclass(frozen=True, slots=True)
class Usage:
    """How long and how much: a threshold, or what was used so far; None is not said."""

    duration_s: int | None = None
    total_bytes: int | None = None
    downlink_bytes: int | None = None
    uplink_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse parts of a second and of a byte."""
        check_values(self)


@dataclass(frozen=True, slots=True)
class QosMonitoring:
    """What is measured of every flow, and when it is told (`QosMonitoringInformation`).

    `of_delay`, `of_rate` and `of_congestion` make the usual ones, of the downlink. `parameters`
    and `frequencies` are 3GPP's words; `period_s` belongs to "PERIODIC", the thresholds and
    `wait_s`, the least time between two reports, to "EVENT_TRIGGERED".
    """

    parameters: tuple[str, ...]
    frequencies: tuple[str, ...]
    period_s: int | None = None
    wait_s: int | None = None
    delay_dl_ms: int | None = None
    delay_ul_ms: int | None = None
    delay_round_trip_ms: int | None = None
    rate_dl_bps: int | None = None
    rate_ul_bps: int | None = None
    congestion_dl_percent: int | None = None
    congestion_ul_percent: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse a rate that cannot be written, and what never leads to a report."""
        check_values(self)
        if not self.frequencies:
            raise ValueError("say when to be told: a threshold, a period_s, or both")

    @classmethod
    def of_delay(
        cls,
        *,
        threshold_ms: int | None = None,
        period_s: int | None = None,
        wait_s: int | None = None,
    ) -> Self:
        """Downlink packet delays, told when they cross a threshold, every period, or both."""
        when = _frequencies(threshold_ms, period_s)
        return cls(("DOWNLINK",), when, period_s, wait_s, delay_dl_ms=threshold_ms)

    @classmethod
    def of_rate(
        cls,
        *,
        threshold_bps: int | None = None,
        period_s: int | None = None,
        wait_s: int | None = None,
    ) -> Self:
        """Downlink data rates, told when they cross a threshold, every period, or both."""
        when = _frequencies(threshold_bps, period_s)
        return cls(("DOWNLINK_DATA_RATE",), when, period_s, wait_s, rate_dl_bps=threshold_bps)

    @classmethod
    def of_congestion(
        cls,
        *,
        threshold_percent: int | None = None,
        period_s: int | None = None,
        wait_s: int | None = None,
    ) -> Self:
        """Downlink congestion, told when it crosses a threshold, every period, or both."""
        when = _frequencies(threshold_percent, period_s)
        return cls(
            ("DOWNLINK_CONGESTION",),
            when,
            period_s,
            wait_s,
            congestion_dl_percent=threshold_percent,
        )


def _frequencies(threshold: int | None, period_s: int | None) -> tuple[str, ...]:
    asked = {"EVENT_TRIGGERED": threshold, "PERIODIC": period_s}
    return tuple(name for name, value in asked.items() if value is not None)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured (`QosMonitoringReport`); what it does not speak of is None or empty.

    `failed` says that something which was asked for could not be measured, the uplink say.
    `components` pairs the number of a media flow with flow ids, where the NEF names them here too.
    """

    delays_dl_ms: tuple[int, ...] = ()
    delays_ul_ms: tuple[int, ...] = ()
    delays_round_trip_ms: tuple[int, ...] = ()
    rate_dl_bps: int | None = None
    rate_ul_bps: int | None = None
    congestion_dl_percent: int | None = None
    congestion_ul_percent: int | None = None
    failed: bool = False
    components: tuple[tuple[int, tuple[int, ...]], ...] = ()
