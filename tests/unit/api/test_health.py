"""Whether the service answers, and whether it is of use."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from builders.waiting import until
from nef.api import health
from nef.api.health import Health
from nef.api.leaving import Leaving


def asking(**checks: Callable[[], str | None]) -> TestClient:
    return TestClient(Health(PlainTextResponse("behind"), checks))


def fine() -> None:
    return None


def test_a_process_that_answers_is_healthy_whatever_is_missing() -> None:
    answer = asking(store=lambda: "gone").get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["content-type"] == "application/json"


def test_it_is_ready_where_nothing_is_missing() -> None:
    answer = asking(store=fine, ticker=fine).get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"store": "ok", "ticker": "ok"}}


def test_what_is_missing_is_said() -> None:
    answer = asking(store=fine, ticker=lambda: "no tick").get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"store": "ok", "ticker": "no tick"}


def test_a_check_that_fails_is_named_and_what_it_says_is_for_the_log_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise OSError("postgresql://user:secret@host")

    answer = asking(store=fail).get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"store": "failed with OSError; the log says more"}
    assert "secret" in caplog.text


def test_a_check_that_hangs_is_not_waited_for_and_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "PATIENCE_S", 0.01)
    monkeypatch.setattr(health, "KEPT_S", 0.0)
    asked: list[int] = []
    go_on = threading.Event()

    def hang() -> None:
        asked.append(1)
        go_on.wait(120)

    http = asking(store=hang, ticker=fine)
    try:
        assert [http.get("/readyz").status_code for _ in range(3)] == [503] * 3
        # What does not hang is seen as soon as the machine has time for it.
        seen = {"store": "no answer within 0.01 s", "ticker": "ok"}
        until(lambda: http.get("/readyz").json()["checks"] == seen)
        assert asked == [1]
    finally:
        go_on.set()


def test_who_asks_often_is_answered_with_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT_S", 3600.0)
    asked: list[int] = []
    http = asking(store=lambda: asked.append(1))
    assert {http.get("/readyz").status_code for _ in range(20)} == {200}
    assert len(asked) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/healthz/"), ("POST", "/readyz")])
def test_everything_else_is_for_the_application_behind(method: str, path: str) -> None:
    assert asking(store=fine).request(method, path).text == "behind"


def test_once_it_is_leaving_each_connection_ends_with_its_answer() -> None:
    leaving: list[Any] = []
    http = TestClient(Leaving(PlainTextResponse("here"), lambda: bool(leaving)))
    assert "connection" not in http.get("/").headers
    leaving.append(True)
    assert http.get("/").headers["connection"] == "close"
