"""The vocabulary in which the architectures are written: layers over images, with drawn weights.

A blueprint holds the graph; of the weights it knows only how they will be drawn, so that half a
gigabyte of them never needs to be in memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT = "images"
OUTPUT = "scores"
_OPSET = 17
_IR_VERSION = 8
_PIECE = 1 << 20
#: What lies further from zero is cut off in 8 bits: 6 of 100 000 numbers drawn from a normal.
_WIDEST_SIGMAS = 4.0
_LARGEST = 127

Size = int | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Value:
    """What flows between layers, and how many channels it has."""

    name: str
    channels: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """Weights to be drawn from a normal distribution of spread `sigma`, or 8-bit steps of it."""

    shape: tuple[int, ...]
    sigma: float
    eight_bit: bool
    seed: tuple[int, int]

    @property
    def size_bytes(self) -> int:
        """Return how much they take in the file."""
        return prod(self.shape) * (1 if self.eight_bit else 4)

    def pieces(self) -> Iterator[bytes]:
        """Draw them, 4 MB at a time; the same seed gives the same bytes."""
        random = np.random.default_rng(self.seed)
        left = prod(self.shape)
        while left:
            values = random.standard_normal(min(left, _PIECE), dtype=np.float32)
            left -= len(values)
            if self.eight_bit:
                steps = np.rint(values * np.float32(_LARGEST / _WIDEST_SIGMAS))
                yield np.clip(steps, -_LARGEST, _LARGEST).astype(np.int8).tobytes()
            else:
                yield (values * np.float32(self.sigma)).tobytes()


class Blueprint:
    """A graph of layers, from `images` (n, 3, side, side) to `scores` (n, 1000).

    With 32 bits a normalisation is a layer of its own; with 8 it is folded into the weights and
    biases before it, as it is on devices. `parameters` counts what training would fit.
    """

    def __init__(self, name: str, side: int, *, eight_bit: bool, seed: int) -> None:
        self.name, self._side, self._eight_bit, self._seed = name, side, eight_bit, seed
        self.parameters = 0
        self.drawn: dict[str, Drawn] = {}
        self._random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[TensorProto] = []
        self.images = Value(INPUT, 3)

    # --- layers ---

    def conv(
        self,
        value: Value,
        channels: int,
        kernel: Size,
        *,
        stride: int = 1,
        pad: Size = 0,
        groups: int = 1,
    ) -> Value:
        """Convolve with a bias, then ReLU."""
        found = self._convolved(value, channels, kernel, stride, pad, groups, self._near(0))
        self.parameters += channels
        return self.relu(found)

    def normed(
        self,
        value: Value,
        channels: int,
        kernel: Size,
        *,
        stride: int = 1,
        pad: Size = 0,
        groups: int = 1,
        gain: float = 1.0,
    ) -> Value:
        """Convolve without a bias and normalise by batch statistics; no activation."""
        self.parameters += 2 * channels
        if self._eight_bit:
            return self._convolved(
                value, channels, kernel, stride, pad, groups, self._near(0), gain
            )
        found = self._convolved(value, channels, kernel, stride, pad, groups, None)
        statistics = [
            self._vector(each(channels))
            for each in (self._near(gain), self._near(0), self._near(0), self._near(1))
        ]
        return self._node("BatchNormalization", [found.name, *statistics], channels)

    def dense(self, value: Value, inputs: int, outputs: int) -> Value:
        """Multiply all numbers of an image by a matrix, and add a bias."""
        flat = self._node("Flatten", [value.name], inputs)
        weights = self._weights((outputs, inputs), inputs, 1.0)
        self.parameters += outputs * (inputs + 1)
        bias = self._vector(self._near(0)(outputs))
        return self._node("Gemm", [flat.name, weights, bias], outputs, transB=1)

    def relu(self, value: Value) -> Value:
        """Cut off what is below 0."""
        return self._node("Relu", [value.name], value.channels)

    def relu6(self, value: Value) -> Value:
        """Cut off what is below 0 and above 6."""
        bounds = [self._scalar(0.0), self._scalar(6.0)]
        return self._node("Clip", [value.name, *bounds], value.channels)

    def max_pool(
        self, value: Value, kernel: int, stride: int, *, pad: int = 0, ceil: bool = False
    ) -> Value:
        """Take the largest in each window; with `ceil` a last, incomplete window counts."""
        return self._node(
            "MaxPool",
            [value.name],
            value.channels,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[pad] * 4,
            ceil_mode=int(ceil),
        )

    def average_pool(self, value: Value, kernel: int, *, pad: int) -> Value:
        """Average each window, step by step; the edge counts as zeros."""
        return self._node(
            "AveragePool",
            [value.name],
            value.channels,
            kernel_shape=[kernel] * 2,
            strides=[1, 1],
            pads=[pad] * 4,
            count_include_pad=1,
        )

    def average(self, value: Value) -> Value:
        """Average each channel over the whole image."""
        return self._node("GlobalAveragePool", [value.name], value.channels)

    def add(self, one: Value, other: Value) -> Value:
        """Add number by number."""
        return self._node("Add", [one.name, other.name], one.channels)

    def concat(self, values: Sequence[Value]) -> Value:
        """Put the channels of several beside each other."""
        channels = sum(value.channels for value in values)
        return self._node("Concat", [value.name for value in values], channels, axis=1)

    # --- the whole ---

    def model(self, scores: Value) -> onnx.ModelProto:
        """Return the graph that ends with these scores; what is drawn has no data in it yet."""
        self._nodes[-1].output[0] = OUTPUT
        kind = TensorProto.FLOAT
        shape: list[str | int | None] = ["n", 3, self._side, self._side]
        graph = helper.make_graph(
            self._nodes,
            self.name,
            [helper.make_tensor_value_info(INPUT, kind, shape)],
            [helper.make_tensor_value_info(OUTPUT, kind, ["n", scores.channels])],
            self._tensors,
        )
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)

    # --- parts of layers ---

    def _convolved(
        self,
        value: Value,
        channels: int,
        kernel: Size,
        stride: int,
        pad: Size,
        groups: int,
        bias: Any,
        gain: float = 1.0,
    ) -> Value:
        height, width = _pair(kernel)
        down, right = _pair(pad)
        fan_in = value.channels // groups * height * width
        shape = (channels, value.channels // groups, height, width)
        self.parameters += prod(shape)
        inputs = [value.name, self._weights(shape, fan_in, gain)]
        if bias is not None:
            inputs.append(self._vector(bias(channels)))
        return self._node(
            "Conv",
            inputs,
            channels,
            kernel_shape=[height, width],
            strides=[stride] * 2,
            pads=[down, right, down, right],
            group=groups,
        )

    def _weights(self, shape: tuple[int, ...], fan_in: int, gain: float) -> str:
        """Return the name of weights, spread so that what flows keeps its size (He, 2015)."""
        sigma = sqrt(2 / fan_in)
        name = f"w{len(self.drawn)}"
        seed = (self._seed, len(self.drawn))
        self.drawn[name] = Drawn(shape, sigma, self._eight_bit, seed)
        kind = TensorProto.INT8 if self._eight_bit else TensorProto.FLOAT
        self._tensors.append(TensorProto(name=name, data_type=kind, dims=shape))
        if not self._eight_bit:
            return name
        step = gain * sigma * _WIDEST_SIGMAS / _LARGEST
        scales = self._vector(step * self._near(1)(shape[0]))
        return self._node("DequantizeLinear", [name, scales], shape[0], axis=0).name

    def _near(self, centre: float) -> Any:
        """Return what draws numbers, one a channel, within a tenth of a centre."""
        return lambda size: centre + self._random.uniform(-0.1, 0.1, size)

    def _vector(self, values: npt.NDArray[np.float64]) -> str:
        name = f"v{len(self._tensors)}"
        self._tensors.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def _scalar(self, value: float) -> str:
        name = f"v{len(self._tensors)}"
        self._tensors.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def _node(self, operator: str, inputs: list[str], channels: int, **attributes: Any) -> Value:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return Value(name, channels)


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size
