"""A graph in the one form that everything else here works on, and without what travels in vain."""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

#: Before it, each initializer had to be an input as well; from it on, inputs are inputs.
_FIRST_IR_WITHOUT_DOUBLES = 4
_CONSTANT_VALUES = ("value", "value_float", "value_floats", "value_int", "value_ints")


def tidied(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same computation with each constant as an initializer of raw bytes.

    External data takes only tensors of raw bytes, and only those that are initializers: what is
    in typed fields (`float_data`) or in Constant nodes would stay behind in the topology.
    """
    tidy = onnx.ModelProto()
    tidy.CopyFrom(model)
    _constants_to_initializers(tidy.graph)
    for graph in _graphs(tidy.graph):
        for tensor in graph.initializer:
            _to_raw(tensor)
    initializers = {tensor.name for tensor in tidy.graph.initializer}
    doubles = [value for value in tidy.graph.input if value.name in initializers]
    for double in doubles:
        tidy.graph.input.remove(double)
    if doubles:
        tidy.ir_version = max(tidy.ir_version, _FIRST_IR_WITHOUT_DOUBLES)
    return tidy


def strip_metadata(model: onnx.ModelProto) -> None:
    """Take out, in place, what no runtime needs: who exported it, comments, names of nodes.

    Names of values stay: nodes are connected by them. The model's own `metadata_props` stay too,
    since an application may read them (a text recogniser's alphabet is there).
    """
    model.ClearField("producer_name")
    model.ClearField("producer_version")
    model.ClearField("domain")
    model.ClearField("doc_string")
    for graph in _graphs(model.graph):
        graph.ClearField("doc_string")
        graph.ClearField("metadata_props")
        graph.ClearField("value_info")
        graph.ClearField("quantization_annotation")
        for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
            part.ClearField("doc_string")
            part.ClearField("metadata_props")
        for node in graph.node:
            node.ClearField("name")


def all_tensors(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """Yield every tensor with data: initializers and attributes, those of inner graphs too."""
    for graph in _graphs(model.graph):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        yield from _tensors_of_nodes(graph.node)
    for function in model.functions:
        yield from _tensors_of_nodes(function.node)


def _tensors_of_nodes(nodes: Iterator[onnx.NodeProto]) -> Iterator[TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph and those inside of its nodes (If, Loop, Scan)."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)
            for inner in attribute.graphs:
                yield from _graphs(inner)


def _constants_to_initializers(graph: onnx.GraphProto) -> None:
    kept = []
    for node in graph.node:
        constant = _constant(node)
        if constant is None:
            kept.append(node)
        else:
            graph.initializer.append(constant)
    if len(kept) < len(graph.node):
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
        del graph.node[:]
        graph.node.extend(nodes)


def _constant(node: onnx.NodeProto) -> TensorProto | None:
    """Return what a Constant node holds, if it holds numbers."""
    if node.op_type != "Constant" or node.domain not in ("", "ai.onnx"):
        return None
    attribute = next((each for each in node.attribute if each.name in _CONSTANT_VALUES), None)
    if attribute is None:
        return None
    if attribute.type == AttributeProto.TENSOR:
        tensor = TensorProto()
        tensor.CopyFrom(attribute.t)
        tensor.name = node.output[0]
        return tensor
    floating = attribute.type in (AttributeProto.FLOAT, AttributeProto.FLOATS)
    value = np.asarray(
        onnx.helper.get_attribute_value(attribute), np.float32 if floating else np.int64
    )
    return numpy_helper.from_array(value, node.output[0])


def _to_raw(tensor: TensorProto) -> None:
    if tensor.data_type == TensorProto.STRING or tensor.HasField("raw_data"):
        return
    if tensor.data_location == TensorProto.EXTERNAL:
        return
    raw = numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name)
    tensor.CopyFrom(raw)
