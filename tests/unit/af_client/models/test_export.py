"""The graph computes what the layers say."""

import numpy as np
import numpy.typing as npt
import pytest
from onnx import numpy_helper
from onnxruntime import InferenceSession

from af_client.models.export import Activation, Layer, Network, to_onnx

RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.integers(0, 17, (6, 8, 8)).astype(np.float32)


def layer(inputs: int, outputs: int, activation: Activation = Activation.NONE) -> Layer:
    weights = RANDOM.normal(size=(inputs, outputs)).astype(np.float32)
    return Layer(weights, RANDOM.normal(size=outputs).astype(np.float32), activation)


def scores_of(network: Network) -> npt.NDArray[np.float32]:
    session = InferenceSession(
        to_onnx(network).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (scores,) = session.run(["scores"], {"images": IMAGES})
    return np.asarray(scores)


def test_a_single_layer_is_a_weighted_sum_of_scaled_pixels() -> None:
    only = layer(64, 10)
    expected = IMAGES.reshape(6, 64) / 16 @ only.weights + only.bias
    np.testing.assert_allclose(scores_of(Network("one", (only,))), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("activation", "function"),
    [(Activation.RELU, lambda x: np.maximum(x, 0)), (Activation.COS, np.cos)],
)
@pytest.mark.parametrize("hidden", [30, 90])
def test_an_activation_stands_between_layers(
    activation: Activation, function: np.ufunc, hidden: int
) -> None:
    first, second = layer(64, hidden, activation), layer(hidden, 10)
    between = function(IMAGES.reshape(6, 64) / 16 @ first.weights + first.bias)
    expected = between @ second.weights + second.bias
    np.testing.assert_allclose(scores_of(Network("two", (first, second))), expected, atol=1e-4)


def test_a_pooled_network_sees_the_means_of_four_pixels() -> None:
    only = layer(16, 10)
    means = [
        [image[y : y + 2, x : x + 2].mean() for y in range(0, 8, 2) for x in range(0, 8, 2)]
        for image in IMAGES
    ]
    expected = np.array(means) / 16 @ only.weights + only.bias
    np.testing.assert_allclose(scores_of(Network("p", (only,), pooled=True)), expected, atol=1e-5)


@pytest.mark.parametrize(("inputs", "outputs"), [(64, 100), (64, 64), (64, 20)])
def test_weights_of_the_same_hidden_neuron_are_neighbours(inputs: int, outputs: int) -> None:
    first, second = layer(inputs, outputs), layer(outputs, 10)
    stored = [
        numpy_helper.to_array(tensor)
        for tensor in to_onnx(Network("two", (first, second))).graph.initializer
    ]
    expected = first.weights.T if outputs >= inputs else first.weights
    assert any(np.array_equal(tensor, expected) for tensor in stored)
    assert any(np.array_equal(tensor, second.weights) for tensor in stored)


def test_weights_and_biases_are_counted_as_parameters() -> None:
    assert Network("two", (layer(64, 30), layer(30, 10))).parameters == 64 * 30 + 30 + 30 * 10 + 10


def test_the_graph_carries_no_text_but_its_names() -> None:
    model = to_onnx(Network("a-name", (layer(64, 10),)))
    assert model.graph.name == "a-name"
    assert not any([model.producer_name, model.domain, model.doc_string, model.metadata_props])
    assert not any(node.doc_string for node in model.graph.node)
