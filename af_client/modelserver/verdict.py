"""Which variant is right for a device, and why."""

from af_client.modelserver.foresight import FORESEEN, Foresight
from af_client.modelserver.holding import Holding
from af_client.modelserver.hysteresis import Hysteresis
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Rung
from af_client.modelserver.steps import Decision, Reported, Step


class Verdict:
    """Brings together what the network carries (`holding`), what will last, and what has lasted."""

    def __init__(self, policy: Policy, holding: Holding) -> None:
        self.holding = holding
        self.foresight = Foresight(policy)
        self._hysteresis = Hysteresis(policy)
        #: The cause of the last change of what the network carries, and how it is told.
        self._news = ("", "")

    @property
    def rung(self) -> Rung | None:
        """The variant that is right, None for none.

        It is what the network carries in time now and will; where nothing that was asked for will
        last, the smallest. What is better than before counts when that has lasted for a while.
        """
        return self._hysteresis.limited(self.foresight.rung(self.holding))

    @property
    def carried(self) -> tuple[Rung | None, Rung | None]:
        """What the network will go on to carry, and what it carries now."""
        return self.foresight.rung(self.holding), self.holding.rung

    @property
    def wake_s(self) -> float:
        """When something better may have lasted for long enough."""
        return self._hysteresis.wake_s

    def foresee(self, answer: Reported, now_s: float) -> list[Step]:
        """Take what will last; says so where something else is right then."""
        before, news = self.rung, self.foresight.take(answer, self.holding)
        if news is not None:
            self._news = (FORESEEN, news)
        return self._follow(before, now_s)

    def due(self, now_s: float) -> list[Step]:
        """Let what has lasted count."""
        return self._follow(self.rung, now_s) if now_s >= self.wake_s else []

    def notified(self, before: Rung | None, cause: str, now_s: float) -> list[Step]:
        """Take what the network carries now; says what is right also where it is as `before`."""
        self._news = (cause, self.holding.reason)
        return self._follow(before, now_s) or [self._decision()]

    def _follow(self, before: Rung | None, now_s: float) -> list[Step]:
        self._hysteresis.follow(self.foresight.rung(self.holding), now_s)
        return [] if self.rung == before else [self._decision()]

    def _decision(self) -> Decision:
        rung, (cause, reason) = self.rung, self._news
        if rung is not None and rung != self.foresight.rung(self.holding):
            dwell_s = self._hysteresis.dwell_s
            reason = f"{reason}; {rung.variant.name} stays until that has lasted {dwell_s:g} s"
        return Decision(rung, cause, reason)
