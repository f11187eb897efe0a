"""The user plane on Linux interfaces as a process: it follows the grants, and reports."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TextIO

from nef.network.access import NOTHING_TO_SHOW, Access
from nef.network.linux.names import Names, names_of
from nef.network.linux.plane import DEFAULT_QUEUE_LIMIT_BYTES, LinuxUserPlane
from nef.network.userplane.accounts import Accounts
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.grants import GrantPoller
from nef.network.userplane.measurements import MeasurementReporter
from nef.network.userplane.relay import Tell

_TURN_S = 0.02


@dataclass(frozen=True, slots=True)
class LinuxPlaneSettings:
    """Whom to ask for grants, and what to call things; `queue_limit_bytes` is each flow's."""

    nef_url: str
    names: Names = field(default_factory=names_of)
    poll_interval_s: float = 0.05
    report_interval_s: float = 0.2
    queue_limit_bytes: int = DEFAULT_QUEUE_LIMIT_BYTES
    access: Access = NOTHING_TO_SHOW


def run_linux_plane(
    settings: LinuxPlaneSettings,
    stop: threading.Event,
    tell: Tell,
    counters_to: TextIO | None = None,
) -> None:
    """Carry packets between the namespaces until `stop` is set, then remove them.

    `tell` hears where things are, and that it waits for the NEF ("waiting"), that it has had an
    answer of it ("ready"), and of the addresses of the UEs whenever these change ("addresses").
    `counters_to` gets the counters as a line of JSON every second and at the end. Raises
    LinuxPlaneUnusable where the machine refuses; nothing is left behind then either.
    """
    with closing(LinuxUserPlane(settings.names, settings.queue_limit_bytes)) as plane:
        tell(_waiting(settings.nef_url, settings.names))
        poller = GrantPoller(settings.nef_url, settings.poll_interval_s, settings.access)
        reporter = MeasurementReporter(
            settings.nef_url, settings.report_interval_s, settings.access
        )
        with _running(poller.run, reporter.run):
            accounts = Accounts(plane, reporter, counters_to, time.monotonic_ns())
            addresses = Addresses(tell)
            while not stop.wait(_TURN_S):
                now_ns, table = time.monotonic_ns(), poller.table
                if accounts.follow(table, now_ns) and table is not None:
                    addresses.follow(table)
                accounts.due(now_ns)
            accounts.end(time.monotonic_ns())


def _waiting(nef_url: str, names: Names) -> Mapping[str, Any]:
    return {
        "event": "waiting",
        "nef": nef_url,
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


class Addresses:
    """Tells that the addresses of the UEs are known, and which they are whenever these change."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: frozenset[bytes] | None = None

    def follow(self, table: GrantTable) -> None:
        """Compare those of a table with what was told last."""
        addresses = frozenset(table.by_address)
        if self._told is None:
            self._tell({"event": "ready"})
        if addresses != self._told:
            self._told = addresses
            texts = [str(ip_address(packed)) for packed in sorted(addresses)]
            self._tell({"event": "addresses", "addresses": texts})
