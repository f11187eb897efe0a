"""The radio condition of a UE over time, a pure function of the scenario's time in seconds."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from nef.network.simulator.cqi import Floats
from nef.network.simulator.pathloss import Site, path_loss_db, received_dbm, sinr_db

#: How finely a forecast looks at a UE that moves.
MOVING_STEP_S = 1.0


class Condition(Protocol):
    """A SINR over time."""

    def sinr_db(self, time_s: float) -> float:
        """The SINR at a moment."""
        ...

    def changes_s(self, from_s: float, until_s: float) -> tuple[float, ...]:
        """Moments after `from_s` and up to `until_s` at which to look for another SINR."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same SINR for ever."""

    value_db: float

    def sinr_db(self, time_s: float) -> float:  # noqa: ARG002 - the time is nothing to it
        """The SINR."""
        return self.value_db

    def changes_s(self, from_s: float, until_s: float) -> tuple[float, ...]:  # noqa: ARG002
        """Never."""
        return ()


@dataclass(frozen=True, slots=True)
class Trace:
    """Measured SINRs: each holds until the next one, the last for ever.

    Steps rather than slopes, so that a change happens at the very moment the trace says.
    """

    times_s: tuple[float, ...]
    values_db: tuple[float, ...]

    def sinr_db(self, time_s: float) -> float:
        """The latest value; before the first time the first one."""
        return self.values_db[max(0, bisect_right(self.times_s, time_s) - 1)]

    def changes_s(self, from_s: float, until_s: float) -> tuple[float, ...]:
        """The times of the trace."""
        return tuple(t for t in self.times_s if from_s < t <= until_s)


@dataclass(frozen=True, slots=True)
class Path:
    """A way at constant speed from point to point; the UE waits before the first, after the last.

    `bandwidth_mhz` is that of the carrier, which the noise fills.
    """

    site: Site
    bandwidth_mhz: float
    times_s: tuple[float, ...]
    xs_m: tuple[float, ...]
    ys_m: tuple[float, ...]
    height_m: float
    line_of_sight: bool

    def sinr_db(self, time_s: float) -> float:
        """What the path loss of TR 38.901 leaves at the place of the moment."""
        loss_db = self._loss_db(np.array([time_s]))
        return float(sinr_db(self.site, loss_db, self.bandwidth_mhz)[0])

    def received_dbm(self, times_s: Floats) -> Floats:
        """The power that arrives at the moments, of the whole carrier."""
        received: Floats = received_dbm(self.site, self._loss_db(times_s))
        return received

    def _loss_db(self, times_s: Floats) -> Floats:
        x_m = np.interp(times_s, self.times_s, self.xs_m)
        y_m = np.interp(times_s, self.times_s, self.ys_m)
        distance_m = np.hypot(x_m - self.site.x_m, y_m - self.site.y_m)
        seen = self.line_of_sight
        return path_loss_db(self.site, distance_m, self.height_m, line_of_sight=seen)

    def changes_s(self, from_s: float, until_s: float) -> tuple[float, ...]:
        """A grid over the time in which the UE moves."""
        first, last = max(from_s, self.times_s[0]), min(until_s, self.times_s[-1])
        if last <= first:
            return ()
        return (*(float(t) for t in np.arange(first, last, MOVING_STEP_S)[1:]), last)


def rising(times_s: tuple[float, ...]) -> bool:
    """Whether each time is later than the one before."""
    return all(a < b for a, b in pairwise(times_s))
