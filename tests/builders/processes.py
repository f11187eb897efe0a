"""The programs of this project, started as a user starts them, and stopped by their own handles."""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import requests

PYTHON = (sys.executable, "-m")
#: The first UE of the scenarios that ship.
GPSI = "msisdn-001010000000001"

_STARTED = re.compile(r"NEF at (\S+),")


@dataclass
class NefProcess:
    """A running `nef serve` with its control API at hand."""

    process: subprocess.Popen[str]
    url: str

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API; anything but success fails the test."""
        response = requests.request(method, f"{self.url}/simulator/v1{path}", json=body, timeout=60)
        assert response.ok, response.text
        return response.json() if response.content else None

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self.process.kill()
        self.process.wait(120)
        self._close()

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.terminate()
        return self.end()

    def end(self) -> int:
        """Wait until it has ended by itself; the exit status."""
        status = self.process.wait(120)
        self._close()
        return status

    def _close(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()


def children(pid: int) -> list[int]:
    """The processes that a process has made, and that have not ended."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def database_in(folder: Path) -> str:
    """The URL of the SQLite database in a folder."""
    return f"sqlite:///{folder / 'nef.sqlite3'}"


def start_nef(
    folder: Path,
    *options: str,
    port: int = 0,
    database: str | None = None,
    program: Sequence[str] = ("-m", "nef.cli"),
    stderr: IO[str] | None = None,
) -> NefProcess:
    """Start `nef serve`, and wait until it says where it listens.

    It stores in `folder` unless another database is named. `program` is what Python is to run in
    place of the command.
    """
    command = [sys.executable, *program, "serve", "--port", str(port)]
    stored = ["--database", database or database_in(folder)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*command, *stored, *options], stdout=subprocess.PIPE, stderr=stderr, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = _STARTED.match(line)
    assert found, f"nef serve said {line!r}"
    nef = NefProcess(process, found[1])
    _wait_until_it_answers(nef)
    return nef


def _wait_until_it_answers(nef: NefProcess) -> None:
    # The socket listens from the start, so the request waits until the application serves it.
    assert nef.control("GET", "/simulation")
