"""One QoS flow of the relay: what waits, what is lost, what is on its way, what is counted."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from nef.network.userplane.classification import QosFlow
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.loss import LossDraw
from nef.network.userplane.pacing import PacedQueue
from nef.network.userplane.runs import Run


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    """Packets between the queue and the device; they waited so long in the queue."""

    run: Run
    waited_us: int
    arrives_ns: int


class Lane:
    """What is kept of a flow from table to table."""

    def __init__(self, flow: QosFlow, seed: int, limit_bytes: int, counters: RelayCounters) -> None:
        self.key = flow.key
        self.queue = PacedQueue(flow.rate_bps, limit_bytes)
        self.counters = counters.flow(flow.key)
        self._loss = LossDraw(seed, flow.key)
        self._error_rate, self._delay_ns = flow.error_rate, flow.delay_ns
        self._on_their_way: deque[_OnItsWay] = deque()

    def __bool__(self) -> bool:
        """Whether anything waits or is on its way."""
        return bool(self.queue) or bool(self._on_their_way)

    def follow(self, flow: QosFlow, now_ns: int) -> None:
        """Hold to another grant of the flow, also with what waits."""
        self.queue.set_rate(now_ns, flow.rate_bps)
        self._error_rate, self._delay_ns = flow.error_rate, flow.delay_ns

    def reseed(self, seed: int) -> None:
        """Begin the losses anew."""
        self._loss = LossDraw(seed, self.key)

    def take_in(self, run: Run, now_ns: int, seen_ns: int | None) -> None:
        """Let packets wait, as many as there is room for."""
        counters = self.counters
        counters.packets_in += run.count
        counters.bytes_in += run.total_bytes
        dropped = run.count - self.queue.enqueue(now_ns, run, seen_ns)
        counters.packets_overflowed += dropped
        counters.bytes_overflowed += dropped * run.size_bytes

    def arriving(self, now_ns: int) -> Iterator[tuple[Run, int]]:
        """What reaches the device now, each run with how long it waited, in microseconds.

        It stays in order, also where the delay becomes shorter.
        """
        for run, waited_ns in self.queue.due(now_ns):
            kept = self._kept(run)
            if kept.count:
                arrives_ns = now_ns + self._delay_ns
                self._on_their_way.append(_OnItsWay(kept, waited_ns // 1000, arrives_ns))
        while self._on_their_way and self._on_their_way[0].arrives_ns <= now_ns:
            arrived = self._on_their_way.popleft()
            yield arrived.run, arrived.waited_us

    def next_due_ns(self) -> int | None:
        """When `arriving` will have something to do, None where nothing but a grant can help."""
        leaves_ns = self.queue.next_due_ns()
        if not self._on_their_way:
            return leaves_ns
        arrives_ns = self._on_their_way[0].arrives_ns
        return arrives_ns if leaves_ns is None else min(leaves_ns, arrives_ns)

    def release(self) -> list[Run]:
        """Give everything away that waits: the flow is gone. What is on its way arrives."""
        runs = self.queue.drain()
        self.counters.packets_moved += sum(run.count for run in runs)
        self.counters.bytes_moved += sum(run.total_bytes for run in runs)
        return runs

    def _kept(self, run: Run) -> Run:
        lost = self._loss.lost(self._error_rate, run.count)
        packets = int(lost.sum())
        if not packets:
            return run
        self.counters.packets_lost += packets
        self.counters.bytes_lost += packets * run.size_bytes
        return run.without(lost)
