"""What losses do to a topology that nobody repairs and whose checksum nobody looks at."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
import numpy.typing as npt

from af_client.delivery.wire import segments_of
from af_client.experiments.damage import RATES, Lost, drawn, draws_for, zero_filled
from af_client.experiments.forms import Form
from af_client.experiments.subjects import Subject, answers, of_each, one_lost
from af_client.models.digits import Labels
from af_client.models.labelled import LabelledSet
from af_client.models.split import Split

#: Whether a damaged topology makes another model shows on fewer inputs than its accuracy.
_PROBES = 100

Inputs = npt.NDArray[np.generic]


class Fate(StrEnum):
    """What becomes of a topology with holes if nobody looks at its checksum."""

    #: It cannot be read, or not be run: the loss is noticed.
    REFUSED = "refused"
    #: It runs, and answers every probe as the whole one does.
    UNNOTICED = "loads, same answers"
    #: It runs, and answers otherwise: another model.
    OTHER_MODEL = "loads, other answers"


@dataclass(frozen=True, slots=True)
class TopologyFate:
    """What a single lost packet of the topology does; `places` of its `packets` were tried."""

    model: str
    form: Form
    sheltered: bool
    size_bytes: int
    packets: int
    places: int
    refused: int
    unnoticed: int
    other_model: int


@dataclass(frozen=True, slots=True)
class TopologyCost:
    """What a packet error rate does to a topology that is not repaired: shares of the draws."""

    model: str
    form: Form
    sheltered: bool
    per: float
    draws: int
    packets: int
    whole: float
    refused: float
    unnoticed: float
    other_model: float


def topology_fate(subject: Subject, labelled: LabelledSet) -> TopologyFate:
    """Lose each packet of the topology by itself, or some of them at even distances."""
    topology = subject.parts.topology
    losses = one_lost(topology)
    fates = _fates(subject, labelled, losses)
    counts = {fate: fates.count(fate) for fate in Fate}
    return TopologyFate(
        subject.model,
        subject.form,
        subject.sheltered,
        len(topology),
        segments_of(len(topology)),
        len(losses),
        counts[Fate.REFUSED],
        counts[Fate.UNNOTICED],
        counts[Fate.OTHER_MODEL],
    )


def topology_costs(subject: Subject, labelled: LabelledSet, seeds: int) -> list[TopologyCost]:
    """Lose packets of the topology at every rate, with the weights whole."""
    return [_topology_cost(subject, labelled, per, seeds) for per in RATES]


def _topology_cost(subject: Subject, labelled: LabelledSet, per: float, seeds: int) -> TopologyCost:
    topology = subject.parts.topology
    draws = draws_for(topology, seeds)
    losses = [drawn(topology, per, seed, f"topology of {subject.model}") for seed in range(draws)]
    fates = _fates(subject, labelled, [lost for lost in losses if lost.any()])
    shares = {fate: fates.count(fate) / draws for fate in Fate}
    return TopologyCost(
        subject.model,
        subject.form,
        subject.sheltered,
        per,
        draws,
        segments_of(len(subject.parts.topology)),
        1 - len(fates) / draws,
        shares[Fate.REFUSED],
        shares[Fate.UNNOTICED],
        shares[Fate.OTHER_MODEL],
    )


def _fates(subject: Subject, labelled: LabelledSet, losses: Iterable[Lost]) -> list[Fate]:
    probes = labelled.inputs[:_PROBES]
    right = answers(subject.parts, probes)
    return of_each(partial(_fate, subject, probes, right), losses)


def _fate(subject: Subject, probes: Inputs, right: Labels, lost: Lost) -> Fate:
    """Load a topology with holes, as a device would that did not look at its checksum."""
    topology = zero_filled(subject.parts.topology, lost)
    try:
        found = answers(Split(topology, subject.parts.weights), probes)
    except Exception:  # protobuf's and onnxruntime's errors have no common base but this
        return Fate.REFUSED
    same = found.shape == right.shape and bool((found == right).all())
    return Fate.UNNOTICED if same else Fate.OTHER_MODEL
