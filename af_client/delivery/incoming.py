"""What is known of a transfer while it arrives, and what can be said of it at its end."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from af_client.delivery import wire
from af_client.delivery.assembly import Assembly, is_intact
from af_client.delivery.documents import MAX_PART_BYTES, DeviceReport, Offer, PartOffer
from af_client.delivery.losses import LossMap
from af_client.delivery.wire import MalformedMessage, Part

#: How long after the end of the weights a late segment is waited for.
QUIET_S = 0.02
#: A transfer of which nothing arrives for so long has been given up by its server.
STALLED_S = 5.0
#: How often a missing offer is asked for.
_ASK_AGAIN_S = 0.1
#: How often the server hears of a device that has both parts and still loads them: a large model
#: on a small device may take longer than silence is borne.
_LOADING_S = 1.0
#: What has not been loaded for so long never will be, and its session is wanted by others.
LONGEST_LOADING_S = 300.0
_MAX_SEGMENTS = wire.segments_of(MAX_PART_BYTES)


@dataclass(frozen=True, slots=True)
class Offered:
    """A transfer began."""

    transfer: int
    offer: Offer


@dataclass(frozen=True)
class Received:
    """Both parts are there: the topology whole, the weights with zeros where segments were lost.

    `losses` says where. Call `Receiver.report` when it is known what has become of them.
    """

    transfer: int
    offer: Offer
    topology: bytes
    weights: memoryview
    topology_lost: int
    losses: LossMap
    weights_repaired: int
    offered_s: float

    @property
    def weights_lost(self) -> int:
        """How many segments of the weights did not arrive."""
        return len(self.losses)

    @cached_property
    def weights_intact(self) -> bool:
        """Whether the weights are to the last bit what was offered.

        It takes a moment for large ones: each segment has been checked, so a model can be loaded
        before anybody asks.
        """
        return not self.losses and is_intact(self.weights, self.offer.weights)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Instead of a transfer the server says to use a model that is there already.

    Call `Receiver.report` when it is in use, or `Receiver.miss` where it is not there after all.
    """

    transfer: int
    offer: Offer
    asked_s: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The transfer under way ended early: `reason` is the server's, or it `stalled`.

    Or what came was `damaged` again and again, which the server is told.
    """

    transfer: int
    reason: str
    stalled: bool = False
    damaged: bool = False


Event = Offered | Received | Recalled | GivenUp


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the transfer under way has come."""

    transfer: int
    offer: Offer
    topology_segments: int
    weights_segments: int

    @property
    def received_bytes(self) -> int:
        """The bytes of both parts that have arrived."""
        parts = (self.offer.topology, self.offer.weights)
        counts = (self.topology_segments, self.weights_segments)
        return sum(
            min(part.size_bytes, count * wire.SEGMENT_BYTES)
            for part, count in zip(parts, counts, strict=True)
        )


