"""A folder of models that notices when it is not what it was."""

import json
from pathlib import Path

import pytest

from af_client.models.pool import (
    FORMAT_VERSION,
    Manifest,
    Pool,
    PoolUnusable,
    entry_of,
    write_pool,
)
from af_client.models.split import Split, checksum

PARTS = Split(topology=b"a graph", weights=b"some weights")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    entry = entry_of("tiny", PARTS, accuracy=0.5, parameters=3)
    manifest = Manifest(FORMAT_VERSION, 1, seed=9, held_out_images=4, models=(entry,))
    write_pool(tmp_path / "pool", manifest, {"tiny": PARTS})
    return tmp_path / "pool"


def test_what_was_written_is_read_back(folder: Path) -> None:
    pool = Pool(folder)
    assert pool.split("tiny") == PARTS
    assert (pool.manifest.seed, pool.manifest.held_out_images) == (9, 4)


def test_the_manifest_tells_sizes_and_checksums(folder: Path) -> None:
    entry = Pool(folder).entry("tiny")
    assert (entry.topology_bytes, entry.weights_bytes) == (7, 12)
    assert (entry.topology_sha256, entry.weights_sha256) == (
        checksum(b"a graph"),
        checksum(b"some weights"),
    )
    assert (entry.precision, entry.accuracy, entry.parameters) == ("float32", 0.5, 3)


def test_the_manifest_is_json_for_any_reader(folder: Path) -> None:
    document = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert document["models"][0]["name"] == "tiny"


def test_nothing_but_the_pool_is_left_in_the_folder(folder: Path) -> None:
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"manifest.json", "tiny/topology.onnx", "tiny/weights.bin"}


@pytest.mark.parametrize("part", ["topology.onnx", "weights.bin"])
def test_a_damaged_part_is_not_handed_out(folder: Path, part: str) -> None:
    (folder / "tiny" / part).write_bytes(b"another")
    with pytest.raises(PoolUnusable, match=rf"{part} is not what the manifest describes"):
        Pool(folder).split("tiny")
    with pytest.raises(PoolUnusable):
        Pool(folder).check()


def test_a_lost_part_is_named(folder: Path) -> None:
    (folder / "tiny" / "weights.bin").unlink()
    with pytest.raises(PoolUnusable, match=r"weights\.bin cannot be read"):
        Pool(folder).split("tiny")


def test_an_unknown_model_is_named(folder: Path) -> None:
    with pytest.raises(LookupError, match="holds no model 'huge'"):
        Pool(folder).split("huge")


def test_a_folder_without_models_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PoolUnusable, match="train them first"):
        Pool(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"seed": "x"}', "\xff"])
def test_a_broken_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(PoolUnusable, match=r"manifest\.json is no manifest"):
        Pool(folder)


def test_a_manifest_of_another_format_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 2}))
    with pytest.raises(PoolUnusable, match=f"format 2, this program reads {FORMAT_VERSION}"):
        Pool(folder)
