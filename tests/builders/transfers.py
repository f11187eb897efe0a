"""Models of made-up bytes, their offers, and both ends of a transfer."""

import random
from hashlib import sha256

from af_client.delivery.documents import Offer, PartOffer
from af_client.delivery.segments import SegmentedPart
from af_client.delivery.sender import Rates, Sender

TOPOLOGY = random.Random(1).randbytes(4_000)
WEIGHTS = random.Random(2).randbytes(100_000)
RATES = Rates(topology_bps=1_000_000, weights_bps=10_000_000)


def offered(part: bytes) -> PartOffer:
    return PartOffer(len(part), sha256(part).hexdigest())


def an_offer(variant: str = "large", topology: bytes = TOPOLOGY, weights: bytes = WEIGHTS) -> Offer:
    return Offer(variant, offered(topology), offered(weights))


def a_sender(
    transfer: int = 1,
    variant: str = "large",
    topology: bytes = TOPOLOGY,
    weights: bytes = WEIGHTS,
    rates: Rates = RATES,
    now_s: float = 0.0,
    repair_s: float = 0.0,
) -> Sender:
    offer = an_offer(variant, topology, weights)
    parts = SegmentedPart(topology), SegmentedPart(weights)
    return Sender(
        transfer, offer, parts, rates, header_bytes=28, begin_s=now_s, deadline_s=now_s + repair_s
    )
