"""Real time, as the simulation and the deliveries know it: it passes, and never jumps."""

import time
from collections.abc import Callable


def real_time(wall_s: Callable[[], float] = time.time) -> Callable[[], float]:
    """Seconds since the epoch: those of the wall clock now, and what has passed since.

    Whoever sets the wall clock afterwards moves nothing: no retry is given up, no session is over,
    and nothing stands still until the clock is there again. The next start begins with the wall
    clock anew. Time that the machine sleeps has passed, where the system counts it (Linux).
    """
    began_s, wall_began_s = _passed_s(), wall_s()
    return lambda: wall_began_s + (_passed_s() - began_s)


def _passed_s() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
