"""A queue that gives its packets away at a bit rate; time is an argument."""

from collections import deque
from dataclasses import dataclass

from nef.network.userplane.runs import Run

_NS_PER_S = 10**9
_BURST_NS = 10**6
#: What waits may take that long to leave, unless that is less than the least limit.
LIMIT_NS = 250 * 10**6


@dataclass(slots=True)
class _Waiting:
    run: Run
    since_ns: int


class PacedQueue:
    """A first-in first-out queue of packets, each charged with its length.

    It owes nothing to the punctuality of its caller: while packets wait, credit gathers without
    bound, so that over any backlogged time exactly the rate leaves, however late `due` is called.
    After an idle time at most the bytes of one millisecond, or one packet, leave at once; and what
    the rate would have carried since the packets may have come, if the caller saw them late.
    """

    def __init__(self, rate_bps: int, least_limit_bytes: int) -> None:
        """A quarter of a second of the rate may wait, or `least_limit_bytes` where that is more.

        A rate of 0 holds everything.
        """
        self._rate_bps, self._least_limit_bytes = rate_bps, least_limit_bytes
        self._runs: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        # In billionths of a bit, which is bit/s times ns: whole numbers do not drift. Negative
        # after a packet until it is paid for, at whatever the rate is by then.
        self._credit = 0
        self._settled_ns = 0

    def __len__(self) -> int:
        """How many packets wait."""
        return sum(waiting.run.count for waiting in self._runs)

    def __bool__(self) -> bool:
        """Whether any packet waits."""
        return bool(self._runs)

    def set_rate(self, now_ns: int, rate_bps: int) -> None:
        """Give another rate to everything that has not left yet."""
        self._settle(now_ns)
        self._rate_bps = rate_bps

    def enqueue(self, now_ns: int, run: Run, seen_ns: int | None = None) -> int:
        """Take packets in, as many as there is room for; returns how many, the rest is dropped.

        They came after `seen_ns`, when the caller saw last what had come.
        """
        taken = min(run.count, max(0, self._limit_bytes - self._waiting_bytes) // run.size_bytes)
        if not taken:
            return 0
        if not self._runs:
            self._settle(now_ns)
            unseen_ns = 0 if seen_ns is None else now_ns - seen_ns
            self._credit = min(self._credit, self._idle_credit(run.size_bytes, unseen_ns))
        self._runs.append(_Waiting(run if taken == run.count else run.first(taken), now_ns))
        self._waiting_bytes += taken * run.size_bytes
        return taken

    def due(self, now_ns: int) -> list[tuple[Run, int]]:
        """Take out, in order, what has to leave by now, each with how long it waited, in ns."""
        self._settle(now_ns)
        leaving: list[tuple[Run, int]] = []
        while self._runs and self._credit >= 0 and self._rate_bps:
            waiting = self._runs[0]
            run, cost = waiting.run, _cost(waiting.run.size_bytes)
            # One may leave whenever nothing is owed, and is paid for afterwards.
            count = min(run.count, self._credit // cost + 1)
            self._credit -= count * cost
            self._waiting_bytes -= count * run.size_bytes
            leaving.append((run.first(count), now_ns - waiting.since_ns))
            if count == run.count:
                self._runs.popleft()
            else:
                waiting.run = run.after(count)
        return leaving

    def next_due_ns(self) -> int | None:
        """When `due` will have something, None where nothing waits or the rate is 0."""
        if not self._runs or not self._rate_bps:
            return None
        return self._settled_ns + max(0, -(self._credit // self._rate_bps))

    def drain(self) -> list[Run]:
        """Take everything out at once, without paying for it."""
        runs = [waiting.run for waiting in self._runs]
        self._runs.clear()
        self._waiting_bytes = 0
        return runs

    @property
    def _limit_bytes(self) -> int:
        return max(self._least_limit_bytes, self._rate_bps * LIMIT_NS // (8 * _NS_PER_S))

    def _settle(self, now_ns: int) -> None:
        self._credit += self._rate_bps * (now_ns - self._settled_ns)
        self._settled_ns = now_ns

    def _idle_credit(self, size_bytes: int, unseen_ns: int) -> int:
        """What may be left when a packet of that size starts a burst."""
        return max(0, self._rate_bps * max(_BURST_NS, unseen_ns) - _cost(size_bytes))


def _cost(size_bytes: int) -> int:
    return size_bytes * 8 * _NS_PER_S
