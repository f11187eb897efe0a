"""A labelled set: inputs and what a model should say of them, in one `.npz` file.

`inputs` (n, …) are what the model's one input takes. `labels` are whole numbers: (n,) for the best
of n classes, or (n, length) for texts, filled up with -1: the model's answers (n, steps, classes)
are then read as CTC writes them, repetitions once and class 0 not at all.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession

from af_client.models.digits import Labels
from af_client.models.inference import scores

_BATCH = 16
_NONE = -1
_BLANK = 0


class LabelledSetUnusable(ValueError):
    """The file is no labelled set, or not one for this model; `str()` says what would be right."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Inputs (n, …) and labels (n,) or (n, length); `name` is that of the file."""

    name: str
    inputs: npt.NDArray[np.generic]
    labels: Labels

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.labels)

    def some(self, indices: npt.NDArray[np.int64]) -> "LabelledSet":
        """Return the items of these indices."""
        return LabelledSet(self.name, self.inputs[indices], self.labels[indices])


def read_labelled_set(path: Path) -> LabelledSet:
    """Read a set; raises LabelledSetUnusable, OSError."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            inputs, labels = arrays["inputs"], arrays["labels"]
    except (ValueError, zipfile.BadZipFile, EOFError, AttributeError, TypeError):
        raise LabelledSetUnusable(
            f"{path} is no labelled set; write one by numpy.savez(path, inputs=…, labels=…)"
        ) from None
    except KeyError as missing:
        raise LabelledSetUnusable(f"{path} lacks the array {missing}") from None
    if labels.ndim not in (1, 2) or labels.dtype.kind not in "iu":
        raise LabelledSetUnusable(
            f"{path}: labels must be whole numbers (n,) or (n, length), not {labels.dtype}"
            f" {labels.shape}"
        )
    if not len(labels) or inputs.shape[:1] != labels.shape[:1]:
        raise LabelledSetUnusable(
            f"{path}: inputs {inputs.shape} and labels {labels.shape} differ in their first size,"
            " or are empty; one label belongs to each input"
        )
    return LabelledSet(path.name, inputs, labels.astype(np.int64))


def measured(session: InferenceSession, labelled: LabelledSet) -> float:
    """Return the share of the set that a model gets right, from 0 to 1.

    Raises LabelledSetUnusable where the set is not for this model.
    """
    return right_ones(session, labelled) / len(labelled)


def right_ones(session: InferenceSession, labelled: LabelledSet) -> int:
    """Return how many of the set a model gets right; raises LabelledSetUnusable as above."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise LabelledSetUnusable(
            f"the model has {len(inputs)} inputs; a labelled set has one array of inputs"
        )
    free = not isinstance(inputs[0].shape[0] if inputs[0].shape else None, int)
    step = _BATCH if free else max(1, int(inputs[0].shape[0]))
    right = 0
    for start in range(0, len(labelled), step):
        right += _right_ones(session, labelled, slice(start, start + step))
    return right


def _right_ones(session: InferenceSession, labelled: LabelledSet, some: slice) -> int:
    labels = labelled.labels[some]
    try:
        found = scores(session, labelled.inputs[some])
    except Exception as fault:  # onnxruntime's errors have no common base but this
        reason = str(fault).strip().splitlines()[0]
        raise LabelledSetUnusable(
            f"the model does not take inputs {labelled.inputs[some].shape} of"
            f" {labelled.inputs.dtype} from {labelled.name} ({reason})"
        ) from fault
    if labels.ndim == 1 and found.size == len(labels) * found.shape[-1]:
        return int(np.count_nonzero(found.reshape(len(labels), -1).argmax(axis=1) == labels))
    if labels.ndim == 2 and found.ndim == 3 and len(found) == len(labels):
        texts = map(_read, found.argmax(axis=2))
        return sum(a == b[b != _NONE].tolist() for a, b in zip(texts, labels, strict=True))
    raise LabelledSetUnusable(
        f"the model answers {found.shape} to {len(labels)} inputs; labels {labels.shape} ask for"
        f" ({len(labels)}, {'classes' if labels.ndim == 1 else 'steps, classes'})"
    )


def _read(best: Labels) -> list[int]:
    """Read the best class of each step: repetitions once, blanks not at all."""
    changed = np.concatenate([[True], best[1:] != best[:-1]])
    return [int(each) for each in best[changed] if each != _BLANK]
