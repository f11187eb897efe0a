"""What an operator sees of a service in several processes, and how it ends under load."""

import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from builders.analytics_requests import AF as ANALYTICS
from builders.analytics_requests import subscription
from builders.asking import Asking
from builders.postgresql import PostgresServer
from builders.receivers import receiving
from builders.service import AF
from builders.waiting import until
from builders.workers import Workers, stopped, workers

CREATED = {
    "operation": "CreateASSessionWithQoSSubscription",
    "method": "POST",
    "status": "2xx",
}
ALL = {"worker-1": 1.0, "worker-2": 1.0, "ticker-1": 1.0, "ticker-2": 1.0}


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def by_process(text: str, name: str, **labels: str) -> dict[str, float]:
    """The values of the samples with these labels, by process."""
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {
        one.labels["process"]: one.value
        for one in samples
        if one.name == name and labels.items() <= one.labels.items()
    }


def told_by(url: str, up: Mapping[str, float]) -> str:
    """All that is told, once so many answered as should; a busy machine is slow to."""
    text = ""

    def come() -> bool:
        nonlocal text
        text = requests.get(url, timeout=60).text
        return by_process(text, "nef_process_up") == up

    until(come)
    return text


def ready(nef: Workers) -> bool:
    return requests.get(f"{nef.url}/readyz", timeout=60).status_code == 200


def test_who_asks_one_process_is_told_of_all_and_all_end_in_good_order(
    tmp_path: Path, url: str
) -> None:
    with receiving() as af:
        with workers(tmp_path, url) as nef:
            until(lambda: ready(nef))
            asking = Asking(nef.url, af.url)
            until(lambda: len(asking.made) > 60)
            text = told_by(f"{nef.url}/metrics", ALL)
            assert sum(by_process(text, "nef_requests_total", **CREATED).values()) >= 60
            # What all share is told once: by the process that has the network.
            assert len(by_process(text, "nef_sessions", state="active")) == 1
            assert len(by_process(text, "nef_tick_lag_seconds")) == 1
            assert nef.stop() == 0
            asking.over()
            assert {type(one) for one in asking.rest} <= {requests.ConnectionError}
        with workers(tmp_path, url) as nef:
            stored = requests.get(nef.url + AF, timeout=60).json()
            assert {one["self"].rsplit("/", 1)[1] for one in stored} == set(asking.made)
            assert af.until(lambda: set(asking.made) <= af.told())
            stepped = a_step_without_end(nef)
            assert nef.stop() == 0
            assert (answer := stepped.result()).status_code == 504
            assert "since the service ends" in answer.json()["detail"]
            assert "is killed" not in nef.log.read_text()


def a_step_without_end(nef: Workers) -> Future[requests.Response]:
    """A step of a year in which something is asked every second; it has begun."""
    nef.control("PUT", "/simulation", {"scenario": "steady", "mode": "manual"})
    every_second = subscription(analyRepInfo={"notifMethod": "PERIODIC", "repPeriod": 1})
    asked = requests.post(nef.url + ANALYTICS, json=every_second, timeout=60)
    assert asked.status_code == 201, asked.text
    step = f"{nef.url}/simulator/v1/simulation/step"
    stepped = ThreadPoolExecutor(1).submit(
        requests.post, step, json={"seconds": 31_536_000}, timeout=60
    )
    until(lambda: nef.control("GET", "/simulation")["timeS"] > 10)
    return stepped


def test_all_processes_are_told_of_at_one_address_also_one_that_hangs(
    tmp_path: Path, url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with workers(tmp_path, url, "--metrics", f"127.0.0.1:{port}") as nef:
        assert requests.get(f"{nef.url}/metrics", timeout=60).status_code == 404
        until(lambda: ready(nef))
        # A worker is of use as long as it can reach a network that ticks.
        with ExitStack() as tickers:
            for name in ("ticker-1", "ticker-2"):
                tickers.enter_context(stopped(nef.processes[name]))
            until(lambda: not ready(nef))
        until(lambda: ready(nef))
        with stopped(nef.processes["worker-2"]):
            told_by(f"http://127.0.0.1:{port}/metrics", ALL | {"worker-2": 0})
