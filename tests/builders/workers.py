"""`nef serve --workers` as a user starts it, with a view of its processes."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builders.processes import PYTHON, NefProcess, children
from builders.waiting import until

_SERVES = re.compile(r"NEF at (\S+),")
_PROCESSES = re.compile(r"(worker-\d+|ticker-\d+) is process (\d+)")
_NETWORK = re.compile(r"ticker-\d+ \(process (\d+)\) has the network")


@dataclass
class Workers(NefProcess):
    """A running service of several processes; `log` is all that it says."""

    log: Path

    @property
    def processes(self) -> dict[str, int]:
        """The processes by the names of their places, as was said last."""
        return {name: int(pid) for name, pid in _PROCESSES.findall(self.log.read_text())}

    @property
    def networks(self) -> list[int]:
        """The processes that have had the network, the present one last."""
        return [int(pid) for pid in _NETWORK.findall(self.log.read_text())]

    def kill_network(self) -> None:
        """SIGKILL for the process that has the network, until another one has it."""
        before = self.networks
        os.kill(before[-1], signal.SIGKILL)
        until(lambda: len(self.networks) > len(before))

    def children(self) -> list[int]:
        """The processes that there are in fact."""
        return children(self.process.pid)

    def _close(self) -> None:
        """What it says goes to a file."""


@contextmanager
def workers(folder: Path, database_url: str, *options: str, count: int = 2) -> Iterator[Workers]:
    """A service of so many workers, ended in good order after the block unless it has ended."""
    log = folder / "nef.log"
    command = [*PYTHON, "nef.cli", "serve", "--port", "0", "--workers", str(count)]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--database", database_url, *options],
            stdout=output,
            stderr=output,
            text=True,
        )
    until(lambda: process.poll() is not None or "is process" in log.read_text())
    found = _SERVES.search(log.read_text())
    assert found, log.read_text()
    nef = Workers(process, found[1], log)
    try:
        assert nef.control("GET", "/simulation")
        yield nef
    finally:
        if process.poll() is None:
            nef.stop()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that does nothing for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def lives(pid: int) -> bool:
    """Whether there is such a process; one that nobody has waited for is none."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
