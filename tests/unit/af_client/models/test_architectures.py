"""The study's models have their true number of parameters."""

import numpy as np
import pytest
from onnx import numpy_helper

from af_client.models.architectures import ARCHITECTURES
from af_client.models.architectures.layers import Drawn
from af_client.models.building import drafted
from af_client.models.contents import parameter_count
from af_client.modelserver.catalogue import Precision, catalogue

#: How far the study's rounded figure is from the true one, as a share of the true one.
ROUNDING = {
    "alexnet": -0.018,
    "vgg16": -0.003,
    "resnet-152": -0.003,
    "resnet-50": -0.022,
    "googlenet": 0.026,
    "inception-v3": -0.035,
    "mobilenet-224": -0.008,
}


def test_every_model_of_the_catalogue_can_be_built() -> None:
    assert list(ARCHITECTURES) == [model.name for model in catalogue().models]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_parameters_are_as_many_as_published(name: str) -> None:
    blueprint, model = drafted(name, 32, seed=1)
    assert blueprint.parameters == ARCHITECTURES[name].published
    assert parameter_count(model) == ARCHITECTURES[name].published


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_study_s_figure_is_rounded_by_this_much(name: str) -> None:
    (study,) = [model for model in catalogue().models if model.name == name]
    published = ARCHITECTURES[name].published
    assert (study.parameters - published) / published == pytest.approx(ROUNDING[name], abs=0.0006)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("precision", Precision)
def test_the_weights_have_the_bytes_that_parameters_and_precision_ask_for(
    name: str, precision: Precision
) -> None:
    bits = 8 * precision.bytes_per_parameter
    blueprint, model = drafted(name, bits, seed=1)
    size = sum(drawn.size_bytes for drawn in blueprint.drawn.values())
    others = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    expected = ARCHITECTURES[name].published * precision.bytes_per_parameter
    # Statistics, scales and biases come in addition: thin for all but the deepest.
    assert expected - others <= size <= expected
    assert others < 0.04 * expected + 0.6e6


@pytest.mark.parametrize("eight_bit", [True, False])
def test_drawn_weights_come_in_pieces_and_are_the_seed_s(eight_bit: bool) -> None:
    drawn = Drawn((1100, 1000), 0.5, eight_bit, (1, 2))
    pieces = list(drawn.pieces())
    assert max(map(len, pieces)) <= 4 << 20
    assert sum(map(len, pieces)) == drawn.size_bytes == 1_100_000 * (1 if eight_bit else 4)
    assert b"".join(pieces) == b"".join(drawn.pieces())
    other = Drawn((1100, 1000), 0.5, eight_bit, (1, 3))
    assert b"".join(other.pieces()) != b"".join(pieces)


def test_8_bit_weights_are_those_of_32_bits_in_steps() -> None:
    exact = np.frombuffer(b"".join(Drawn((500, 100), 0.5, False, (1, 2)).pieces()), np.float32)
    steps = np.frombuffer(b"".join(Drawn((500, 100), 0.5, True, (1, 2)).pieces()), np.int8)
    step = 0.5 * 4 / 127
    inside = np.abs(exact) < 1.99
    assert np.abs(steps[inside] * step - exact[inside]).max() <= step / 2 * 1.001
    assert abs(int(steps.min())) == int(steps.max()) == 127


def test_8_bits_have_a_scale_for_each_channel() -> None:
    _, model = drafted("mobilenet-224", 8, seed=1)
    tensors = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.raw_data
    }
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    scalings = [node for node in model.graph.node if node.op_type == "DequantizeLinear"]
    assert len(scalings) == 28
    for node in scalings:
        scales = tensors[node.input[1]]
        assert list(scales.shape) == [shapes[node.input[0]][0]]
        assert (scales > 0).all()


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(LookupError, match=r"no architecture 'lenet'; there are alexnet, vgg16"):
        drafted("lenet", 8, 1)
