"""Topology and weights, taken apart so that they fit together again."""

import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.external_data_helper import set_external_data, uses_external_data

from af_client.models.export import Activation, Layer, Network, to_onnx
from af_client.models.inference import load_split, scores
from af_client.models.quantisation import quantised
from af_client.models.split import (
    MAX_TOPOLOGY_BYTES,
    WEIGHTS_FILE,
    Split,
    checksum,
    compressed,
    split,
    weights_size,
)
from builders.graphs import classifier, run

IMAGES = np.random.default_rng(5).standard_normal((4, 3, 8, 8)).astype(np.float32)


def model(hidden: int = 12) -> onnx.ModelProto:
    first = np.arange(64 * hidden, dtype=np.float32).reshape(64, hidden)
    second = np.arange(hidden * 10, dtype=np.float32).reshape(hidden, 10)
    layers = (
        Layer(first, np.ones(hidden, np.float32), Activation.RELU),
        Layer(second, np.ones(10, np.float32), Activation.NONE),
    )
    return to_onnx(Network("tiny", layers))


def tensors(topology: bytes) -> dict[str, onnx.TensorProto]:
    graph = onnx.load_model_from_string(topology).graph
    return {tensor.name: tensor for tensor in graph.initializer}


def answer_of(parts: Split) -> Any:
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    return scores(session, IMAGES)


def test_weights_are_the_large_tensors_in_the_order_of_the_graph() -> None:
    expected = np.concatenate([np.arange(64 * 12), np.arange(12 * 10)]).astype(np.float32)
    assert split(model()).weights == expected.tobytes()


@pytest.mark.parametrize(("hidden", "outside"), [(63, False), (64, True)])
def test_a_tensor_of_256_bytes_is_outside_and_a_smaller_one_inside(
    hidden: int, outside: bool
) -> None:
    parts = split(model(hidden), protect=False)
    (bias,) = [t for t in tensors(parts.topology).values() if t.dims == [hidden]]
    assert uses_external_data(bias) is outside
    assert len(bias.raw_data) == (0 if outside else 4 * hidden)


def test_a_bias_of_any_usual_size_stays_in_the_topology() -> None:
    (bias,) = [t for t in tensors(split(model(900)).topology).values() if t.dims == [900]]
    assert len(bias.raw_data) == 3600


def test_what_is_protected_never_takes_the_topology_above_a_megabit() -> None:
    sizes = [64, 4000] * 10 + [10]
    layers = tuple(
        Layer(np.ones((a, b), np.float32), np.ones(b, np.float32), Activation.RELU)
        for a, b in pairwise(sizes)
    )
    parts = split(to_onnx(Network("deep", layers)))
    biases = [t for t in tensors(parts.topology).values() if list(t.dims) == [4000]]
    inside = [t for t in biases if not uses_external_data(t)]
    assert 0 < len(inside) < len(biases) == 10
    assert MAX_TOPOLOGY_BYTES - 16_000 < len(parts.topology) <= MAX_TOPOLOGY_BYTES


def test_shapes_stay_in_the_topology() -> None:
    inside = [t for t in tensors(split(model()).topology).values() if not uses_external_data(t)]
    assert any(t.data_type == onnx.TensorProto.INT64 for t in inside)


def test_a_topology_refers_to_the_weights_by_offset_and_length() -> None:
    large = [t for t in tensors(split(model()).topology).values() if uses_external_data(t)]
    places = [{entry.key: entry.value for entry in tensor.external_data} for tensor in large]
    assert places == [
        {"location": WEIGHTS_FILE, "offset": "0", "length": str(4 * 64 * 12)},
        {"location": WEIGHTS_FILE, "offset": str(4 * 64 * 12), "length": str(4 * 12 * 10)},
    ]


def test_splitting_leaves_the_model_as_it_was() -> None:
    whole = model()
    before = whole.SerializeToString(deterministic=True)
    split(whole)
    assert whole.SerializeToString(deterministic=True) == before


def test_the_same_model_gives_the_same_bytes() -> None:
    assert split(model()) == split(model())


@pytest.mark.parametrize("protect", [True, False])
@pytest.mark.parametrize("eight_bit", [True, False])
def test_the_two_parts_answer_as_the_whole(protect: bool, eight_bit: bool) -> None:
    whole = classifier(channels=100)
    whole = quantised(whole) if eight_bit else whole
    parts = split(whole, protect=protect)
    assert parts.weights
    np.testing.assert_array_equal(answer_of(parts), run(whole, x=IMAGES))


def test_the_topology_has_short_names_inside_and_its_own_outside() -> None:
    graph = onnx.load_model_from_string(split(classifier()).topology).graph
    assert [graph.input[0].name, graph.output[0].name] == ["x", "y"]
    inner = {name for node in graph.node for name in (*node.input, *node.output)} - {"x", "y"}
    assert max(map(len, inner)) == 1


def test_a_compressed_topology_is_a_zlib_stream() -> None:
    topology = split(classifier()).topology
    assert zlib.decompress(compressed(topology)) == topology
    assert len(compressed(topology)) < len(topology)


def test_the_topology_knows_how_long_the_weights_are() -> None:
    parts = split(model())
    assert weights_size(parts.topology) == len(parts.weights)


def test_a_topology_without_large_tensors_needs_no_weights() -> None:
    empty = onnx.ModelProto()
    empty.graph.name = "empty"
    assert weights_size(empty.SerializeToString()) == 0


def test_a_topology_that_refers_to_another_file_is_refused() -> None:
    foreign = model()
    set_external_data(foreign.graph.initializer[2], "../../somewhere", offset=0, length=8)
    with pytest.raises(ValueError, match=r"'\.\./\.\./somewhere'; only weights\.bin is allowed"):
        weights_size(foreign.SerializeToString())


def test_a_reference_hidden_in_a_constant_is_refused_too() -> None:
    foreign = model()
    tensor = onnx.TensorProto(name="t", data_type=onnx.TensorProto.FLOAT, dims=[2], raw_data=b"")
    set_external_data(tensor, "hosts", offset=0, length=8)
    foreign.graph.node.append(onnx.helper.make_node("Constant", [], ["c"], value=tensor))
    with pytest.raises(ValueError, match="'hosts'"):
        weights_size(foreign.SerializeToString())


def test_the_checksum_is_sha_256() -> None:
    assert checksum(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
