"""The time of the simulation: it runs with the wall clock, or is stepped by hand."""

import math
import threading
from collections.abc import Callable
from typing import Any

from nef.domain.errors import Conflict, InvalidParam, InvalidRequest

MODES = ("real", "manual")


class SimulationClock:
    """Seconds since the epoch; continuous where its mode changes, and never going back."""

    def __init__(self, wall_s: Callable[[], float]) -> None:
        """Run with the wall clock."""
        self._wall_s = wall_s
        self._lock = threading.Lock()
        self.mode = "real"
        self._offset_s = 0.0
        # Steps are added up apart from the epoch, which would cost a float its microseconds.
        self._base_s, self._stepped_s = 0.0, 0.0

    def now_s(self) -> float:
        """The time of the simulation."""
        with self._lock:
            return self._now_s()

    def switch(self, mode: str) -> None:
        """Go on in a mode of `MODES`, from the present moment."""
        with self._lock:
            now_s = self._now_s()
            self.mode = mode
            self._offset_s = now_s - self._wall_s()
            self._base_s, self._stepped_s = now_s, 0.0

    def advance(self, seconds: float) -> None:
        """Step on; raises Conflict unless the mode is manual."""
        if not (seconds > 0 and math.isfinite(seconds)):
            raise InvalidRequest(InvalidParam("/seconds", "a step is a number of seconds above 0"))
        with self._lock:
            if self.mode != "manual":
                raise Conflict("time runs by itself; load the scenario in mode manual to step it")
            self._stepped_s += seconds

    def saved(self) -> dict[str, Any]:
        """What a restart needs, as a JSON object."""
        with self._lock:
            self._now_s()
            own = {"offset_s": self._offset_s, "stepped_s": self._stepped_s}
            return own | {"mode": self.mode, "base_s": self._base_s}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `saved` gave: manual time has stood still, real time has not."""
        with self._lock:
            self.mode = state["mode"]
            self._offset_s = state["offset_s"]
            self._base_s, self._stepped_s = state["base_s"], state["stepped_s"]

    def _now_s(self) -> float:
        if self.mode == "real":
            self._base_s = max(self._base_s, self._wall_s() + self._offset_s)
        return self._base_s + self._stepped_s
