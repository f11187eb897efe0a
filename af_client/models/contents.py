"""What is in a model: how many parameters, and of which precision."""

from collections import Counter
from collections.abc import Iterator
from math import prod

import onnx
from onnx import TensorProto, helper

_FLOATS = (
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.BFLOAT16,
    TensorProto.DOUBLE,
)
_WHOLE = (TensorProto.INT8, TensorProto.UINT8, TensorProto.INT4, TensorProto.UINT4)
#: The inputs of an operator that were not fitted: what quantisation needs, and statistics.
_NOT_FITTED = {
    "QuantizeLinear": (1, 2),
    "DequantizeLinear": (1, 2),
    "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7),
    "ConvInteger": (2, 3),
    "MatMulInteger": (2, 3),
    "BatchNormalization": (3, 4),
}


def parameter_count(model: onnx.ModelProto) -> int:
    """Count the numbers that were fitted: tensors of more than one number, whatever their size.

    Shapes, scales, zero points, and the statistics of a batch normalisation are none.
    """
    return sum(prod(tensor.dims) for tensor in _fitted(model.graph))


def precision(model: onnx.ModelProto) -> str:
    """Name the type in which most of the parameters are written: `float32`, `int8`, …."""
    kinds: Counter[int] = Counter()
    for tensor in _fitted(model.graph):
        kinds[tensor.data_type] += prod(tensor.dims)
    if not kinds:
        return "none"
    kind = kinds.most_common(1)[0][0]
    return str(helper.tensor_dtype_to_np_dtype(kind))


def _fitted(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    others = {
        node.input[place]
        for node in graph.node
        for place in _NOT_FITTED.get(node.op_type, ())
        if place < len(node.input)
    }
    biases = {node.input[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    for tensor in graph.initializer:
        number = tensor.data_type in (*_FLOATS, *_WHOLE)
        quantised_bias = tensor.data_type == TensorProto.INT32 and tensor.name in biases
        if tensor.dims and tensor.name not in others and (number or quantised_bias):
            yield tensor
