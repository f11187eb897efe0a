"""What counting can show: shares with their bounds, and verdicts that the bounds support."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf

from scipy.stats import beta

#: How sure each bound is by itself: at most in 5 of 100 countings it lies on the wrong side.
CONFIDENCE = 0.95


class Verdict(StrEnum):
    """Whether a requirement is met, as far as it was shown."""

    YES = "yes"
    NO = "no"
    NOT_SHOWN = "not shown"

    @staticmethod
    def of_all(verdicts: Sequence["Verdict"]) -> "Verdict":
        """Return the verdict on requirements together."""
        worst = (Verdict.NO, Verdict.NOT_SHOWN)
        return next((each for each in worst if each in verdicts), Verdict.YES)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `trials` did not go well; the bounds are exact (Clopper and Pearson, 1934)."""

    failures: int
    trials: int

    @property
    def estimate(self) -> float:
        """The share that went well, 0 where nothing was tried."""
        return 1 - self.failures / self.trials if self.trials else 0.0

    @property
    def low(self) -> float:
        """The share is at least this."""
        if self.failures == self.trials:
            return 0.0
        return 1 - float(beta.ppf(CONFIDENCE, self.failures + 1, self.trials - self.failures))

    @property
    def high(self) -> float:
        """The share is at most this."""
        return self.at_most(CONFIDENCE)

    def at_most(self, confidence: float) -> float:
        """Return what the share is at most, with another certainty."""
        if not self.failures:
            return 1.0
        return 1 - float(beta.ppf(1 - confidence, self.failures, self.trials - self.failures + 1))

    def verdict(self, required: float) -> Verdict:
        """Say whether a share is reached: "not shown" where it lies between the bounds."""
        if self.low >= required:
            return Verdict.YES
        return Verdict.NO if self.high < required else Verdict.NOT_SHOWN


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that a share of all does not exceed, None where it is infinite."""
    found = sorted(values)[max(0, ceil(share * len(values)) - 1)]
    return None if found == inf else found
