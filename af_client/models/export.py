"""Trained layers as an ONNX graph."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from af_client.models.digits import BRIGHTEST, CLASSES, SIDE

INPUT = "images"
OUTPUT = "scores"
#: Not the newest that the exporter knows: what devices of some years' age run as well.
_OPSET = 17
_IR_VERSION = 8


class Activation(StrEnum):
    """What follows a layer's sum, by the name of its ONNX operator."""

    RELU = "Relu"
    COS = "Cos"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A dense layer: weights (inputs, outputs), bias (outputs,), both float32."""

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    activation: Activation


@dataclass(frozen=True, slots=True)
class Network:
    """Dense layers over an image scaled to 0..1, at full size or averaged to 4 x 4 pixels."""

    name: str
    layers: tuple[Layer, ...]
    pooled: bool = False

    @property
    def parameters(self) -> int:
        """How many numbers were fitted or drawn."""
        return sum(layer.weights.size + layer.bias.size for layer in self.layers)


def to_onnx(network: Network) -> onnx.ModelProto:
    """Build the checked graph: `images` (n, 8, 8) from 0 to 16 in, `scores` (n, 10) out.

    The best score is the recognised class. Everything is float32. The graph carries no text but
    the names of its parts.
    """
    nodes, tensors = _stages(network)
    graph = helper.make_graph(
        nodes,
        network.name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", SIDE, SIDE])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", CLASSES])],
        initializer=tensors,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _stages(network: Network) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Chain the stages; each is one operator over what came before and its own constants."""
    nodes: list[onnx.NodeProto] = []
    tensors: list[onnx.TensorProto] = []
    value = INPUT
    stages = [*_preparation(network), *_dense(network.layers)]
    for number, (operator, constants, attributes) in enumerate(stages, start=1):
        inputs = [f"{operator.lower()}{number}_{part}" for part in range(len(constants))]
        tensors += map(numpy_helper.from_array, constants, inputs)
        output = OUTPUT if number == len(stages) else f"{operator.lower()}{number}"
        nodes.append(helper.make_node(operator, [value, *inputs], [output], **attributes))
        value = output
    return nodes, tensors


_Constant = npt.NDArray[np.float32] | npt.NDArray[np.int64]
#: Operator, constants, attributes.
_Stage = tuple[str, tuple[_Constant, ...], dict[str, Any]]


def _preparation(network: Network) -> Iterator[_Stage]:
    yield "Div", (np.array(BRIGHTEST, np.float32),), {}
    if network.pooled:
        yield "Reshape", (np.array([-1, 1, SIDE, SIDE], np.int64),), {}
        yield "AveragePool", (), {"kernel_shape": [2, 2], "strides": [2, 2]}
    yield "Reshape", (np.array([-1, len(network.layers[0].weights)], np.int64),), {}


def _dense(layers: Iterable[Layer]) -> Iterator[_Stage]:
    """Store each weight beside those of the same hidden neuron.

    A lost packet of weights then silences a few neurons of many, instead of blinding all of them
    to a pixel, or one class to hundreds of neurons.
    """
    for layer in layers:
        inputs, outputs = layer.weights.shape
        if outputs < inputs:
            yield "Gemm", (layer.weights, layer.bias), {}
        else:
            yield "Gemm", (layer.weights.T, layer.bias), {"transB": 1}
        if layer.activation:
            yield layer.activation, (), {}
