"""What an AF is told while the store cannot be used: to come back, and nothing of the inside."""

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from builders.contracts import breaches
from builders.service import AF, Served, served, subscription
from db.storage import SqlStorage
from nef.domain.errors import StoreUnavailable

USES = ("transaction", "reading", "at_once")
MERGE = {"content-type": "application/merge-patch+json"}


def _gone(_: SqlStorage) -> NoReturn:
    raise StoreUnavailable("no connection to /var/lib/secret")


@pytest.fixture
def nef() -> Iterator[Served]:
    with served() as service:
        yield service


def _told_to_come_back(response: Any) -> None:
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["content-type"] == "application/problem+json"
    assert breaches("as-session-with-qos.yaml", "ProblemDetails", response.json()) == []
    assert response.json()["cause"] == "SYSTEM_FAILURE"
    assert "secret" not in response.text


def test_every_request_is_answered_503_until_the_store_is_back(
    nef: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = nef.path(nef.create())
    with monkeypatch.context() as outage:
        for use in USES:
            outage.setattr(SqlStorage, use, _gone)
        _told_to_come_back(nef.http.post(AF, json=subscription()))
        _told_to_come_back(nef.http.get(AF))
        _told_to_come_back(nef.http.get(path))
        _told_to_come_back(nef.http.patch(path, json={"qosDuration": 60}, headers=MERGE))
        _told_to_come_back(nef.http.put(path, json=subscription()))
        _told_to_come_back(nef.http.delete(path))
        _told_to_come_back(nef.http.get("/3gpp-monitoring-event/v1/af-1/subscriptions"))
        _told_to_come_back(nef.http.get("/simulator/v1/notifications"))
    assert [nef.path(one) for one in nef.http.get(AF).json()] == [path]
    assert nef.http.delete(path).status_code == 204


def test_a_fault_of_the_simulation_that_cannot_be_counted_is_no_error_of_the_service(
    nef: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    nef.control("PUT", "/faults/response-slow", {"times": 1, "delayS": 0})
    for use in USES:
        monkeypatch.setattr(SqlStorage, use, _gone)
    _told_to_come_back(nef.http.get(AF))
