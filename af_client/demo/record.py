"""What happened in the demo, gathered from what the programs print and what the network shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from af_client.demo.programs import Line
from af_client.demo.verdict import Download, Loss


@dataclass(frozen=True, slots=True)
class NetworkSample:
    """The network at a moment: the UE's signal, and the rates that the two flows hold."""

    at_s: float
    sinr_db: float
    topology_bps: int
    weights_bps: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice of the model server, with what caused it and its reason."""

    at_s: float
    variant: str
    cause: str
    reason: str


@dataclass
class Record:
    """Everything that the view, the report and the plot show; times count from `started_s`."""

    started_s: float
    network: list[NetworkSample] = field(default_factory=list)
    reported: list[tuple[float, int]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    notifications: list[tuple[float, str, str]] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)
    recognised: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)

    def take(self, line: Line) -> None:
        """Add what a line of a program says; other lines change nothing."""
        handler = _HANDLERS.get((line.program, str(line.fields.get("event"))))
        if handler is not None:
            handler(self, line.at_s - self.started_s, line.fields)

    @property
    def bandwidth_bps(self) -> int:
        """The last reported bandwidth."""
        return self.reported[-1][1] if self.reported else 0


def _reported(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    record.reported.append((at_s, int(fields["average_dl_bps"])))


def _decided(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    if fields["variant"] is not None:
        decision = Decision(at_s, fields["variant"], fields["cause"], fields["reason"])
        record.decisions.append(decision)


def _notified(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    reference = fields.get("applied_ref") or ""
    record.notifications.append((at_s, fields["report"], reference))


def _progressed(record: Record, _at_s: float, fields: Mapping[str, Any]) -> None:
    record.progress = fields


def _delivered(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    record.progress = {}
    if fields["outcome"] != "delivered" or fields["accuracy"] is None:
        return
    download = Download(
        variant=fields["variant"],
        accuracy=fields["accuracy"],
        size_bytes=fields["size_bytes"],
        reported_bps=fields["reported_bps"] or 0,
        ready_at_s=at_s,
        took_s=fields["seconds"],
        topology=Loss(fields["topology_sent"], fields["topology_lost"]),
        weights=Loss(fields["weights_sent"], fields["weights_lost"]),
        topology_intact=fields["topology_intact"],
        cause=fields["cause"],
    )
    record.downloads.append(download)


def _recognised(record: Record, _at_s: float, fields: Mapping[str, Any]) -> None:
    record.recognised = int(fields["images"])


_HANDLERS: Mapping[tuple[str, str], Callable[[Record, float, Mapping[str, Any]], None]] = {
    ("server", "bandwidth"): _reported,
    ("server", "decision"): _decided,
    ("server", "notification"): _notified,
    ("server", "transfer_end"): _delivered,
    ("device", "progress"): _progressed,
    ("device", "recognised"): _recognised,
}
