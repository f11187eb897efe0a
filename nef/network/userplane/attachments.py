"""Where the inner addresses of one side of the relay can be reached."""

from typing import Any

#: As `socket.recvfrom` gives it: host and port, and two more numbers for IPv6.
OuterAddress = tuple[Any, ...]

#: An endpoint attaches every second; this long after the last time it is gone.
LIFETIME_S = 30
MAX_ATTACHED = 4096


class Attachments:
    """Inner address (4 or 16 octets) to outer address, of bounded size and age."""

    def __init__(self, limit: int = MAX_ATTACHED) -> None:
        """At most `limit` addresses are attached at a time."""
        self._limit = limit
        self._outer: dict[bytes, OuterAddress] = {}
        self._seen_ns: dict[bytes, int] = {}

    def attach(self, address: bytes, outer: OuterAddress, now_ns: int) -> bool:
        """Remember where an address is, the latest word counts; False where there is no room."""
        if address not in self._outer and len(self._outer) >= self._limit:
            return False
        self._outer[address], self._seen_ns[address] = outer, now_ns
        return True

    def outer_of(self, address: bytes) -> OuterAddress | None:
        """Where an address can be reached, None while it is not attached."""
        return self._outer.get(address)

    def expire(self, now_ns: int) -> None:
        """Forget who gave no sign of life for LIFETIME_S."""
        oldest_ns = now_ns - LIFETIME_S * 10**9
        for address in [a for a, seen_ns in self._seen_ns.items() if seen_ns < oldest_ns]:
            del self._outer[address], self._seen_ns[address]
