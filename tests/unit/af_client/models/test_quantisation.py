"""8-bit variants that answer nearly as the float model does."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from af_client.models.export import Activation, Layer, Network, to_onnx
from af_client.models.quantisation import NotQuantisable, Way, quantised, scaled
from builders.graphs import classifier, model_of, run, value

IMAGES = np.random.default_rng(5).standard_normal((40, 3, 8, 8)).astype(np.float32)
CALIBRATION = [{"x": IMAGES[:10]}]


def weights_of(model: onnx.ModelProto) -> list[Any]:
    return [
        numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.INT8 and len(tensor.dims) > 1
    ]


@pytest.mark.parametrize("way", Way)
def test_an_8_bit_variant_answers_nearly_the_same(way: Way) -> None:
    model = classifier()
    exact = run(model, x=IMAGES)
    found = run(quantised(model, CALIBRATION, way), x=IMAGES)
    assert found.shape == exact.shape
    assert np.abs(found - exact).max() < 0.05 * np.abs(exact).max()
    assert np.abs(found - exact).max() > 0


@pytest.mark.parametrize("way", Way)
def test_weights_are_signed_and_symmetric_so_that_a_zero_byte_is_a_zero_weight(way: Way) -> None:
    made = quantised(classifier(), CALIBRATION, way)
    assert len(weights_of(made)) == 2
    weights = {each.name for each in made.graph.initializer if each.data_type == TensorProto.INT8}
    places = {"DequantizeLinear": (0, 2), "ConvInteger": (1, 3), "MatMulInteger": (1, 3)}
    zero_points = [
        node.input[place]
        for node in made.graph.node
        for weight, place in [places.get(node.op_type, (0, 99))]
        if node.input[weight] in weights and place < len(node.input)
    ]
    assert bool(zero_points) == (way is Way.DYNAMIC)
    for tensor in made.graph.initializer:
        if tensor.name in zero_points:
            assert not numpy_helper.to_array(tensor).any()


@pytest.mark.parametrize("way", Way)
def test_the_model_itself_stays_as_it_was(way: Way) -> None:
    model = classifier()
    before = model.SerializeToString(deterministic=True)
    quantised(model, CALIBRATION, way)
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("way", Way)
def test_an_old_opset_is_no_hindrance(way: Way) -> None:
    model = classifier(opset=11)
    exact = run(model, x=IMAGES)
    found = run(quantised(model, CALIBRATION, way), x=IMAGES)
    assert np.abs(found - exact).max() < 0.05 * np.abs(exact).max()


def test_a_variant_is_about_a_quarter_of_the_size() -> None:
    model = classifier(channels=3000)
    assert quantised(model).ByteSize() < 0.4 * model.ByteSize()


def test_without_inputs_only_weights_are_made_8_bit() -> None:
    operators = {node.op_type for node in quantised(classifier()).graph.node}
    assert "DequantizeLinear" in operators
    assert "QuantizeLinear" not in operators


def test_with_inputs_activations_are_too() -> None:
    made = quantised(classifier(), CALIBRATION)
    assert "QuantizeLinear" in {node.op_type for node in made.graph.node}


def test_ranges_cannot_be_found_without_inputs() -> None:
    with pytest.raises(NotQuantisable, match="name a labelled set"):
        quantised(classifier(), (), Way.STATIC)


@pytest.mark.parametrize("way", Way)
def test_a_model_without_weights_is_refused(way: Way) -> None:
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    model = model_of([node], {}, [value("x", ["n", 3, 8, 8])], [value("y", ["n", 3, 8, 8])])
    with pytest.raises(NotQuantisable, match=r"no weights of Conv, MatMul, Gemm in float32"):
        quantised(model, CALIBRATION, way)


def test_weights_that_something_else_uses_too_stay_float() -> None:
    model = classifier()
    model.graph.node.append(onnx.helper.make_node("Identity", ["matrix"], ["copy"]))
    model.graph.output.append(value("copy", [5, 32]))
    assert len(weights_of(quantised(model))) == 1


def test_each_channel_has_a_scale_of_its_own() -> None:
    weights = np.array([[1.0, -2.0], [100.0, 50.0], [0.0, 0.0]], np.float32)
    values, scales = scaled(weights, 0)
    assert values.tolist() == [[64, -127], [127, 64], [0, 0]]
    assert scales == pytest.approx([2 / 127, 100 / 127, 1])


def test_both_orders_of_a_matrix_have_scales_by_output() -> None:
    layers = (
        Layer(np.ones((64, 90), np.float32), np.ones(90, np.float32), Activation.RELU),
        Layer(np.ones((90, 10), np.float32), np.ones(10, np.float32), Activation.NONE),
    )
    made = quantised(to_onnx(Network("two", layers)))
    scales = [t for t in made.graph.initializer if t.name.endswith("_scale")]
    assert sorted(tensor.dims[0] for tensor in scales) == [10, 90]
