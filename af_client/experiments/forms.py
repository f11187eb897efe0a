"""The forms in which a trained model can be sent: precision, layout, and what travels where."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import ExternalDataInfo, uses_external_data
from onnxruntime.quantization import QuantType, quantize_dynamic

from af_client.models.quantisation import quantised, without_advice
from af_client.models.split import Split


class Form(StrEnum):
    """How the weights are written."""

    FLOAT32 = "float32"
    #: The numbers of FLOAT32 in the order in which dynamic quantisation stores its 8-bit ones, so
    #: that the effect of the order can be told from that of the precision.
    FLOAT32_BY_INPUT = "float32, dynamic's order"
    #: As a pool makes it: signed, a scale for each channel, in the order of FLOAT32.
    INT8 = "8 bit of a pool"
    #: As onnxruntime's dynamic quantisation makes it, signed: a zero byte is a zero weight.
    DYNAMIC_QINT8 = "8 bit, dynamic QInt8"
    #: The same unsigned: a zero byte is the most negative weight.
    DYNAMIC_QUINT8 = "8 bit, dynamic QUInt8"


def formed(model: onnx.ModelProto, form: Form) -> onnx.ModelProto:
    """Return a model whose weights are inside in another form; the argument stays as it is."""
    return _MAKERS[form](model)


def joined(parts: Split) -> onnx.ModelProto:
    """Put the weights back into the graph."""
    model = onnx.load_model_from_string(parts.topology)
    for tensor in _outside(model):
        _bring_inside(tensor, _content(tensor, parts.weights))
    return model


def _content(tensor: TensorProto, weights: bytes) -> bytes:
    info = ExternalDataInfo(tensor)
    start = info.offset or 0
    return weights[start : start + (info.length or 0)]


def _bring_inside(tensor: TensorProto, content: bytes) -> None:
    tensor.raw_data = content
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")


def _outside(model: onnx.ModelProto) -> Iterator[TensorProto]:
    return (tensor for tensor in model.graph.initializer if uses_external_data(tensor))


def _by_input(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the weights of a dense layer by input, where they are stored by output."""
    turned = onnx.ModelProto()
    turned.CopyFrom(model)
    tensors = {tensor.name: tensor for tensor in turned.graph.initializer}
    for node in turned.graph.node:
        attributes = {each.name: each for each in node.attribute}
        if node.op_type == "Gemm" and "transB" in attributes and attributes["transB"].i:
            matrix = tensors[node.input[1]]
            content = np.ascontiguousarray(numpy_helper.to_array(matrix).T)
            matrix.CopyFrom(numpy_helper.from_array(content, matrix.name))
            attributes["transB"].i = 0
    return turned


def _dynamic(weight_type: QuantType, model: onnx.ModelProto) -> onnx.ModelProto:
    """Quantise the matrices with onnxruntime; activations are quantised when it runs."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "model.onnx"), Path(folder, "quantised.onnx")
        onnx.save(model, source)
        with without_advice():
            quantize_dynamic(source, target, weight_type=weight_type)
        return onnx.load(target)


_MAKERS: Mapping[Form, Callable[[onnx.ModelProto], onnx.ModelProto]] = {
    Form.FLOAT32: lambda model: model,
    Form.FLOAT32_BY_INPUT: _by_input,
    Form.INT8: quantised,
    Form.DYNAMIC_QINT8: partial(_dynamic, QuantType.QInt8),
    Form.DYNAMIC_QUINT8: partial(_dynamic, QuantType.QUInt8),
}
