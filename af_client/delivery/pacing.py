"""Sending no faster than a bit rate; time is an argument."""

#: After a pause at most this much of the rate is sent at once; less than a relay's queue holds.
_BURST_S = 0.02


class Pacer:
    """Says when the next packet may leave, so that the rate is kept on average.

    A rate of 0 holds everything back.
    """

    def __init__(self, rate_bps: float, now_s: float) -> None:
        self._rate_bps = rate_bps
        self._free_at_s = now_s

    def set_rate(self, rate_bps: float) -> None:
        """Give what has not left yet another rate."""
        self._rate_bps = rate_bps

    def allows(self, now_s: float) -> bool:
        """Whether a packet may leave now."""
        return self._rate_bps > 0 and self._free_at_s <= now_s

    def sent(self, size_bytes: int, now_s: float) -> None:
        """Charge a packet that leaves now with its whole length, headers included."""
        begin_s = max(self._free_at_s, now_s - _BURST_S)
        self._free_at_s = begin_s + size_bytes * 8 / self._rate_bps

    @property
    def free_at_s(self) -> float | None:
        """When the next packet may leave; None while the rate is 0."""
        return self._free_at_s if self._rate_bps > 0 else None
