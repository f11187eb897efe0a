"""What a device says to its model server, without sockets, threads and clocks.

Give it what the server says (`received`), what became of a model (`result`) and the time (`due`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from af_client.delivery import documents
from af_client.delivery.documents import DeviceReport, DeviceRequest, Offer, model_key
from af_client.delivery.incoming import Event, GivenUp, Offered, Recalled, Received
from af_client.delivery.receiver import Receiver
from af_client.delivery.segments import SegmentRun
from af_client.delivery.wire import Message, MessageType
from af_client.eventlog import Log

#: A request is repeated soon until the server has it, then seldom, as a sign of life.
_ASK_AGAIN_S, _SIGN_OF_LIFE_S = 0.5, 10.0
#: After so many requests without an answer it is told that there is none.
_UNANSWERED = 6
_PROGRESS_EVERY_S = 0.1
#: After a model that is of no use another one is asked for, but not at once.
_AFTER_FAULT_S = 1.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a received or recalled model: usable at `ready_s`, or not, and why."""

    received: Received
    ready_s: float
    accuracy: float | None
    fault: str | None = None
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class NotThere:
    """A model that the server recalled is not on the device (any more), or not whole."""

    transfer: int
    offer: Offer
    reason: str


@dataclass(frozen=True, slots=True)
class Interim:
    """A model that was on the device serves from its start; `source` is where it was."""

    offer: Offer
    source: str
    accuracy: float | None


Result = Loaded | NotThere | Interim
#: The models that could be used without a transfer; None where none is ever kept.
Held = Callable[[], tuple[Offer, ...] | None]


def _nothing() -> None:
    """Keep no models."""


