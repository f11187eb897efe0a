"""Sending no faster than a bit rate; time is an argument."""

#: What a sender missed because it was late is made up for, up to this much of the rate; less than
#: what the relay lets wait (docs/user-plane.md).
BURST_S = 0.1


class Pacer:
    """Says how many packets may leave, so that the rate is kept on average.

    A rate of 0 holds everything back.
    """

    def __init__(self, rate_bps: float, now_s: float) -> None:
        self._rate_bps = rate_bps
        self._free_at_s = now_s

    def set_rate(self, rate_bps: float, raise_at_s: float | None = None) -> None:
        """Give what has not left yet another rate; with more of it, nothing leaves before then."""
        if raise_at_s is not None and rate_bps > self._rate_bps:
            self._free_at_s = max(self._free_at_s, raise_at_s)
        self._rate_bps = rate_bps

    def allows(self, size_bytes: int, now_s: float) -> int:
        """Return how many packets of that length may leave now."""
        if self._rate_bps <= 0 or self._free_at_s > now_s:
            return 0
        return int((now_s - self._begin_s(now_s)) * self._rate_bps / (size_bytes * 8)) + 1

    def sent(self, size_bytes: int, now_s: float) -> None:
        """Charge what leaves now with its whole length, headers included."""
        self._free_at_s = self._begin_s(now_s) + size_bytes * 8 / self._rate_bps

    @property
    def free_at_s(self) -> float | None:
        """When the next packet may leave; None while the rate is 0."""
        return self._free_at_s if self._rate_bps > 0 else None

    def _begin_s(self, now_s: float) -> float:
        return max(self._free_at_s, now_s - BURST_S)
