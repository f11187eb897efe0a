"""Programs that are started, listened to, and stopped."""

import sys

import pytest

from af_client.demo.programs import ProgramFailed, Programs

TALKS = """
import time
print("hello")
print('{"event": "ready", "port": 7}', flush=True)
time.sleep(60)
"""
DATED = """
import time
print('{"time_s": 7.5}', flush=True)
time.sleep(60)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"deaf": true}', flush=True)
time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_lines_are_read_as_json_and_as_text() -> None:
    with Programs() as programs:
        programs.start("one", python(TALKS))
        assert programs.wait_for("one", "text") == {"text": "hello"}
        assert programs.wait_for("one", "port")["port"] == 7


def test_a_line_is_of_the_time_that_it_says_itself() -> None:
    with Programs() as programs:
        programs.start("one", python(DATED))
        assert programs.lines.get(timeout=60).at_s == 7.5


def test_a_program_that_ends_by_itself_is_missed() -> None:
    with Programs() as programs:
        programs.start("one", python("raise SystemExit(3)"))
        with pytest.raises(ProgramFailed, match="one ended with status 3"):
            programs.wait_for("one", "ready")


def test_a_program_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with Programs() as programs:
        programs.start("one", python(TALKS))
        with pytest.raises(ProgramFailed, match="did not say 'never'"):
            programs.wait_for("one", "never", timeout_s=0.5)


def test_everything_is_stopped_at_the_end_also_what_will_not_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("af_client.demo.programs._STOP_S", 0.3)
    with Programs() as programs:
        polite = programs.start("polite", python(TALKS))
        deaf = programs.start("deaf", python(DEAF))
        programs.wait_for("deaf", "deaf")
    assert polite.poll() is not None
    assert deaf.poll() == -9
