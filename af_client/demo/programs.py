"""The programs of the demo, each a process of its own, and the lines they print."""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of JSON that a program printed, or its plain text under `text`.

    `at_s` is when, in seconds since 1970: by its own `time_s`, however late it is read.
    """

    program: str
    at_s: float
    fields: Mapping[str, Any]


class Programs:
    """Starts programs, gathers their lines in one queue, and stops them in reverse order."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
        self._running: list[tuple[str, subprocess.Popen[str], threading.Thread]] = []

    def __enter__(self) -> "Programs":
        """Start nothing by itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop whatever still runs."""
        self.stop()

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program; what it prints from now on comes through `lines`."""
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        reader = threading.Thread(target=self._read, args=(name, process), daemon=True)
        self._running.append((name, process, reader))
        reader.start()
        return process

    @property
    def pids(self) -> list[int]:
        """The processes that were started and not stopped."""
        return [process.pid for _, process, _ in self._running]

    def wait_for(self, program: str, key: str, timeout_s: float = 120.0) -> Mapping[str, Any]:
        """The first line of a program that has a key; raises ProgramFailed where none comes."""
        until_s = time.monotonic() + timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            with suppress(queue.Empty):
                line = self.lines.get(timeout=min(left_s, 0.2))
                if line.program == program and key in line.fields:
                    return line.fields
            self.check()
        raise ProgramFailed(f"{program} did not say {key!r} within {timeout_s:.0f} s")

    def check(self) -> None:
        """Raise ProgramFailed where a program has ended by itself."""
        for name, process, _ in self._running:
            if process.poll() is not None:
                raise ProgramFailed(f"{name} ended with status {process.returncode}")

    def stop(self, only: str | None = None) -> None:
        """Ask each program, or one of that name, to end, the last started first.

        What does not end is killed.
        """
        ending = [each for each in reversed(self._running) if only in {None, each[0]}]
        for each in ending:
            _, process, reader = each
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reader.join()
            assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
            process.stdout.close()
            self._running.remove(each)

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
        for text in process.stdout:
            fields = _fields(text)
            self.lines.put(Line(name, fields.get("time_s", time.time()), fields))


class ProgramFailed(Exception):
    """A program of the demo did not do its part; what it printed on stderr says why."""


def _fields(text: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) else {"text": text.rstrip()}
