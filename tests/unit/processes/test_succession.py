"""One process at a time, and whoever comes next ends the one before, whatever that does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.waiting import until
from nef.processes.succession import succeed

PROGRAM = """
import signal, sys
from pathlib import Path
from nef.processes.succession import succeed
succeed(Path(sys.argv[1]))
signal.pause()
"""


@pytest.fixture
def before(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    path = tmp_path / "place"
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)]) as process:  # noqa: S603 - our own program
        until(lambda: path.exists() and path.read_text() == str(process.pid))
        yield process
        process.kill()


def test_who_is_frozen_is_ended_by_who_comes_next(
    tmp_path: Path, before: subprocess.Popen[bytes]
) -> None:
    os.kill(before.pid, signal.SIGSTOP)
    succeed(tmp_path / "place")
    assert before.wait() == -signal.SIGKILL


def test_who_has_ended_leaves_its_place_and_nobody_else_is_killed(
    tmp_path: Path, before: subprocess.Popen[bytes]
) -> None:
    os.kill(before.pid, signal.SIGKILL)
    before.wait()
    # its number may be that of another process by now
    (tmp_path / "place").write_text(str(os.getpid()))
    succeed(tmp_path / "place")
    assert (tmp_path / "place").read_text() == str(os.getpid())
