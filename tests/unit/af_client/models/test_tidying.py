"""What exporters write in many ways, in one form; nothing of what it computes changes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from af_client.models.tidying import all_tensors, condense, strip_metadata, tidied
from builders.graphs import classifier, model_of, run, value

IMAGES = np.random.default_rng(5).standard_normal((4, 3, 8, 8)).astype(np.float32)


def with_constants() -> onnx.ModelProto:
    """Build the classifier with every initializer as a Constant node."""
    model = classifier()
    nodes = [helper.make_node("Constant", [], [t.name], value=t) for t in model.graph.initializer]
    nodes += model.graph.node
    del model.graph.initializer[:]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def with_typed_fields() -> onnx.ModelProto:
    """Build the classifier with its numbers in `float_data` and `int64_data`."""
    model = classifier()
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        tensor.CopyFrom(
            helper.make_tensor(tensor.name, tensor.data_type, tensor.dims, array.ravel().tolist())
        )
        assert not tensor.HasField("raw_data")
    return model


def with_initializers_as_inputs() -> onnx.ModelProto:
    model = classifier()
    model.ir_version = 3
    model.graph.input.extend(
        value(tensor.name, list(tensor.dims), tensor.data_type)
        for tensor in model.graph.initializer
    )
    return model


@pytest.mark.parametrize(
    "build", [classifier, with_constants, with_typed_fields, with_initializers_as_inputs]
)
def test_every_constant_becomes_an_initializer_of_raw_bytes(
    build: Callable[[], onnx.ModelProto],
) -> None:
    model = build()
    tidy = tidied(model)
    assert {t.name for t in tidy.graph.initializer} == {"kernel", "shift", "matrix", "bias", "flat"}
    assert all(t.HasField("raw_data") for t in tidy.graph.initializer)
    assert [node.op_type for node in tidy.graph.node] == [
        n.op_type for n in classifier().graph.node
    ]
    assert [each.name for each in tidy.graph.input] == ["x"]
    np.testing.assert_array_equal(run(tidy, x=IMAGES), run(classifier(), x=IMAGES))


def test_the_model_itself_stays_as_it_was() -> None:
    model = with_constants()
    before = model.SerializeToString(deterministic=True)
    tidied(model)
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ({"value_float": 2.5}, np.float32(2.5)),
        ({"value_floats": [1.0, 2.0]}, np.array([1, 2], np.float32)),
        ({"value_int": 3}, np.int64(3)),
        ({"value_ints": [4, 5]}, np.array([4, 5], np.int64)),
    ],
)
def test_short_forms_of_constants_are_read(attribute: dict[str, Any], expected: Any) -> None:
    nodes = [helper.make_node("Constant", [], ["y"], **attribute)]
    (tensor,) = tidied(model_of(nodes, {}, [], [value("y", None)])).graph.initializer
    found = numpy_helper.to_array(tensor)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.asarray(expected).dtype


def test_a_constant_text_stays_a_node() -> None:
    nodes = [helper.make_node("Constant", [], ["y"], value_string="text")]
    model = model_of(nodes, {}, [], [value("y", [], TensorProto.STRING)])
    assert [node.op_type for node in tidied(model).graph.node] == ["Constant"]


def chatty() -> onnx.ModelProto:
    model = classifier()
    model.producer_name, model.producer_version, model.doc_string = "exporter", "1.2", "how I did"
    model.graph.doc_string = "of the graph"
    model.graph.node[0].doc_string = 'File "/home/somebody/train.py", line 3'
    model.graph.value_info.append(value("c", ["n", 32, 8, 8]))
    model.metadata_props.add(key="alphabet", value="abc")
    return model


def test_what_exporters_say_of_themselves_is_gone_and_what_applications_read_is_not() -> None:
    model = chatty()
    size = model.ByteSize()
    strip_metadata(model)
    content = model.SerializeToString()
    for text in (b"exporter", b"how I did", b"somebody", b"conv_1", b"of the graph"):
        assert text not in content
    assert [(each.key, each.value) for each in model.metadata_props] == [("alphabet", "abc")]
    assert model.ByteSize() < size
    np.testing.assert_array_equal(run(model, x=IMAGES), run(classifier(), x=IMAGES))


def inside_a_branch() -> onnx.ModelProto:
    """Build an If whose branches have tensors of their own."""
    branches = {}
    for name in ("then", "else"):
        tensor = numpy_helper.from_array(np.zeros(3, np.float32), f"{name}_tensor")
        node = helper.make_node("Identity", [tensor.name], [f"{name}_out"], doc_string="why")
        branches[f"{name}_branch"] = helper.make_graph(
            [node], name, [], [value(f"{name}_out", [3])], [tensor]
        )
    node = helper.make_node("If", ["which"], ["y"], **branches)
    return model_of([node], {}, [value("which", [], TensorProto.BOOL)], [value("y", [3])])


def test_tensors_inside_of_branches_and_attributes_are_found() -> None:
    names = {tensor.name for tensor in all_tensors(inside_a_branch())}
    assert names == {"then_tensor", "else_tensor"}
    assert {tensor.name for tensor in all_tensors(with_constants())} >= {"kernel", "flat"}


def test_metadata_inside_of_branches_is_gone_too() -> None:
    model = inside_a_branch()
    strip_metadata(model)
    branch = next(a for a in model.graph.node[0].attribute if a.type == AttributeProto.GRAPH)
    assert branch.g.node[0].doc_string == ""
    assert run(model, which=np.array(True)).tolist() == [0, 0, 0]


def roundabout() -> onnx.ModelProto:
    """Build x * 2 * 2 + 3 with two tensors of 2, and an Identity before, between and at the end."""
    tensors = {name: np.array(n, np.float32) for name, n in (("a", 2), ("b", 2), ("c", 3))}
    nodes = [
        helper.make_node("Identity", ["x"], ["model/layer/in"]),
        helper.make_node("Identity", ["a"], ["model/layer/a"]),
        helper.make_node("Mul", ["model/layer/in", "model/layer/a"], ["model/layer/mul"]),
        helper.make_node("Identity", ["model/layer/mul"], ["model/layer/same"]),
        helper.make_node("Identity", ["model/layer/same"], ["model/layer/again"]),
        helper.make_node("Mul", ["model/layer/again", "b"], ["model/layer/mul2"]),
        helper.make_node("Add", ["model/layer/mul2", "c"], ["model/layer/out"]),
        helper.make_node("Identity", ["model/layer/out"], ["y"]),
    ]
    return model_of(nodes, tensors, [value("x", [2])], [value("y", [2])])


def test_detours_and_repetitions_are_gone_and_the_answer_is_the_same() -> None:
    model = roundabout()
    condense(model)
    assert [node.op_type for node in model.graph.node] == ["Mul", "Mul", "Add", "Identity"]
    assert sorted(float(numpy_helper.to_array(t)) for t in model.graph.initializer) == [2, 3]
    assert b"model/layer" not in model.SerializeToString()
    assert run(model, x=np.array([1, 2], np.float32)).tolist() == [7, 11]


def test_the_same_bytes_of_another_type_or_shape_are_something_else() -> None:
    tensors = {
        "i": np.zeros(2, np.int64),
        "f": np.zeros(4, np.float32),
        "g": np.zeros((2, 2), np.float32),
    }
    nodes = [helper.make_node("Cast", ["i"], ["c"], to=1)]
    nodes.append(helper.make_node("Concat", ["c", "f"], ["y"], axis=0))
    nodes.append(helper.make_node("Relu", ["g"], ["z"]))
    model = model_of(nodes, tensors, [], [value("y", [6]), value("z", [2, 2])])
    condense(model)
    assert len(model.graph.initializer) == 3


def test_a_graph_with_branches_is_left_as_it_is() -> None:
    model = inside_a_branch()
    condense(model)
    assert model == inside_a_branch()


def test_tensors_whose_content_is_elsewhere_are_not_taken_for_equal() -> None:
    model = classifier()
    for tensor in model.graph.initializer[:2]:
        tensor.ClearField("raw_data")
        del tensor.dims[:]
        tensor.dims.extend([32, 3, 3, 3])
    condense(model)
    assert len(model.graph.initializer) == 5
