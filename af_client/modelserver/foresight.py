"""What of a session will last, as the network foresees it."""

from af_client.modelserver.flows import topology_rate_bps
from af_client.modelserver.holding import Holding
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Rung
from af_client.modelserver.steps import Reported

#: The cause of a decision that a forecast led to.
FORESEEN = "outlook"


class Foresight:
    """Remembers the last forecast about a holding."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lasting_bps: int | None = None
        self._asked: tuple[int, ...] = ()

    def forget(self) -> None:
        """Expect that all lasts."""
        self._lasting_bps = None

    def rung(self, holding: Holding) -> Rung | None:
        """The variant that is carried in time now and will be, None for none.

        Where nothing that was asked for will last, it is the smallest.
        """
        held = holding.rung
        if held is None or self._lasting_bps is None:
            return held
        smaller = _from(held, holding)
        lasting = (rung for rung in smaller if _need_bps(rung, holding) <= self._lasting_bps)
        return next(lasting, smaller[-1])

    def question(self, holding: Holding) -> tuple[int, ...]:
        """What has to last: the rates of what is held and of all below, the largest first."""
        self._asked = _rates_bps(holding)
        return self._asked

    def take(self, answer: Reported, holding: Holding) -> str | None:
        """Know what will last, before the network takes the rest away; returns what is new."""
        if self._asked != _rates_bps(holding):
            return None  # it was asked about what was held before
        before = self.rung(holding)
        sure = answer.confidence >= self._policy.least_confidence
        self._lasting_bps = answer.lasting_bps if sure else None
        rung, within_s = self.rung(holding), self._policy.lookahead_s
        if rung == before or rung is None:
            return None
        if rung == holding.rung:
            return f"the network keeps {rung.variant.name} again"
        lost = holding.rung.variant.name if holding.rung else "it"
        return f"the network will not keep {lost} for {within_s:g} s; {rung.variant.name} is next"


def _from(held: Rung, holding: Holding) -> tuple[Rung, ...]:
    """The rungs of the ladder from the one that is held on down."""
    ladder = holding.choice.ladder
    return ladder[ladder.index(held) :]


def _rates_bps(holding: Holding) -> tuple[int, ...]:
    held = holding.rung
    return () if held is None else tuple(_need_bps(r, holding) for r in _from(held, holding))


def _need_bps(rung: Rung, holding: Holding) -> int:
    """What both flows take of the network at a rung."""
    return topology_rate_bps(holding.choice.ladder) + rung.weights_rate_bps
