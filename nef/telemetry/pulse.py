"""The ticker's pulse: whether it ticks, how long a tick takes, and how late it is."""

import time
from collections.abc import Callable

#: A ticker that has not finished a tick for so long, and for so many of its periods, is stuck.
STUCK_S = 5.0
STUCK_TICKS = 20


class Pulse:
    """A tick that is watched: calls the one it wraps, which may raise.

    `period_s` is the time from one tick to the next. One thread ticks, others look.
    """

    def __init__(
        self,
        tick: Callable[[], None],
        period_s: float,
        timed: Callable[[float], None] = lambda _: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timed` is told how many seconds each tick took; `now_s` is a clock that never jumps."""
        self._tick, self._period_s, self._timed, self._now_s = tick, period_s, timed, now_s
        self._began_s: float | None = None
        self._ended_s: float | None = None
        self._late_s = 0.0

    def __call__(self) -> None:
        """Tick once."""
        now_s = self._now_s()
        if self._began_s is not None:
            self._late_s = now_s - self._began_s - self._period_s
        self._began_s = now_s
        self._tick()
        self._ended_s = self._now_s()
        self._timed(self._ended_s - now_s)

    def __str__(self) -> str:
        """As it is called in the log."""
        return "the tick"

    def lag_s(self) -> float:
        """How much later than its period the last tick began, or the next one is by now."""
        if self._began_s is None:
            return 0.0
        return max(0.0, self._late_s, self._now_s() - self._began_s - self._period_s)

    def missing(self) -> str | None:
        """What is wrong with the ticker, None where it has ticked lately."""
        if self._ended_s is None:
            return "no tick was finished yet"
        silent_s = self._now_s() - self._ended_s
        if silent_s > max(STUCK_S, STUCK_TICKS * self._period_s):
            return f"no tick was finished for {silent_s:.0f} s"
        return None
