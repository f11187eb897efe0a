"""How right a model is, on a set that somebody labelled."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from af_client.models.inference import load_split
from af_client.models.labelled import LabelledSet, LabelledSetUnusable, measured, read_labelled_set
from af_client.models.split import checksum, split
from builders.graphs import model_of, value

BLANK, A, B = 0, 1, 2


def saying_its_input(shape: list[int | str | None], inputs: int = 1) -> Any:
    """Load a model whose scores are its input."""
    nodes = [onnx.helper.make_node("Identity", ["x0"], ["y"])]
    ports = [value(f"x{number}", shape) for number in range(inputs)]
    parts = split(model_of(nodes, {}, ports, [value("y", shape)]))
    return load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))


def one_hot(classes: Any, count: int = 4) -> Any:
    return np.eye(count, dtype=np.float32)[np.asarray(classes)]


def labelled(inputs: Any, labels: Any) -> LabelledSet:
    return LabelledSet("some.npz", inputs, np.asarray(labels, np.int64))


def test_the_best_class_is_the_answer() -> None:
    found = measured(saying_its_input(["n", 4]), labelled(one_hot([1, 2, 3, 0]), [1, 2, 0, 0]))
    assert found == 0.75


def test_a_large_set_is_run_in_parts() -> None:
    classes = np.arange(100) % 4
    assert measured(saying_its_input(["n", 4]), labelled(one_hot(classes), classes)) == 1.0


def test_a_model_for_one_item_is_asked_one_by_one() -> None:
    classes = [3, 1, 2]
    assert measured(saying_its_input([1, 4]), labelled(one_hot(classes), [3, 1, 0])) == 2 / 3


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([A, A, BLANK, B], [A, B]),
        ([A, BLANK, A, A], [A, A]),
        ([BLANK, BLANK, BLANK, BLANK], []),
        ([A, B, A, B], [A, B, A, B]),
    ],
)
def test_a_text_is_read_as_ctc_writes_it(steps: list[int], text: list[int]) -> None:
    right = np.full((1, 5), -1)
    right[0, : len(text)] = text
    wrong = np.array([[B, B, B, -1, -1]])
    session = saying_its_input(["n", 4, 4])
    assert measured(session, labelled(one_hot([steps]), right)) == 1.0
    assert measured(session, labelled(one_hot([steps]), wrong)) == 0.0


def test_a_set_of_another_shape_than_the_model_s_is_refused() -> None:
    with pytest.raises(LabelledSetUnusable, match=r"does not take inputs \(2, 3\) of float32"):
        measured(saying_its_input(["n", 4]), labelled(np.zeros((2, 3), np.float32), [0, 1]))


def test_texts_ask_for_answers_in_steps() -> None:
    with pytest.raises(LabelledSetUnusable, match=r"answers \(1, 4\).*ask for \(1, steps"):
        measured(saying_its_input(["n", 4]), labelled(one_hot([1]), [[1, -1]]))


def test_a_model_of_two_inputs_has_no_labelled_set() -> None:
    with pytest.raises(LabelledSetUnusable, match="the model has 2 inputs"):
        measured(saying_its_input(["n", 4], inputs=2), labelled(one_hot([1]), [1]))


def test_a_written_set_is_read_back(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", inputs=one_hot([1, 2]), labels=np.array([1, 2], np.uint8))
    found = read_labelled_set(tmp_path / "s.npz")
    assert (found.name, len(found), found.labels.tolist()) == ("s.npz", 2, [1, 2])


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"inputs": np.zeros(3)}, "lacks the array .*labels"),
        ({"inputs": np.zeros(3), "labels": np.zeros(3)}, "whole numbers"),
        ({"inputs": np.zeros(3), "labels": np.zeros((3, 1, 1), int)}, "whole numbers"),
        ({"inputs": np.zeros(3), "labels": np.zeros(2, int)}, "one label belongs to each input"),
        ({"inputs": np.zeros(0), "labels": np.zeros(0, int)}, "are empty"),
        ({"inputs": np.array([{}]), "labels": np.zeros(1, int)}, "is no labelled set"),
    ],
)
def test_a_set_that_is_none_says_what_would_be_right(
    tmp_path: Path, arrays: dict[str, Any], reason: str
) -> None:
    np.savez(tmp_path / "s.npz", **arrays)
    with pytest.raises(LabelledSetUnusable, match=reason):
        read_labelled_set(tmp_path / "s.npz")


@pytest.mark.parametrize("content", [b"", b"inputs,labels", b"PK\x03\x04broken"])
def test_a_file_that_is_no_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.npz").write_bytes(content)
    with pytest.raises(LabelledSetUnusable, match=r"write one by numpy\.savez"):
        read_labelled_set(tmp_path / "s.npz")


def test_a_single_array_is_no_set(tmp_path: Path) -> None:
    np.save(tmp_path / "s.npy", np.zeros(3))
    with pytest.raises(LabelledSetUnusable, match="is no labelled set"):
        read_labelled_set(tmp_path / "s.npy")
