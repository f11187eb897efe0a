"""Small ONNX graphs, as exporters write them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
Array = Any


def value(
    name: str, shape: Sequence[int | str | None] | None, kind: int = FLOAT
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    tensors: dict[str, Array],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    opset: int = 17,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "g",
        list(inputs),
        list(outputs),
        [numpy_helper.from_array(np.asarray(each), name) for name, each in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def classifier(
    seed: int = 3, channels: int = 32, opset: int = 17, **change: Array
) -> onnx.ModelProto:
    """Build Conv, Relu, pooling and Gemm over images (n, 3, 8, 8), with five classes."""
    random = np.random.default_rng(seed)
    tensors: dict[str, Array] = {
        "kernel": random.standard_normal((channels, 3, 3, 3)).astype(np.float32),
        "shift": random.standard_normal(channels).astype(np.float32),
        "matrix": random.standard_normal((5, channels)).astype(np.float32),
        "bias": random.standard_normal(5).astype(np.float32),
        "flat": np.array([-1, channels], np.int64),
    } | change
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "shift"], ["c"], name="conv_1", pads=[1] * 4),
        helper.make_node("Relu", ["c"], ["r"], name="relu_1"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], name="pool_1"),
        helper.make_node("Reshape", ["p", "flat"], ["f"], name="flat_1"),
        helper.make_node("Gemm", ["f", "matrix", "bias"], ["y"], name="gemm_1", transB=1),
    ]
    return model_of(nodes, tensors, [value("x", ["n", 3, 8, 8])], [value("y", ["n", 5])], opset)


def run(model: onnx.ModelProto, **feed: Array) -> Array:
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - takes a second

    options = SessionOptions()
    options.log_severity_level = 3
    session = InferenceSession(model.SerializeToString(), options)
    return session.run(None, feed)[0]
