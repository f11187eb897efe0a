"""The choice among a server's variants, by its policy and by what the network can do."""

from collections.abc import Mapping, Sequence

from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Choice, Framing, Variant, select
from af_client.modelserver.steps import Reported


class Chooser:
    """Raises ValueError, when it chooses, where two variants have the same name."""

    def __init__(self, variants: Sequence[Variant], policy: Policy) -> None:
        self._variants, self._policy = tuple(variants), policy
        sizes = ((Framing().wire_bytes(variant), variant.name) for variant in self._variants)
        self._names = dict(sizes)

    @property
    def volumes(self) -> tuple[int, ...]:
        """The bytes on the wire whose transfer times tell what fits."""
        return tuple(self._names)

    def by_forecast(self, answer: Reported) -> Choice:
        """Choose what the bandwidth of now and the predicted times, if they are sure, allow."""
        sure = answer.confidence >= self._policy.least_confidence
        return self._best(answer.bandwidth_bps, self.predicted_s(answer) if sure else None)

    def predicted_s(self, answer: Reported) -> Mapping[str, float] | None:
        """How long variants take, by their names, as the network foresees it; None if it does not.

        One that is absent is not foreseen to arrive.
        """
        if answer.seconds is None:
            return None
        known = answer.seconds.items()
        return {self._names[n]: seconds for n, seconds in known if n in self._names}

    def by_bandwidth(self, bandwidth_bps: int) -> Choice:
        """Choose what a bandwidth allows."""
        return self._best(bandwidth_bps, None)

    def _best(self, bandwidth_bps: int, predicted_s: Mapping[str, float] | None) -> Choice:
        return select(
            self._variants,
            bandwidth_bps,
            self._policy.budget_s,
            margin_s=self._policy.margin_s,
            predicted_s=predicted_s,
        )
