"""Three models of clearly different size and accuracy."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.neural_network import MLPClassifier

from af_client import cli
from af_client.models import training
from af_client.models.digits import Images, training_images
from af_client.models.export import Activation, Layer, Network, to_onnx
from af_client.models.pool import Manifest, Pool, Port, entry_of, installation, remove
from af_client.models.split import Split
from af_client.models.training import DEFAULT_SEED, RECIPE_VERSION, Trained, train_all
from builders.models import accuracy_of

SMALL, MEDIUM, LARGE = "digits-small", "digits-medium", "digits-large"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the large model small, leave the others out, and learn from a few images."""
    monkeypatch.setattr(training, "training_images", few_images)
    monkeypatch.setattr(training, "_FEATURES", 300)
    monkeypatch.setattr(training, "_BLOCK", 100)
    monkeypatch.setattr(training, "_small", training._large)
    monkeypatch.setattr(training, "_medium", training._large)


def few_images(seed: int) -> Images:
    images = training_images(seed)
    return Images(images.pixels[:150], images.labels[:150])


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def test_a_larger_model_recognises_more(pool: Pool) -> None:
    small, medium, large = (accuracy_of(pool, name) for name in (SMALL, MEDIUM, LARGE))
    assert 0.86 <= small <= medium - 0.03
    assert 0.96 <= medium <= large - 0.005
    assert large >= 0.985


def test_a_radio_link_tells_the_sizes_apart(pool: Pool) -> None:
    sizes = [entry.weights_bytes for entry in pool.manifest.models]
    assert sizes == pytest.approx([0.1e6, 1.5e6, 8e6], rel=0.05)


def test_every_topology_is_far_below_a_megabit(pool: Pool) -> None:
    assert all(entry.topology_bytes < 10_000 for entry in pool.manifest.models)


def test_all_parameters_but_the_biases_are_in_the_weights(pool: Pool) -> None:
    for entry in pool.manifest.models:
        inline_bytes = 4 * entry.parameters - entry.weights_bytes
        assert 0 <= inline_bytes <= 5_000, entry.name
        assert inline_bytes < entry.topology_bytes


def test_the_manifest_says_what_the_models_take_and_give(pool: Pool) -> None:
    for entry in pool.manifest.models:
        assert entry.inputs == (Port("images", "float32", (None, 8, 8)),)
        assert entry.outputs == (Port("scores", "float32", (None, 10)),)
        assert entry.labelled_set == "held-out digits"


@pytest.mark.usefixtures("quick")
def test_other_models_of_the_pool_stay(tmp_path: Path) -> None:
    parts = Split(b"a graph", b"weights")
    with installation(tmp_path) as new:
        new.add(entry_of("given", parts, accuracy=None, parameters=1), parts)
    trained = train_all(tmp_path, 1)
    assert "given" not in {entry.name for entry in trained.models}
    assert Pool(tmp_path).split("given") == parts
    assert train_all(tmp_path, 1) == trained


@pytest.mark.usefixtures("quick")
def test_a_removed_model_is_trained_again(tmp_path: Path) -> None:
    train_all(tmp_path, 1)
    remove(tmp_path, LARGE)
    assert [entry.name for entry in train_all(tmp_path, 1).models] == [LARGE] * 3


def test_the_manifest_says_what_the_models_were_made_from(pool: Pool) -> None:
    made_from = (pool.manifest.seed, pool.manifest.recipe_version, pool.manifest.held_out_images)
    assert made_from == (DEFAULT_SEED, RECIPE_VERSION, 599)


@pytest.mark.usefixtures("quick")
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for folder, seed in (("one", 1), ("again", 1), ("other", 2)):
        train_all(tmp_path / folder, seed)
    one, again, other = (files(tmp_path / folder) for folder in ("one", "again", "other"))
    assert one == again
    assert one[f"{LARGE}/weights.bin"] != other[f"{LARGE}/weights.bin"]


