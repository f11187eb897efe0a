"""How long the programs of the demo could have run, and did not: no processor was free."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: Of the line `cpu` of /proc/stat: ticks that the host of this virtual machine gave to others.
_STOLEN = 8


class Contention:
    """Adds up what the threads of some processes, and their machine, had to wait for a processor.

    Linux counts it (the kernel's documentation, Scheduler Statistics); elsewhere it stays 0. It is
    the most that a busy machine can have cost, since several threads may wait at the same time.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        """`proc` is where the kernel tells it."""
        self._proc = proc
        self._seen_s: dict[Path, float] = {}
        self.total_s = 0.0

    def look(self, pids: Iterable[int]) -> float:
        """Return the seconds so far, of threads that have been seen."""
        for pid in pids:
            for path in self._proc.glob(f"{pid}/task/*/schedstat"):
                self._add(path, 1, 1e-9)
        self._add(self._proc / "stat", _STOLEN, 1 / os.sysconf("SC_CLK_TCK"))
        return self.total_s

    def _add(self, path: Path, column: int, unit_s: float) -> None:
        with suppress(OSError, IndexError):  # a thread that has just ended, another system
            seconds = int(path.read_text().split(maxsplit=column + 1)[column]) * unit_s
            self.total_s += seconds - self._seen_s.get(path, seconds if column == _STOLEN else 0.0)
            self._seen_s[path] = seconds
