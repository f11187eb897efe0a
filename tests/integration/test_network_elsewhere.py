"""Requests in this process, the network in another one, which dies and is followed by the next."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
from starlette.testclient import TestClient

from builders.analytics_requests import FETCH, fetched
from builders.forks import beside
from builders.service import AF, PUBLIC_URL, subscription
from db.storage import SqlStorage
from nef.api import health
from nef.app import Nef, create_worker
from nef.config import Settings
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.errors import Conflict
from nef.live import Seams
from nef.ports.network import Network, Reservation
from nef.realtime import real_time
from nef.telemetry.metrics import Metrics
from nef.telemetry.pulse import Pulse
from nef.workers.reach import Reach
from nef.workers.roles import restored

CONTROL = "/simulator/v1"
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@dataclass
class Service:
    """A process with requests."""

    settings: Settings
    reach: Reach
    http: TestClient

    @contextmanager
    def network(self) -> Iterator[None]:
        """Another process has the network, and is killed at the end of the block."""

        def have() -> None:
            storage = SqlStorage.open(self.settings.database_url, self.reach.now_s)
            alone = self.reach.bulletin.is_blank()
            live = restored(self.settings, self.reach, storage, alone=alone)
            pulse = Pulse(live.seams.simulation.go_on, 0.1)
            pulse()
            self.reach.answer_for_network(live.seams, pulse)

        with beside(have):
            yield

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return self.http.request(method, path.removeprefix(PUBLIC_URL), json=body)

    def time_s(self) -> float:
        time_s: float = self.ask("GET", f"{CONTROL}/simulation").json()["timeS"]
        return time_s


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    settings = Settings(
        f"sqlite:///{tmp_path / 'nef.sqlite3'}",
        PUBLIC_URL,
        mode="manual",
        callbacks=TO_THIS_MACHINE,
    )
    with Reach.made(real_time(), patience_s=0.05) as reach:
        nef = worker(settings, reach, reach.seams())
        yield Service(settings, reach, client(nef))
        nef.close()


def worker(settings: Settings, reach: Reach, seams: Seams) -> Nef:
    others, metrics = reach.other_websockets(), Metrics(reach.metrics_of_all())
    return create_worker(settings, seams, reach.now_s, others, metrics, reach.missing_ticker)


def client(nef: Nef) -> TestClient:
    http = TestClient(nef.asgi, raise_server_exceptions=False)
    http.get("/")
    return http


def created(service: Service) -> str:
    response = service.ask("POST", AF, subscription())
    assert response.status_code == 201, response.text
    path: str = response.json()["self"]
    return path


def test_who_cannot_reach_the_network_is_not_ready(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "KEPT_S", 0.0)

    def ticker() -> str:
        said: str = service.ask("GET", "/readyz").json()["checks"]["ticker"]
        return said

    with service.network():
        assert ticker() == "ok"
    assert "between two processes" in ticker()


def test_what_the_network_is_asked_is_answered_as_if_it_were_here(service: Service) -> None:
    with service.network():
        path = created(service)
        assert service.ask("GET", path).status_code == 200
        assert service.ask("POST", FETCH, fetched("DN_PERFORMANCE")).status_code == 200
        nobody = service.ask("POST", AF, subscription(ueIpv4Addr="10.45.9.9"))
        assert (nobody.status_code, nobody.json()["cause"]) == (404, "UE_NOT_FOUND")
        too_much = subscription(qosReference="model-weights", flowInfo=None, tscQosReq={})
        assert service.ask("POST", AF, too_much).status_code == 400
        assert (
            service.ask("POST", f"{CONTROL}/simulation/step", {"seconds": 3}).json()["timeS"] == 3
        )
        assert service.ask("DELETE", path).status_code == 204


def test_without_a_network_nothing_is_promised_and_what_was_can_still_be_seen(
    service: Service,
) -> None:
    with service.network():
        path = created(service)
    for method, where, body in (
        ("POST", AF, subscription()),
        ("POST", FETCH, fetched("DN_PERFORMANCE")),
        ("GET", f"{CONTROL}/simulation", None),
        ("POST", f"{CONTROL}/simulation/step", {"seconds": 3}),
    ):
        answer = service.ask(method, where, body)
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["cause"] == "NF_FAILOVER"
    assert service.ask("GET", "/readyz").status_code == 503
    assert service.ask("GET", path).status_code == 200
    assert len(service.ask("GET", AF).json()) == 1
    assert service.ask("DELETE", path).status_code == 204
    assert service.ask("GET", path).status_code == 404


def test_the_next_network_goes_on_where_the_one_before_has_died(service: Service) -> None:
    with service.network():
        path = created(service)
        service.ask("POST", f"{CONTROL}/simulation/step", {"seconds": 3})
        before = service.ask("GET", f"{CONTROL}/flows").json()["flows"]
    with service.network():
        assert service.time_s() == 3
        assert service.ask("GET", f"{CONTROL}/flows").json()["flows"] == before
        assert service.ask("DELETE", path).status_code == 204


def test_a_session_deleted_while_it_is_changed_holds_nothing_though_who_changes_it_is_killed(
    service: Service,
) -> None:
    """Killed between what it asks of the network and what it hears."""
    intended, deleted = multiprocessing.Event(), multiprocessing.Event()

    class Doomed:
        def __init__(self, network: Network) -> None:
            self.network = network

        def __getattr__(self, name: str) -> Any:
            return getattr(self.network, name)

        def reserve(self, reservation: Reservation, now_s: float) -> NoReturn:
            intended.set()
            deleted.wait()
            with suppress(Conflict):
                self.network.reserve(reservation, now_s)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("it goes on after it was killed")

    def change() -> None:
        seams = service.reach.seams()
        doomed = replace(seams, network=cast("Network", Doomed(seams.network)))
        http = client(worker(service.settings, service.reach, doomed))
        http.patch(path, content=json.dumps(other), headers=MERGE_PATCH)

    other = {"qosReference": "model-weights"}
    with service.network():
        path = created(service).removeprefix(PUBLIC_URL)
        process = multiprocessing.get_context("fork").Process(target=change)
        process.start()
        assert intended.wait(120)
        assert service.ask("DELETE", path).status_code == 204
        deleted.set()
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
        assert service.ask("GET", f"{CONTROL}/flows").json()["flows"] == []
        (cell, *_) = service.ask("GET", f"{CONTROL}/cells").json()["cells"]
        assert cell["blocksGranted"] == 0


def test_before_there_was_ever_a_network_nothing_is_promised_either(service: Service) -> None:
    assert service.ask("POST", AF, subscription()).status_code == 503
    assert service.ask("GET", AF).json() == []
