"""The sending end of one transfer, without sockets and clocks.

Give it what the device says (`receive`) and the time (`due`); send what `due` returns, and call
again at `wake_s` at the latest. The topology is repeated until the device has it whole; weights
are sent once.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from af_client.delivery import documents, wire
from af_client.delivery.documents import DeviceReport, Offer
from af_client.delivery.pacing import Pacer
from af_client.delivery.wire import Message, MessageType, Part

#: Slightly under the granted rate, so that no queue grows in the network.
_SHARE_OF_RATE = 0.99
#: How long an END waits for its answer, at first and at most; each time it doubles.
_PATIENCE_S, _LONGEST_PATIENCE_S = 0.15, 1.0
#: A device that answers nothing for so long, while it ought to, is not there.
SILENCE_S = 5.0


class Outcome(Enum):
    """How a transfer ended; the value is what the event log says."""

    DELIVERED = "delivered"
    ABORTED = "aborted"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Rates:
    """What the network grants to the two flows, headers included."""

    topology_bps: int
    weights_bps: int


@dataclass(slots=True)
class Tally:
    """What of one part was sent: segments, each attempt counted."""

    sent: int = 0
    repeated: int = 0


@dataclass
class _Stream:
    """What of one part is still to be sent, and whether the device has said that it is done."""

    part: Part
    data: bytes
    pacer: Pacer
    count: int
    waiting: deque[int] = field(default_factory=deque)
    attempts: bytearray = field(default_factory=bytearray)
    tally: Tally = field(default_factory=Tally)
    settled: bool = False
    ends: int = 0
    end_due_s: float = 0.0

    def refill(self, indices: Iterator[int]) -> None:
        """Send these once more, unless they wait already."""
        waiting = set(self.waiting)
        self.waiting.extend(i for i in indices if i < self.count and i not in waiting)
        self.ends = 0
        self.end_due_s = 0.0


class Sender:
    """Sends one model as the transfer `transfer`.

    `header_bytes` is what each packet costs in headers of IP and UDP; nothing leaves before
    `begin_s`. `outcome` is None as long
    as the transfer runs; `report` is the device's word at its end.
    """

    def __init__(
        self,
        transfer: int,
        offer: Offer,
        parts: tuple[bytes, bytes],
        rates: Rates,
        header_bytes: int,
        begin_s: float,
    ) -> None:
        self.transfer, self.offer = transfer, offer
        self.outcome: Outcome | None = None
        self.report: DeviceReport | None = None
        self._header_bytes = header_bytes
        self._heard_s = begin_s
        self._offer_waits = True
        self._replies: deque[Message] = deque()
        topology, weights = (
            _stream(part, data, begin_s)
            for part, data in zip((Part.TOPOLOGY, Part.WEIGHTS), parts, strict=True)
        )
        self._topology, self._weights = topology, weights
        self.set_rates(rates)

    def set_rates(self, rates: Rates) -> None:
        """Follow the grants, also for what is under way."""
        self.rates = rates
        self._topology.pacer.set_rate(rates.topology_bps * _SHARE_OF_RATE)
        self._weights.pacer.set_rate(rates.weights_bps * _SHARE_OF_RATE)

    @property
    def topology_sent(self) -> Tally:
        """How many segments of the topology were sent so far."""
        return self._topology.tally

    @property
    def weights_sent(self) -> Tally:
        """How many segments of the weights were sent so far."""
        return self._weights.tally

    def receive(self, message: Message, now_s: float) -> None:
        """Take what the device said; raises MalformedMessage. Other transfers change nothing."""
        if message.transfer != self.transfer or self.outcome not in {None, Outcome.DELIVERED}:
            return
        self._heard_s = now_s
        if message.type is MessageType.NACK:
            self._repeat(message)
        elif message.type is MessageType.ACK and message.part is not Part.NONE:
            self._stream(message.part).settled = True
        elif message.type is MessageType.DONE:
            self._finish(message)

    def abort(self, reason: str) -> Message | None:
        """End the transfer; returns what tells the device, None where it has ended already."""
        if self.outcome is not None:
            return None
        self.outcome = Outcome.ABORTED
        body = documents.write_reason(reason)
        return Message(MessageType.ABORT, self.transfer, body=body)

    def due(self, now_s: float) -> Iterator[Message]:
        """Yield what has to be sent now, in order."""
        while self._replies:
            yield self._replies.popleft()
        if self.outcome is not None:
            return
        yield from self._from(self._topology, now_s)
        yield from self._from(self._weights, now_s)
        if self._waits_for_device and now_s >= self._heard_s + SILENCE_S:
            self.outcome = Outcome.UNANSWERED

    @property
    def wake_s(self) -> float | None:
        """When `due` has something next, None where only the device can move the transfer."""
        if self._replies:
            return float("-inf")
        if self.outcome is not None:
            return None
        times = [_wake_of(stream) for stream in (self._topology, self._weights)]
        if self._waits_for_device:
            times.append(self._heard_s + SILENCE_S)
        return min((at_s for at_s in times if at_s is not None), default=None)

    @property
    def _waits_for_device(self) -> bool:
        return not (self._offer_waits or self._topology.waiting or self._weights.waiting)

    def _stream(self, part: Part) -> _Stream:
        return self._topology if part is Part.TOPOLOGY else self._weights

    def _repeat(self, message: Message) -> None:
        if message.part is Part.NONE:
            self._offer_waits = True
        elif message.part is Part.TOPOLOGY and not self._topology.settled:
            ranges = wire.ranges_of(message.body)
            last = self._topology.count - 1
            self._topology.refill(
                i for low, high in ranges for i in range(low, min(high, last) + 1)
            )

    def _finish(self, message: Message) -> None:
        receipt = Message(MessageType.RECEIPT, self.transfer, index=MessageType.DONE)
        self._replies.append(receipt)
        if self.outcome is None:
            self.report = documents.read(DeviceReport, message.body)
            self.outcome = Outcome.DELIVERED

    def _from(self, stream: _Stream, now_s: float) -> Iterator[Message]:
        """What one part's flow carries now: the offer goes with the topology, before it."""
        pacer = stream.pacer
        while pacer.allows(now_s):
            message = self._next(stream, now_s)
            if message is None:
                return
            pacer.sent(message.size_bytes + self._header_bytes, now_s)
            if not self._waits_for_device:
                self._heard_s = now_s
            yield message

    def _next(self, stream: _Stream, now_s: float) -> Message | None:
        if stream.part is Part.TOPOLOGY and self._offer_waits:
            self._offer_waits = False
            body = documents.write(self.offer)
            return Message(MessageType.OFFER, self.transfer, body=body)
        if stream.waiting:
            return _segment(self.transfer, stream, stream.waiting.popleft(), now_s)
        if stream.settled or now_s < stream.end_due_s:
            return None
        stream.end_due_s = now_s + min(_PATIENCE_S * 2**stream.ends, _LONGEST_PATIENCE_S)
        stream.ends += 1
        return Message(MessageType.END, self.transfer, stream.part, count=stream.count)


def _stream(part: Part, data: bytes, begin_s: float) -> _Stream:
    count = wire.segments_of(len(data))
    return _Stream(part, data, Pacer(0, begin_s), count, deque(range(count)), bytearray(count))


def _segment(transfer: int, stream: _Stream, index: int, now_s: float) -> Message:
    attempt = stream.attempts[index]
    stream.attempts[index] = min(attempt + 1, wire.MAX_ATTEMPT)
    stream.tally.sent += 1
    stream.tally.repeated += attempt > 0
    body = wire.segment(stream.data, index)
    # What was sent last has the longest way to go before its END can be answered.
    stream.end_due_s = now_s
    return Message(MessageType.DATA, transfer, stream.part, attempt, index, stream.count, body)


def _wake_of(stream: _Stream) -> float | None:
    free_s = stream.pacer.free_at_s
    if free_s is None or (stream.settled and not stream.waiting):
        return None
    return free_s if stream.waiting else max(free_s, stream.end_due_s)
