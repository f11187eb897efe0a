"""Any ONNX model, made an entry of a pool: read, tried, split, measured, and only then put in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime import InferenceSession

from af_client.models.contents import parameter_count, precision
from af_client.models.inference import ModelUnusable, load_split
from af_client.models.labelled import LabelledSet, measured
from af_client.models.manifest import (
    NAME_RULE,
    ModelEntry,
    Port,
    Provenance,
    entry_of,
    is_name,
)
from af_client.models.onnxfiles import ModelRefused, file_checksum, read_model
from af_client.models.pool import installation
from af_client.models.ports import Feeds, inputs_of, outputs_of, seeded_inputs
from af_client.models.quantisation import Way, quantised
from af_client.models.split import SIZE_THRESHOLD_BYTES, Split, checksum, split
from af_client.models.tidying import all_tensors, tidied

#: What free sizes are tried with: some graphs halve their input so often that 1 leaves nothing.
_FREE_SIZES = (1, 32, 224)
#: Enough to find the ranges of activations; more takes longer and finds the same.
_CALIBRATING_INPUTS = 32


@dataclass(frozen=True, slots=True)
class Tried:
    """A model in its two parts that loads, its session, and its first answer."""

    split: Split
    session: InferenceSession
    answer: npt.NDArray[np.generic]


def add_model(
    folder: Path,
    file: Path,
    *,
    name: str | None = None,
    labelled: LabelledSet | None = None,
    quantise: bool = False,
    way: Way | None = None,
) -> tuple[ModelEntry, ...]:
    """Put a model, and its 8-bit variant if asked for, into a pool; return their entries.

    The variant is named like the model with `-int8` behind. Raises ModelRefused, NotQuantisable,
    LabelledSetUnusable, PoolUnusable or OSError; then the pool is as it was.
    """
    chosen = checked_name(name or default_name(file))
    variant_name = checked_name(f"{chosen}-int8") if quantise else ""
    model = read_model(file)
    source = file.name, file_checksum(file)
    entries = [_entry(chosen, model, labelled, Provenance("given", *source))]
    if quantise:
        used = way or (Way.STATIC if labelled else Way.WEIGHTS)
        variant = quantised(model, _calibration(model, labelled), used)
        origin = Provenance("given", *source, quantisation=used.value)
        entries.append(_entry(variant_name, variant, labelled, origin))
    with installation(folder) as new:
        for entry, parts in entries:
            new.add(entry, parts)
    return tuple(entry for entry, _ in entries)


def default_name(file: Path) -> str:
    """Make a name of a file's."""
    return re.sub(r"[^a-z0-9.-]+", "-", file.stem.lower()).strip("-.")[:64]


def checked_name(name: str) -> str:
    """Return the name; raises ModelRefused where it could not be a folder's or a reference's."""
    if not is_name(name):
        raise ModelRefused(f"{name!r} cannot be a model's name; use {NAME_RULE}")
    return name


def separated(model: onnx.ModelProto) -> Split:
    """Split a model; raises ModelRefused where nothing of it can travel as weights."""
    parts = split(model)
    if not parts.weights:
        raise ModelRefused(f"its topology is not separable: {_whole_because(model)}")
    return parts


def _whole_because(model: onnx.ModelProto) -> str:
    if split(model, protect=False).weights:
        return (
            "what it has of large tensors are scales, biases and the like, which travel with the"
            " topology, so there would be nothing to send beside it"
        )
    if any(len(t.raw_data) >= SIZE_THRESHOLD_BYTES for t in all_tensors(tidied(model))):
        return (
            "its large tensors are inside of an If, Loop or Scan, in a sparse tensor or in a"
            " function; only those of the outermost graph can be sent as weights"
        )
    return (
        f"no tensor of weights has {SIZE_THRESHOLD_BYTES} bytes or more, so there would be nothing"
        " to send beside it"
    )


def tried(parts: Split, inputs: Sequence[Port]) -> Tried:
    """Load a model and run it once; raises ModelRefused with the runtime's own word on it."""
    try:
        session = load_split(
            parts.topology, parts.weights, topology_sha256=checksum(parts.topology)
        )
    except ModelUnusable as fault:
        raise ModelRefused(str(fault)) from fault
    except Exception as fault:  # onnxruntime's errors have no common base but this
        raise ModelRefused(f"onnxruntime does not load it: {_first_line(fault)}") from fault
    faults = []
    for free in _FREE_SIZES:
        try:
            answer = np.asarray(session.run(None, seeded_inputs(inputs, free=free))[0])
        except ModelRefused:
            raise
        except Exception as fault:  # as above
            faults.append(_first_line(fault))
        else:
            return Tried(parts, session, answer)
    raise ModelRefused(
        f"onnxruntime loads it, but does not run it with free sizes of"
        f" {', '.join(map(str, _FREE_SIZES))}: {faults[-1]}"
    )


def _entry(
    name: str, model: onnx.ModelProto, labelled: LabelledSet | None, provenance: Provenance
) -> tuple[ModelEntry, Split]:
    inputs = inputs_of(model)
    made = tried(separated(model), inputs)
    entry = entry_of(
        name,
        made.split,
        accuracy=measured(made.session, labelled) if labelled else None,
        parameters=parameter_count(model),
        precision=precision(model),
    )
    described = replace(
        entry,
        labelled_set=labelled.name if labelled else None,
        inputs=inputs,
        outputs=outputs_of(model),
        provenance=provenance,
    )
    return described, made.split


def _calibration(model: onnx.ModelProto, labelled: LabelledSet | None) -> list[Feeds]:
    """Return single inputs of the set, at even distances; labels play no part in it."""
    if labelled is None:
        return []
    (port,) = inputs_of(model)
    step = max(1, len(labelled) // _CALIBRATING_INPUTS)
    return [{port.name: labelled.inputs[at : at + 1]} for at in range(0, len(labelled), step)][
        :_CALIBRATING_INPUTS
    ]


def _first_line(fault: Exception) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0]
