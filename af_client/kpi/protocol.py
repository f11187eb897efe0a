"""One download in virtual time by the project's own sender and receiver, to compare with."""

from dataclasses import replace
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count

import numpy as np

from af_client.delivery.documents import Offer, PartOffer
from af_client.delivery.incoming import Event, Received
from af_client.delivery.receiver import Receiver
from af_client.delivery.segments import SegmentedPart, SegmentRun
from af_client.delivery.sender import Outgoing, Rates, Sender
from af_client.delivery.wire import Message, Part
from af_client.kpi.downloads import Terms
from af_client.kpi.network import Grant
from af_client.modelserver.selection import Variant

#: How finely virtual time goes on while something is to be sent.
_TICK_S = 0.001


class Lost(Exception):
    """The transfer did not end: the receiver waits for nothing that could come."""


def transfer_s(variant: Variant, grant: Grant, terms: Terms, seed: int) -> float:
    """Return the seconds from the wish to the last packet, of parts of zeros and one grant."""
    ends = _Ends(variant, grant, terms, np.random.default_rng(seed))
    now_s = terms.begin_s
    while not ends.received:
        ends.turn(now_s)
        wake_s = ends.wake_s
        if wake_s is None:
            raise Lost("nothing more would happen")
        now_s = max(now_s + _TICK_S, wake_s)
    return ends.received[0]


class _Ends:
    """Both ends, and what is on its way between them."""

    def __init__(
        self, variant: Variant, grant: Grant, terms: Terms, random: np.random.Generator
    ) -> None:
        topology, weights = bytes(variant.topology_bytes), bytes(variant.weights_bytes)
        self._sender = Sender(
            1,
            Offer(variant.name, _offered(topology), _offered(weights)),
            (SegmentedPart(topology), SegmentedPart(weights)),
            Rates(grant.topology_bps, grant.weights_bps),
            terms.header_bytes,
            terms.begin_s,
            terms.budget_s,
        )
        self._receiver, self._delay_s, self._random = Receiver(), terms.delay_s, random
        self._pers = {Part.WEIGHTS: grant.weights_per}
        self._other_per = grant.topology_per
        self._numbers = count()
        self._under_way: list[tuple[float, int, Outgoing | None, Message | None]] = []
        self.received: list[float] = []

    @property
    def wake_s(self) -> float | None:
        arrival_s = self._under_way[0][0] if self._under_way else None
        times = (self._sender.wake_s, self._receiver.wake_s, arrival_s)
        return min((at_s for at_s in times if at_s is not None), default=None)

    def turn(self, now_s: float) -> None:
        while self._under_way and self._under_way[0][0] <= now_s:
            at_s, _, down, up = heappop(self._under_way)
            if down is not None:
                self._note(self._receiver.receive(down, at_s), at_s)
            if up is not None:
                self._sender.receive(up, at_s)
        for item in self._sender.due(now_s):
            kept = self._survivors(item)
            if kept is not None:
                self._send(now_s, kept, None)
        messages, events = self._receiver.due(now_s)
        self._note(events, now_s)
        for message in messages:
            self._send(now_s, None, message)

    def _send(self, now_s: float, down: Outgoing | None, up: Message | None) -> None:
        heappush(self._under_way, (now_s + self._delay_s, next(self._numbers), down, up))

    def _survivors(self, item: Outgoing) -> Outgoing | None:
        per = self._pers.get(item.part, self._other_per)
        if not isinstance(item, SegmentRun):
            return item if self._random.random() >= per else None
        kept = self._random.random(len(item)) >= per
        if not kept.any():
            return None
        return replace(
            item,
            indices=item.indices[kept],
            attempts=item.attempts[kept],
            checksums=item.checksums[kept],
            bodies=item.bodies[kept],
        )

    def _note(self, events: list[Event], at_s: float) -> None:
        self.received += [at_s for event in events if isinstance(event, Received)]


def _offered(part: bytes) -> PartOffer:
    return PartOffer(len(part), sha256(part).hexdigest())