def test_a_perceptron_is_the_seed_s() -> None:
    images = training_images(1)
    once, again, other = (to_onnx(training._small(images, seed).network) for seed in (1, 1, 2))
    assert once == again
    assert once != other


@pytest.mark.usefixtures("quick")
def test_models_that_are_there_are_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_all(tmp_path, 1)
    monkeypatch.setattr(training, "_made", None)
    assert train_all(tmp_path, 1) == first


@pytest.mark.usefixtures("quick")
def test_damaged_models_are_trained_again(tmp_path: Path) -> None:
    train_all(tmp_path, 1)
    whole = files(tmp_path)
    (tmp_path / LARGE / "weights.bin").write_bytes(b"damaged")
    train_all(tmp_path, 1)
    assert files(tmp_path) == whole


@pytest.mark.usefixtures("quick")
def test_another_seed_or_recipe_trains_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_all(tmp_path, 1)
    assert train_all(tmp_path, 2).seed == Pool(tmp_path).manifest.seed == 2
    monkeypatch.setattr(training, "RECIPE_VERSION", 99)
    assert train_all(tmp_path, 2).recipe_version == Pool(tmp_path).manifest.recipe_version == 99


@pytest.mark.usefixtures("quick")
def test_a_graph_that_recognises_otherwise_than_its_trainer_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Layer(np.zeros((64, 10), np.float32), np.zeros(10, np.float32), Activation.NONE)
    wrong = Trained(Network("wrong", (layer,)), lambda pixels: np.ones(len(pixels), np.int64))
    monkeypatch.setattr(training, "_large", lambda *_: wrong)
    with pytest.raises(RuntimeError, match="wrong as exported recognises 599 of 599 images"):
        train_all(tmp_path, 1)
    assert not files(tmp_path)


@pytest.mark.usefixtures("quick")
def test_the_readout_does_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    images = few_images(1)
    in_blocks = training._large(images, 1).network.layers[1].weights
    monkeypatch.setattr(training, "_BLOCK", 300)
    at_once = training._large(images, 1).network.layers[1].weights
    np.testing.assert_allclose(in_blocks, at_once, atol=1e-3)


def test_an_image_is_learnt_at_its_place_and_moved_by_half_a_pixel() -> None:
    dot = np.zeros((4, 8, 8), np.float32)
    dot[:, 3, 3] = 16
    inputs, labels = training._with_shifts(Images(dot, np.arange(4)))
    assert labels.tolist() == [0, 1, 2, 3] * 3
    for picture in inputs[4:].reshape(8, 8, 8):
        (rows, columns) = np.nonzero(picture)
        assert picture[3, 3] == 0.5
        assert sorted(abs(rows - 3) + abs(columns - 3)) == [0, 1]
    assert len({picture.tobytes() for picture in inputs}) == 5


def test_what_moves_out_of_the_image_is_gone() -> None:
    corner = np.zeros((1, 8, 8), np.float32)
    corner[0, 0, 7] = 16
    assert not training._moved(corner, -1, 0).any()
    assert not training._moved(corner, 0, 1).any()
    assert training._moved(corner, 1, -1)[0, 1, 6] == 16


def test_an_interrupted_training_is_not_called_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        warnings.warn("Training interrupted by user.", stacklevel=1)

    monkeypatch.setattr(MLPClassifier, "partial_fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training._one_pass(
            MLPClassifier((2,)), np.zeros((1, 64), np.float32), np.zeros(1, np.int64)
        )


def test_the_command_tells_what_is_there(pool: Pool) -> None:
    result = CliRunner().invoke(cli.main, ["models", "train", "--out", str(pool.folder)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    manifest: Manifest = pool.manifest
    for line, entry in zip(lines, manifest.models, strict=True):
        assert line.startswith(entry.name)
        assert f"accuracy {entry.accuracy:.1%}" in line
