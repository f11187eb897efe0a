"""What is counted, under how many labels."""

from prometheus_client import CollectorRegistry, generate_latest

from nef.telemetry.metrics import Metrics, RequestMetrics
from nef.telemetry.pulse import Pulse


def counted(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_requests_are_counted_by_operation_method_and_class_of_status() -> None:
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    for status in (200, 204, 404):
        metrics.answered("Fetch", "GET", status, 0.02)
    labels = {"operation": "Fetch", "method": "GET"}
    assert counted(registry, "nef_requests_total", **labels, status="2xx") == 2
    assert counted(registry, "nef_requests_total", **labels, status="4xx") == 1
    name = "nef_request_duration_seconds_bucket"
    assert counted(registry, name, operation="Fetch", le="0.025") == 3
    assert counted(registry, name, operation="Fetch", le="0.01") == 0


def test_whatever_clients_invent_makes_no_new_label() -> None:
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    metrics.answered(None, "GET", 404, 0.01)
    size = len(generate_latest(registry))
    metrics.answered(None, "BREW1", 404, 0.01)
    one_more = len(generate_latest(registry))
    for n in range(100):
        metrics.answered(None, f"BREW{n}", 404, 0.01)
    assert counted(
        registry, "nef_requests_total", operation="none", method="other", status="4xx"
    ) == (101)
    assert size < one_more
    assert len(generate_latest(registry)) < one_more + 50
    assert len(metrics._children) == 1


def test_a_request_whose_client_has_gone_has_no_status() -> None:
    registry = CollectorRegistry()
    RequestMetrics(registry).answered("Fetch", "GET", 0, 0.01)
    assert (
        counted(registry, "nef_requests_total", operation="Fetch", method="GET", status="none") == 1
    )


def test_a_tick_is_timed_and_its_lateness_told() -> None:
    metrics = Metrics()
    pulse = Pulse(lambda: None, 0.1, metrics.ticked.observe)
    metrics.watch_pulse(pulse)
    pulse()
    assert counted(metrics.registry, "nef_tick_duration_seconds_count") == 1
    assert counted(metrics.registry, "nef_tick_lag_seconds") is not None
