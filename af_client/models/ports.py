"""What goes into a model and comes out of it."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from af_client.models.manifest import Port
from af_client.models.onnxfiles import ModelRefused

Feeds = dict[str, npt.NDArray[np.generic]]


def inputs_of(model: onnx.ModelProto) -> tuple[Port, ...]:
    """Return the inputs that a caller gives; initializers among the inputs are none."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    return _ports(value for value in model.graph.input if value.name not in initializers)


def outputs_of(model: onnx.ModelProto) -> tuple[Port, ...]:
    """Return the outputs, in their order."""
    return _ports(model.graph.output)


def seeded_inputs(ports: Sequence[Port], seed: int = 0, *, free: int = 1) -> Feeds:
    """Draw inputs of the declared types and shapes; free sizes beyond the first are `free`.

    The first, usually the number of items, is 1. Raises ModelRefused for an input of another type
    than numbers and truth values.
    """
    random = np.random.default_rng(seed)
    return {port.name: _drawn(port, random, free) for port in ports}


def _drawn(port: Port, random: np.random.Generator, free: int) -> npt.NDArray[np.generic]:
    shape = [
        size if size is not None else 1 if place == 0 else free
        for place, size in enumerate(port.shape)
    ]
    try:
        kind = np.dtype(port.type)
    except TypeError:
        kind = np.dtype(object)
    if kind.kind == "f":
        return random.standard_normal(shape).astype(kind)
    if kind.kind in "iub":
        return random.integers(0, 2, shape).astype(kind)
    raise ModelRefused(
        f"its input {port.name!r} takes {port.type}; what can be tried are numbers and truth values"
    )


def _ports(values: Iterable[onnx.ValueInfoProto]) -> tuple[Port, ...]:
    return tuple(map(_port, values))


def _port(value: onnx.ValueInfoProto) -> Port:
    tensor = value.type.tensor_type
    sizes = tuple(size.dim_value if size.dim_value > 0 else None for size in tensor.shape.dim)
    return Port(value.name, _type_name(tensor.elem_type), sizes)


def _type_name(kind: int) -> str:
    try:
        return str(helper.tensor_dtype_to_np_dtype(kind))
    except (KeyError, ValueError):
        return str(TensorProto.DataType.Name(kind)).lower()
