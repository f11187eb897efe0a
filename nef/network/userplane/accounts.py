"""Keeps a user plane, whichever it is, to its grants, and tells what it carried."""

import json
import logging
from typing import TextIO

from nef.network.enforcement import UserPlane
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.measurements import MeasurementReporter, Tally

_LOG = logging.getLogger(__name__)

_WRITE_EVERY_NS = 10**9


class Accounts:
    """Call `follow` with the newest grants and `due` as often as there is time."""

    def __init__(
        self,
        plane: UserPlane,
        reporter: MeasurementReporter,
        counters_to: TextIO | None,
        now_ns: int,
    ) -> None:
        """`counters_to` gets the counters as a line of JSON every second and at the end."""
        self._plane, self._reporter, self._counters_to = plane, reporter, counters_to
        self._table: GrantTable | None = None
        self._tally = Tally(now_ns)
        self._measuring_ns = self._writing_ns = now_ns

    def follow(self, table: GrantTable | None, now_ns: int) -> bool:
        """Hold the user plane to a table; says whether it is another one than before."""
        if table is None or table is self._table:
            return False
        self._plane.enforce(table, now_ns)
        self._table = table
        return True

    def due(self, now_ns: int) -> None:
        """Tell what was carried, the NEF and whoever reads the counters, where it is time."""
        if now_ns < self._measuring_ns:
            return
        self._measuring_ns = now_ns + self._reporter.interval_ns
        counters = self._plane.counted(now_ns)
        self._reporter.latest = self._tally.entries(counters, now_ns)
        if now_ns >= self._writing_ns and self._counters_to is not None:
            self._writing_ns = now_ns + _WRITE_EVERY_NS
            self._write(self._counters_to, counters)

    def end(self, now_ns: int) -> None:
        """Tell it a last time."""
        self._measuring_ns = self._writing_ns = now_ns
        self.due(now_ns)

    def _write(self, stream: TextIO, counters: RelayCounters) -> None:
        try:
            stream.write(json.dumps(counters.snapshot()) + "\n")
            stream.flush()
        except OSError as error:
            _LOG.warning("the counters can no longer be written: %s", error)
            self._counters_to = None
