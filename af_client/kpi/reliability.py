"""Packets in time: what the grants leave time for is exact, what is lost of that is counted.

Starts that fall into one outage lose all their packets together, so that counting packets would
say nothing sure of the outage. But its length is known: it needs no counting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from af_client.kpi.statistics import Share, Verdict


@dataclass(frozen=True, slots=True)
class InTime:
    """The share of a part's packets that are there in time.

    `sendable` is the share, over all times to start, that the granted rates leave time for; it is
    exact. `arrived` counts those among them that came in time.
    """

    sendable: float
    arrived: Share

    @property
    def estimate(self) -> float:
        """The share that was in time."""
        return self.sendable * self.arrived.estimate

    @property
    def low(self) -> float:
        """The share is at least this."""
        return self.sendable * self.arrived.low

    @property
    def high(self) -> float:
        """The share is at most this."""
        return self.sendable * self.arrived.high

    def verdict(self, required: float) -> Verdict:
        """Say whether a share is reached: "not shown" where it lies between the bounds."""
        if self.low >= required:
            return Verdict.YES
        return Verdict.NO if self.high < required else Verdict.NOT_SHOWN


def sendable_share(
    edges_s: Sequence[float], rates_bps: Sequence[float], window_s: tuple[float, float], bits: float
) -> float:
    """Return which share of so many bits is sent in a window, over all times to start.

    A rate holds from one of the ascending edges to the next, the last one ever after; the window
    is counted from the start, and starts lie between the first and the last edge.
    """
    begin_s, last_s = window_s
    first_s, end_s = edges_s[0], edges_s[-1]
    known_s = np.array([*edges_s, end_s + last_s])
    sent = np.concatenate(([0.0], np.cumsum(np.diff(known_s) * [*rates_bps, rates_bps[-1]])))
    kinks_s = np.concatenate((known_s, known_s - begin_s, known_s - last_s))
    starts_s = np.unique(np.clip(kinks_s, first_s, end_s))
    room = np.interp(starts_s + last_s, known_s, sent) - np.interp(
        starts_s + begin_s, known_s, sent
    )
    shares = _means_up_to_one(room[:-1] / bits, room[1:] / bits)
    return min(1.0, float(np.sum(shares * np.diff(starts_s)) / (end_s - first_s)))


def _means_up_to_one(begin: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of lines from one height to another that are cut off at 1."""
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    crossing = (low < 1) & (high > 1)
    over = np.where(crossing, (high - 1) ** 2 / (2 * np.where(crossing, high - low, 1)), 0.0)
    return np.where(low >= 1, 1.0, (low + high) / 2 - over)
