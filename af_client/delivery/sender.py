"""The sending end of one transfer, without sockets and clocks.

Give it what the device says (`receive`) and the time (`due`); send what `due` returns, and call
again at `wake_s` at the latest. The topology is repeated until the device has it whole, lost
weights until the deadline.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from af_client.delivery import documents, wire
from af_client.delivery.documents import DeviceReport, Offer
from af_client.delivery.pacing import Pacer
from af_client.delivery.segments import Octets, SegmentedPart, SegmentRun
from af_client.delivery.segmentset import Range, SegmentSet
from af_client.delivery.wire import Message, MessageType, Part

#: Slightly under the granted rate, so that no queue grows in the network.
SHARE_OF_RATE = 0.99
#: How long an END waits for its answer, at first and at most; each time it doubles.
PATIENCE_S, LONGEST_PATIENCE_S = 0.15, 1.0
#: A device that answers nothing for so long, while it ought to, is not there.
SILENCE_S = 5.0
#: Segments that are framed at once.
_LONGEST_RUN = 128

#: What leaves at once: one message, or segments in a row.
Outgoing = Message | SegmentRun


class Outcome(Enum):
    """How a transfer ended; the value is what the event log says."""

    DELIVERED = "delivered"
    ABORTED = "aborted"
    UNANSWERED = "unanswered"
    ALREADY_THERE = "already_there"
    NOT_THERE = "not_there"


@dataclass(frozen=True, slots=True)
class Rates:
    """What the network grants to the two flows, headers included."""

    topology_bps: int
    weights_bps: int


@dataclass(slots=True)
class Tally:
    """What of one part was sent: segments, each attempt counted; `spared` the device had."""

    sent: int = 0
    repeated: int = 0
    spared: int = 0


@dataclass
class _Stream:
    """What of one part is still to be sent, and whether the device has said that it is done."""

    part: Part
    content: SegmentedPart
    pacer: Pacer
    waiting: SegmentSet
    attempts: Octets
    tally: Tally = field(default_factory=Tally)
    settled: bool = False
    ends: int = 0
    end_due_s: float = 0.0

    def refill(self, ranges: Iterable[Range]) -> None:
        """Send these once more."""
        self.waiting.add(ranges)
        self.ends = 0
        self.end_due_s = 0.0

    def spare(self, ranges: Iterable[Range]) -> None:
        """Leave these out: they are there already."""
        before = len(self.waiting)
        self.waiting.discard(ranges)
        self.tally.spared += before - len(self.waiting)

    def next_run(self, transfer: int, most: int, now_s: float) -> SegmentRun:
        """Take out what is sent next: segments in a row, of one size."""
        first, last = self.waiting.first_run(min(most, _LONGEST_RUN))
        if last == self.content.count - 1 and last > first:
            last -= 1  # the last one may be shorter
        self.waiting.discard([(first, last)])
        attempts = self.attempts[first : last + 1].copy()
        self.attempts[first : last + 1] = np.minimum(attempts, wire.MAX_ATTEMPT - 1) + 1
        self.tally.sent += len(attempts)
        self.tally.repeated += int(np.count_nonzero(attempts))
        # What was sent last has the longest way to go before its END can be answered.
        self.end_due_s = now_s
        return self.content.run(transfer, self.part, first, attempts)


class Sender:
    """Sends one model as the transfer `transfer`.

    `header_bytes` is what each packet costs in headers of IP and UDP. Nothing leaves before
    `begin_s`; until `deadline_s` lost weights are sent again. `outcome` is None as long as the
    transfer runs; `report` is the device's word at its end.
    """

    def __init__(
        self,
        transfer: int,
        offer: Offer,
        parts: tuple[SegmentedPart, SegmentedPart],
        rates: Rates,
        header_bytes: int,
        begin_s: float,
        deadline_s: float | None = None,
    ) -> None:
        self.transfer = transfer
        self._deadline_s = begin_s if deadline_s is None else deadline_s
        self.offer = replace(offer, repair_s=round(max(0.0, self._deadline_s - begin_s), 3))
        self.outcome: Outcome | None = None
        self.report: DeviceReport | None = None
        self._header_bytes = header_bytes
        self._heard_s = begin_s
        self._offer_waits = True
        self._replies: deque[Message] = deque()
        topology, weights = (
            _stream(part, content, begin_s)
            for part, content in zip((Part.TOPOLOGY, Part.WEIGHTS), parts, strict=True)
        )
        self._topology, self._weights = topology, weights
        self.set_rates(rates)

    def set_rates(self, rates: Rates, raise_at_s: float | None = None) -> None:
        """Follow the grants, also for what is under way.

        A flow whose rate rises sends nothing before `raise_at_s`, when the network knows of it.
        """
        self.rates = rates
        self._topology.pacer.set_rate(rates.topology_bps * SHARE_OF_RATE, raise_at_s)
        self._weights.pacer.set_rate(rates.weights_bps * SHARE_OF_RATE, raise_at_s)

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
            self._repeat(message, now_s)
        elif message.type is MessageType.HAVE and message.part is Part.WEIGHTS:
            self._weights.spare(wire.ranges_of(message.body))
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

    def due(self, now_s: float) -> Iterator[Outgoing]:
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

    def _repeat(self, message: Message, now_s: float) -> None:
        if message.part is Part.NONE:
            self._offer_waits = True
            return
        stream = self._stream(message.part)
        is_late = message.part is Part.WEIGHTS and now_s >= self._deadline_s
        if not (stream.settled or is_late):
            stream.refill(wire.ranges_of(message.body))

    def _finish(self, message: Message) -> None:
        receipt = Message(MessageType.RECEIPT, self.transfer, index=MessageType.DONE)
        self._replies.append(receipt)
        if self.outcome is None:
            self.report = documents.read(DeviceReport, message.body)
            self.outcome = Outcome.DELIVERED

    def _from(self, stream: _Stream, now_s: float) -> Iterator[Outgoing]:
        """What one part's flow carries now: the offer goes with the topology, before it."""
        full_bytes = wire.HEADER_BYTES + wire.SEGMENT_BYTES + self._header_bytes
        while most := stream.pacer.allows(full_bytes, now_s):
            item = self._next(stream, most, now_s)
            if item is None:
                return
            stream.pacer.sent(self._size_bytes(item), now_s)
            if not self._waits_for_device:
                self._heard_s = now_s
            yield item

    def _size_bytes(self, item: Outgoing) -> int:
        if isinstance(item, SegmentRun):
            return len(item) * (item.message_bytes + self._header_bytes)
        return item.size_bytes + self._header_bytes

    def _next(self, stream: _Stream, most: int, now_s: float) -> Outgoing | None:
        if stream.part is Part.TOPOLOGY and self._offer_waits:
            self._offer_waits = False
            body = documents.write(self.offer)
            return Message(MessageType.OFFER, self.transfer, body=body)
        if stream.waiting:
            return stream.next_run(self.transfer, most, now_s)
        if stream.settled or now_s < stream.end_due_s:
            return None
        stream.end_due_s = now_s + min(PATIENCE_S * 2**stream.ends, LONGEST_PATIENCE_S)
        stream.ends += 1
        count = stream.content.count
        return Message(MessageType.END, self.transfer, stream.part, count=count)


def _stream(part: Part, content: SegmentedPart, begin_s: float) -> _Stream:
    count = content.count
    waiting = SegmentSet(count, is_full=True)
    return _Stream(part, content, Pacer(0, begin_s), waiting, np.zeros(count, np.uint8))


def _wake_of(stream: _Stream) -> float | None:
    free_s = stream.pacer.free_at_s
    if free_s is None or (stream.settled and not stream.waiting):
        return None
    return free_s if stream.waiting else max(free_s, stream.end_due_s)
