"""What losses cost: real classifiers, of which packets were lost on the way.

Every figure is counted: packets are drawn, parts are filled with zeros where they were lost, the
model is loaded as a device loads it, and recognises images that no training has seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from af_client.delivery.wire import segments_of
from af_client.experiments.damage import RATES, Lost, drawn, draws_for, zero_filled
from af_client.experiments.forms import Form
from af_client.experiments.subjects import Subject, accuracy_of, of_each, one_lost
from af_client.experiments.topologies import (
    TopologyCost,
    TopologyFate,
    topology_costs,
    topology_fate,
)
from af_client.models.labelled import LabelledSet
from af_client.models.split import Split

#: Accuracies by the parts of a model and what is lost of them: where nothing can be sent apart,
#: both ways of splitting are the same, and small parts often lose the same packets.
Memory = dict[tuple[Split, bytes], float]


@dataclass(frozen=True, slots=True)
class WeightCost:
    """What a packet error rate of the weights costs a model.

    Accuracies are shares of the labelled set over all draws: their mean, the 5th and the 95th
    percentile, and the lowest. `lost_mean` is how many of the `packets` were lost on average,
    `undamaged` the share of the draws in which none was. `repaired` is with one round in which
    what was lost was sent again.
    """

    model: str
    form: Form
    sheltered: bool
    repaired: bool
    per: float
    draws: int
    packets: int
    lost_mean: float
    undamaged: float
    accuracy: float
    mean: float
    p5: float
    p95: float
    lowest: float


@dataclass(frozen=True, slots=True)
class SingleLoss:
    """What the loss of one packet of the weights costs, wherever it is.

    `places` of the `packets` were tried, one after the other. At a low error rate most downloads
    lose no packet or one, so this says more than the few draws in which anything is lost.
    """

    model: str
    form: Form
    sheltered: bool
    packets: int
    places: int
    accuracy: float
    mean: float
    lowest: float


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found."""

    weights: tuple[WeightCost, ...]
    singles: tuple[SingleLoss, ...]
    fates: tuple[TopologyFate, ...]
    topologies: tuple[TopologyCost, ...]


def explore(
    every: Sequence[Subject],
    labelled: LabelledSet,
    seeds: int,
    told: Callable[[str], object] = str,
) -> Findings:
    """Lose packets of every subject at every rate, `seeds` times or more.

    `told` hears how far it is.
    """
    weights: list[WeightCost] = []
    singles: list[SingleLoss] = []
    memory: Memory = {}
    fates: list[TopologyFate] = []
    topologies: list[TopologyCost] = []
    for number, subject in enumerate(every, start=1):
        told(f"{number}/{len(every)}: {subject.model}, {subject.form}")
        weights += weight_costs(subject, labelled, seeds, memory)
        singles.append(single_loss(subject, labelled, memory))
        fates.append(topology_fate(subject, labelled))
        topologies += topology_costs(subject, labelled, seeds)
    return Findings(tuple(weights), tuple(singles), tuple(fates), tuple(topologies))


def weight_costs(
    subject: Subject, labelled: LabelledSet, seeds: int, memory: Memory | None = None
) -> list[WeightCost]:
    """Measure a subject at every rate; with a repair round too where it is sheltered."""
    once = not subject.sheltered or subject.form is Form.FLOAT32_BY_INPUT
    rounds = (False,) if once else (False, True)
    measure = partial(_with_losses, subject, labelled, {} if memory is None else memory)
    return [
        _weight_cost(subject, measure, per, seeds, repaired=repaired)
        for repaired in rounds
        for per in RATES
    ]


def single_loss(
    subject: Subject, labelled: LabelledSet, memory: Memory | None = None
) -> SingleLoss:
    """Lose each packet of the weights by itself, or some of them at even distances."""
    losses = one_lost(subject.parts.weights)
    known = {} if memory is None else memory
    measured = of_each(partial(_with_losses, subject, labelled, known), losses)
    return SingleLoss(
        subject.model,
        subject.form,
        subject.sheltered,
        segments_of(len(subject.parts.weights)),
        len(losses),
        subject.accuracy,
        float(np.mean(measured)),
        min(measured),
    )


def _weight_cost(
    subject: Subject, measure: Callable[[Lost], float], per: float, seeds: int, *, repaired: bool
) -> WeightCost:
    weights = subject.parts.weights
    losses = [
        drawn(weights, per, seed, f"weights of {subject.model}", repaired=repaired)
        for seed in range(draws_for(weights, seeds))
    ]
    measured = np.array(of_each(measure, losses))
    lost = np.array([int(each.sum()) for each in losses])
    return WeightCost(
        subject.model,
        subject.form,
        subject.sheltered,
        repaired,
        per,
        len(losses),
        segments_of(len(weights)),
        float(lost.mean()),
        float(np.mean(lost == 0)),
        subject.accuracy,
        float(measured.mean()),
        float(np.percentile(measured, 5)),
        float(np.percentile(measured, 95)),
        float(measured.min()),
    )


def _with_losses(subject: Subject, labelled: LabelledSet, memory: Memory, lost: Lost) -> float:
    if not lost.any():
        return subject.accuracy
    key = (subject.parts, lost.tobytes())
    if key not in memory:
        weights = zero_filled(subject.parts.weights, lost)
        memory[key] = accuracy_of(Split(subject.parts.topology, weights), labelled)
    return memory[key]
