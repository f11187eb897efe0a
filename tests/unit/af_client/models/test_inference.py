"""What the device makes of what arrived."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.external_data_helper import set_external_data

from af_client.models.digits import Images
from af_client.models.inference import ModelUnusable, accuracy, load_split, recognise
from af_client.models.pool import Pool
from af_client.models.split import Split, checksum
from builders.models import accuracy_of

NAMES = ["digits-small", "digits-medium", "digits-large"]
SEGMENT_BYTES = 1400


def found_accuracy(parts: Split, images: Images) -> float:
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    return accuracy(session, images)


def with_hole(weights: bytes, start: int, size: int = SEGMENT_BYTES) -> bytes:
    end = min(start + size, len(weights))
    return weights[:start] + bytes(end - start) + weights[end:]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_from_its_two_parts_is_as_accurate_as_the_manifest_says(
    pool: Pool, held_out: Images, name: str
) -> None:
    assert found_accuracy(pool.split(name), held_out) == pool.entry(name).accuracy


def test_recognised_classes_come_one_an_image(pool: Pool, held_out: Images) -> None:
    parts = pool.split("digits-medium")
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    labels = recognise(session, held_out.pixels[:50])
    assert labels.shape == (50,)
    assert np.mean(labels == held_out.labels[:50]) > 0.9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.98])
def test_a_lost_segment_of_weights_costs_little_accuracy(
    pool: Pool, held_out: Images, name: str, place: float
) -> None:
    parts = pool.split(name)
    holed = with_hole(parts.weights, int(place * len(parts.weights)))
    assert holed != parts.weights
    found = found_accuracy(Split(parts.topology, holed), held_out)
    assert found >= accuracy_of(pool, name) - 0.03


def test_a_model_of_nothing_but_holes_still_runs(pool: Pool, held_out: Images) -> None:
    parts = pool.split("digits-small")
    empty = Split(parts.topology, bytes(len(parts.weights)))
    assert found_accuracy(empty, held_out) < 0.2


@given(bit=st.integers(0, 8 * 500 - 1))
@settings(max_examples=50, deadline=None)
def test_a_flipped_bit_of_the_topology_is_refused(pool: Pool, bit: int) -> None:
    parts = pool.split("digits-small")
    damaged = bytearray(parts.topology)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ModelUnusable, match="fetch it again"):
        load_split(bytes(damaged), parts.weights, topology_sha256=checksum(parts.topology))


def test_a_damaged_topology_is_refused_before_it_is_interpreted() -> None:
    with pytest.raises(ModelUnusable, match=r"7 bytes.* not the announced 0000"):
        load_split(b"no onnx", b"", topology_sha256="0000")


@pytest.mark.parametrize("change", [lambda w: w[:-1], lambda w: w + b"\0", lambda _: b""])
def test_weights_of_another_length_are_refused(
    pool: Pool, change: Callable[[bytes], bytes]
) -> None:
    parts = pool.split("digits-small")
    wrong = change(parts.weights)
    with pytest.raises(ModelUnusable, match=rf"{len(parts.weights)} bytes.* not {len(wrong)};"):
        load_split(parts.topology, wrong, topology_sha256=checksum(parts.topology))


def test_a_topology_never_opens_a_file_of_the_device(pool: Pool) -> None:
    parts = pool.split("digits-small")
    model = onnx.load_model_from_string(parts.topology)
    target = model.graph.initializer[-2]
    target.raw_data = b"\0" * 8
    set_external_data(target, "hosts", offset=0, length=8)
    foreign = model.SerializeToString()
    with pytest.raises(ModelUnusable, match="'hosts'"):
        load_split(foreign, parts.weights, topology_sha256=checksum(foreign))
