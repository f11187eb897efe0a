"""The user plane on Linux interfaces as a process: it follows the grants, and reports."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TextIO

from nef.network.enforcement import UserPlane
from nef.network.linux.names import Names, names_of
from nef.network.linux.plane import DEFAULT_QUEUE_LIMIT_BYTES, LinuxUserPlane
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.grants import GrantPoller
from nef.network.userplane.measurements import MeasurementReporter, Tally

_LOG = logging.getLogger(__name__)

_TURN_S = 0.02
_COUNTERS_EVERY_NS = 10**9

#: Told what happens, one JSON object each.
Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class LinuxPlaneSettings:
    """Whom to ask for grants, and what to call things; `queue_limit_bytes` is each flow's."""

    nef_url: str
    names: Names = field(default_factory=names_of)
    poll_interval_s: float = 0.05
    report_interval_s: float = 0.2
    queue_limit_bytes: int = DEFAULT_QUEUE_LIMIT_BYTES


def run_linux_plane(
    settings: LinuxPlaneSettings,
    stop: threading.Event,
    tell: Tell,
    counters_to: TextIO | None = None,
) -> None:
    """Carry packets between the namespaces until `stop` is set, then remove them.

    `tell` hears when everything is there ("ready"), and of the addresses of the UEs whenever these
    change ("addresses"). `counters_to` gets the counters as a line of JSON every second and at the
    end. Raises LinuxPlaneUnusable where the machine refuses; nothing is left behind then either.
    """
    with closing(LinuxUserPlane(settings.names, settings.queue_limit_bytes)) as plane:
        tell(_ready(settings.names))
        poller = GrantPoller(settings.nef_url, settings.poll_interval_s)
        reporter = MeasurementReporter(settings.nef_url, settings.report_interval_s)
        with _running(poller.run, reporter.run):
            loop = _Loop(plane, reporter, settings.report_interval_s, tell, counters_to)
            while not stop.wait(_TURN_S):
                loop.turn(poller.table, time.monotonic_ns())
            loop.end(time.monotonic_ns())


def _ready(names: Names) -> Mapping[str, Any]:
    return {
        "event": "ready",
        "data_network": names.data_network,
        "ue": names.ue,
        "servers": [str(server) for server in names.servers],
        "nef_host": str(names.host_address),
        "notifications_host": str(names.data_network_address),
    }


@contextmanager
def _running(*works: Callable[[threading.Event], None]) -> Iterator[None]:
    halt = threading.Event()
    threads = [threading.Thread(target=work, args=(halt,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        halt.set()
        for thread in threads:
            thread.join()


class _Loop:
    """Looks at the grants and the counters in turns; the packets need nobody."""

    def __init__(
        self,
        plane: UserPlane,
        reporter: MeasurementReporter,
        report_interval_s: float,
        tell: Tell,
        counters_to: TextIO | None,
    ) -> None:
        self._plane, self._reporter, self._tell = plane, reporter, tell
        self._counters_to = counters_to
        self._measure_every_ns = int(report_interval_s * 10**9)
        self._measuring_ns = self._writing_ns = 0
        self._table: GrantTable | None = None
        self._tally = Tally(time.monotonic_ns())

    def turn(self, table: GrantTable | None, now_ns: int) -> None:
        """Do what is due."""
        if table is not None and table is not self._table:
            self._plane.enforce(table, now_ns)
            self._tell_addresses(table)
            self._table = table
        if now_ns >= self._measuring_ns:
            self._measuring_ns = now_ns + self._measure_every_ns
            self._measure(now_ns)

    def end(self, now_ns: int) -> None:
        """Count a last time."""
        self._writing_ns = 0
        self._measure(now_ns)

    def _measure(self, now_ns: int) -> None:
        counters = self._plane.counted(now_ns)
        self._reporter.latest = self._tally.entries(counters, now_ns)
        if now_ns >= self._writing_ns and self._counters_to is not None:
            self._writing_ns = now_ns + _COUNTERS_EVERY_NS
            self._write(self._counters_to, counters.snapshot())

    def _write(self, stream: TextIO, counters: Mapping[str, Any]) -> None:
        try:
            stream.write(json.dumps(counters) + "\n")
            stream.flush()
        except OSError as error:
            _LOG.warning("the counters can no longer be written: %s", error)
            self._counters_to = None

    def _tell_addresses(self, table: GrantTable) -> None:
        before = self._table.by_address.keys() if self._table is not None else None
        if table.by_address.keys() != before:
            addresses = [str(ip_address(packed)) for packed in sorted(table.by_address)]
            self._tell({"event": "addresses", "addresses": addresses})
