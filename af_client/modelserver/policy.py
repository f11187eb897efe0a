"""How a model server behaves, and how patient it is."""

from dataclasses import dataclass

from af_client.delivery.marking import Marking
from af_client.modelserver.flows import WEIGHTS_PER


@dataclass(frozen=True, slots=True)
class Policy:
    """How a model server behaves: `budget_s` for a download, and its patience.

    `margin_s` of the budget is not for sending: a device that has other things to do takes its
    time to load a model.
    """

    budget_s: float = 1.0
    margin_s: float = 0.2
    poll_s: float = 0.5
    #: How the packets of the two flows are told apart.
    marking: Marking = Marking.TOS
    #: The packet error rate that is asked for the weights, as the standard writes it.
    weights_per: str = WEIGHTS_PER
    #: How long the notification of an allocation may take before the session is made anew.
    allocation_s: float = 5.0
    #: How far ahead the network is asked whether it keeps what it grants: about a download.
    lookahead_s: int = 1
    #: A forecast that is less sure than this, in per cent, is not acted upon.
    least_confidence: int = 50
    #: How many reports in a row must promise a better model before it is asked for.
    raise_after_reports: int = 2
    #: How long, after a fall, a better variant must be carried before it is right; at first and at
    #: most. It doubles where a rise did not last for `calm_s`.
    dwell_s: float = 2.0
    longest_dwell_s: float = 32.0
    calm_s: float = 30.0
    backoff_s: float = 0.5
    longest_backoff_s: float = 8.0
    #: How far ahead a better model is planned for who is always on; 0 plans nothing.
    plan_within_s: float = 120.0
    #: How long after a plan came to nothing another one is asked for.
    replan_s: float = 10.0


class Backoff:
    """How long to wait after each failure in a row: twice as long as before, up to a bound."""

    def __init__(self, policy: Policy, doublings: int = 0) -> None:
        self._policy, self._first = policy, doublings
        self.failures = 0

    def next_s(self) -> float:
        """Count a failure, and return how long to wait after it."""
        doublings = self._first + min(self.failures, 10)
        self.failures += 1
        return float(min(self._policy.backoff_s * 2**doublings, self._policy.longest_backoff_s))

    def reset(self) -> None:
        """It went well."""
        self.failures = 0
