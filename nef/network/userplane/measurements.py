"""What the relay carried, as it tells the NEF by its control API."""

import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from nef.network.access import NOTHING_TO_SHOW, Access
from nef.network.userplane.counters import FlowCounters, RelayCounters
from nef.network.userplane.grants import TIMEOUT_S

_LOG = logging.getLogger(__name__)

#: A flow on the wire; never changed, only replaced, so that any thread may read it.
Entry = Mapping[str, Any]

#: So often everything is told again, for a NEF that has started anew in the meantime.
ALL_EVERY_S = 5.0
_MOST_FLOWS_A_REPORT = 1000
_COUNTS = {
    "packetsCarried": "packets_sent",
    "bytesCarried": "bytes_sent",
    "packetsLost": "packets_lost",
    "packetsOverflowed": "packets_overflowed",
    "waitUs": "wait_us",
    "longestWaitUs": "longest_wait_us",
    "lastWaitUs": "last_wait_us",
}


class Tally:
    """Follows the counters of flows, and for how long they have moved."""

    def __init__(self, now_ns: int) -> None:
        """Nothing was counted before now."""
        self._looked_ns = now_ns
        self._entries: dict[str, Entry] = {}
        self._active_ns: dict[str, int] = {}

    def entries(self, counters: RelayCounters, now_ns: int) -> dict[str, Entry]:
        """Every flow of which something was counted; one that stayed as it was is the same."""
        elapsed_ns = now_ns - self._looked_ns
        entries = {
            key: self._entry(key, flow, elapsed_ns)
            for key, flow in counters.flows.items()
            if flow.packets_in
        }
        self._active_ns = {key: self._active_ns[key] for key in entries}
        self._entries, self._looked_ns = entries, now_ns
        return entries

    def _entry(self, key: str, flow: FlowCounters, elapsed_ns: int) -> Entry:
        counts = {name: getattr(flow, ours) for name, ours in _COUNTS.items()}
        before = self._entries.get(key, {})
        active_ns = self._active_ns.get(key, 0)
        if counts["packetsCarried"] != before.get("packetsCarried", 0):
            active_ns += elapsed_ns
        self._active_ns[key] = active_ns
        entry = {"flowKey": key, **counts, "activeMs": active_ns // 10**6}
        return before if before == entry else entry


class MeasurementReporter:
    """Tells the NEF again and again what changed; `latest` is what there is to tell.

    What the NEF did not take is told again, so that it misses nothing for good.
    """

    def __init__(self, nef_url: str, interval_s: float, access: Access = NOTHING_TO_SHOW) -> None:
        """`nef_url` is the root of the NEF's APIs, `access` what it wants to see.

        Telling starts with `run`.
        """
        self.latest: Mapping[str, Entry] = {}
        self.run_id = str(uuid.uuid4())
        self._url = nef_url.rstrip("/") + "/simulator/v1/measurements"
        self._interval_s = interval_s
        self.interval_ns = int(interval_s * 10**9)
        self._told: dict[str, Entry] = {}
        self._all_due_s = 0.0
        self._is_refused = False
        self._session = access.session()

    def run(self, stop: threading.Event) -> None:
        """Report until `stop`, and once more after it."""
        with self._session:
            while not stop.wait(self._interval_s):
                self.report(time.monotonic())
            self.report(time.monotonic())

    def report(self, now_s: float) -> None:
        """Tell what changed since the NEF took it, or everything if that is due."""
        latest = self.latest
        if now_s >= self._all_due_s:
            self._told, self._all_due_s = {}, now_s + ALL_EVERY_S
        fresh = [entry for key, entry in latest.items() if self._told.get(key) is not entry]
        for first in range(0, len(fresh), _MOST_FLOWS_A_REPORT):
            some = fresh[first : first + _MOST_FLOWS_A_REPORT]
            if not self._put(some):
                return
            self._told |= {entry["flowKey"]: entry for entry in some}
        self._told = {key: entry for key, entry in self._told.items() if key in latest}

    def _put(self, entries: Sequence[Entry]) -> bool:
        body = {"runId": self.run_id, "flows": entries}
        try:
            reply = self._session.put(
                self._url, json=body, timeout=TIMEOUT_S, allow_redirects=False
            )
        except requests.RequestException as error:
            # That the NEF does not answer is said by who asks it for grants.
            _LOG.info("measurements wait for %s: %s", self._url, error)
            return False
        is_taken: bool = reply.status_code == requests.codes.ok
        if not (is_taken or self._is_refused):
            _LOG.warning("%s does not take measurements: HTTP %s", self._url, reply.status_code)
        self._is_refused = not is_taken
        return is_taken
