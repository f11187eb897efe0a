"""Telling a device to use a model that it has already, instead of a transfer of it.

To be driven like a `Sender`; nothing but one message goes to the device, until it answers.
"""

from collections import deque
from collections.abc import Iterator

from af_client.delivery import documents
from af_client.delivery.documents import DeviceReport, Offer
from af_client.delivery.sender import SILENCE_S, Outcome, Rates, Tally
from af_client.delivery.wire import Message, MessageType, Part

#: How long an answer is waited for before it is said again, at first and at most.
_PATIENCE_S, _LONGEST_PATIENCE_S = 0.15, 1.0


class Recall:
    """Says USE until the device reports, or until it says that it has no such model."""

    def __init__(self, transfer: int, offer: Offer, rates: Rates, begin_s: float) -> None:
        self.transfer, self.offer, self.rates = transfer, offer, rates
        self.outcome: Outcome | None = None
        self.report: DeviceReport | None = None
        self.topology_sent = Tally(spared=offer.topology.segments)
        self.weights_sent = Tally(spared=offer.weights.segments)
        self._due_s = self._heard_s = begin_s
        self._said = 0
        self._replies: deque[Message] = deque()

    def set_rates(self, rates: Rates, raise_at_s: float | None = None) -> None:  # noqa: ARG002 - as a Sender's
        """Know the grants; nothing of them is used."""
        self.rates = rates

    def receive(self, message: Message, now_s: float) -> None:
        """Take what the device said; raises MalformedMessage. Other transfers change nothing."""
        ours = message.transfer == self.transfer
        if not ours or self.outcome not in {None, Outcome.ALREADY_THERE}:
            return
        self._heard_s = now_s
        if message.type is MessageType.DONE:
            self._finish(message)
        elif message.type is MessageType.NACK and message.part is Part.NONE:
            self.outcome = self.outcome or Outcome.NOT_THERE

    def abort(self, reason: str) -> Message | None:
        """End it; returns what tells the device, None where it has ended already."""
        if self.outcome is not None:
            return None
        self.outcome = Outcome.ABORTED
        return Message(MessageType.ABORT, self.transfer, body=documents.write_reason(reason))

    def due(self, now_s: float) -> Iterator[Message]:
        """Yield what has to be sent now."""
        while self._replies:
            yield self._replies.popleft()
        if self.outcome is not None:
            return
        if self._said and now_s >= self._heard_s + SILENCE_S:
            self.outcome = Outcome.UNANSWERED
        elif now_s >= self._due_s:
            self._heard_s = self._heard_s if self._said else now_s
            self._due_s = now_s + min(_PATIENCE_S * 2**self._said, _LONGEST_PATIENCE_S)
            self._said += 1
            yield Message(MessageType.USE, self.transfer, body=documents.write(self.offer))

    @property
    def wake_s(self) -> float | None:
        """When `due` has something next, None where nothing is left to do."""
        if self._replies:
            return float("-inf")
        if self.outcome is not None:
            return None
        return min(self._due_s, self._heard_s + SILENCE_S)

    def _finish(self, message: Message) -> None:
        receipt = Message(MessageType.RECEIPT, self.transfer, index=MessageType.DONE)
        self._replies.append(receipt)
        if self.outcome is None:
            self.report = documents.read(DeviceReport, message.body)
            self.outcome = Outcome.ALREADY_THERE
