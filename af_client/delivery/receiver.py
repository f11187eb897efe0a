"""The receiving end of transfers, without sockets and clocks.

Give it what the server says (`receive`, which returns what that means) and the time (`due`, which
returns what to send); call again at `wake_s` at the latest. A transfer that began later replaces
the one under way.
"""

from collections import deque
from math import inf

from af_client.delivery import documents, wire
from af_client.delivery.assembly import is_intact
from af_client.delivery.documents import DeviceReport, Offer
from af_client.delivery.incoming import (
    STALLED_S,
    Event,
    GivenUp,
    Incoming,
    Offered,
    Progress,
    Recalled,
    Unfinished,
    unfinished,
)
from af_client.delivery.segments import SegmentRun, run_of
from af_client.delivery.wire import MalformedMessage, Message, MessageType, Part

#: How often a report is repeated until its receipt.
_REPEAT_S = 0.25
_REPORT_ATTEMPTS = 12
#: A topology that has come whole so often, with another SHA-256 than offered, never will be right.
_TOPOLOGY_ATTEMPTS = 3


class Receiver:
    """Receives one transfer after the other; the newest counts."""

    def __init__(self) -> None:
        self._incoming: Incoming | None = None
        self._unfinished: Unfinished | None = None
        self._newest: int | None = None
        self._outgoing: deque[Message] = deque()
        self._report: Message | None = None
        self._report_due_s = 0.0
        self._reports_left = 0
        self._recalled: int | None = None
        self._missed = False

    @property
    def busy(self) -> bool:
        """Whether a transfer is under way."""
        return self._incoming is not None and not self._incoming.received

    @property
    def progress(self) -> Progress | None:
        """How far the transfer under way is, None as long as no offer of it has come."""
        incoming = self._incoming
        return None if incoming is None else incoming.progress

    def receive(self, message: Message | SegmentRun, now_s: float) -> list[Event]:
        """Take what the server said; raises MalformedMessage."""
        if isinstance(message, SegmentRun):
            return self._receive_of_transfer(message, now_s)
        if message.type is MessageType.RECEIPT:
            self._take_receipt(message)
            return []
        if message.type is MessageType.ABORT:
            return self._abort(message)
        if message.type is MessageType.USE:
            return self._take_use(message, now_s)
        if message.type not in {MessageType.OFFER, MessageType.DATA, MessageType.END}:
            return []
        return self._receive_of_transfer(message, now_s)

    def _receive_of_transfer(self, message: Message | SegmentRun, now_s: float) -> list[Event]:
        incoming = self._current(message.transfer, now_s)
        if incoming is None:
            return []
        incoming.heard_s = now_s
        events = self._take(incoming, message, now_s)
        return events + self._moved(incoming, now_s)

    def due(self, now_s: float) -> tuple[list[Message], list[Event]]:
        """Return what has to be sent now, and what the passing of time means."""
        events: list[Event] = []
        incoming = self._incoming
        if incoming is not None and not incoming.received:
            events = self._moved(incoming, now_s) or self._stalled(incoming, now_s)
            self._ask_for_offer(incoming, now_s)
        if incoming is not None and incoming.still_loads(now_s):
            self._acknowledge(incoming, Part.WEIGHTS)
        if self._report is not None and now_s >= self._report_due_s:
            self._repeat_report(now_s)
        messages = list(self._outgoing)
        self._outgoing.clear()
        return messages, events

    @property
    def wake_s(self) -> float | None:
        """When `due` has something next, None where only the server can bring something."""
        if self._outgoing:
            return float("-inf")
        times = [self._report_due_s] if self._report is not None else []
        if self._incoming is not None:
            times.append(self._incoming.wake_s)
        return min((at_s for at_s in times if at_s < inf), default=None)

    def report(self, transfer: int, report: DeviceReport, now_s: float) -> None:
        """Tell the server what became of a transfer, until it gives its receipt."""
        self._report = Message(MessageType.DONE, transfer, body=documents.write(report))
        self._report_due_s, self._reports_left = now_s, _REPORT_ATTEMPTS
        if self._incoming is not None and self._incoming.transfer == transfer:
            self._incoming.still_loads_at_s = inf

    def miss(self, transfer: int) -> None:
        """Tell the server that a model which it recalled is not there: it has to be sent."""
        self._missed = True
        self._outgoing.append(Message(MessageType.NACK, transfer))

    # --- messages ---

    def _current(self, transfer: int, now_s: float) -> Incoming | None:
        """The transfer a message is about; a newer one replaces the one under way."""
        if self._incoming is not None and transfer == self._incoming.transfer:
            return self._incoming
        if self._newest is not None and not wire.is_newer(transfer, self._newest):
            return None
        self._newest = transfer
        self._let_go()
        self._incoming = Incoming(transfer, now_s, now_s)
        return self._incoming

    def _let_go(self) -> None:
        """End the transfer under way; what came of its weights is kept for another one."""
        self._unfinished = unfinished(self._incoming) or self._unfinished
        self._incoming = None

    def _take(self, incoming: Incoming, message: Message | SegmentRun, now_s: float) -> list[Event]:
        if isinstance(message, SegmentRun):
            self._take_segments(incoming, message, now_s)
            return []
        if message.type is MessageType.OFFER:
            return self._take_offer(incoming, message)
        if message.part is Part.NONE:
            raise MalformedMessage(f"{message.type.name} of no part")
        if message.type is MessageType.END:
            self._take_end(incoming, message, now_s)
            return []
        self._take_segments(incoming, run_of(message), now_s)
        return []

    def _take_segments(self, incoming: Incoming, run: SegmentRun, now_s: float) -> None:
        if run.part is Part.NONE:
            raise MalformedMessage("DATA of no part")
        if run.part is Part.WEIGHTS:
            incoming.weights_heard_s = now_s
        if not incoming.is_done(run.part):
            incoming.assembly(run.part, run.count).take(run)

    def _take_offer(self, incoming: Incoming, message: Message) -> list[Event]:
        if incoming.offer is not None:
            return []
        offer = documents.read(Offer, message.body)
        try:
            incoming.take_offer(offer)
        except MalformedMessage:
            self._incoming = None  # nothing can come of it
            raise
        self._resume(incoming, offer)
        return [Offered(incoming.transfer, offer)]

    def _resume(self, incoming: Incoming, offer: Offer) -> None:
        """Go on where an earlier transfer of the same weights broke, and tell the server."""
        kept, self._unfinished = self._unfinished, None
        if kept is None or kept.offer != offer.weights:
            return
        incoming.adopt(kept.weights)
        for body in wire.ranges_bodies(kept.weights.held()):
            self._say(MessageType.HAVE, incoming, Part.WEIGHTS, body)

    def _take_end(self, incoming: Incoming, message: Message, now_s: float) -> None:
        assembly = incoming.assembly(message.part, message.count)
        if message.part is Part.WEIGHTS:
            incoming.weights_end, incoming.weights_heard_s = True, now_s
        if incoming.is_done(message.part):
            self._acknowledge(incoming, message.part)
        elif not assembly.complete and self._may_repair(incoming, message.part, now_s):
            self._ask_for(incoming, message.part)

    def _may_repair(self, incoming: Incoming, part: Part, now_s: float) -> bool:
        return part is Part.TOPOLOGY or now_s < incoming.repair_until_s

    def _abort(self, message: Message) -> list[Event]:
        transfer = message.transfer
        ours = self._incoming is not None and self._incoming.transfer == transfer
        if not ours and self._newest is not None and not wire.is_newer(transfer, self._newest):
            return []
        # What of it is still on its way must not begin it anew.
        self._newest = transfer
        if not self.busy:
            return []
        self._let_go()
        return [GivenUp(transfer, documents.read_reason(message.body))]

    def _take_use(self, message: Message, now_s: float) -> list[Event]:
        """Turn to a model that is there; it takes the place of the transfer under way."""
        transfer = message.transfer
        if transfer == self._recalled:
            kind = MessageType.NACK if self._missed else MessageType.ACK
            self._outgoing.append(Message(kind, transfer))
            return []
        if self._newest is not None and not wire.is_newer(transfer, self._newest):
            return []
        offer = documents.read(Offer, message.body)
        self._newest = self._recalled = transfer
        self._missed = False
        self._let_go()
        self._outgoing.append(Message(MessageType.ACK, transfer))
        return [Recalled(transfer, offer, now_s)]

    def _take_receipt(self, message: Message) -> None:
        ours = self._report is not None and self._report.transfer == message.transfer
        if ours and message.index == MessageType.DONE:
            self._report = None

    # --- what follows ---

    def _moved(self, incoming: Incoming, now_s: float) -> list[Event]:
        """Complete what can be completed."""
        if not incoming.weights_done and incoming.weights_finished(now_s):
            incoming.weights_done = True
            self._acknowledge(incoming, Part.WEIGHTS)
        offer = incoming.offer
        if offer is None or incoming.received:
            return []
        if not self._check_topology(incoming, offer):
            return [self._give_up_damaged(incoming, offer, now_s)]
        if not (incoming.topology_whole and incoming.weights_done):
            return []
        incoming.complete(now_s)
        return [incoming.outcome(offer)]

    def _check_topology(self, incoming: Incoming, offer: Offer) -> bool:
        """Acknowledge or ask for the topology where it is complete; False when that is no use."""
        topology = incoming.parts[Part.TOPOLOGY]
        if incoming.topology_whole or not topology.complete:
            return True
        if is_intact(topology.content(offer.topology), offer.topology):
            incoming.topology_whole = True
            self._acknowledge(incoming, Part.TOPOLOGY)
            return True
        incoming.topology_mismatches += 1
        if incoming.topology_mismatches >= _TOPOLOGY_ATTEMPTS:
            return False
        topology.discard()
        self._ask_for(incoming, Part.TOPOLOGY)
        return True

    def _give_up_damaged(self, incoming: Incoming, offer: Offer, now_s: float) -> GivenUp:
        """End a transfer that cannot become right, and tell the server why."""
        report, reason = incoming.damaged(offer, now_s)
        self._let_go()
        self.report(incoming.transfer, report, now_s)
        return GivenUp(incoming.transfer, reason, damaged=True)

    def _acknowledge(self, incoming: Incoming, part: Part) -> None:
        assembly = incoming.parts[part]
        lost = assembly.lost if part is Part.TOPOLOGY else assembly.count - assembly.received
        self._outgoing.append(Message(MessageType.ACK, incoming.transfer, part, index=lost))

    def _ask_for(self, incoming: Incoming, part: Part) -> None:
        for body in wire.ranges_bodies(incoming.parts[part].missing()):
            self._say(MessageType.NACK, incoming, part, body)

    def _say(self, kind: MessageType, incoming: Incoming, part: Part, body: bytes = b"") -> None:
        self._outgoing.append(Message(kind, incoming.transfer, part, body=body))

    def _ask_for_offer(self, incoming: Incoming, now_s: float) -> None:
        if incoming.offer is None and now_s >= incoming.ask_at_s:
            incoming.asked_s = now_s
            self._say(MessageType.NACK, incoming, Part.NONE)

    def _stalled(self, incoming: Incoming, now_s: float) -> list[Event]:
        if now_s < incoming.heard_s + STALLED_S:
            return []
        self._let_go()
        return [GivenUp(incoming.transfer, f"nothing came for {STALLED_S:.0f} s", stalled=True)]

    def _repeat_report(self, now_s: float) -> None:
        if self._report is not None:
            self._outgoing.append(self._report)
        self._report_due_s = now_s + _REPEAT_S
        self._reports_left -= 1
        if self._reports_left <= 0:
            self._report = None
