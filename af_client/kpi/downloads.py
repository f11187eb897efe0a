"""One download in simulated time: when its packets arrive, when the lost ones are repaired.

A closed form of what `af_client.delivery` does, packet by packet only where packets are lost, so
that thousands of downloads of half a gigabyte take a moment. `af_client.kpi.protocol` runs the
delivery itself, to compare.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf

import numpy as np

from af_client.delivery.incoming import QUIET_S
from af_client.delivery.sender import LONGEST_PATIENCE_S, PATIENCE_S, SHARE_OF_RATE
from af_client.delivery.wire import HEADER_BYTES, Part, segments_of
from af_client.kpi.network import Grant
from af_client.modelserver.selection import Variant
from af_client.modelserver.serving import SETTLING_S


@dataclass(frozen=True, slots=True)
class Phase:
    """What is granted until a moment, in seconds since the model was wanted."""

    until_s: float
    grant: Grant | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What all downloads have in common; `delay_s` is one way, `header_bytes` those of IP, UDP."""

    budget_s: float
    delay_s: float
    header_bytes: int

    @property
    def begin_s(self) -> float:
        """When the first packet leaves: the wish has come, and the user plane knows the grant."""
        return self.delay_s + SETTLING_S


@dataclass(frozen=True, slots=True)
class Size:
    """A part of a model, as packets."""

    packets: int
    bits: int

    @property
    def packet_bits(self) -> float:
        """The bits of a packet, headers included."""
        return self.bits / self.packets


#: Topology and weights.
Sizes = tuple[Size, Size]


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the last packet of a part arrived; how many could in the budget, how many did."""

    at_s: float
    sendable: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Download:
    """A download; `seconds` from the wish to the last packet, infinite where that never comes."""

    topology: Arrival
    weights: Arrival

    @property
    def seconds(self) -> float:
        """When both parts were there."""
        return max(self.topology.at_s, self.weights.at_s)


def sizes_of(variant: Variant, header_bytes: int) -> Sizes:
    """Return both parts as packets, each with the delivery's header and those of IP and UDP."""
    topology, weights = variant.topology_bytes, variant.weights_bytes
    return _size(topology, header_bytes), _size(weights, header_bytes)


def _size(part_bytes: int, header_bytes: int) -> Size:
    packets = segments_of(part_bytes)
    return Size(packets, 8 * (part_bytes + packets * (HEADER_BYTES + header_bytes)))


def download(
    sizes: Sizes,
    phases: Sequence[Phase],
    terms: Terms,
    random: np.random.Generator,
) -> Download:
    """Download both parts side by side; the luck of the packets comes from `random`."""
    topology, weights = sizes
    return Download(
        _arrival(Part.TOPOLOGY, topology, phases, terms, random),
        _arrival(Part.WEIGHTS, weights, phases, terms, random),
    )


def _arrival(
    part: Part, size: Size, phases: Sequence[Phase], terms: Terms, random: np.random.Generator
) -> Arrival:
    """Send all packets, then the lost ones again, and so on (docs/delivery.md, A transfer)."""
    flow = _Flow(part, phases)
    last_s = terms.budget_s - terms.delay_s  # what leaves later is not there in time
    begin_s, left, in_time = terms.begin_s, size.packets, 0
    sendable: int | None = None
    while True:
        per = flow.per(begin_s)
        sent_s = flow.sent_s(begin_s, left * size.packet_bits)
        timely = min(left, int(flow.bits(begin_s, last_s) / size.packet_bits + 1e-6))
        sendable = timely if sendable is None else sendable
        lost_timely = int(random.binomial(timely, per))
        lost = lost_timely + int(random.binomial(left - timely, per))
        in_time += timely - lost_timely
        if not lost or sent_s == inf:
            return Arrival(sent_s + terms.delay_s, sendable, in_time)
        asked_s = _answered_s(sent_s, per, random) + 2 * terms.delay_s
        if part is Part.WEIGHTS and asked_s >= terms.budget_s:
            # No time is left: the gaps stay.
            over_s = max(sent_s + terms.delay_s + QUIET_S, terms.budget_s + terms.delay_s)
            return Arrival(over_s, sendable, in_time)
        begin_s, left = asked_s, lost


def _answered_s(sent_s: float, per: float, random: np.random.Generator) -> float:
    """Return when the END left that arrived: one that is lost as well is repeated."""
    for attempt in count():
        if random.random() >= per:
            return sent_s
        sent_s += min(PATIENCE_S * 2**attempt, LONGEST_PATIENCE_S)
    raise AssertionError("it counts for ever")


class _Flow:
    """The rate and the error rate of one part's flow over the phases."""

    def __init__(self, part: Part, phases: Sequence[Phase]) -> None:
        topology = part is Part.TOPOLOGY
        rate: Callable[[Grant], int] = lambda g: g.topology_bps if topology else g.weights_bps  # noqa: E731 - two of a kind
        per: Callable[[Grant], float] = lambda g: g.topology_per if topology else g.weights_per  # noqa: E731 - two of a kind
        self._phases = [
            (p.until_s, SHARE_OF_RATE * rate(p.grant), per(p.grant)) if p.grant
            else (p.until_s, 0.0, 0.0)
            for p in phases
        ]  # fmt: skip

    def per(self, at_s: float) -> float:
        """Return the error rate at a moment."""
        return next((per for until_s, _, per in self._phases if at_s < until_s), 0.0)

    def sent_s(self, from_s: float, bits: float) -> float:
        """Return when so many bits have left, infinite where they never do."""
        for until_s, bps, _ in self._phases:
            room = max(0.0, until_s - from_s) * bps if bps else 0.0
            if room >= bits:
                return from_s + bits / bps
            bits -= room
            from_s = max(from_s, until_s)
        return inf

    def bits(self, from_s: float, until_s: float) -> float:
        """Return how many bits leave between two moments."""
        begin_s, total = from_s, 0.0
        for end_s, bps, _ in self._phases:
            total += max(0.0, min(end_s, until_s) - begin_s) * bps
            begin_s = max(begin_s, end_s)
        return total
