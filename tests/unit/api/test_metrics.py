"""Who may read the metrics."""

import pytest
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from nef.api.metrics import MetricsEndpoint

APP = MetricsEndpoint(PlainTextResponse("behind"), CollectorRegistry())


def status(client: str, path: str = "/metrics", **headers: str) -> int:
    answer = TestClient(APP, client=(client, 50_000)).get(path, headers=headers)
    return int(answer.status_code)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.0.9", "::1", "::ffff:127.0.0.1"])
def test_clients_on_this_machine_may(client: str) -> None:
    assert status(client) == 200
    assert status(client, Forwarded="for=192.0.2.1") == 403


@pytest.mark.parametrize("client", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "x"])
def test_others_may_not(client: str) -> None:
    assert status(client) == 403


def test_everything_else_is_for_the_application_behind() -> None:
    assert TestClient(APP).get("/metrics/").text == "behind"
    assert TestClient(APP).post("/metrics").text == "behind"