class DeviceAgent:
    """Asks for models and reports on them.

    `instance` is new at each start; a model is asked for anew `refresh_s` after it was ready.
    Whatever `held` says goes to the server, and when it changes, at once.
    """

    def __init__(
        self,
        instance: str,
        gpsi: str,
        application: str,
        refresh_s: float,
        log: Log,
        held: Held = _nothing,
    ) -> None:
        self.model: str | None = None
        self._held, self._told = held, held()
        self._is_interim = False
        self._instance, self._gpsi, self._application = instance, gpsi, application
        self._refresh_s, self._log = refresh_s, log
        self._receiver = Receiver()
        self._loading = 0
        self._number = 1
        self._has_receipt, self._unanswered = False, 0
        self._ask_at_s = float("-inf")
        self._refresh_at_s = float("inf")
        self._progress_s = float("-inf")

    def received(self, message: Message | SegmentRun, now_s: float) -> list[Received | Recalled]:
        """Take what the server said; returns what has to be loaded. Raises MalformedMessage."""
        if isinstance(message, SegmentRun):
            return self._happened(self._receiver.receive(message, now_s), now_s)
        about_request = message.transfer == self._number
        if message.type is MessageType.RECEIPT and message.index == MessageType.REQUEST:
            if about_request:
                self._is_answered(now_s)
        elif message.type is MessageType.REFUSAL:
            if about_request:
                self._unanswered, self._ask_at_s = 0, now_s + _SIGN_OF_LIFE_S
                self._log("refused", reason=documents.read_reason(message.body))
        else:
            return self._happened(self._receiver.receive(message, now_s), now_s)
        return []

    def due(self, now_s: float) -> tuple[list[Message], list[Received | Recalled]]:
        """Return what has to be sent now, and a model that the passing of time completed."""
        messages, events = self._receiver.due(now_s)
        models = self._happened(events, now_s)
        if now_s >= self._refresh_at_s and self._idle:
            self._ask_anew(now_s)
        if now_s >= self._ask_at_s or self._held() != self._told:
            messages.append(self._request())
            wait_s = _SIGN_OF_LIFE_S if self._has_receipt else _ASK_AGAIN_S
            self._ask_at_s = now_s + wait_s
            self._tell_silence()
        self._tell_progress(now_s)
        return messages, models

    @property
    def wake_s(self) -> float:
        """When `due` has something next, if nothing comes before."""
        times = [self._ask_at_s]
        if self._idle:
            times.append(self._refresh_at_s)
        if self._receiver.wake_s is not None:
            times.append(self._receiver.wake_s)
        return min(times)

    def result(self, result: Result, now_s: float) -> None:
        """Take what became of a model, and report it to the server."""
        match result:
            case Loaded():
                self._loaded(result, now_s)
            case NotThere(transfer, offer, reason):
                self._log("recall_failed", variant=offer.variant, transfer=transfer, reason=reason)
                self._loading -= 1
                self._refresh_at_s = now_s + _AFTER_FAULT_S
                self._receiver.miss(transfer)
            case Interim(offer, source, accuracy):
                self.model, self._is_interim = offer.variant, True
                self._log(
                    "interim_model",
                    variant=offer.variant,
                    source=source,
                    size_bytes=offer.size_bytes,
                    accuracy=accuracy,
                )

    def _loaded(self, loaded: Loaded, now_s: float) -> None:
        received = loaded.received
        self._loading -= 1
        self._refresh_at_s = now_s + (self._refresh_s if loaded.fault is None else _AFTER_FAULT_S)
        if loaded.fault is None:
            self.model, self._is_interim = received.offer.variant, False
        report = _report(loaded)
        self._receiver.report(received.transfer, report, now_s)
        self._log(
            "model_ready" if loaded.fault is None else "model_unusable",
            variant=report.variant,
            transfer=received.transfer,
            size_bytes=received.offer.size_bytes,
            seconds=report.seconds,
            topology_segments=received.offer.topology.segments,
            topology_lost=report.topology_lost,
            topology_intact=report.topology_intact,
            weights_segments=received.offer.weights.segments,
            weights_lost=report.weights_lost,
            weights_repaired=report.weights_repaired,
            weights_intact=report.weights_intact,
            accuracy=report.accuracy,
            fault=report.fault,
            recalled=loaded.recalled,
        )

    def goodbye(self) -> Message:
        """Return what tells the server that the application has ended."""
        return Message(MessageType.BYE, 0)

    @property
    def _idle(self) -> bool:
        return not self._receiver.busy and self._loading == 0

    def _request(self) -> Message:
        reason = "missing" if self.model is None or self._is_interim else "stale"
        self._told = self._held()
        holds = None if self._told is None else tuple(model_key(offer) for offer in self._told)
        request = DeviceRequest(
            self._instance, self._gpsi, self._application, self.model, reason, holds=holds
        )
        body = documents.write_request(request)
        return Message(MessageType.REQUEST, self._number, body=body)

    def _ask_anew(self, now_s: float) -> None:
        self._number += 1
        self._has_receipt, self._unanswered = False, 0
        self._ask_at_s, self._refresh_at_s = now_s, float("inf")

    def _happened(self, events: list[Event], now_s: float) -> list[Received | Recalled]:
        models: list[Received | Recalled] = []
        for event in events:
            match event:
                case Offered(transfer, offer):
                    self._is_answered(now_s)
                    self._log("transfer_offered", variant=offer.variant, transfer=transfer,
                              size_bytes=offer.size_bytes)  # fmt: skip
                case GivenUp(transfer, reason):
                    self._log("transfer_given_up", transfer=transfer, reason=reason)
                    if event.stalled:
                        self._ask_anew(now_s)
                    elif event.damaged:
                        self._refresh_at_s = now_s + _AFTER_FAULT_S
                case Recalled(transfer, offer):
                    self._is_answered(now_s)
                    self._log("model_recalled", variant=offer.variant, transfer=transfer)
                    self._loading += 1
                    models.append(event)
                case Received():
                    self._tell_progress(now_s, at_end=True)
                    self._loading += 1
                    models.append(event)
        return models

    def _is_answered(self, now_s: float) -> None:
        """The server has what was asked for, or it has come."""
        self._has_receipt, self._ask_at_s = True, now_s + _SIGN_OF_LIFE_S
        self._unanswered = 0

    def _tell_silence(self) -> None:
        self._unanswered += not self._has_receipt
        if self._unanswered == _UNANSWERED:
            self._log("unanswered", requests=_UNANSWERED)

    def _tell_progress(self, now_s: float, *, at_end: bool = False) -> None:
        progress = self._receiver.progress
        due = at_end or (self._receiver.busy and now_s >= self._progress_s + _PROGRESS_EVERY_S)
        if progress is None or not due:
            return
        self._progress_s = now_s
        self._log(
            "progress",
            variant=progress.offer.variant,
            transfer=progress.transfer,
            received_bytes=progress.received_bytes,
            total_bytes=progress.offer.size_bytes,
            topology_received=progress.topology_segments,
            topology_segments=progress.offer.topology.segments,
            weights_received=progress.weights_segments,
            weights_segments=progress.offer.weights.segments,
        )


def _report(loaded: Loaded) -> DeviceReport:
    received = loaded.received
    return DeviceReport(
        variant=received.offer.variant,
        seconds=round(loaded.ready_s - received.offered_s, 4),
        topology_lost=received.topology_lost,
        weights_lost=received.weights_lost,
        topology_intact=True,  # or its transfer would have been given up
        weights_intact=received.weights_intact,
        accuracy=loaded.accuracy,
        fault=loaded.fault,
        weights_repaired=received.weights_repaired,
    )
