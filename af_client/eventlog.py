"""Lines of JSON about what a program does; `docs/delivery.md` lists their fields."""

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO


class Log(Protocol):
    """Writes one event; fields are what JSON can say."""

    def __call__(self, event: str, /, **fields: Any) -> None:
        """Write it now."""


class EventLog:
    """Writes each event as one line with `event` and `time_s`, seconds since 1970; thread-safe.

    A reader that went away ends nothing: the program goes on without a log.
    """

    def __init__(self, to: TextIO | None = None, clock: Callable[[], float] = time.time) -> None:
        self._to: TextIO | None = sys.stdout if to is None else to
        self._clock = clock
        self._lock = threading.Lock()

    def __call__(self, event: str, /, **fields: Any) -> None:
        """Write one line, and flush it."""
        line = json.dumps({"event": event, "time_s": round(self._clock(), 4), **fields})
        with self._lock:
            if self._to is None:
                return
            try:
                self._to.write(line + "\n")
                self._to.flush()
            except (BrokenPipeError, ValueError):
                self._to = None
