"""What is in the store, counted when somebody reads the metrics."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from nef.domain.errors import StoreUnavailable
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import Backlog
from nef.ports.storage import Storage

_LOG = logging.getLogger(__name__)

#: To count may take this part of the time: what took long holds for longer.
_SHARE = 0.01
#: However fast it was, it holds for so long.
_LEAST_S = 1.0


@dataclass(frozen=True)
class _Found:
    sessions: dict[SessionState, int]
    backlog: Backlog


class StoreMetrics(Collector):
    """Sessions and the outbox, as they are stored.

    The count grows with what is stored, but it takes at most a hundredth of the time: one that took
    0.1 s holds for 10 s.
    """

    def __init__(
        self,
        storage: Storage,
        now_s: Callable[[], float],
        passed_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now_s` is real time, as deliveries know it; `passed_s` is any clock that never jumps."""
        self._storage, self._now_s, self._passed_s = storage, now_s, passed_s
        self._turn = threading.Lock()
        self._found: _Found | None = None
        self._holds_until_s = float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Nothing: otherwise the store would be asked when this is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Everything, or only that the store does not answer."""
        with self._turn:
            if self._passed_s() >= self._holds_until_s:
                self._look()
            found = self._found
        up = GaugeMetricFamily("nef_store_up", "1 where the store could be read, else 0.")
        up.add_metric((), float(found is not None))
        yield up
        if found is not None:
            yield from self._told(found)

    def _look(self) -> None:
        began_s = self._passed_s()
        try:
            with self._storage.reading() as work:
                counts = work.sessions.count_by_state()
                self._found = _Found(dict(counts), work.outbox.backlog())
        except StoreUnavailable:
            _LOG.warning("the store could not be read for its metrics", exc_info=True)
            self._found = None
        ended_s = self._passed_s()
        self._holds_until_s = ended_s + max(_LEAST_S, (ended_s - began_s) / _SHARE)

    def _told(self, found: _Found) -> Iterable[Metric]:
        sessions = GaugeMetricFamily(
            "nef_sessions", "Sessions stored, by state.", labels=("state",)
        )
        for state in SessionState:
            sessions.add_metric((state.value,), found.sessions.get(state, 0))
        yield sessions
        backlog = found.backlog
        outbox = GaugeMetricFamily(
            "nef_outbox_notifications",
            "Notifications that wait, and those of the last hour that nobody will hear of.",
            labels=("state",),
        )
        for kind, count in backlog.counts.items():
            outbox.add_metric((kind.value,), count)
        yield outbox
        since_s = backlog.oldest_since_s
        age = GaugeMetricFamily(
            "nef_outbox_oldest_age_seconds",
            "How long the oldest notification that waits has waited; 0 where none does.",
        )
        age.add_metric((), 0.0 if since_s is None else max(0.0, self._now_s() - since_s))
        yield age
