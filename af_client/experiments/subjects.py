"""What is harmed: models in every form, and how it is found out what is left of them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import onnx

from af_client.delivery.wire import segments_of
from af_client.experiments.damage import Lost
from af_client.experiments.forms import Form, divided, formed
from af_client.models.digits import Images, Labels
from af_client.models.inference import load_split, recognise
from af_client.models.split import Split, checksum

#: onnxruntime lets go of the interpreter while it computes.
_THREADS = 2
#: Of a part at most so many places of a single loss are tried, at even distances.
_MOST_PLACES = 24
#: Images at once: what a large model computes with more of them no longer fits a cache.
_BATCH = 50

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in one form, split in one way; `accuracy` is that without losses, from 0 to 1."""

    model: str
    form: Form
    sheltered: bool
    parts: Split
    accuracy: float


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


def answers(parts: Split, images: Images) -> Labels:
    """Load a model as a device does, and return the class of each image.

    Raises whatever protobuf or onnxruntime say of a topology that is none.
    """
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    starts = range(0, len(images), _BATCH)
    return np.concatenate(
        [recognise(session, images.pixels[start : start + _BATCH]) for start in starts]
    )


def accuracy_of(parts: Split, images: Images) -> float:
    """Return the share of the images that a model recognises, from 0 to 1."""
    return float(np.mean(answers(parts, images) == images.labels))


def of_each(work: Callable[[Lost], _Found], losses: Iterable[Lost]) -> list[_Found]:
    """Do the work for each loss, in their order."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(work, losses))


def one_lost(part: bytes) -> list[Lost]:
    """Return the losses of each segment alone, or of some of them at even distances."""
    packets = segments_of(len(part))
    places = np.unique(np.linspace(0, packets - 1, min(packets, _MOST_PLACES)).astype(int))
    return [np.arange(packets) == place for place in places]


def _subject(
    name: str, form: Form, model: onnx.ModelProto, images: Images, *, sheltered: bool
) -> Subject:
    parts = divided(model, sheltered=sheltered)
    return Subject(name, form, sheltered, parts, accuracy_of(parts, images))
