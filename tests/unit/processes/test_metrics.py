"""The metrics of several processes, read at once."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from nef.processes.answering import Answering
from nef.processes.metrics import MetricsOfAll
from nef.telemetry.metrics import Metrics

SECRET = b"known to the processes of a service"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the name of a socket."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def counting(folder: Path, name: str, requests: int) -> Answering:
    """As a process that has answered some requests."""
    metrics = Metrics()
    for _ in range(requests):
        metrics.requests.answered("Fetch", "GET", 200, 0.003)
    return Answering(folder / name, SECRET, {"metrics": metrics})


def told(folder: Path, name: str) -> dict[str, float]:
    """The values of a metric by process."""
    text = generate_latest(MetricsOfAll(folder, SECRET)).decode()
    families = text_string_to_metric_families(text)
    samples = [s for family in families for s in family.samples if s.name == name]
    return {s.labels["process"]: s.value for s in samples}


def test_each_sample_names_its_process(folder: Path) -> None:
    open_ones = [counting(folder, "worker-1", 3), counting(folder, "worker-2", 1)]
    assert told(folder, "nef_requests_total") == {"worker-1": 3, "worker-2": 1}
    assert told(folder, "nef_request_duration_seconds_count") == {"worker-1": 3, "worker-2": 1}
    assert told(folder, "nef_process_up") == {"worker-1": 1, "worker-2": 1}
    for one in open_ones:
        one.close()


def test_a_metric_of_several_processes_has_one_head(folder: Path) -> None:
    open_ones = [counting(folder, f"worker-{n}", 1) for n in range(3)]
    text = generate_latest(MetricsOfAll(folder, SECRET)).decode()
    heads = [line for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads)) > 5
    for one in open_ones:
        one.close()


def test_a_process_that_does_not_answer_is_down_and_not_left_out(folder: Path) -> None:
    counting(folder, "worker-1", 2).close()
    gone = socket.socket(socket.AF_UNIX)
    gone.bind(str(folder / "worker-2"))
    gone.close()
    open_one = counting(folder, "worker-3", 1)
    (folder / "worker-4.123").touch()
    assert told(folder, "nef_process_up") == {"worker-1": 0, "worker-2": 0, "worker-3": 1}
    assert told(folder, "nef_requests_total") == {"worker-3": 1}
    open_one.close()
