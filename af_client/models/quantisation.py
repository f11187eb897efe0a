"""An 8-bit variant of a float model.

Weights become signed (QInt8) and symmetric about zero, with a scale for each channel: a zero byte
is then a zero weight, and what was lost on the way reads as nothing at all.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper, version_converter
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)

from af_client.models.tidying import tidied

#: Arrays by the name of the model's input: what one inference takes.
Feed = Mapping[str, npt.NDArray[np.generic]]

#: The first version in which a scale may be given for each channel.
_PER_CHANNEL_OPSET = 13
_WEIGHTED = ("Conv", "MatMul", "Gemm")
_LARGEST = 127


class Way(StrEnum):
    """How the activations are treated; the weights are 8 bits in each."""

    #: Activations are 8 bits too, in ranges found beforehand by running calibrating inputs.
    STATIC = "static"
    #: Activations are 8 bits too, in ranges found anew at each inference.
    DYNAMIC = "dynamic"
    #: Activations stay float; weights are scaled back to float when they are used.
    WEIGHTS = "weights"


class NotQuantisable(ValueError):
    """The model has no 8-bit variant; `str()` says why."""


def quantised(
    model: onnx.ModelProto, calibration: Sequence[Feed] = (), way: Way | None = None
) -> onnx.ModelProto:
    """Return the 8-bit variant of a float32 model; the model itself is not touched.

    Without a `way` it is STATIC where calibrating inputs are given and WEIGHTS where not: ranges
    found with noise instead of real inputs cost more than they save. Raises NotQuantisable.
    """
    chosen = way or (Way.STATIC if calibration else Way.WEIGHTS)
    if chosen is Way.STATIC and not calibration:
        raise NotQuantisable(
            "the ranges of activations cannot be found without inputs; name a labelled set, or"
            f" choose {Way.WEIGHTS} or {Way.DYNAMIC}"
        )
    prepared = _prepared(model)
    made = _MAKERS[chosen](prepared, calibration)
    if not any(tensor.data_type == TensorProto.INT8 for tensor in made.graph.initializer):
        raise NotQuantisable(f"no weights of {', '.join(_WEIGHTED)} in float32 were found in it")
    return made


def _prepared(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a tidy copy in which a scale may be given for each channel."""
    tidy = tidied(model)
    version = next((each.version for each in tidy.opset_import if not each.domain), 0)
    if version >= _PER_CHANNEL_OPSET:
        return tidy
    try:
        return version_converter.convert_version(tidy, _PER_CHANNEL_OPSET)
    except Exception as fault:  # the converter's errors have no common base but this
        raise NotQuantisable(
            f"it is of opset {version} and cannot be brought to {_PER_CHANNEL_OPSET}, the first"
            f" with a scale for each channel ({fault})"
        ) from fault


# --- onnxruntime's own quantisation ---


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


def _static(model: onnx.ModelProto, calibration: Sequence[Feed]) -> onnx.ModelProto:
    made = _through_a_file(
        lambda path: quantize_static(
            model,
            path,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_WEIGHTED),
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"WeightSymmetric": True},
            activation_type=QuantType.QUInt8,
        )
    )
    _leave_out_zeros(made.graph)
    return made


def _leave_out_zeros(graph: onnx.GraphProto) -> None:
    """Take out zero points of weights and biases: all are zero, which is what none means too."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or len(node.input) < 3:
            continue
        constant = node.input[0] in tensors and node.input[2] in tensors
        if constant and not numpy_helper.to_array(tensors[node.input[2]]).any():
            del node.input[2]
    used = {name for node in graph.node for name in node.input}
    unused = [tensor for name, tensor in tensors.items() if name not in used]
    for tensor in unused:
        graph.initializer.remove(tensor)


def _dynamic(model: onnx.ModelProto, _: Sequence[Feed]) -> onnx.ModelProto:
    return _through_a_file(
        lambda path: quantize_dynamic(
            model,
            path,
            op_types_to_quantize=list(_WEIGHTED),
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"WeightSymmetric": True},
        )
    )


def _through_a_file(quantise: Callable[[str], None]) -> onnx.ModelProto:
    with TemporaryDirectory() as folder, without_advice():
        path = Path(folder) / "quantised.onnx"
        try:
            quantise(str(path))
            return onnx.load(path)
        except OSError:
            raise
        except Exception as fault:  # onnxruntime's errors have no common base but this
            reason = str(fault).strip().splitlines() or [type(fault).__name__]
            raise NotQuantisable(f"onnxruntime cannot quantise it ({reason[0]})") from fault


@contextmanager
def without_advice() -> Iterator[None]:
    """Leave out onnxruntime's advice on pre-processing, which it gives to the root logger."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


# --- weights only ---


def _weights_only(model: onnx.ModelProto, _: Sequence[Feed]) -> onnx.ModelProto:
    axes = _channel_axes(model.graph)
    tensors: list[TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    for tensor in model.graph.initializer:
        axis = axes.get(tensor.name)
        if axis is None:
            tensors.append(tensor)
            continue
        values, scales = scaled(numpy_helper.to_array(tensor), axis)
        names = [f"{tensor.name}_quantised", f"{tensor.name}_scale"]
        tensors.append(numpy_helper.from_array(values, names[0]))
        tensors.append(numpy_helper.from_array(scales, names[1]))
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.initializer[:]
    del made.graph.node[:]
    made.graph.initializer.extend(tensors)
    made.graph.node.extend([*nodes, *model.graph.node])
    return made


def scaled(
    weights: npt.NDArray[np.float32], axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return weights as whole numbers from -127 to 127, and the scale of each channel."""
    others = tuple(each for each in range(weights.ndim) if each != axis)
    largest = np.abs(weights).max(axis=others, keepdims=True)
    scales = np.where(largest > 0, largest / _LARGEST, 1).astype(np.float32)
    values = np.clip(np.rint(weights / scales), -_LARGEST, _LARGEST).astype(np.int8)
    return values, scales.reshape(-1)


def _channel_axes(graph: onnx.GraphProto) -> dict[str, int]:
    """Return, for the weights that nothing else uses, the axis of the output channels."""
    uses: dict[str, list[int | None]] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            weighs = node.op_type in _WEIGHTED and place == 1
            uses.setdefault(name, []).append(_channel_axis(node) if weighs else None)
    axes = {}
    for tensor in graph.initializer:
        found = set(uses.get(tensor.name, ()))
        matrix = tensor.data_type == TensorProto.FLOAT and len(tensor.dims) > 1
        if matrix and len(found) == 1 and (axis := found.pop()) is not None:
            axes[tensor.name] = axis % len(tensor.dims)
    return axes


def _channel_axis(node: onnx.NodeProto) -> int:
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return 0 if node.op_type == "Conv" or transposed else -1


_MAKERS: dict[Way, Callable[[onnx.ModelProto, Sequence[Feed]], onnx.ModelProto]] = {
    Way.STATIC: _static,
    Way.DYNAMIC: _dynamic,
    Way.WEIGHTS: _weights_only,
}
