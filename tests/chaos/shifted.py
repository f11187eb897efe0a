"""Runs the `nef` command with clocks that a test moves: `python shifted.py FILE serve ...`.

The file holds two numbers: by how many seconds the wall clock was set, and how many more seconds
than really have passed. Both are seen at once.
"""

import os
import struct
import sys
import time
from pathlib import Path

_FORM = struct.Struct("dd")


class Clocks:
    """The test's end: moves the clocks of a process that was started with the same file."""

    def __init__(self, path: Path) -> None:
        """They are as they really are."""
        self._path, self._set_s, self._passed_s = path, 0.0, 0.0
        self._write()

    @property
    def program(self) -> tuple[str, str]:
        """What to start in place of the command."""
        return __file__, str(self._path)

    def set_wall(self, by_s: float) -> None:
        """Somebody sets the wall clock, by so much."""
        self._set_s += by_s
        self._write()

    def let_pass(self, seconds: float) -> None:
        """So much time passes at once."""
        self._passed_s += seconds
        self._write()

    def _write(self) -> None:
        content = _FORM.pack(self._set_s, self._passed_s)
        if self._path.exists():
            with self._path.open("r+b", buffering=0) as file:
                file.write(content)
        else:
            self._path.write_bytes(content)


def _moved_by(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    wall_s, clock_s = time.time, time.clock_gettime

    def set_and_passed_s() -> tuple[float, float]:
        by_s, passed_s = _FORM.unpack(os.pread(file, _FORM.size, 0))
        return by_s, passed_s

    time.time = lambda: wall_s() + sum(set_and_passed_s())
    time.clock_gettime = lambda which: clock_s(which) + set_and_passed_s()[1]


if __name__ == "__main__":
    _moved_by(sys.argv.pop(1))
    from nef.cli import main

    main(prog_name="nef")
