"""The radio condition of a UE over time, a pure function of the scenario's time in seconds."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nef.network.simulator.cqi import TABLES, Floats
from nef.network.simulator.pathloss import Site, path_loss_db, received_dbm, sinr_db

#: The radio of a UE that moves is taken anew so many times a second, and holds in between: a way
#: is continuous, and a network hears of it by the UE's reports (TS 38.214 5.2.1.4 has periods of
#: 4 to 320 slots). What follows from it so happens at moments of the scenario, not of a tick.
PERIODS_A_SECOND = 10
#: So many periods are looked through at once for the next one that differs.
_STRETCH = 600


class Condition(Protocol):
    """A SINR over time."""

    def sinr_db(self, time_s: float) -> float:
        """The SINR at a moment."""
        ...

    def steps_s(self, after_s: float) -> Iterable[float]:
        """Every later moment at which the SINR becomes one that is served at another rate.

        In order; a sequence where they are known, an iterator where each is found when somebody
        asks for it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same SINR for ever."""

    value_db: float

    def sinr_db(self, time_s: float) -> float:  # noqa: ARG002 - the time is nothing to it
        """The SINR."""
        return self.value_db

    def steps_s(self, after_s: float) -> Iterable[float]:  # noqa: ARG002
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

    def steps_s(self, after_s: float) -> Iterable[float]:
        """The times of the trace."""
        return self.times_s[bisect_right(self.times_s, after_s) :]


@dataclass(frozen=True, slots=True)
class Path:
    """A way at constant speed from point to point; the UE waits before the first, after the last.

    `bandwidth_mhz` is that of the carrier, which the noise fills. The SINR is that of the latest
    period's beginning.
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
        return float(self._sinrs_db(np.array([_period(time_s)]))[0])

    def steps_s(self, after_s: float) -> Iterator[float]:
        """The periods whose CQI is another one than before, as far as anybody asks."""
        first = max(_period(after_s), _period(self.times_s[0]))
        last = ceil(round(self.times_s[-1] * PERIODS_A_SECOND, 6))
        for begin in range(first, last, _STRETCH):
            periods = np.arange(begin, min(begin + _STRETCH, last) + 1)
            sinrs_db = self._sinrs_db(periods)
            cqis = np.array([table.cqi(sinrs_db) for table in TABLES.values()])
            differ = np.any(cqis[:, 1:] != cqis[:, :-1], axis=0)
            yield from (periods[1:][differ] / PERIODS_A_SECOND).tolist()

    def received_dbm(self, times_s: Floats) -> Floats:
        """The power that arrives at the moments, of the whole carrier."""
        received: Floats = received_dbm(self.site, self._loss_db(times_s))
        return received

    def _sinrs_db(self, periods: NDArray[np.int64]) -> Floats:
        loss_db = self._loss_db(periods / PERIODS_A_SECOND)
        return sinr_db(self.site, loss_db, self.bandwidth_mhz)

    def _loss_db(self, times_s: Floats) -> Floats:
        xs_m = np.interp(times_s, self.times_s, self.xs_m)
        ys_m = np.interp(times_s, self.times_s, self.ys_m)
        distances_m = np.hypot(xs_m - self.site.x_m, ys_m - self.site.y_m)
        seen = self.line_of_sight
        return path_loss_db(self.site, distances_m, self.height_m, line_of_sight=seen)


def _period(time_s: float) -> int:
    """The number of the period in which a moment lies."""
    return floor(round(time_s * PERIODS_A_SECOND, 6))


def rising(times_s: tuple[float, ...]) -> bool:
    """Whether each time is later than the one before."""
    return all(a < b for a, b in pairwise(times_s))
