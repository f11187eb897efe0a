"""What losses cost: real classifiers, of which packets were lost on the way.

Every figure is counted: packets are drawn, parts are filled with zeros where they were lost, the
model is loaded as a device loads it, and recognises images that no training has seen.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeVar

import numpy as np
import onnx

from af_client.delivery.wire import segments_of
from af_client.experiments.damage import Lost, drawn, zero_filled
from af_client.experiments.forms import Form, divided, formed
from af_client.models.digits import Images, Labels
from af_client.models.inference import load_split, recognise
from af_client.models.split import Split, checksum

RATES = (1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1)
#: onnxruntime lets go of the interpreter while it computes.
_THREADS = 2
#: Of a part at most so many places of a single loss are tried, at even distances.
_MOST_PLACES = 24
#: Images at once: what a large model computes with more of them no longer fits a cache.
_BATCH = 50
#: Whether a damaged topology makes another model shows on fewer images than its accuracy.
_PROBES = 100

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in one form, split in one way; `accuracy` is that without losses, from 0 to 1."""

    model: str
    form: Form
    sheltered: bool
    parts: Split
    accuracy: float


@dataclass(frozen=True, slots=True)
class WeightCost:
    """What a packet error rate of the weights costs a model.

    Accuracies are shares of the held-out images over all seeds: their mean, the 5th and the 95th
    percentile, and the lowest. `lost_mean` is how many of the `packets` were lost on average,
    `undamaged` the share of the seeds in which none was. `repaired` is with one round in which
    what was lost was sent again.
    """

    model: str
    form: Form
    sheltered: bool
    repaired: bool
    per: float
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


