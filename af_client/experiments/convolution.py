"""A small convolutional classifier of the digits, trained from a seed with numpy alone.

Its kernels are used at every place of an image, so each of its few packets matters to all of it:
what larger compact nets have in common, in a size that trains within seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from af_client.models.digits import BRIGHTEST, CLASSES, SIDE, Images, Labels
from af_client.models.export import INPUT, OUTPUT

NAME = "digits-conv"
_CHANNELS = (1, 24, 48, 48)
_PASSES = 24
_BATCH = 50
_STEP = 3e-3

_Array = npt.NDArray[np.float32]
#: Weights and bias of the three convolutions (9 x inputs, outputs), then of the readout.
_Parameters = list[_Array]


@dataclass(frozen=True, slots=True)
class _Forward:
    """What a pass leaves for the way back: patches and activations of each convolution."""

    patches: tuple[_Array, ...]
    activations: tuple[_Array, ...]
    features: _Array
    scores: _Array


def train(images: Images, seed: int) -> onnx.ModelProto:
    """Train by Adam for a fixed number of passes; the same seed makes the same model."""
    random = np.random.default_rng(seed)
    parameters = _drawn(random)
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in parameters]
    pixels = (images.pixels / np.float32(BRIGHTEST))[..., None]
    with threadpool_limits(limits=1):
        for step, rows in enumerate(_batches(len(images), random), start=1):
            slopes = _slopes(parameters, pixels[rows], images.labels[rows])
            _adam(parameters, slopes, moments, step)
    return _exported(parameters)


def _drawn(random: np.random.Generator) -> _Parameters:
    parameters: _Parameters = []
    for inputs, outputs in pairwise(_CHANNELS):
        spread = np.sqrt(2 / (9 * inputs))
        parameters.append((random.standard_normal((9 * inputs, outputs)) * spread).astype("f4"))
        parameters.append(np.zeros(outputs, np.float32))
    last = _CHANNELS[-1]
    readout = random.standard_normal((last, CLASSES)) * np.sqrt(1 / last)
    return [*parameters, readout.astype(np.float32), np.zeros(CLASSES, np.float32)]


def _batches(count: int, random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    for _ in range(_PASSES):
        order = random.permutation(count)
        yield from (order[start : start + _BATCH] for start in range(0, count, _BATCH))


def _forward(parameters: _Parameters, pixels: _Array) -> _Forward:
    patches: list[_Array] = []
    activations: list[_Array] = []
    value = pixels
    for layer in range(3):
        patches.append(_patches(_halved(value) if layer == 2 else value))
        weights, bias = parameters[2 * layer : 2 * layer + 2]
        value = np.maximum(patches[-1] @ weights + bias, 0)
        activations.append(value)
    features = value.mean(axis=(1, 2))
    scores = features @ parameters[6] + parameters[7]
    return _Forward(tuple(patches), tuple(activations), features, scores)


def _slopes(parameters: _Parameters, pixels: _Array, labels: Labels) -> _Parameters:
    """Return the slope of the mean cross-entropy in every parameter."""
    done = _forward(parameters, pixels)
    shares = np.exp(done.scores - done.scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    wrong = (shares - (labels[:, None] == np.arange(CLASSES))).astype("f4") / len(labels)
    slopes = [done.features.T @ wrong, wrong.sum(axis=0)]
    back = (wrong @ parameters[6].T)[:, None, None, :] / np.float32((SIDE // 2) ** 2)
    for layer in (2, 1, 0):
        back = back * (done.activations[layer] > 0)
        patches = done.patches[layer]
        flat = back.reshape(-1, back.shape[-1])
        weights = patches.reshape(len(flat), -1).T @ flat
        slopes = [weights, flat.sum(axis=0), *slopes]
        if layer:
            back = _unpatched(back @ parameters[2 * layer].T)
        if layer == 2:
            back = back.repeat(2, axis=1).repeat(2, axis=2) / np.float32(4)
    return slopes


def _adam(
    parameters: _Parameters,
    slopes: _Parameters,
    moments: list[tuple[_Array, _Array]],
    step: int,
) -> None:
    rate = _STEP * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    for parameter, slope, (mean, square) in zip(parameters, slopes, moments, strict=True):
        mean[...] += np.float32(0.1) * (slope - mean)
        square[...] += np.float32(0.001) * (slope * slope - square)
        parameter[...] -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-8))


def _patches(value: _Array) -> _Array:
    """Lay the 3 x 3 neighbourhood of each place beside each other: (n, h, w, 9 c)."""
    height, width = value.shape[1:3]
    framed = np.pad(value, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifts = [framed[:, r : r + height, c : c + width] for r in range(3) for c in range(3)]
    return np.concatenate(shifts, axis=3)


def _unpatched(back: _Array) -> _Array:
    """Add each neighbourhood's slopes to the places that they came from."""
    count, height, width, _ = back.shape
    channels = back.shape[3] // 9
    framed = np.zeros((count, height + 2, width + 2, channels), np.float32)
    for number in range(9):
        row, column = divmod(number, 3)
        part = back[..., number * channels : (number + 1) * channels]
        framed[:, row : row + height, column : column + width] += part
    return framed[:, 1:-1, 1:-1]


def _halved(value: _Array) -> _Array:
    count, height, width, channels = value.shape
    squares = value.reshape(count, height // 2, 2, width // 2, 2, channels)
    return np.asarray(squares.mean(axis=(2, 4)), np.float32)


def _exported(parameters: _Parameters) -> onnx.ModelProto:
    """Build the graph: as in `af_client.models.export`, with convolutions."""
    tensors = [
        numpy_helper.from_array(np.array(BRIGHTEST, np.float32), "brightest"),
        numpy_helper.from_array(np.array([-1, 1, SIDE, SIDE], np.int64), "plane"),
    ]
    nodes = [
        helper.make_node("Div", [INPUT, "brightest"], ["scaled"]),
        helper.make_node("Reshape", ["scaled", "plane"], ["value0"]),
    ]
    for layer in range(3):
        kernel, bias = f"conv{layer}_kernel", f"conv{layer}_bias"
        tensors.append(numpy_helper.from_array(_kernel(parameters[2 * layer]), kernel))
        tensors.append(numpy_helper.from_array(parameters[2 * layer + 1], bias))
        source = f"value{layer}"
        if layer == 2:
            halved = helper.make_node(
                "AveragePool", [source], ["halved"], kernel_shape=[2, 2], strides=[2, 2]
            )
            nodes.append(halved)
            source = "halved"
        nodes.append(
            helper.make_node("Conv", [source, kernel, bias], [f"sum{layer}"], pads=[1, 1, 1, 1])
        )
        nodes.append(helper.make_node("Relu", [f"sum{layer}"], [f"value{layer + 1}"]))
    nodes.append(helper.make_node("GlobalAveragePool", ["value3"], ["mean"]))
    nodes.append(helper.make_node("Flatten", ["mean"], ["features"]))
    nodes.append(helper.make_node("Gemm", ["features", "readout", "offset"], [OUTPUT]))
    tensors += map(numpy_helper.from_array, parameters[6:], ("readout", "offset"))
    return _checked(nodes, tensors)


def _kernel(weights: _Array) -> _Array:
    """Turn (9 x inputs, outputs) into (outputs, inputs, 3, 3), the order of ONNX."""
    return np.ascontiguousarray(weights.reshape(3, 3, -1, weights.shape[1]).transpose(3, 2, 0, 1))


def _checked(nodes: list[onnx.NodeProto], tensors: list[TensorProto]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        NAME,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", SIDE, SIDE])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", CLASSES])],
        initializer=tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
