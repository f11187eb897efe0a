"""A folder of models that notices when it is not what it was."""

import errno
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from af_client.models.pool import (
    FORMAT_VERSION,
    Manifest,
    Pool,
    PoolUnusable,
    Port,
    Provenance,
    entry_of,
    installation,
    remove,
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
    with pytest.raises(PoolUnusable, match="af-client models train"):
        Pool(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"seed": "x"}', "\xff"])
def test_a_broken_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(PoolUnusable, match=r"manifest\.json is no manifest"):
        Pool(folder)


@pytest.mark.parametrize("name", ["../victim", "/victim", "..", "", "a/b"])
def test_a_name_that_leads_elsewhere_is_refused_and_what_is_there_stays(
    folder: Path, name: str
) -> None:
    victim = folder.parent / "victim"
    victim.mkdir()
    (entry,) = json.loads((folder / "manifest.json").read_text())["models"]
    change_manifest(folder, models=[entry | {"name": name}])
    with pytest.raises(PoolUnusable, match="cannot be a model's name"):
        remove(folder, name)
    with pytest.raises(PoolUnusable, match="cannot be a model's name"):
        Pool(folder)
    assert victim.exists()
    assert folder.exists()


def test_a_manifest_of_another_format_is_refused(folder: Path) -> None:
    change_manifest(folder, format_version=3)
    with pytest.raises(PoolUnusable, match=f"format 3, this program reads 1 and {FORMAT_VERSION}"):
        Pool(folder)


def test_a_manifest_of_the_first_format_is_still_read(folder: Path) -> None:
    first = "name precision accuracy parameters topology_bytes topology_sha256 weights_bytes"
    (entry,) = json.loads((folder / "manifest.json").read_text())["models"]
    old = {field: entry[field] for field in [*first.split(), "weights_sha256"]}
    change_manifest(folder, format_version=1, models=[old])
    pool = Pool(folder)
    assert pool.split("tiny") == PARTS
    assert pool.entry("tiny").inputs == ()


def test_what_is_known_of_a_model_is_read_back(folder: Path) -> None:
    known = replace(
        entry_of("known", PARTS, accuracy=None, parameters=3, precision="int8"),
        labelled_set="some.npz",
        inputs=(Port("x", "float32", (None, 3, 8)),),
        provenance=Provenance("given", "some.onnx", "ab12", "static"),
    )
    with installation(folder) as new:
        new.add(known, PARTS)
    assert Pool(folder).entry("known") == known


# --- putting in and taking out ---


def change_manifest(folder: Path, **fields: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def put_in(folder: Path, *names: str, parts: Split = PARTS) -> None:
    with installation(folder) as new:
        for name in names:
            new.add(entry_of(name, parts, accuracy=None, parameters=3), parts)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, at_file: str) -> None:
    """Let a write to a file of this name fail as on a full disk, after a few bytes."""
    real = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if at_file in path.name and "r" not in mode:
            with real(path, mode, *rest, **more) as file:
                file.write(b"{" if "b" in mode else "{")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, mode, *rest, **more)

    def written(path: Path, data: Any, *_: Any) -> None:
        with opened(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(Path, "write_bytes", written)
    monkeypatch.setattr(Path, "write_text", written)


def test_a_pool_takes_more_models_and_lists_the_smallest_first(folder: Path) -> None:
    put_in(folder, "huge", parts=Split(b"a", bytes(1000)))
    put_in(folder, "small", parts=Split(b"a", b"b"))
    names = [entry.name for entry in Pool(folder).manifest.models]
    assert names == ["small", "tiny", "huge"]
    Pool(folder).check()


def test_a_name_is_given_once(folder: Path) -> None:
    before = content(folder)
    with pytest.raises(PoolUnusable, match="holds a model 'tiny' already; remove it first"):
        put_in(folder, "other", "tiny", parts=Split(b"x", b"y"))
    assert content(folder) == before


def test_a_folder_that_no_manifest_lists_makes_room(folder: Path) -> None:
    (folder / "left").mkdir()
    (folder / "left" / "weights.bin").write_bytes(b"of a crash")
    put_in(folder, "left")
    assert Pool(folder).split("left") == PARTS


@pytest.mark.parametrize("at_file", ["topology.onnx", "weights.bin", "manifest.json"])
def test_a_full_disk_leaves_the_pool_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at_file: str
) -> None:
    before = content(folder)
    fill_the_disk(monkeypatch, at_file)
    with pytest.raises(OSError, match="No space left"):
        put_in(folder, "one", "two")
    monkeypatch.undo()
    assert content(folder) == before
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "tiny"}


