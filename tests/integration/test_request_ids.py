"""A request's id on its way: into the answer, the problem and the log."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from builders.receivers import receiving
from builders.service import AF, Served, served, subscription
from nef.telemetry.logs import ACCESS, JsonLines
from nef.testing import RunningNef, running_nef


@pytest.fixture(scope="module")
def nef() -> Any:
    with served() as nef:
        yield nef


@pytest.fixture
def running() -> Any:
    with running_nef() as nef:
        yield nef


class Lines(logging.Handler):
    """What was logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(json.loads(self.format(record)))


@pytest.fixture
def log() -> Any:
    lines = Lines()
    logger = logging.getLogger("nef")
    # A command that another test has run may have switched off the lines of requests.
    before = [(one, one.level) for one in (logger, ACCESS)]
    logger.addHandler(lines)
    for one, _ in before:
        one.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(lines)
    for one, level in before:
        one.setLevel(level)


def test_an_answer_names_the_request_as_its_client_does(nef: Served) -> None:
    answer = nef.http.get(AF, headers={"X-Request-Id": "mine"})
    assert answer.headers["x-request-id"] == "mine"


def test_an_answer_names_the_request_that_nobody_has_named(nef: Served) -> None:
    first, second = (nef.http.get(AF).headers["x-request-id"] for _ in range(2))
    assert first
    assert first != second


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{AF}/nobody", None, 404),
        ("GET", "/nowhere", None, 404),
        ("PUT", AF, {}, 405),
        ("POST", AF, {"notificationDestination": 1}, 400),
        ("POST", AF, {"x": "y" * 1_000_000}, 413),
        ("POST", AF, subscription(qosReference="model-weights", ueIpv4Addr="10.45.0.99"), 404),
    ],
)
def test_a_problem_names_its_request(
    nef: Served, method: str, path: str, body: Any, status: int
) -> None:
    answer = nef.http.request(method, path, json=body, headers={"X-Request-Id": "mine"})
    assert answer.status_code == status
    assert answer.json()["requestId"] == answer.headers["x-request-id"] == "mine"


def test_an_error_of_ours_is_logged_with_its_request_also_from_the_handlers_thread(
    nef: Served, log: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        logging.getLogger("nef.services").warning("on the way")
        raise RuntimeError("a bad moment")

    monkeypatch.setattr(type(nef.nef.services.sessions), "of_af", fail)
    answer = nef.http.get(AF, headers={"X-Request-Id": "mine"})
    assert (answer.status_code, answer.json()["requestId"]) == (500, "mine")
    deep, error, access = log.found
    for line in (deep, error, access):
        assert line["requestId"] == "mine"
        assert (line["operation"], line["afId"]) == (
            "FetchAllASSessionWithQoSSubscriptions",
            "af-1",
        )
    assert deep["message"] == "on the way"
    assert "RuntimeError: a bad moment" in error["traceback"]
    assert (access["method"], access["path"], access["status"]) == ("GET", AF, 500)


def test_a_path_is_logged_as_it_came_and_without_its_query(nef: Served, log: Lines) -> None:
    nef.http.get(f"{AF}%0Aforged?secret=1")
    (access,) = log.found
    assert access["path"] == f"{AF}%0Aforged"
    assert "secret" not in json.dumps(access)


def test_requests_at_the_same_time_are_told_apart(nef: Served, log: Lines) -> None:
    def ask(n: int) -> str:
        path = AF.replace("af-1", f"af-{n}")
        answer = nef.http.get(path, headers={"X-Request-Id": f"id-{n}"})
        return str(answer.headers["x-request-id"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == [f"id-{n}" for n in range(40)]
    assert {(line["requestId"], line["afId"]) for line in log.found} == {
        (f"id-{n}", f"af-{n}") for n in range(40)
    }


def test_a_notification_names_the_request_that_caused_it(running: RunningNef) -> None:
    with receiving() as af:
        requests.post(
            running.url + AF,
            json=subscription(notificationDestination=af.url),
            headers={"X-Request-Id": "mine"},
            timeout=60,
        ).raise_for_status()
        running.detach("ue-1")  # by itself, as it were
        assert af.until(lambda: af.events()[-1:] == ["SESSION_TERMINATION"])
    named = [headers.get("X-Request-Id") for _, headers, _ in af.requests]
    assert named == ["mine", None]
