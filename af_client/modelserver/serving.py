"""What a model server does for one device, without sockets, threads and clocks.

It brings together what the device asks for, what the negotiation decides, and the transfer.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from af_client.delivery.documents import DeviceRequest, ModelKey, Offer, model_key
from af_client.delivery.recall import Recall
from af_client.delivery.segments import SegmentedPart
from af_client.delivery.sender import Outcome, Outgoing, Rates, Sender
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import Message, MessageType
from af_client.eventlog import Log
from af_client.modelserver.foresight import FORESEEN
from af_client.modelserver.journal import Journal, Prospect
from af_client.modelserver.negotiation import Negotiation
from af_client.modelserver.selection import Framing, Rung
from af_client.modelserver.steps import Command, Decision, PlanNews, Step

#: A grant reaches the relay up to 50 ms after its notification (docs/user-plane.md).
SETTLING_S = 0.06


@dataclass(frozen=True)
class Model:
    """A model that can be delivered, with its two parts."""

    offer: Offer
    topology: bytes
    weights: bytes

    @cached_property
    def parts(self) -> tuple[SegmentedPart, SegmentedPart]:
        """Both parts as they are sent."""
        return SegmentedPart(self.topology), SegmentedPart(self.weights)

    def prepare(self) -> None:
        """Compute now what every transfer needs, so that no transfer waits for it."""
        for part in self.parts:
            _ = part.checksums


class ServedDevice:
    """One device and its transfers.

    `commands` fills with what has to be asked of the NEF. `new_transfer` gives ids that rise. Lost
    weights are repaired for `budget_s` from when a model was wanted. What the device has already
    it is told to use.
    """

    def __init__(
        self,
        device: Endpoint,
        negotiation: Negotiation,
        models: Mapping[str, Model],
        new_transfer: Callable[[], int],
        log: Log,
        budget_s: float = 1.0,
    ) -> None:
        self.device, self.negotiation = device, negotiation
        self.commands: deque[Command] = deque()
        self.heard_s = float("-inf")
        self._models, self._new_transfer = models, new_transfer
        self._journal = Journal(str(device.address), log)
        self._sender: Sender | Recall | None = None
        self._cause = ""
        self._prospect = Prospect()
        self._wanted: str | None = None
        self._budget_s, self._wanted_s = budget_s, float("-inf")
        self._asked: tuple[str, int] | None = None
        self._has: str | None = None
        self._holds: frozenset[ModelKey] = frozenset()
        self._replies: deque[Message] = deque()

    # --- the device ---

    def requested(self, number: int, request: DeviceRequest, now_s: float) -> None:
        """Take a request: the right model goes to the device, or as soon as one is right."""
        self.heard_s = now_s
        self._replies.append(Message(MessageType.RECEIPT, number, index=MessageType.REQUEST))
        self._holds = frozenset(request.holds or ())
        asked = (request.instance, number)
        if asked == self._asked:
            return
        restarted = self._asked is not None and self._asked[0] != request.instance
        self._asked, self._has = asked, request.model
        self._journal.request(request)
        if restarted:
            self._end("the device started anew")
        if self._running is None:
            self._wanted, self._wanted_s = request.reason, now_s
            if self.negotiation.rung is not None:
                self._start(self.negotiation.rung, now_s)

    def received(self, message: Message, now_s: float) -> None:
        """Take what the device says about a transfer; raises MalformedMessage."""
        self.heard_s = now_s
        if self._sender is not None:
            running = self._running is not None
            self._sender.receive(message, now_s)
            if running:
                self._ended()
                self._send_what_is_missed(now_s)

    # --- the NEF ---

    def follow(self, steps: Iterable[Step], now_s: float) -> None:
        """Carry out what the negotiation wants."""
        for step in steps:
            if isinstance(step, Decision):
                self._decided(step, now_s)
            elif isinstance(step, PlanNews):
                self._journal.plan(step)
            else:
                self.commands.append(step)

    def _decided(self, decision: Decision, now_s: float) -> None:
        rung, negotiation = decision.rung, self.negotiation
        self._journal.decision(decision, negotiation.reported_bps, negotiation.holding.rates)
        running = self._running
        if rung is None:
            self._wanted = self._cause if running else self._wanted
            self._end(decision.reason)
        elif running is not None and running.offer.variant == rung.variant.name:
            running.set_rates(negotiation.holding.rates, now_s + SETTLING_S)
        elif running is not None and decision.cause == FORESEEN:
            # What is under way still arrives in time; the next one is the one that will last.
            return
        elif running is not None or self._wanted or self._has != rung.variant.name:
            if not self._wanted:
                self._wanted, self._wanted_s = decision.cause, now_s
            self._end(f"{rung.variant.name} is right now")
            self._start(rung, now_s + SETTLING_S)

    # --- the transfer ---

    @property
    def _running(self) -> Sender | Recall | None:
        sender = self._sender
        return sender if sender is not None and sender.outcome is None else None

    def _start(self, rung: Rung, begin_s: float) -> None:
        model = self._models[rung.variant.name]
        self._cause, self._wanted = self._wanted or "notification", None
        rates, transfer = self.negotiation.holding.rates, self._new_transfer()
        if model_key(model.offer) in self._holds:
            self._prospect = Prospect(self.negotiation.reported_bps)
            self._sender = Recall(transfer, model.offer, rates, begin_s)
            return
        self._sender = Sender(
            transfer,
            model.offer,
            model.parts,
            rates,
            self.device.header_bytes,
            begin_s,
            self._wanted_s + self._budget_s,
        )
        self._prospect = Prospect(
            self.negotiation.reported_bps,
            _expected_s(model, rates),
            self.negotiation.predicted_s.get(rung.variant.name),
        )
        self._journal.started(self._sender, self._cause, self._prospect)

    def _end(self, reason: str) -> None:
        if self._running is None:
            return
        message = self._running.abort(reason)
        if message is not None:
            self._replies.append(message)
        self._ended(reason)

    def _ended(self, reason: str | None = None) -> None:
        sender = self._sender
        if sender is None or sender.outcome is None:
            return
        report = sender.report
        if report is not None and report.fault is None:
            self._has = sender.offer.variant
        self._journal.ended(sender, reason, self._cause, self._prospect)

    def _send_what_is_missed(self, now_s: float) -> None:
        """Send what the device was thought to have."""
        sender = self._sender
        if sender is None or sender.outcome is not Outcome.NOT_THERE:
            return
        self._holds -= {model_key(sender.offer)}
        self._sender, self._wanted = None, self._cause
        if self.negotiation.rung is not None:
            self._start(self.negotiation.rung, now_s)

    # --- time ---

    def due(self, now_s: float) -> list[Outgoing]:
        """Return what has to be sent to the device now."""
        self.follow(self.negotiation.due(now_s), now_s)
        items: list[Outgoing] = list(self._replies)
        self._replies.clear()
        running = self._running
        if self._sender is not None:
            items += self._sender.due(now_s)
        if running is not None:
            self._journal.progress(running, now_s)
            if running.outcome is Outcome.UNANSWERED:
                self._ended("the device answers no more")
        return items

    @property
    def wake_s(self) -> float:
        """When `due` has something next, if nothing comes before."""
        if self._replies:
            return float("-inf")
        times = [self.negotiation.wake_s]
        if self._sender is not None and self._sender.wake_s is not None:
            times.append(self._sender.wake_s)
        return min(times)

    def leave(self, reason: str) -> list[Message]:
        """End the transfer and let the session go; returns the last words to the device."""
        self._end(reason)
        self.follow(self.negotiation.stop(), 0.0)
        messages = list(self._replies)
        self._replies.clear()
        return messages


def _expected_s(model: Model, rates: Rates) -> float | None:
    """How long both parts take at these rates, on the wire; None where one has no rate.

    What really comes of it stands beside it in the log, so that every surprise can be seen.
    """
    if not (rates.topology_bps and rates.weights_bps):
        return None
    framing = Framing()
    topology_s = framing.bits(len(model.topology)) / rates.topology_bps
    return max(topology_s, framing.bits(len(model.weights)) / rates.weights_bps)
