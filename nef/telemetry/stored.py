"""What is in the store, counted when somebody reads the metrics."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
#: Nobody who reads the metrics waits longer for the store: a silent one may take 20 s to be known
#: as such. What was counted before holds meanwhile, and is not told any more after a while.
_WAITED_S, _PATIENCE_S = 0.5, 2.0


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
        self._thread = ThreadPoolExecutor(1, "nef-store-metrics")
        self._looking: Future[_Found | None] | None = None
        self._found: _Found | None = None
        self._began_s, self._holds_until_s = 0.0, float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Nothing: otherwise the store would be asked when this is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Everything, or only that the store does not answer."""
        with self._turn:
            self._look_again()
            found = self._found
        up = GaugeMetricFamily("nef_store_up", "1 where the store could be read, else 0.")
        up.add_metric((), float(found is not None))
        yield up
        if found is not None:
            yield from self._told(found)

    def _look_again(self) -> None:
        """Look, if it is time to, or go on to wait for who does."""
        if self._looking is None:
            self._began_s = self._passed_s()
            if self._began_s < self._holds_until_s:
                return
            self._looking = self._thread.submit(self._look)
        wait((self._looking,), _WAITED_S)
        if self._looking.done():
            looking, self._looking = self._looking, None
            self._found = looking.result()
        elif self._passed_s() >= self._began_s + _PATIENCE_S:
            self._found = None

    def _look(self) -> _Found | None:
        began_s, found = self._passed_s(), None
        try:
            with self._storage.reading() as work:
                counts = work.sessions.count_by_state()
                found = _Found(dict(counts), work.outbox.backlog())
        except StoreUnavailable as error:
            _LOG.warning("the store could not be read for its metrics: %s", error.reason)
        ended_s = self._passed_s()
        # That nothing was found holds no longer for having taken long.
        took_s = ended_s - began_s if found else 0.0
        self._holds_until_s = ended_s + max(_LEAST_S, took_s / _SHARE)
        return found

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
