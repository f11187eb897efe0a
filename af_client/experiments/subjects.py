"""What is harmed: models in every form, and how it is found out what is left of them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import onnx

from af_client.delivery.wire import segments_of
from af_client.experiments.damage import Lost
from af_client.experiments.forms import Form, formed
from af_client.models.digits import Labels
from af_client.models.inference import load_split, scores
from af_client.models.labelled import LabelledSet, measured
from af_client.models.split import Split, checksum, split

#: onnxruntime lets go of the interpreter while it computes.
_THREADS = 2
#: Of a part at most so many places of a single loss are tried, at even distances.
_MOST_PLACES = 24
#: Items at once, where only answers are compared.
_BATCH = 20

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in one form, split in one way; `accuracy` is that without losses, from 0 to 1.

    `sheltered` says that scales, zero points and biases travel with the topology where they fit.
    """

    model: str
    form: Form
    sheltered: bool
    parts: Split
    accuracy: float


def subjects(
    name: str, model: onnx.ModelProto, labelled: LabelledSet, forms: Iterable[Form] = Form
) -> tuple[Subject, ...]:
    """Return a model, its weights inside, in these forms and both ways of splitting it.

    The form that is only there to tell order from precision is split in one way.
    """
    return tuple(
        subject(name, form, converted, labelled, sheltered=sheltered)
        for form in forms
        for converted in [formed(model, form)]
        for sheltered in (False, True)
        if sheltered or form is not Form.FLOAT32_BY_INPUT
    )


def subject(
    name: str, form: Form, model: onnx.ModelProto, labelled: LabelledSet, *, sheltered: bool
) -> Subject:
    """Return a model that has its form already, split in one way."""
    parts = split(model, protect=sheltered)
    return Subject(name, form, sheltered, parts, accuracy_of(parts, labelled))


def answers(parts: Split, inputs: npt.NDArray[np.generic]) -> Labels:
    """Load a model as a device does, and return the best class of everything it answers.

    Raises whatever protobuf or onnxruntime say of a topology that is none.
    """
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    starts = range(0, len(inputs), _BATCH)
    found = [scores(session, inputs[start : start + _BATCH]).argmax(-1) for start in starts]
    return np.concatenate(found)


def accuracy_of(parts: Split, labelled: LabelledSet) -> float:
    """Return the share of a labelled set that a model gets right, from 0 to 1."""
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    return measured(session, labelled)


def of_each(work: Callable[[Lost], _Found], losses: Iterable[Lost]) -> list[_Found]:
    """Do the work for each loss, in their order."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(work, losses))


def one_lost(part: bytes) -> list[Lost]:
    """Return the losses of each segment alone, or of some of them at even distances."""
    packets = segments_of(len(part))
    places = np.unique(np.linspace(0, packets - 1, min(packets, _MOST_PLACES)).astype(int))
    return [np.arange(packets) == place for place in places]
