"""`af-client pool` as a user meets it."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import numpy_helper

from af_client.cli import main
from af_client.models.digits import held_out_images, training_images
from af_client.models.export import to_onnx
from af_client.models.inference import load_split, scores
from af_client.models.pool import Pool
from af_client.models.split import checksum, compressed
from af_client.models.training import _small
from builders.graphs import classifier, run

IMAGES = np.random.default_rng(5).standard_normal((20, 3, 8, 8)).astype(np.float32)


def pool(*words: object) -> Result:
    return CliRunner().invoke(main, ["pool", *map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    onnx.save(classifier(channels=100), path)
    return path


@pytest.fixture
def folder(tmp_path: Path, file: Path) -> Path:
    assert pool("add", file, "--pool", tmp_path / "pool", "--quantise").exit_code == 0
    return tmp_path / "pool"


def lines(result: Result) -> list[list[str]]:
    return [line.split() for line in result.output.splitlines()]


def test_digits_are_added_measured_and_made_8_bit(tmp_path: Path) -> None:
    onnx.save(to_onnx(_small(training_images(7), 7).network), tmp_path / "digits.onnx")
    held_out = held_out_images(7)
    np.savez(tmp_path / "held-out.npz", inputs=held_out.pixels, labels=held_out.labels)
    words = ["--pool", tmp_path / "pool", "--labelled", tmp_path / "held-out.npz"]
    added = pool("add", tmp_path / "digits.onnx", *words, "--quantise", "--json")
    exact, variant = json.loads(added.output)
    assert (exact["name"], variant["name"]) == ("digits", "digits-int8")
    assert exact["accuracy"] == pytest.approx(0.89, abs=0.02)
    assert variant["accuracy"] == pytest.approx(exact["accuracy"], abs=0.02)
    assert variant["weights_bytes"] * 4 == exact["weights_bytes"]
    assert variant["labelled_set"] == "held-out.npz"


def test_a_list_is_a_table(folder: Path) -> None:
    heading, variant, model = lines(pool("list", "--pool", folder))
    assert heading == ["model", "precision", "parameters", "topology", "weights", "accuracy"]
    assert variant[:2] == ["model-int8", "int8"]
    assert model[:4] == ["model", "float32", "3", "305"]
    assert "12.80 kB" not in model
    assert model[-2:] == ["not", "measured"]


def test_a_list_for_machines_is_that_of_the_manifest(folder: Path) -> None:
    found = json.loads(pool("list", "--pool", folder, "--json").output)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [each | {"topology_too_large": False} for each in manifest["models"]] == found


def test_a_model_is_shown_in_detail(folder: Path) -> None:
    shown = pool("show", "model", "--pool", folder).output
    entry = Pool(folder).entry("model")
    for text in (
        entry.topology_sha256,
        entry.weights_sha256,
        "x: float32 (any, 3, 8, 8)",
        "y: float32 (any, 5)",
        "given: model.onnx",
        "Mbit",
        "compressed",
    ):
        assert text in shown
    document = json.loads(pool("show", "model", "--pool", folder, "--json").output)
    assert document["weights_sha256"] == entry.weights_sha256


def test_a_topology_above_a_megabit_is_flagged(tmp_path: Path) -> None:
    model = classifier(channels=100)
    model.metadata_props.add(key="alphabet", value="x" * 130_000)
    onnx.save(model, tmp_path / "long.onnx")
    added = pool("add", tmp_path / "long.onnx", "--pool", tmp_path / "pool")
    assert added.exit_code == 0
    listed = pool("list", "--pool", tmp_path / "pool").output
    assert "!13" in listed
    assert "above 1 Mbit" in listed
    assert "above 1 Mbit" in pool("show", "long", "--pool", tmp_path / "pool").output


def test_a_split_needs_no_pool(tmp_path: Path, file: Path) -> None:
    sizes = json.loads(pool("split", file, tmp_path / "parts", "--json").output)
    topology = (tmp_path / "parts" / "topology.onnx").read_bytes()
    weights = (tmp_path / "parts" / "weights.bin").read_bytes()
    assert sizes == {
        "topology_bytes": len(topology),
        "topology_compressed_bytes": len(compressed(topology)),
        "weights_bytes": len(weights),
    }
    session = load_split(topology, weights, topology_sha256=checksum(topology))
    expected = run(classifier(channels=100), x=IMAGES)
    np.testing.assert_array_equal(scores(session, IMAGES), expected)


def test_what_was_split_is_an_onnx_model_for_any_reader(tmp_path: Path, file: Path) -> None:
    assert pool("split", file, tmp_path / "parts").exit_code == 0
    read = onnx.load(tmp_path / "parts" / "topology.onnx")
    onnx.checker.check_model(read)
    kernel = numpy_helper.to_array(read.graph.initializer[0])
    np.testing.assert_array_equal(
        kernel, numpy_helper.to_array(classifier(channels=100).graph.initializer[0])
    )


def test_a_removed_model_is_gone(folder: Path) -> None:
    assert "removed" in pool("remove", "model", "--pool", folder).output
    assert [each[0] for each in lines(pool("list", "--pool", folder))] == ["model", "model-int8"]
    assert not (folder / "model").exists()


def covered(topology: bytes) -> list[tuple[int, int]]:
    """Return the ranges of the weights that a topology refers to, neighbours joined."""
    graph = onnx.load_model_from_string(topology).graph
    places = [{each.key: each.value for each in t.external_data} for t in graph.initializer]
    ranges = sorted((int(p["offset"]), int(p["length"])) for p in places if p)
    joined = ranges[:1]
    for start, length in ranges[1:]:
        if start == sum(joined[-1]):
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        else:
            joined.append((start, length))
    return joined


def test_an_architecture_is_built_and_says_that_it_knows_nothing(tmp_path: Path) -> None:
    words = ["--pool", tmp_path / "pool", "--precision", 8]
    (entry,) = json.loads(pool("build", "mobilenet-224", *words, "--json").output)
    assert entry["name"] == "mobilenet-224-int8"
    assert (entry["accuracy"], entry["parameters"]) == (None, 4_231_976)
    assert entry["provenance"]["weights"] == "seeded"
    assert entry["outputs"][0]["shape"] == [None, 1000]
    assert "none: its weights are seeded" in pool("list", "--pool", tmp_path / "pool").output
    topology = Pool(tmp_path / "pool").split("mobilenet-224-int8").topology
    assert covered(topology) == [(0, entry["weights_bytes"])]
    again = pool("build", "mobilenet-224", *words)
    assert (again.exit_code, "holds a model 'mobilenet-224-int8' already" in again.output) == (
        1,
        True,
    )


def test_the_same_seed_builds_the_same_bytes(tmp_path: Path) -> None:
    built = [
        json.loads(
            pool(
                "build",
                "mobilenet-224",
                "--precision",
                8,
                "--seed",
                seed,
                "--json",
                "--pool",
                tmp_path / place,
            ).output
        )[0]
        for place, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    sums = [(each["topology_sha256"], each["weights_sha256"]) for each in built]
    assert sums[0] == sums[1]
    assert sums[0][1] != sums[2][1]


# --- what goes wrong ---


def refused(result: Result) -> str:
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1
    return result.output


def damage(folder: Path) -> None:
    (folder / "model" / "weights.bin").write_bytes(b"damaged")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["show", "huge"], "holds no model 'huge'"),
        (["remove", "huge"], "holds no model 'huge'"),
        (["build", "lenet"], "no architecture 'lenet'; there are alexnet"),
        (["add", __file__], "is not an ONNX file"),
    ],
)
def test_mistakes_are_told_in_a_line(folder: Path, words: list[Any], reason: str) -> None:
    before = sorted(folder.rglob("*"))
    assert reason in refused(pool(*words, "--pool", folder))
    assert sorted(folder.rglob("*")) == before


def test_a_damaged_part_is_told(folder: Path) -> None:
    damage(folder)
    assert "is not what the manifest describes" in refused(pool("show", "model", "--pool", folder))


@pytest.mark.parametrize("command", ["list", "show x", "remove x"])
def test_a_folder_without_a_pool_is_told(tmp_path: Path, command: str) -> None:
    told = refused(pool(*command.split(), "--pool", tmp_path / "none"))
    assert "af-client models train" in told
    assert not (tmp_path / "none").exists()


def test_a_split_never_mixes_with_what_is_there(tmp_path: Path, file: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "mine").write_text("x")
    assert "is not empty" in refused(pool("split", file, tmp_path / "parts"))
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["mine"]


def test_a_split_of_what_is_not_separable_leaves_nothing(tmp_path: Path) -> None:
    onnx.save(classifier(channels=2), tmp_path / "small.onnx")
    told = refused(pool("split", tmp_path / "small.onnx", tmp_path / "parts"))
    assert "small.onnx: its topology is not separable" in told
    assert not (tmp_path / "parts").exists()


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    told = refused(pool("add", file, "--pool", tmp_path / "pool"))
    assert told == "Error: No space left on device; nothing was put in\n"
    assert not (tmp_path / "pool").exists()


def test_a_full_disk_between_two_precisions_is_told_and_the_next_call_builds_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.write_bytes

    def full_for_32_bit(path: Path, data: bytes) -> int:
        if "float32" in str(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, data)

    words = ["build", "mobilenet-224", "--pool", tmp_path / "pool"]
    monkeypatch.setattr(Path, "write_bytes", full_for_32_bit)
    told = refused(pool(*words))
    assert told == (
        "Error: No space left on device; mobilenet-224-int8 was put in before, no more\n"
    )
    monkeypatch.undo()
    (built,) = json.loads(pool(*words, "--json").output)
    assert built["name"] == "mobilenet-224-float32"
    assert json.loads(pool(*words, "--json").output) == []


def test_a_full_disk_is_told_of_a_removal_in_its_own_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    told = refused(pool("remove", "model", "--pool", folder))
    assert "'model' is still listed; make room, and remove it again" in told
    assert "put in" not in told
