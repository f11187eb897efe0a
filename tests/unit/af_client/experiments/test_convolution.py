import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from af_client.experiments import convolution
from af_client.experiments.forms import Form, formed
from af_client.experiments.subjects import accuracy_of
from af_client.models.digits import Images, held_out_images, training_images
from af_client.models.labelled import LabelledSet
from af_client.models.split import split

SEED = 7


@pytest.fixture(scope="module")
def few() -> Images:
    images = training_images(SEED)
    return Images(images.pixels[:300], images.labels[:300])


def labelled(images: Images) -> LabelledSet:
    return LabelledSet("digits", images.pixels, images.labels)


@pytest.fixture(scope="module")
def model(few: Images) -> onnx.ModelProto:
    return convolution.train(few, SEED)


def test_it_learns_and_others_than_it_saw(model: onnx.ModelProto, few: Images) -> None:
    assert accuracy_of(split(model), labelled(few)) > 0.9
    assert accuracy_of(split(model), labelled(held_out_images(SEED))) > 0.75


def test_it_is_compact(model: onnx.ModelProto) -> None:
    numbers = [numpy_helper.to_array(tensor).size for tensor in model.graph.initializer]
    assert sum(numbers) < 35_000
    assert len(split(model).weights) < 130_000


def test_a_seed_makes_one_model_and_another_seed_another(few: Images) -> None:
    two = Images(few.pixels[:50], few.labels[:50])
    first, again, other = (convolution.train(two, seed) for seed in (1, 1, 2))
    assert split(first) == split(again)
    assert split(first).weights != split(other).weights


def test_it_has_an_8_bit_form(model: onnx.ModelProto, few: Images) -> None:
    eight = split(formed(model, Form.INT8))
    assert len(eight.weights) < 0.3 * len(split(model).weights)
    assert accuracy_of(eight, labelled(few)) == pytest.approx(
        accuracy_of(split(model), labelled(few)), abs=0.03
    )


def test_without_its_first_kernels_it_recognises_nothing(
    model: onnx.ModelProto, few: Images
) -> None:
    parts = onnx.ModelProto()
    parts.CopyFrom(model)
    kernel = next(t for t in parts.graph.initializer if t.name == "conv0_kernel")
    kernel.CopyFrom(numpy_helper.from_array(np.zeros(tuple(kernel.dims), np.float32), kernel.name))
    assert accuracy_of(split(parts), labelled(few)) < 0.3
