"""Any ONNX model becomes an entry of a pool, or a sentence that says why not."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.external_data_helper import set_external_data

from af_client.models.adding import add_model, default_name
from af_client.models.inference import load_split, scores
from af_client.models.labelled import LabelledSet, LabelledSetUnusable
from af_client.models.onnxfiles import ModelRefused
from af_client.models.pool import Pool, PoolUnusable, Port
from af_client.models.quantisation import NotQuantisable, Way
from builders.graphs import classifier, model_of, run, value

IMAGES = np.random.default_rng(5).standard_normal((50, 3, 8, 8)).astype(np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return saved(classifier(channels=100), tmp_path)


def saved(model: onnx.ModelProto, folder: Path, **options: Any) -> Path:
    path = folder / "My Model_v1.onnx"
    onnx.save(model, path, **options)
    return path


def labelled_set() -> LabelledSet:
    """Label the images by the model itself, and the last ten of them otherwise."""
    labels = run(classifier(channels=100), x=IMAGES).argmax(axis=1)
    labels[40:] = (labels[40:] + 1) % 5
    return LabelledSet("images.npz", IMAGES, labels)


def answers(folder: Path, name: str) -> Any:
    parts, entry = Pool(folder).split(name), Pool(folder).entry(name)
    session = load_split(parts.topology, parts.weights, topology_sha256=entry.topology_sha256)
    return scores(session, IMAGES, input_name=entry.inputs[0].name)


def test_a_model_is_described_as_it_is(tmp_path: Path, file: Path) -> None:
    (entry,) = add_model(tmp_path / "pool", file)
    assert Pool(tmp_path / "pool").entry("my-model-v1") == entry
    assert (entry.precision, entry.parameters) == ("float32", 100 * 27 + 100 + 5 * 100 + 5)
    assert entry.inputs == (Port("x", "float32", (None, 3, 8, 8)),)
    assert entry.outputs == (Port("y", "float32", (None, 5)),)
    assert (entry.accuracy, entry.labelled_set) == (None, None)
    assert entry.provenance is not None
    assert (entry.provenance.weights, entry.provenance.source) == ("given", "My Model_v1.onnx")
    assert len(entry.provenance.sha256 or "") == 64
    assert entry.weights_bytes == 4 * (100 * 27 + 5 * 100)
    assert 0 < (entry.topology_compressed_bytes or 0) < entry.topology_bytes


def test_what_a_device_loads_answers_as_the_file(tmp_path: Path, file: Path) -> None:
    add_model(tmp_path / "pool", file, name="m")
    expected = run(classifier(channels=100), x=IMAGES)
    np.testing.assert_array_equal(answers(tmp_path / "pool", "m"), expected)


def test_accuracy_is_that_on_the_named_set(tmp_path: Path, file: Path) -> None:
    (entry,) = add_model(tmp_path / "pool", file, labelled=labelled_set())
    assert (entry.accuracy, entry.labelled_set) == (0.8, "images.npz")


def test_an_8_bit_variant_stands_beside_its_model(tmp_path: Path, file: Path) -> None:
    _, variant = add_model(
        tmp_path / "pool", file, name="m", labelled=labelled_set(), quantise=True
    )
    assert [entry.name for entry in Pool(tmp_path / "pool").manifest.models] == ["m-int8", "m"]
    assert (variant.precision, variant.parameters) == ("int8", 3305)
    assert variant.accuracy == pytest.approx(0.8, abs=0.05)
    assert variant.provenance is not None
    assert variant.provenance.quantisation == "static"
    expected = run(classifier(channels=100), x=IMAGES)
    assert np.abs(answers(tmp_path / "pool", "m-int8") - expected).max() < 0.05 * expected.max()


@pytest.mark.parametrize("way", [Way.DYNAMIC, Way.WEIGHTS])
def test_the_way_to_8_bits_can_be_chosen(tmp_path: Path, file: Path, way: Way) -> None:
    _, variant = add_model(tmp_path / "pool", file, quantise=True, way=way)
    assert variant.provenance is not None
    assert variant.provenance.quantisation == way


def test_external_data_of_the_file_is_read(tmp_path: Path) -> None:
    file = saved(classifier(channels=100), tmp_path, save_as_external_data=True, size_threshold=0)
    add_model(tmp_path / "pool", file, name="m")
    expected = run(classifier(channels=100), x=IMAGES)
    np.testing.assert_array_equal(answers(tmp_path / "pool", "m"), expected)


def test_a_topology_above_a_megabit_is_taken_and_flagged(tmp_path: Path) -> None:
    model = classifier(channels=100)
    model.metadata_props.add(key="alphabet", value="x" * 130_000)
    (entry,) = add_model(tmp_path / "pool", saved(model, tmp_path))
    assert entry.topology_too_large


# --- refusals ---


def unsupported() -> onnx.ModelProto:
    model = classifier(channels=100)
    model.graph.node[1].op_type = "Frobnicate"
    return model


def halving(times: int) -> onnx.ModelProto:
    """Build poolings that need at least 2^times pixels a side."""
    nodes = [
        onnx.helper.make_node(
            "MaxPool", [f"v{at}"], [f"v{at + 1}"], kernel_shape=[2, 2], strides=[2, 2]
        )
        for at in range(times)
    ]
    nodes.append(onnx.helper.make_node("Conv", [f"v{times}", "w"], ["y"]))
    weights = {"w": np.ones((100, 3, 1, 1), np.float32)}
    image = value("v0", ["n", 3, "h", "w"])
    return model_of(nodes, weights, [image], [value("y", None)])


def never_of_one_size() -> onnx.ModelProto:
    """Build a multiplication of a matrix with what is never of its length."""
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    weights = {"w": np.ones((77, 5), np.float32)}
    return model_of([node], weights, [value("x", ["n", "m"])], [value("y", None)])


def separable_nowhere() -> onnx.ModelProto:
    return classifier(channels=2)


def thick_inside() -> onnx.ModelProto:
    """Build an If whose branches hold the weights."""
    branches = {}
    for branch in ("then_branch", "else_branch"):
        weights = np.full((100, 5), 0.5, np.float32)
        node = onnx.helper.make_node("MatMul", ["x", f"{branch}_w"], [f"{branch}_y"])
        tensor = onnx.numpy_helper.from_array(weights, f"{branch}_w")
        branches[branch] = onnx.helper.make_graph(
            [node], branch, [], [value(f"{branch}_y", ["n", 5])], [tensor]
        )
    node = onnx.helper.make_node("If", ["which"], ["y"], **branches)
    inputs = [value("x", ["n", 100]), value("which", [], onnx.TensorProto.BOOL)]
    return model_of([node], {}, inputs, [value("y", ["n", 5])])


def thick_only_as_a_shift() -> onnx.ModelProto:
    node = onnx.helper.make_node("Add", ["x", "shift"], ["y"])
    shift = {"shift": np.ones(100, np.float32)}
    return model_of([node], shift, [value("x", ["n", 100])], [value("y", ["n", 100])])


def taking_text() -> onnx.ModelProto:
    model = classifier(channels=100)
    model.graph.input.append(value("words", ["n"], onnx.TensorProto.STRING))
    return model


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (unsupported(), r"onnxruntime does not load it: .*Frobnicate"),
        (separable_nowhere(), "not separable: no tensor of weights has 256 bytes or more"),
        (thick_inside(), "not separable: its large tensors are inside of an If"),
        (thick_only_as_a_shift(), "not separable: what it has of large tensors are scales, bia"),
        (never_of_one_size(), "loads it, but does not run it with free sizes of 1, 32, 224: "),
        (taking_text(), "'words' takes .*; what can be tried are numbers"),
    ],
)
def test_what_does_not_run_is_refused_and_nothing_is_left(
    tmp_path: Path, model: onnx.ModelProto, reason: str
) -> None:
    with pytest.raises(ModelRefused, match=reason):
        add_model(tmp_path / "pool", saved(model, tmp_path))
    assert not (tmp_path / "pool").exists()


def test_free_sizes_grow_until_a_model_runs(tmp_path: Path) -> None:
    add_model(tmp_path / "pool", saved(halving(5), tmp_path), name="m")
    assert Pool(tmp_path / "pool").entry("m").inputs[0].shape == (None, 3, None, None)


@pytest.mark.parametrize("content", [b"", b"not a graph at all", b"PK\x03\x04", bytes(64)])
def test_a_file_that_is_not_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ModelRefused, match=r"m\.onnx is not an ONNX file"):
        add_model(tmp_path / "pool", tmp_path / "m.onnx")


def test_a_file_that_ends_too_soon_is_refused(tmp_path: Path, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelRefused, match="is not an ONNX file"):
        add_model(tmp_path / "pool", file)


def with_external_data(folder: Path) -> tuple[Path, Path]:
    path = saved(
        classifier(channels=100),
        folder,
        save_as_external_data=True,
        location="m.data",
        size_threshold=0,
    )
    return path, folder / "m.data"


def test_missing_external_data_is_named(tmp_path: Path) -> None:
    file, data = with_external_data(tmp_path)
    data.unlink()
    with pytest.raises(ModelRefused, match=r"weights in 'm\.data', which is missing; put it into"):
        add_model(tmp_path / "pool", file)


def test_external_data_that_ends_too_soon_is_named(tmp_path: Path) -> None:
    file, data = with_external_data(tmp_path)
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(ModelRefused, match=r"m\.data is cut short: .*; fetch it again"):
        add_model(tmp_path / "pool", file)


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname"])
def test_external_data_elsewhere_is_not_read(tmp_path: Path, location: str) -> None:
    model = classifier(channels=100)
    set_external_data(model.graph.initializer[0], location, offset=0, length=4)
    model.graph.initializer[0].ClearField("raw_data")
    file = tmp_path / "m.onnx"
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ModelRefused, match="must lie beside the model"):
        add_model(tmp_path / "pool", file)


@pytest.mark.parametrize("key", ["offset", "length"])
@pytest.mark.parametrize("text", ["-5", "abc"])
def test_external_data_at_no_place_is_refused(tmp_path: Path, key: str, text: str) -> None:
    file, _ = with_external_data(tmp_path)
    model = onnx.load(file, load_external_data=False)
    for place in model.graph.initializer[0].external_data:
        if place.key == key:
            place.value = text
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ModelRefused, match="offset and length are whole numbers"):
        add_model(tmp_path / "pool", file)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "x" * 65, ".hidden"])
def test_a_name_that_is_no_folder_s_is_refused(tmp_path: Path, file: Path, name: str) -> None:
    with pytest.raises(ModelRefused, match="cannot be a model's name"):
        add_model(tmp_path / "pool", file, name=name or "-")


def test_a_name_must_leave_room_for_that_of_the_variant(tmp_path: Path, file: Path) -> None:
    with pytest.raises(ModelRefused, match="-int8' cannot be a model's name"):
        add_model(tmp_path / "pool", file, name="x" * 60, quantise=True)
    assert not (tmp_path / "pool").exists()


def test_names_follow_from_files() -> None:
    assert default_name(Path("x/PP-OCRv6_rec (1).onnx")) == "pp-ocrv6-rec-1"


def test_the_same_model_twice_is_refused(tmp_path: Path, file: Path) -> None:
    add_model(tmp_path / "pool", file)
    with pytest.raises(PoolUnusable, match="'my-model-v1' already"):
        add_model(tmp_path / "pool", file, quantise=True)
    assert len(Pool(tmp_path / "pool").manifest.models) == 1


def test_a_set_for_another_model_leaves_nothing(tmp_path: Path, file: Path) -> None:
    other = LabelledSet("other.npz", np.zeros((3, 7), np.float32), np.zeros(3, np.int64))
    with pytest.raises(LabelledSetUnusable, match=r"from other\.npz"):
        add_model(tmp_path / "pool", file, labelled=other)
    assert not (tmp_path / "pool").exists()


def test_a_model_without_8_bit_variant_leaves_nothing(tmp_path: Path) -> None:
    tensors = {"table": np.ones((100, 100), np.float32)}
    node = onnx.helper.make_node("Mul", ["x", "table"], ["y"])
    model = model_of([node], tensors, [value("x", [100, 100])], [value("y", [100, 100])])
    with pytest.raises(NotQuantisable, match="no weights of Conv, MatMul, Gemm"):
        add_model(tmp_path / "pool", saved(model, tmp_path), quantise=True)
    assert not (tmp_path / "pool").exists()
