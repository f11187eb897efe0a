"""A queue that gives its packets away at a bit rate; time is an argument."""

from collections import deque

_NS_PER_S = 10**9
_BURST_NS = 10**6


class PacedQueue:
    """A first-in first-out queue of packets, each charged with its length.

    It owes nothing to the punctuality of its caller: while packets wait, credit gathers without
    bound, so that over any backlogged time exactly the rate leaves, however late `due` is called.
    After an idle time at most the bytes of one millisecond, or one packet, leave at once.
    """

    def __init__(self, rate_bps: int, limit_bytes: int) -> None:
        """`limit_bytes` bounds what waits; a rate of 0 holds everything."""
        self._rate_bps, self._limit_bytes = rate_bps, limit_bytes
        self._packets: deque[tuple[bytes, int]] = deque()
        self._waiting_bytes = 0
        # In billionths of a bit, which is bit/s times ns: whole numbers do not drift. Negative
        # after a packet until it is paid for, at whatever the rate is by then.
        self._credit = 0
        self._settled_ns = 0

    def __len__(self) -> int:
        """How many packets wait."""
        return len(self._packets)

    def set_rate(self, now_ns: int, rate_bps: int) -> None:
        """Give another rate to everything that has not left yet."""
        self._settle(now_ns)
        self._rate_bps = rate_bps

    def enqueue(self, now_ns: int, packet: bytes) -> bool:
        """Take a packet in; False where the queue is full, and the packet is dropped."""
        size = len(packet)
        if self._waiting_bytes + size > self._limit_bytes:
            return False
        if not self._packets:
            self._settle(now_ns)
            self._credit = min(self._credit, self._idle_credit(size))
        self._packets.append((packet, now_ns))
        self._waiting_bytes += size
        return True

    def due(self, now_ns: int) -> list[tuple[bytes, int]]:
        """Take out, in order, what has to leave by now, each with how long it waited, in ns."""
        self._settle(now_ns)
        leaving: list[tuple[bytes, int]] = []
        while self._packets and self._credit >= 0 and self._rate_bps:
            packet, since_ns = self._packets.popleft()
            self._credit -= _cost(len(packet))
            self._waiting_bytes -= len(packet)
            leaving.append((packet, now_ns - since_ns))
        return leaving

    def next_due_ns(self) -> int | None:
        """When `due` will have something, None where nothing waits or the rate is 0."""
        if not self._packets or not self._rate_bps:
            return None
        return self._settled_ns + max(0, -(self._credit // self._rate_bps))

    def drain(self) -> list[bytes]:
        """Take everything out at once, without paying for it."""
        packets = [packet for packet, _ in self._packets]
        self._packets.clear()
        self._waiting_bytes = 0
        return packets

    def _settle(self, now_ns: int) -> None:
        self._credit += self._rate_bps * (now_ns - self._settled_ns)
        self._settled_ns = now_ns

    def _idle_credit(self, size: int) -> int:
        """What may be left when a packet of `size` bytes starts a burst."""
        return max(0, self._rate_bps * _BURST_NS - _cost(size))


def _cost(size_bytes: int) -> int:
    return size_bytes * 8 * _NS_PER_S