@pytest.mark.parametrize("at_file", ["topology.onnx", "weights.bin", "manifest.json"])
def test_a_full_disk_leaves_no_new_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_file: str
) -> None:
    fill_the_disk(monkeypatch, at_file)
    with pytest.raises(OSError, match="No space left"):
        put_in(tmp_path / "new", "one")
    monkeypatch.undo()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("at_file", ["weights.bin", "manifest.json"])
def test_a_full_disk_keeps_the_models_that_were_to_be_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at_file: str
) -> None:
    before = content(folder)
    fill_the_disk(monkeypatch, at_file)
    other = Split(b"x", b"y")
    entry = entry_of("tiny", other, accuracy=None, parameters=3)
    with pytest.raises(OSError, match="No space left"):
        write_pool(folder, Manifest(FORMAT_VERSION, 1, 9, 4, (entry,)), {"tiny": other})
    monkeypatch.undo()
    assert content(folder) == before


def test_writing_a_pool_replaces_its_models_and_keeps_the_others(folder: Path) -> None:
    put_in(folder, "other")
    new = Split(b"x", b"y")
    entry = entry_of("tiny", new, accuracy=0.75, parameters=3)
    write_pool(folder, Manifest(FORMAT_VERSION, 5, 6, 7, (entry,)), {"tiny": new})
    pool = Pool(folder)
    assert (pool.split("tiny"), pool.split("other")) == (new, PARTS)
    assert (pool.manifest.recipe_version, pool.manifest.seed) == (5, 6)


def test_a_model_is_taken_out(folder: Path) -> None:
    put_in(folder, "other")
    assert remove(folder, "tiny").name == "tiny"
    assert [entry.name for entry in Pool(folder).manifest.models] == ["other"]
    assert not (folder / "tiny").exists()
    with pytest.raises(LookupError, match="holds no model 'tiny'"):
        remove(folder, "tiny")


def fill_the_disk_until(monkeypatch: pytest.MonkeyPatch, gone: Path) -> None:
    """Let texts be written only when a folder has made room."""
    real = Path.write_text

    def written(path: Path, *words: Any) -> int:
        if gone.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *words)

    monkeypatch.setattr(Path, "write_text", written)


def test_on_a_full_disk_a_model_makes_the_room_for_its_own_removal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(folder, "other")
    fill_the_disk_until(monkeypatch, folder / "tiny")
    remove(folder, "tiny")
    assert [entry.name for entry in Pool(folder).manifest.models] == ["other"]
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "other"}


def test_a_removal_that_failed_on_a_full_disk_can_be_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_the_disk(monkeypatch, "manifest.json")
    with pytest.raises(OSError, match="No space left"):
        remove(folder, "tiny")
    with pytest.raises(OSError, match="No space left"):
        remove(folder, "tiny")
    monkeypatch.undo()
    assert Pool(folder).entry("tiny").name == "tiny"
    remove(folder, "tiny")
    assert Pool(folder).manifest.models == ()


def test_weights_may_come_piece_by_piece(folder: Path) -> None:
    with installation(folder) as new:
        written = new.write("pieces", b"t", (b"some ", b"weights"))
        assert written.weights_bytes == len(b"some weights")
        assert written.weights_sha256 == checksum(b"some weights")
        new.add(entry_of("pieces", Split(b"t", b"some weights"), accuracy=None, parameters=1))
    assert Pool(folder).split("pieces") == Split(b"t", b"some weights")


def test_two_programs_do_not_lose_each_other_s_models(folder: Path) -> None:
    threads = [threading.Thread(target=put_in, args=(folder, f"m{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Pool(folder).manifest.models) == 9
    Pool(folder).check()
