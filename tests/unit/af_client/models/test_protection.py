"""What must not be lost travels with the topology; what that is worth, measured."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from af_client.models.digits import Images, held_out_images, training_images
from af_client.models.export import to_onnx
from af_client.models.inference import accuracy, load_split
from af_client.models.protection import MAX_PROTECTED_BYTES, protected
from af_client.models.quantisation import Way, quantised
from af_client.models.split import Split, checksum, split
from af_client.models.training import _medium
from builders.graphs import model_of, value

PAGE = (Path(__file__).parents[4] / "docs" / "models.md").read_text("utf-8")
SEGMENT_BYTES = 1376
PLENTY = 10**6


def tensor(name: str, *dims: int, kind: int = TensorProto.FLOAT) -> onnx.TensorProto:
    size = int(np.prod(dims)) * (1 if kind == TensorProto.INT8 else 4)
    return TensorProto(name=name, data_type=kind, dims=dims, raw_data=bytes(size))


def graph_of(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    return model_of(nodes, {}, [value("x", ["n"])], [value("y", ["n"])]).graph


def kept(
    tensors: Sequence[onnx.TensorProto], *nodes: onnx.NodeProto, budget_bytes: int = PLENTY
) -> set[str]:
    return protected(graph_of(*nodes), tensors, budget_bytes)


def test_a_number_for_each_channel_is_protected_and_a_matrix_is_not() -> None:
    tensors = [tensor("b", 300), tensor("c", 1, 300, 1, 1), tensor("m", 300, 300)]
    assert kept(tensors) == {"b", "c"}


@pytest.mark.parametrize(
    ("operator", "place"),
    [
        ("DequantizeLinear", 1),
        ("DequantizeLinear", 2),
        ("QLinearConv", 4),
        ("QLinearConv", 8),
        ("QLinearMatMul", 4),
        ("ConvInteger", 3),
        ("Gemm", 2),
    ],
)
def test_scales_zero_points_and_biases_are_known_by_who_reads_them(
    operator: str, place: int
) -> None:
    inputs = [f"i{number}" for number in range(place)] + ["fragile"]
    node = onnx.helper.make_node(operator, inputs, ["y"])
    # Blocks have a scale each: a matrix by its shape, and no weight all the same.
    assert kept([tensor("fragile", 40, 40), tensor("i1", 40, 40)], node) >= {"fragile"}


def test_what_is_as_thick_as_weights_is_treated_as_weights() -> None:
    most = MAX_PROTECTED_BYTES // 4
    assert kept([tensor("fits", most), tensor("thick", most + 1)]) == {"fits"}


def test_scales_come_before_biases_when_not_all_fit() -> None:
    node = onnx.helper.make_node("DequantizeLinear", ["w", "scales"], ["y"])
    tensors = [tensor("biases", 100), tensor("scales", 200)]
    assert kept(tensors, node, budget_bytes=1000) == {"scales"}
    assert kept(tensors, node, budget_bytes=1200) == {"scales", "biases"}
    assert kept(tensors, node, budget_bytes=-1) == set()


@pytest.fixture(scope="module")
def eight_bit() -> onnx.ModelProto:
    """Make the 8-bit variant of a classifier that is accurate, calibrated on training images."""
    pixels = training_images(7).pixels[:32]
    model = to_onnx(_medium(training_images(7), 7).network)
    return quantised(model, [{"images": pixels}], Way.STATIC)


def accuracies(parts: Split, share: float, images: Images, seeds: int) -> list[float]:
    """Lose segments of the weights at random, each time others; measure what is recognised."""
    found = []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        weights = bytearray(parts.weights)
        for start in range(0, len(weights), SEGMENT_BYTES):
            if random.random() < share:
                end = min(start + SEGMENT_BYTES, len(weights))
                weights[start:end] = bytes(end - start)
        session = load_split(
            parts.topology, bytes(weights), topology_sha256=checksum(parts.topology)
        )
        found.append(accuracy(session, images))
    return found


def test_protection_is_what_keeps_an_8_bit_model_alive_under_losses(
    eight_bit: onnx.ModelProto,
) -> None:
    images = held_out_images(7)
    safe, bare = (split(eight_bit, protect=protect) for protect in (True, False))
    whole = accuracies(safe, 0, images, 1)[0]
    assert whole == accuracies(bare, 0, images, 1)[0] > 0.95
    assert len(bare.weights) > len(safe.weights)
    with_protection = accuracies(safe, 0.1, images, 20)
    without = accuracies(bare, 0.1, images, 20)
    assert min(with_protection) > whole - 0.06
    assert np.mean(with_protection) > np.mean(without) + 0.01
    assert min(with_protection) > min(without) + 0.05
    for found, row in ((with_protection, "topology"), (without, "weights")):
        shown = re.search(rf"^\| with the {row} \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
        assert shown
        # Another processor rounds otherwise when it trains.
        assert float(shown[1]) == pytest.approx(100 * np.mean(found), abs=2)
        assert float(shown[2]) == pytest.approx(100 * min(found), abs=6)
