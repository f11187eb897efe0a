"""How long the programs of the demo can have waited while others had their machine."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

#: Of the first line of /proc/stat: ticks of work of any kind, and those that the host took.
_WORK, _STOLEN = (0, 1, 2, 5, 6), 7


class Load(NamedTuple):
    """Two totals, of which differences say something: neither can be less than what others cost.

    For how long threads of the programs could have run and did not, all added up; and how much time
    of processors went to anybody else.
    """

    waited_s: float
    taken_s: float


class Contention:
    """Adds up what threads waited for, and what others took, as far as Linux tells it.

    The kernel's documentation: Scheduler Statistics, and `stat` of the proc filesystem. Elsewhere
    both stay 0.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        """`proc` is where the kernel tells it."""
        self._proc = proc
        #: What each thread had run and waited, in nanoseconds, when it was seen last.
        self._threads: dict[Path, tuple[int, int]] = {}

    def look(self, pids: Iterable[int]) -> Load:
        """Return the totals so far; `pids` are the processes that are no others."""
        for pid in pids:
            for path in self._proc.glob(f"{pid}/task/*/schedstat"):
                if numbers := _numbers(path):
                    self._threads[path] = numbers[0], numbers[1]
        ran_ns = sum(ran for ran, _ in self._threads.values())
        waited_ns = sum(waited for _, waited in self._threads.values())
        ticks = _numbers(self._proc / "stat")
        if not ticks:
            return Load(0.0, 0.0)
        work_s, stolen_s = sum(ticks[n] for n in _WORK) * _TICK_S, ticks[_STOLEN] * _TICK_S
        return Load(waited_ns / 1e9 + stolen_s, work_s + stolen_s - ran_ns / 1e9)


_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def _numbers(path: Path) -> list[int]:
    """The numbers of the first line; none where a thread has ended, or there is no such file."""
    try:
        line, _, _ = path.read_text().partition("\n")
    except OSError:
        return []
    return [int(word) for word in line.split() if word.isdigit()]
