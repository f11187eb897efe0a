"""Whether a download met what 3GPP asks: P.R.6.1-001 and P.R.6.1-004 (study TR 22.874, 6.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.stats import binom

#: P.R.6.1-001: a model is there within a second.
BUDGET_S = 1.0
#: P.R.6.1-004: the share of packets that may be lost, of the topology and of the weights.
TOPOLOGY_LOSS, WEIGHTS_LOSS = 1e-5, 1e-3

#: How unlikely a number of losses must be at the allowed rate before it counts as a breach. One
#: lost packet of fifty is 2 %, and yet no evidence against 0.1 %.
SIGNIFICANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Loss:
    """Packets sent and lost on one flow."""

    sent: int
    lost: int

    def __add__(self, other: "Loss") -> "Loss":
        """The packets of both."""
        return Loss(self.sent + other.sent, self.lost + other.lost)


@dataclass(frozen=True, slots=True)
class Download:
    """One model that arrived on the device; times in seconds since the demo began."""

    variant: str
    accuracy: float
    size_bytes: int
    reported_bps: int
    ready_at_s: float
    took_s: float
    topology: Loss
    weights: Loss
    topology_intact: bool
    cause: str


def within_latency(download: Download) -> bool:
    """P.R.6.1-001."""
    return download.took_s <= BUDGET_S


def reliable(download: Download) -> bool:
    """P.R.6.1-004: the topology is whole, and the losses are no evidence of a worse flow."""
    return (
        download.topology_intact
        and consistent(download.topology, TOPOLOGY_LOSS)
        and consistent(download.weights, WEIGHTS_LOSS)
    )


def consistent(loss: Loss, allowed: float) -> bool:
    """Whether so many losses can come from a flow that loses no more than the allowed share."""
    at_least_so_many = float(binom.sf(loss.lost - 1, loss.sent, allowed))
    return at_least_so_many >= SIGNIFICANCE


def moves(downloads: Sequence[Download]) -> tuple[int, int]:
    """How often the next model was a smaller one, and how often a larger one."""
    sizes = [download.size_bytes for download in downloads]
    steps = list(pairwise(sizes))
    return sum(b < a for a, b in steps), sum(b > a for a, b in steps)