class Fate(StrEnum):
    """What becomes of a topology with holes if nobody looks at its checksum."""

    #: It cannot be read, or not be run: the loss is noticed.
    REFUSED = "refused"
    #: It runs, and recognises every probe as the whole one does.
    UNNOTICED = "loads, same answers"
    #: It runs, and recognises some image as something else: another model.
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
    """What a packet error rate does to a topology that is not repaired: shares of the seeds."""

    model: str
    form: Form
    sheltered: bool
    per: float
    packets: int
    whole: float
    refused: float
    unnoticed: float
    other_model: float


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found."""

    weights: tuple[WeightCost, ...]
    singles: tuple[SingleLoss, ...]
    fates: tuple[TopologyFate, ...]
    topologies: tuple[TopologyCost, ...]


def subjects(name: str, model: onnx.ModelProto, images: Images) -> tuple[Subject, ...]:
    """Return a model, its weights inside, in every form and both ways of splitting it.

    The form that is only there to tell order from precision is split in one way.
    """
    return tuple(
        _subject(name, form, converted, images, sheltered=sheltered)
        for form in Form
        for converted in [formed(model, form)]
        for sheltered in (False, True)
        if sheltered or form is not Form.FLOAT32_BY_INPUT
    )


def explore(
    every: Sequence[Subject],
    images: Images,
    seeds: int,
    told: Callable[[str], object] = str,
) -> Findings:
    """Lose packets of every subject at every rate, `seeds` times; `told` hears how far it is."""
    weights: list[WeightCost] = []
    singles: list[SingleLoss] = []
    fates: list[TopologyFate] = []
    topologies: list[TopologyCost] = []
    for number, subject in enumerate(every, start=1):
        told(f"{number}/{len(every)}: {subject.model}, {subject.form}")
        weights += weight_costs(subject, images, seeds)
        singles.append(single_loss(subject, images))
        fates.append(topology_fate(subject, images))
        topologies += topology_costs(subject, images, seeds)
    return Findings(tuple(weights), tuple(singles), tuple(fates), tuple(topologies))


def weight_costs(subject: Subject, images: Images, seeds: int) -> list[WeightCost]:
    """Measure a subject at every rate; with a repair round too where it is sheltered."""
    once = not subject.sheltered or subject.form is Form.FLOAT32_BY_INPUT
    rounds = (False,) if once else (False, True)
    return [
        _weight_cost(subject, images, per, seeds, repaired=repaired)
        for repaired in rounds
        for per in RATES
    ]


def single_loss(subject: Subject, images: Images) -> SingleLoss:
    """Lose each packet of the weights by itself, or some of them at even distances."""
    losses = _one_lost(subject.parts.weights)
    measured = _each(partial(_with_losses, subject, images), losses)
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


def topology_fate(subject: Subject, images: Images) -> TopologyFate:
    """Lose each packet of the topology by itself, or some of them at even distances."""
    topology = subject.parts.topology
    losses = _one_lost(topology)
    fates = _fates(subject, images, losses)
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


def topology_costs(subject: Subject, images: Images, seeds: int) -> list[TopologyCost]:
    """Lose packets of the topology at every rate, with the weights whole."""
    return [_topology_cost(subject, images, per, seeds) for per in RATES]


def _subject(
    name: str, form: Form, model: onnx.ModelProto, images: Images, *, sheltered: bool
) -> Subject:
    parts = divided(model, sheltered=sheltered)
    return Subject(name, form, sheltered, parts, _accuracy(parts, images))


def _one_lost(part: bytes) -> list[Lost]:
    packets = segments_of(len(part))
    places = np.unique(np.linspace(0, packets - 1, min(packets, _MOST_PLACES)).astype(int))
    return [np.arange(packets) == place for place in places]


def _weight_cost(
    subject: Subject, images: Images, per: float, seeds: int, *, repaired: bool
) -> WeightCost:
    weights = subject.parts.weights
    losses = [drawn(weights, per, seed, repaired=repaired) for seed in range(seeds)]
    measured = np.array(_each(partial(_with_losses, subject, images), losses))
    lost = np.array([int(each.sum()) for each in losses])
    return WeightCost(
        subject.model,
        subject.form,
        subject.sheltered,
        repaired,
        per,
        segments_of(len(weights)),
        float(lost.mean()),
        float(np.mean(lost == 0)),
        subject.accuracy,
        float(measured.mean()),
        float(np.percentile(measured, 5)),
        float(np.percentile(measured, 95)),
        float(measured.min()),
    )


def _with_losses(subject: Subject, images: Images, lost: Lost) -> float:
    if not lost.any():
        return subject.accuracy
    weights = zero_filled(subject.parts.weights, lost)
    return _accuracy(Split(subject.parts.topology, weights), images)


def _topology_cost(subject: Subject, images: Images, per: float, seeds: int) -> TopologyCost:
    losses = [drawn(subject.parts.topology, per, seed) for seed in range(seeds)]
    fates = _fates(subject, images, [lost for lost in losses if lost.any()])
    shares = {fate: fates.count(fate) / seeds for fate in Fate}
    return TopologyCost(
        subject.model,
        subject.form,
        subject.sheltered,
        per,
        segments_of(len(subject.parts.topology)),
        1 - len(fates) / seeds,
        shares[Fate.REFUSED],
        shares[Fate.UNNOTICED],
        shares[Fate.OTHER_MODEL],
    )


def _fates(subject: Subject, images: Images, losses: Iterable[Lost]) -> list[Fate]:
    probes = Images(images.pixels[:_PROBES], images.labels[:_PROBES])
    right = _answers(subject.parts, probes)
    return _each(partial(_fate, subject, probes, right), losses)


def _fate(subject: Subject, probes: Images, right: Labels, lost: Lost) -> Fate:
    """Load a topology with holes, as a device would that did not look at its checksum."""
    topology = zero_filled(subject.parts.topology, lost)
    try:
        answers = _answers(Split(topology, subject.parts.weights), probes)
    except Exception:  # protobuf's and onnxruntime's errors have no common base but this
        return Fate.REFUSED
    same = answers.shape == right.shape and bool((answers == right).all())
    return Fate.UNNOTICED if same else Fate.OTHER_MODEL


def _answers(parts: Split, images: Images) -> Labels:
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    starts = range(0, len(images), _BATCH)
    return np.concatenate(
        [recognise(session, images.pixels[start : start + _BATCH]) for start in starts]
    )


def _accuracy(parts: Split, images: Images) -> float:
    return float(np.mean(_answers(parts, images) == images.labels))


def _each(work: Callable[[Lost], _Found], losses: Iterable[Lost]) -> list[_Found]:
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(work, losses))