@dataclass
class Incoming:
    """A transfer under way; segments may come before the offer that explains them."""

    transfer: int
    began_s: float
    heard_s: float
    offer: Offer | None = None
    parts: dict[Part, Assembly] = field(default_factory=dict)
    topology_whole: bool = False
    topology_mismatches: int = 0
    weights_end: bool = False
    weights_done: bool = False
    weights_heard_s: float = 0.0
    repair_until_s: float = float("-inf")
    asked_s: float = float("-inf")
    received: bool = False
    received_s: float = float("inf")
    still_loads_at_s: float = float("inf")

    def assembly(self, part: Part, count: int) -> Assembly:
        if not 0 < count <= _MAX_SEGMENTS:
            raise MalformedMessage(f"a part of {count} segments; 1 to {_MAX_SEGMENTS} are taken")
        if part not in self.parts:
            self.parts[part] = Assembly(count)
        return self.parts[part]

    def is_done(self, part: Part) -> bool:
        return self.topology_whole if part is Part.TOPOLOGY else self.weights_done

    def take_offer(self, offer: Offer) -> None:
        """Learn what the segments make; raises MalformedMessage where they are of other sizes."""
        for part, offered in ((Part.TOPOLOGY, offer.topology), (Part.WEIGHTS, offer.weights)):
            if self.assembly(part, offered.segments).count != offered.segments:
                raise MalformedMessage(f"the segments of {part.name} are not of the offered size")
        self.offer = offer
        self.repair_until_s = self.began_s + offer.repair_s

    def adopt(self, kept: Assembly) -> None:
        """Go on from a copy of earlier weights: a model in use may still read these."""
        self.parts[Part.WEIGHTS].merge(kept)

    def weights_finished(self, now_s: float) -> bool:
        weights = self.parts.get(Part.WEIGHTS)
        if weights is None:
            return False
        return weights.complete or (self.weights_end and now_s >= self.weights_wait_s)

    @property
    def weights_wait_s(self) -> float:
        """Until when more of the weights may come, once they have ended."""
        return max(self.weights_heard_s + QUIET_S, self.repair_until_s)

    def complete(self, now_s: float) -> None:
        """Both parts are there: from now on the device loads them, until it reports."""
        self.received, self.received_s = True, now_s
        self.still_loads_at_s = now_s + _LOADING_S

    def still_loads(self, now_s: float) -> bool:
        """Whether the server ought to hear now that the device still loads what has come."""
        due = now_s >= self.still_loads_at_s
        if due:
            is_hopeless = now_s >= self.received_s + LONGEST_LOADING_S
            self.still_loads_at_s = float("inf") if is_hopeless else now_s + _LOADING_S
        return due

    @property
    def ask_at_s(self) -> float:
        """When a missing offer is asked for."""
        return max(self.asked_s, self.began_s) + _ASK_AGAIN_S

    @property
    def wake_s(self) -> float:
        """When the passing of time means something next; infinite where it never does."""
        if self.received:
            return self.still_loads_at_s
        times = [self.heard_s + STALLED_S]
        if self.offer is None:
            times.append(self.ask_at_s)
        if self.weights_end and not self.weights_done:
            times.append(self.weights_wait_s)
        return min(times)

    @property
    def progress(self) -> Progress | None:
        """How far it is, None as long as its offer has not come."""
        if self.offer is None:
            return None
        counts = (self.parts[part].received for part in (Part.TOPOLOGY, Part.WEIGHTS))
        return Progress(self.transfer, self.offer, *counts)

    def outcome(self, offer: Offer) -> Received:
        """Both parts, as they are now."""
        topology, weights = self.parts[Part.TOPOLOGY], self.parts[Part.WEIGHTS]
        return Received(
            self.transfer,
            offer,
            bytes(topology.content(offer.topology)),
            weights.content(offer.weights),
            topology.lost,
            weights.losses(offer.weights),
            weights.repaired,
            self.began_s,
        )

    def damaged(self, offer: Offer, now_s: float) -> tuple[DeviceReport, str]:
        """What the server is told of a topology that is another one each time, and why."""
        topology, weights = self.parts[Part.TOPOLOGY], self.parts[Part.WEIGHTS]
        came = sha256(topology.content(offer.topology)).hexdigest()
        reason = (
            f"the topology came whole {self.topology_mismatches} times, the last time with "
            f"SHA-256 {came}, but {offer.topology.sha256} was offered"
        )
        report = DeviceReport(
            variant=offer.variant,
            seconds=round(now_s - self.began_s, 4),
            topology_lost=topology.lost,
            weights_lost=weights.count - weights.received,
            topology_intact=False,
            weights_intact=False,
            accuracy=None,
            fault=reason,
            weights_repaired=weights.repaired,
        )
        return report, reason


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Weights of a transfer that broke or left gaps, for another one that brings the same."""

    offer: PartOffer
    weights: Assembly


def unfinished(incoming: Incoming | None) -> Unfinished | None:
    """Return what of a transfer can be gone on from, None for nothing."""
    if incoming is None or incoming.offer is None:
        return None
    weights = incoming.parts[Part.WEIGHTS]
    is_over = incoming.received and weights.complete
    return Unfinished(incoming.offer.weights, weights) if weights.received and not is_over else None
