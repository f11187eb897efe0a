"""What is held against the requirements: the study's models in two precisions."""

from collections.abc import Iterable
from dataclasses import dataclass

from af_client.modelserver.catalogue import (
    MAX_TOPOLOGY_BYTES,
    ImageNetModel,
    Precision,
    catalogue,
)
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Rung, Variant, select

_PLENTY_BPS = 10**12


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in one precision, to be downloaded within `budget_s`.

    `needed_bps` is the net rate that the study counts with, `rung` what the model server asks for.
    """

    model: str
    title: str
    precision: str
    budget_s: float
    needed_bps: int
    rung: Rung

    @property
    def bits(self) -> int:
        """How its weights are written: 8 or 32 bit."""
        return 8 * Precision(self.precision).bytes_per_parameter


def subjects(names: Iterable[str], budgets_s: Iterable[float]) -> tuple[Subject, ...]:
    """Return the models of these names, of all where there is none, for each budget.

    Raises LookupError for a model that is not in table A.
    """
    models = {model.name: model for model in catalogue().models}
    wanted = tuple(names) or tuple(models)
    for name in wanted:
        if name not in models:
            raise LookupError(f"{name!r} is not in table A; choose of {', '.join(models)}")
    budgets = sorted(set(budgets_s))
    return tuple(
        _subject(models[name], precision, budget_s)
        for budget_s in budgets
        for name in dict.fromkeys(wanted)
        for precision in (Precision.INT8, Precision.FLOAT32)
    )


def _subject(model: ImageNetModel, precision: Precision, budget_s: float) -> Subject:
    size = model.weights_bytes(precision)
    # The accuracy decides between variants; where there is only one it decides nothing.
    variant = Variant(f"{model.name}-{precision.value}", 0.0, MAX_TOPOLOGY_BYTES, size)
    margin_s = Policy().margin_s * budget_s / Policy().budget_s
    (rung,) = select([variant], _PLENTY_BPS, budget_s, margin_s=margin_s).ladder
    needed_bps = model.rate_bps(precision, budget_s)
    return Subject(model.name, model.title, precision.value, budget_s, needed_bps, rung)
