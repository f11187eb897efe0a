"""The time of the simulation: it runs with the wall clock, runs faster, or is stepped by hand."""

import math
import re
import threading
from collections.abc import Callable
from typing import Any

from nef.domain.errors import Conflict, InvalidParam, InvalidRequest

_FACTOR = re.compile(r"x(\d{1,6}(?:\.\d{1,3})?)")


def speed_of(mode: str) -> float:
    """How many seconds pass in one of the wall: 1 in `real`, 0 in `manual`, 10 in `x10`.

    Raises InvalidRequest where there is no such mode.
    """
    named = {"real": 1.0, "manual": 0.0}
    factor = _FACTOR.fullmatch(mode)
    speed = float(factor[1]) if factor else named.get(mode)
    if speed is None or (factor and not speed):
        reason = f"{mode[:40]!r} is no mode; there are real, manual, and factors such as x10"
        raise InvalidRequest(InvalidParam("/mode", reason))
    return speed


class SimulationClock:
    """Seconds since the epoch; continuous where its mode changes, and never going back.

    Accelerated time stands between two calls of `catch_up`: so it can be led past every moment at
    which something happens, however fast it runs.
    """

    def __init__(self, wall_s: Callable[[], float]) -> None:
        """Run with real time."""
        self._wall_s = wall_s
        self._lock = threading.Lock()
        self.mode = "real"
        self._offset_s = 0.0
        # Steps are added up apart from the epoch, which would cost a float its microseconds.
        self._base_s, self._stepped_s = 0.0, 0.0
        self._caught_up_at_s = 0.0
        self._held_s: float | None = None

    def now_s(self) -> float:
        """The time of the simulation."""
        with self._lock:
            return self._now_s() if self._held_s is None else self._held_s

    def present_s(self) -> float:
        """The time that it is, also while the clock is held."""
        with self._lock:
            return self._now_s()

    def hold(self, time_s: float | None) -> None:
        """Stand at a moment that was missed while nobody was there; None lets the present be."""
        with self._lock:
            self._held_s = time_s

    def switch(self, mode: str) -> None:
        """Go on in a mode, from the present moment; raises InvalidRequest."""
        speed_of(mode)
        with self._lock:
            now_s, wall_s = self._now_s(), self._wall_s()
            self.mode = mode
            if self.is_stepped:
                # What happens so many seconds later then has the same digits, whenever it begins.
                now_s = math.ceil(now_s * 1000) / 1000
            self._offset_s = now_s - wall_s
            self._base_s, self._stepped_s = now_s, 0.0
            self._caught_up_at_s = wall_s

    def advance(self, seconds: float) -> None:
        """Step on; raises Conflict unless the mode is manual."""
        if not (seconds > 0 and math.isfinite(seconds)):
            raise InvalidRequest(InvalidParam("/seconds", "a step is a number of seconds above 0"))
        with self._lock:
            if self.mode != "manual":
                raise Conflict("time runs by itself; load the scenario in mode manual to step it")
            self._stepped_s += seconds

    @property
    def is_stepped(self) -> bool:
        """Whether it stands between two steps: it does not run with the wall clock."""
        return self.mode != "real"

    def behind_s(self) -> float:
        """How far accelerated time has to go to be where it should be; 0 in other modes."""
        with self._lock:
            if self.mode in ("real", "manual"):
                return 0.0
            return max(0.0, self._wall_s() - self._caught_up_at_s) * speed_of(self.mode)

    def until_s(self, time_s: float) -> float:
        """How long it takes, in real time, until it is this time; infinite where it stands."""
        with self._lock:
            speed = speed_of(self.mode)
            return max(0.0, time_s - self._now_s()) / speed if speed else math.inf

    def catch_up(self, seconds: float) -> None:
        """Let accelerated time go on; nothing happens in other modes."""
        with self._lock:
            if self.mode not in ("real", "manual"):
                self._stepped_s += seconds
                self._caught_up_at_s += seconds / speed_of(self.mode)

    def saved(self) -> dict[str, Any]:
        """What a restart needs, as a JSON object."""
        with self._lock:
            self._now_s()
            own = {"offset_s": self._offset_s, "stepped_s": self._stepped_s}
            return own | {"mode": self.mode, "base_s": self._base_s}

    def resume(self, state: dict[str, Any], lived_until_s: float | None = None) -> None:
        """Go on from what `saved` gave: real time has gone on meanwhile, other time has not.

        Where the wall clock was set back, and where steps were made since it was saved, it goes on
        from the moment until which it was lived.
        """
        with self._lock:
            self.mode = state["mode"]
            self._offset_s = state["offset_s"]
            self._base_s, self._stepped_s = state["base_s"], state["stepped_s"]
            self._caught_up_at_s = self._wall_s()
            if self.mode == "real":
                self._base_s = max(self._base_s, lived_until_s or 0.0)
                self._offset_s = max(self._offset_s, self._base_s - self._wall_s())
            else:
                self._stepped_s += max(0.0, (lived_until_s or 0.0) - self._now_s())

    def _now_s(self) -> float:
        if self.mode == "real":
            self._base_s = max(self._base_s, self._wall_s() + self._offset_s)
            return self._base_s + self._stepped_s
        # The sum of steps does not tell how many they were.
        return round(self._base_s + self._stepped_s, 6)
