"""A graph in the one form that everything else here works on, and without what travels in vain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

#: Before it, each initializer had to be an input as well; from it on, inputs are inputs.
_FIRST_IR_WITHOUT_DOUBLES = 4
_SMALL_BYTES = 64
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


def _tensors_of_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[TensorProto]:
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
    _keep_nodes(graph, kept)


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


def condense(model: onnx.ModelProto) -> None:
    """Say the same with less, in place: no Identity, no small tensor twice, short names inside.

    Exporters write the paths of modules as names; each stands in the graph at least twice. Where
    graphs are nested, an inner one may use outer names: such a model is left as it is.
    """
    if len(list(_graphs(model.graph))) > 1 or model.functions:
        return
    _take_out_identities(model.graph)
    _share_small_tensors(model.graph)
    _shorten_names(model.graph)


def _take_out_identities(graph: onnx.GraphProto) -> None:
    """Let nodes read what an Identity reads; one that makes an output of the model stays."""
    outputs = {value.name for value in graph.output}
    source: dict[str, str] = {}
    kept = []
    for node in graph.node:
        if node.op_type == "Identity" and not node.domain and node.output[0] not in outputs:
            source[node.output[0]] = source.get(node.input[0], node.input[0])
        else:
            kept.append(node)
    _read_instead(kept, source)
    _keep_nodes(graph, kept)


def _share_small_tensors(graph: onnx.GraphProto) -> None:
    """Let nodes read the first of several tensors with the same small content."""
    outputs = {value.name for value in graph.output}
    first: dict[tuple[object, ...], str] = {}
    source: dict[str, str] = {}
    for tensor in list(graph.initializer):
        small = 0 < len(tensor.raw_data) <= _SMALL_BYTES
        if not small or tensor.name in outputs:
            continue
        content = (tensor.data_type, tuple(tensor.dims), tensor.raw_data)
        source[tensor.name] = first.setdefault(content, tensor.name)
        if source[tensor.name] != tensor.name:
            graph.initializer.remove(tensor)
    _read_instead(graph.node, source)


def _read_instead(nodes: Iterable[onnx.NodeProto], source: Mapping[str, str]) -> None:
    for node in nodes:
        node.input[:] = [source.get(name, name) for name in node.input]


def _keep_nodes(graph: onnx.GraphProto, kept: Sequence[onnx.NodeProto]) -> None:
    if len(kept) < len(graph.node):
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
        del graph.node[:]
        graph.node.extend(nodes)


def _shorten_names(graph: onnx.GraphProto) -> None:
    taken = {value.name for value in (*graph.input, *graph.output)} | {""}
    fresh = (name for name in map(_short, count()) if name not in taken)
    new = {name: name for name in taken}
    for sparse in graph.sparse_initializer:
        new[sparse.values.name] = sparse.values.name

    def renamed(name: str) -> str:
        if name not in new:
            new[name] = next(fresh)
        return new[name]

    for tensor in graph.initializer:
        tensor.name = renamed(tensor.name)
    for node in graph.node:
        node.input[:] = map(renamed, node.input)
        node.output[:] = map(renamed, node.output)


def _short(number: int) -> str:
    """Count in letters: a, b, … z, ba, bb, …."""
    text = ""
    while True:
        number, letter = divmod(number, 26)
        text = chr(ord("a") + letter) + text
        if not number:
            return text
