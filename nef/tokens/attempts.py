"""Who has tried too often, of those who want a token."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

#: A window begins with the first attempt that is counted in it.
WINDOW_S = 60.0
#: Whoever comes under ever new names is not remembered without end.
_MOST_KEPT = 10_000


class Attempts:
    """Counts attempts by whose they are, of which there may be so many in a window."""

    def __init__(self, most: int, now_s: Callable[[], float] = time.monotonic) -> None:
        """`most` in a window are all right; `now_s` is a time that never jumps."""
        self._most, self._now_s = most, now_s
        # Until when the window of each lasts, and how many there were; the oldest window first.
        self._counts: dict[str, tuple[float, int]] = {}

    def count(self, whose: str) -> None:
        """One more."""
        now_s = self._now_s()
        until_s, number = self._counts.get(whose, (0.0, 0))
        if until_s > now_s:
            self._counts[whose] = until_s, number + 1
            return
        self._counts.pop(whose, None)
        if len(self._counts) >= _MOST_KEPT:
            del self._counts[next(iter(self._counts))]
        self._counts[whose] = now_s + WINDOW_S, 1

    def wait_s(self, whose: str) -> float:
        """How long they have to wait, 0 for who may try now."""
        until_s, number = self._counts.get(whose, (0.0, 0))
        return max(0.0, until_s - self._now_s()) if number >= self._most else 0.0


def neighbourhood(host: str) -> str:
    """What somebody at an address can come from: of IPv6 he has a network of 64 bits, or more."""
    try:
        address = ip_address(host)
    except ValueError:
        return host  # no address, in a test say
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), 64), strict=False))
    return host
