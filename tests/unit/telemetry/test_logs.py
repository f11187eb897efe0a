"""What a line of the log says."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nef.telemetry import logs
from nef.telemetry.requests import begin, note

Capture = pytest.CaptureFixture[str]
SetUp = Callable[..., None]


@pytest.fixture
def set_up() -> Iterator[SetUp]:
    """As at the start of a process: nobody else has set up logs; afterwards all is as it was."""
    root = logging.getLogger()
    level, access = root.level, logs.ACCESS.level

    def alone(format_name: str, level: str, *, access: bool = False) -> None:
        root.handlers = []
        logs.set_up(format_name, level, access=access)

    yield alone
    root.handlers = []
    root.setLevel(level)
    logs.ACCESS.setLevel(access)


def lines(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def failed() -> None:
    try:
        int("why")
    except ValueError:
        logging.getLogger("nef.test").exception("it %s", "failed")


def test_a_line_of_json_says_when_who_and_about_which_request(
    capsys: Capture, set_up: SetUp
) -> None:
    set_up("json", "warning")
    begin([(b"x-request-id", b"mine")])
    note("CreateSomething", "af-1")
    failed()
    (line,) = lines(capsys)
    assert line.pop("time").endswith("Z")
    assert "ValueError: invalid literal" in line.pop("traceback")
    assert line == {
        "level": "ERROR",
        "logger": "nef.test",
        "message": "it failed",
        "requestId": "mine",
        "operation": "CreateSomething",
        "afId": "af-1",
    }


def test_a_line_of_text_says_the_same_and_stays_a_line(capsys: Capture, set_up: SetUp) -> None:
    set_up("text", "warning")
    begin([(b"x-request-id", b"mine")])
    logging.getLogger("nef.test").warning("GET %s", "/a\n2026 ERROR forged\x1b[2J\u2028")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"WARNING nef.test [mine]: GET /a\n2026 ERROR forged\x1b[2J\u2028")


def test_a_traceback_stands_below_its_line(capsys: Capture, set_up: SetUp) -> None:
    set_up("text", "warning")
    failed()
    assert capsys.readouterr().err.splitlines()[1].startswith("Traceback")


def test_what_is_less_important_than_the_level_is_not_logged(
    capsys: Capture, set_up: SetUp
) -> None:
    set_up("json", "error")
    logging.getLogger("nef.test").warning("nothing")
    logs.log_access("GET", "/", 200, 0.001)
    assert lines(capsys) == []


def test_access_is_logged_at_any_level_where_it_is_asked_for(
    capsys: Capture, set_up: SetUp
) -> None:
    set_up("json", "error", access=True)
    logs.log_access("GET", "/a", 200, 0.00125)
    (line,) = lines(capsys)
    assert (line["logger"], line["level"]) == ("nef.access", "INFO")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/a", 200)
    assert line["durationMs"] == 1.25
    assert line["message"] == "GET /a: 200 after 1.2 ms"
