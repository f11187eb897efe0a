"""What happened in the demo, gathered from what the programs print and what the network shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from af_client.demo.contention import Load
from af_client.demo.grants import Grants
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
    """A choice of the model server, None for none, with what caused it and its reason."""

    at_s: float
    variant: str | None
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A ladder that the network accepted, and the bandwidth that had been reported before.

    `available_bps` is what the network would give to a new flow and what the session had already.
    """

    at_s: float
    ladder: tuple[str, ...]
    available_bps: int
    reason: str


@dataclass(frozen=True, slots=True)
class Started:
    """A transfer that began."""

    at_s: float
    transfer: int
    variant: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A transfer whose model did not arrive, and how it ended."""

    at_s: float
    started_s: float
    variant: str
    cause: str
    outcome: str
    size_bytes: int


@dataclass
class Record:
    """Everything that the view, the report and the plot show; times count from `started_s`."""

    started_s: float
    network: list[NetworkSample] = field(default_factory=list)
    reported: list[tuple[float, int]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    notifications: list[tuple[float, str, str]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    grants: Grants = field(default_factory=Grants)
    started: list[Started] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    recognised: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)
    #: Moments, and how busy the machine had been until then.
    loads: list[tuple[float, Load]] = field(default_factory=list)
    #: The last moment of which something is known.
    ends_s: float = 0.0
    available_bps: int = 0

    def take(self, line: Line) -> None:
        """Add what a line of a program says; other lines change nothing."""
        self.ends_s = max(self.ends_s, line.at_s - self.started_s)
        handler = _HANDLERS.get((line.program, str(line.fields.get("event"))))
        if handler is not None:
            handler(self, line.at_s - self.started_s, line.fields)

    def waited_s(self, from_s: float, to_s: float) -> float:
        """How much of the time between two moments the programs can have waited for others."""
        if not self.loads:
            return 0.0
        _, before = next((one for one in reversed(self.loads) if one[0] <= from_s), self.loads[0])
        _, after = next((one for one in self.loads if one[0] >= to_s), self.loads[-1])
        waited_s, taken_s = after.waited_s - before.waited_s, after.taken_s - before.taken_s
        return max(0.0, min(waited_s, taken_s, to_s - from_s))

    @property
    def bandwidth_bps(self) -> int:
        """The last reported bandwidth."""
        return self.reported[-1][1] if self.reported else 0


def _reported(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    average_bps = int(fields["average_dl_bps"])
    record.reported.append((at_s, average_bps))
    record.available_bps = average_bps + int(fields["own_bps"])


def _answered(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    if fields["state"] in ("created", "modified"):
        ladder = tuple(rung["variant"] for rung in fields["ladder"])
        record.asked.append(Asked(at_s, ladder, record.available_bps, fields["reason"]))
        record.grants.asked(at_s, ladder)
    elif fields["state"] == "deleted":
        record.grants.asked(at_s, ())


def _decided(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    decision = Decision(at_s, fields["variant"], fields["cause"], fields["reason"])
    record.decisions.append(decision)


def _notified(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    reference = fields.get("applied_ref") or ""
    record.notifications.append((at_s, fields["report"], reference))
    record.grants.told(at_s, fields["report"], fields["components"], fields["applied_ref"])


def _started(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    record.started.append(Started(at_s, fields["transfer"], fields["variant"]))


def _progressed(record: Record, _at_s: float, fields: Mapping[str, Any]) -> None:
    record.progress = fields


def _delivered(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    record.progress = {}
    if fields["outcome"] in ("already_there", "not_there"):
        return  # nothing was sent
    if fields["outcome"] != "delivered" or fields["accuracy"] is None:
        _missed(record, at_s, fields)
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


def _missed(record: Record, at_s: float, fields: Mapping[str, Any]) -> None:
    began = (s.at_s for s in record.started if s.transfer == fields["transfer"])
    missed = Missed(
        at_s=at_s,
        started_s=next(began, at_s),
        variant=fields["variant"],
        cause=fields["cause"],
        outcome="broken" if fields["outcome"] == "delivered" else fields["outcome"],
        size_bytes=fields["size_bytes"],
    )
    record.missed.append(missed)


def _recognised(record: Record, _at_s: float, fields: Mapping[str, Any]) -> None:
    record.recognised = int(fields["images"])


_HANDLERS: Mapping[tuple[str, str], Callable[[Record, float, Mapping[str, Any]], None]] = {
    ("server", "bandwidth"): _reported,
    ("server", "session"): _answered,
    ("server", "decision"): _decided,
    ("server", "notification"): _notified,
    ("server", "transfer_start"): _started,
    ("server", "transfer_end"): _delivered,
    ("device", "progress"): _progressed,
    ("device", "recognised"): _recognised,
}
