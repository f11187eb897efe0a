"""Whether a download met what 3GPP asks: P.R.6.1-001 and P.R.6.1-004 (study TR 22.874, 6.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.stats import beta, binom

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


def at_most(loss: Loss) -> float:
    """The share that a flow can lose for all that was seen of it, at 95 % confidence.

    The bound of Clopper and Pearson: a flow that loses more would lose so few packets in less
    than one run of twenty.
    """
    return float(beta.ppf(0.95, loss.lost + 1, loss.sent - loss.lost)) if loss.sent else 1.0


def within_latency(download: Download) -> bool:
    """P.R.6.1-001."""
    return download.took_s <= BUDGET_S


def unbroken(download: Download) -> bool:
    """P.R.6.1-004 is not seen to be broken: the topology is whole, and losses can be chance.

    One download can break it but hardly show that it is met: that five nines are, takes 300 000
    packets without a loss.
    """
    return (
        download.topology_intact
        and consistent(download.topology, TOPOLOGY_LOSS)
        and consistent(download.weights, WEIGHTS_LOSS)
    )


def consistent(loss: Loss, allowed: float) -> bool:
    """Whether so many losses can come from a flow that loses no more than the allowed share."""
    at_least_so_many = float(binom.sf(loss.lost - 1, loss.sent, allowed))
    return at_least_so_many >= SIGNIFICANCE


def moves(downloads: Sequence[Download]) -> list[tuple[Download, Download]]:
    """Each download of another model than the one before, and the one before it, first."""
    return [(a, b) for a, b in pairwise(downloads) if a.size_bytes != b.size_bytes]
