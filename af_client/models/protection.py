"""Which parameters must not be lost: those of which one number stands for a whole channel.

A zero among a million weights is hardly seen. A zero for a scale takes out all weights under it,
a zero point or a bias of zero shifts everything that a channel says.
"""

from collections.abc import Iterable, Sequence

import onnx
from onnx import TensorProto

#: Larger ones are as thick as weights: a lost packet is less than a tenth of them.
MAX_PROTECTED_BYTES = 16_384

#: The inputs of an operator that are scales or zero points.
_SCALES = {
    "QuantizeLinear": (1, 2),
    "DequantizeLinear": (1, 2),
    "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7),
    "QGemm": (1, 2, 4, 5, 7, 8),
    "ConvInteger": (2, 3),
    "MatMulInteger": (2, 3),
    "BatchNormalization": (1, 4),
}
#: The inputs of an operator that are biases or the like.
_BIASES = {
    "Conv": (2,),
    "ConvTranspose": (2,),
    "Gemm": (2,),
    "QLinearConv": (8,),
    "QGemm": (6,),
    "BatchNormalization": (2, 3),
    "InstanceNormalization": (1, 2),
    "LayerNormalization": (1, 2),
}


def protected(
    graph: onnx.GraphProto, tensors: Sequence[TensorProto], budget_bytes: int
) -> set[str]:
    """Return the names of those tensors that shall travel with the topology.

    Scales and zero points come first, then biases and other parameters of channels; within each,
    the smallest first, until the budget is used up.
    """
    scales, biases = _places(graph.node, _SCALES), _places(graph.node, _BIASES)
    ranked = []
    for tensor in tensors:
        size = len(tensor.raw_data)
        fragile = tensor.name in scales | biases or _is_vector(tensor)
        if fragile and size <= MAX_PROTECTED_BYTES:
            ranked.append((tensor.name not in scales, size, tensor.name))
    kept = set()
    for _, size, name in sorted(ranked):
        if size > budget_bytes:
            break
        budget_bytes -= size
        kept.add(name)
    return kept


def _places(nodes: Iterable[onnx.NodeProto], inputs: dict[str, tuple[int, ...]]) -> set[str]:
    return {
        node.input[place]
        for node in nodes
        for place in inputs.get(node.op_type, ())
        if place < len(node.input)
    }


def _is_vector(tensor: TensorProto) -> bool:
    """Tell whether it has one number a channel: whatever it is for, it holds for all of it."""
    return len([size for size in tensor.dims if size > 1]) <= 1
