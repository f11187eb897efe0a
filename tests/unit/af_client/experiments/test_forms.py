import logging

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import uses_external_data

from af_client.experiments.damage import zero_filled
from af_client.experiments.forms import Form, formed, joined
from af_client.experiments.subjects import Subject, accuracy_of, answers
from af_client.models.labelled import LabelledSet
from af_client.models.pool import Pool
from af_client.models.split import Split, split

SMALL = "digits-small"
BYTES_PER_WEIGHT = {Form.FLOAT32: 4, Form.FLOAT32_BY_INPUT: 4}


@pytest.fixture(scope="module")
def model(pool: Pool) -> onnx.ModelProto:
    return joined(pool.split(SMALL))


def test_a_joined_model_can_be_split_again_into_the_same_parts(
    pool: Pool, model: onnx.ModelProto
) -> None:
    assert split(model) == pool.split(SMALL)


@pytest.mark.parametrize("form", Form)
def test_every_form_recognises_nearly_as_much(
    form: Form, every_subject: tuple[Subject, ...]
) -> None:
    plain = next(each for each in every_subject if each.form is Form.FLOAT32)
    assert plain.accuracy > 0.8
    for subject in every_subject:
        if subject.form is form:
            assert subject.accuracy == pytest.approx(plain.accuracy, abs=0.02)


@pytest.mark.parametrize("form", Form)
def test_weights_are_matrices_alone_when_the_rest_travels_with_the_topology(
    form: Form, model: onnx.ModelProto
) -> None:
    parts = split(formed(model, form))
    tensors = onnx.load_model_from_string(parts.topology).graph.initializer
    outside = [tensor for tensor in tensors if uses_external_data(tensor)]
    assert sorted(int(np.prod(tensor.dims)) for tensor in outside) == [9_500, 15_200]
    assert len(parts.weights) == (9_500 + 15_200) * BYTES_PER_WEIGHT.get(form, 1)
    assert len(parts.topology) > len(split(formed(model, form), protect=False).topology)


@pytest.mark.parametrize("form", Form)
def test_where_the_biases_travel_changes_no_answer(
    form: Form, model: onnx.ModelProto, held_out: LabelledSet
) -> None:
    converted = formed(model, form)
    apart, together = (split(converted, protect=each) for each in (True, False))
    assert (answers(apart, held_out.inputs) == answers(together, held_out.inputs)).all()


def test_the_other_order_has_the_same_numbers_and_the_same_answers(
    model: onnx.ModelProto, held_out: LabelledSet
) -> None:
    turned = formed(model, Form.FLOAT32_BY_INPUT)
    before, after = (split(each) for each in (model, turned))
    assert before.weights != after.weights
    values = [np.sort(np.frombuffer(each.weights, np.float32)) for each in (before, after)]
    assert (values[0] == values[1]).all()
    assert (answers(before, held_out.inputs) == answers(after, held_out.inputs)).all()


def test_dynamic_quantisation_stores_its_weights_in_the_order_of_the_control(
    model: onnx.ModelProto,
) -> None:
    def shapes(form: Form) -> list[list[int]]:
        tensors = formed(model, form).graph.initializer
        return sorted(list(tensor.dims) for tensor in tensors if len(tensor.dims) == 2)

    assert shapes(Form.DYNAMIC_QINT8) == shapes(Form.FLOAT32_BY_INPUT)
    assert shapes(Form.INT8) == shapes(Form.FLOAT32) != shapes(Form.FLOAT32_BY_INPUT)


def test_a_zero_byte_is_a_zero_weight_only_where_the_numbers_are_signed(
    model: onnx.ModelProto,
) -> None:
    def zero_points(form: Form) -> list[int]:
        tensors = formed(model, form).graph.initializer
        kinds = (TensorProto.INT8, TensorProto.UINT8)
        points = (t for t in tensors if t.data_type in kinds and len(t.dims) < 2)
        return [int(numpy_helper.to_array(tensor)) for tensor in points]

    assert zero_points(Form.DYNAMIC_QINT8) == [0, 0]
    assert all(point > 64 for point in zero_points(Form.DYNAMIC_QUINT8))
    # Without a zero point, zero is zero.
    assert zero_points(Form.INT8) == []


def test_lost_scales_and_biases_cost_more_than_lost_weights_of_a_matrix(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    subject = next(s for s in every_subject if s.form is Form.INT8 and not s.sheltered)
    weights = bytearray(subject.parts.weights)
    for tensor in onnx.load_model_from_string(subject.parts.topology).graph.initializer:
        if uses_external_data(tensor) and len(tensor.dims) == 1:
            place = {each.key: int(each.value) for each in tensor.external_data[1:]}
            start, end = place["offset"], place["offset"] + place["length"]
            weights[start:end] = bytes(end - start)
    harmed = Split(subject.parts.topology, bytes(weights))
    assert accuracy_of(harmed, held_out) < 0.5
    one_packet = np.arange(-(-len(weights) // 1376)) == 3
    harmed = Split(subject.parts.topology, zero_filled(subject.parts.weights, one_packet))
    assert accuracy_of(harmed, held_out) > 0.7


def test_quantising_leaves_the_log_and_the_model_as_they_were(model: onnx.ModelProto) -> None:
    before, level = model.SerializeToString(deterministic=True), logging.getLogger().level
    for form in Form:
        formed(model, form)
    assert logging.getLogger().level == level
    assert model.SerializeToString(deterministic=True) == before
