"""What a process counts and times, as Prometheus reads it.

Every label has few values: names of operations, never paths, ids or AFs.
"""

import platform
from collections.abc import Sequence
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
)
from prometheus_client.registry import Collector

from nef.telemetry.pulse import Pulse

#: Seconds: from what a read takes to what a supervisor would not wait for.
_REQUEST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_ATTEMPT_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_TICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetrics:
    """The requests of a process; all of it is called by the one thread that serves them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count in a registry."""
        self.in_flight = 0
        self._total = Counter(
            "nef_requests",
            "Requests answered; operation is an operationId, or none, status its class.",
            ("operation", "method", "status"),
            registry=registry,
        )
        self._durations = Histogram(
            "nef_request_duration_seconds",
            "From the head of a request to the end of its answer.",
            ("operation",),
            registry=registry,
            buckets=_REQUEST_S,
        )
        gauge = Gauge("nef_requests_in_flight", "Requests that are served now.", registry=registry)
        gauge.set_function(lambda: self.in_flight)
        # To find a child among the others takes four times as long as to count.
        self._children: dict[tuple[str | None, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, operation: str | None, method: str, status: int, duration_s: float) -> None:
        """A request was answered; status 0 is none, since its client had gone."""
        key = operation, method, status // 100
        children = self._children.get(key)
        if children is None:
            named = operation or "none"
            known = method if method in _METHODS else "other"
            kind = f"{status // 100}xx" if status else "none"
            children = self._total.labels(named, known, kind), self._durations.labels(named)
            if known == method:
                self._children[key] = children
        children[0].inc()
        children[1].observe(duration_s)


class DeliveryMetrics:
    """What becomes of notifications; called by many threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count in a registry."""
        self._attempts = Counter(
            "nef_notification_attempts",
            "Attempts to deliver a notification, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self._durations = Histogram(
            "nef_notification_attempt_duration_seconds",
            "How long an attempt took.",
            registry=registry,
            buckets=_ATTEMPT_S,
        )

    def attempted(self, outcome: str, duration_s: float) -> None:
        """An attempt is over: delivered, failed, postponed or lost."""
        self._attempts.labels(outcome).inc()
        self._durations.observe(duration_s)


class Metrics:
    """All metrics of a process."""

    def __init__(self, told: Collector | None = None) -> None:
        """Nothing was counted yet; `told` is what whoever asks is told, if not these alone."""
        self.registry = CollectorRegistry()
        self.told: Collector = told or self.registry
        self.requests = RequestMetrics(self.registry)
        self.deliveries = DeliveryMetrics(self.registry)
        self.ticked = Histogram(
            "nef_tick_duration_seconds",
            "How long a tick took.",
            registry=self.registry,
            buckets=_TICK_S,
        )
        build = Gauge(
            "nef_build_info",
            "1, with the version of the service and of Python.",
            ("version", "python"),
            registry=self.registry,
        )
        build.labels(version("open-nef"), platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

    def watch_pulse(self, pulse: Pulse) -> None:
        """Tell how late the ticker is."""
        Gauge(
            "nef_tick_lag_seconds",
            "How much later than --tick-s after the one before the last tick began, or the next "
            "one would by now.",
            registry=self.registry,
        ).set_function(pulse.lag_s)

    def families(self) -> Sequence[Metric]:
        """Everything that was counted until now; another process of the service may ask."""
        return list(self.registry.collect())

    def watch(self, collector: Collector) -> None:
        """Tell what it finds each time that somebody reads."""
        self.registry.register(collector)
