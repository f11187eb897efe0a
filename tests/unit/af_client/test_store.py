"""A device's store: what stays on disk, what goes, and what damage does."""

import builtins
import os
import shutil
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from af_client.delivery.documents import Offer
from af_client.device.store import ModelStore, NotHeld
from builders.transfers import an_offer
from fakes.log import FakeLog

KB = 1000
TOPOLOGY = b"t" * 100


def weights(filling: bytes, size: int = 10 * KB) -> bytes:
    return filling * size


class Shelf:
    """A store in a folder, opened as often as a test wants; its clock counts."""

    def __init__(self, folder: Path, limit_bytes: int = 35 * KB) -> None:
        self.folder, self.limit_bytes, self.log = folder, limit_bytes, FakeLog()
        self._clock = count(1)
        self._open: ModelStore | None = None

    def opened(self) -> ModelStore:
        if self._open is not None:
            self._open.close()
        self._open = ModelStore(self.folder, self.limit_bytes, self.log, lambda: next(self._clock))
        return self._open

    def states(self) -> list[tuple[str, str]]:
        return [(told["variant"], told["state"]) for told in self.log.of("store")]

    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "store")


def keep(store: ModelStore, name: str, content: bytes | None = None) -> Offer:
    """Keep a model of 10 kB, of the name's first letter unless said otherwise."""
    content = weights(name[:1].encode()) if content is None else content
    offer = an_offer(name, TOPOLOGY, content)
    store.keep(offer, TOPOLOGY, content)
    return offer


def names(store: ModelStore) -> list[str]:
    return [offer.variant for offer in store.held]


def test_what_was_kept_is_there_to_the_bit_after_a_restart(shelf: Shelf) -> None:
    offer = keep(shelf.opened(), "a")
    again = shelf.opened()
    assert again.held == (offer,)
    assert again.fetch(offer) == (TOPOLOGY, weights(b"a"))


def test_the_least_recently_used_goes_when_space_is_short_over_restarts_too(shelf: Shelf) -> None:
    store = shelf.opened()
    a, b, _ = (keep(store, name) for name in "abc")
    store.fetch(a)
    store = shelf.opened()
    keep(store, "d")
    assert names(store) == ["d", "a", "c"]
    assert store.used_bytes <= shelf.limit_bytes
    assert ("b", "evicted") in shelf.states()
    with pytest.raises(NotHeld):
        store.fetch(b)


def test_a_newer_model_of_the_same_name_replaces_the_older_one_first(shelf: Shelf) -> None:
    store = shelf.opened()
    for name in "abc":
        keep(store, name)
    keep(store, "b", weights(b"B"))
    assert names(store) == ["b", "c", "a"]
    assert len(shelf.files()) == 3


def test_what_is_larger_than_the_store_is_not_kept_and_costs_nothing(shelf: Shelf) -> None:
    store = shelf.opened()
    keep(store, "a")
    keep(store, "x", weights(b"x", 36 * KB))
    assert names(store) == ["a"]
    assert shelf.states()[-1] == ("x", "not_kept")
    assert "store has 35000" in shelf.log.last("store")["reason"]


def test_a_store_that_was_made_smaller_lets_models_go_when_it_is_opened(shelf: Shelf) -> None:
    store = shelf.opened()
    for name in "abc":
        keep(store, name)
    shelf.limit_bytes = 12 * KB
    assert names(shelf.opened()) == ["c"]


@pytest.mark.parametrize("where", [500, -1])
def test_a_wrong_bit_is_found_when_it_is_read_and_the_entry_dropped(
    shelf: Shelf, where: int
) -> None:
    store = shelf.opened()
    offer = keep(store, "a")
    (path,) = shelf.files()
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    with pytest.raises(NotHeld, match="a was dropped: its"):
        store.fetch(offer)
    assert (store.held, shelf.files()) == ((), [])
    assert shelf.states()[-1] == ("a", "damaged")


def test_a_truncated_entry_is_dropped_and_named_when_the_store_is_opened(shelf: Shelf) -> None:
    keep(shelf.opened(), "a")
    (path,) = shelf.files()
    path.write_bytes(path.read_bytes()[:-1])
    assert shelf.opened().held == ()
    assert shelf.states()[-1] == ("a", "damaged")
    assert shelf.files() == []


def test_an_entry_without_a_readable_head_is_dropped_and_named_by_its_file(shelf: Shelf) -> None:
    keep(shelf.opened(), "a")
    (path,) = shelf.files()
    path.write_bytes(b"\x00" * 50)
    assert shelf.opened().held == ()
    assert shelf.states()[-1] == (path.name, "damaged")


def test_files_of_others_in_the_folder_are_left_alone(shelf: Shelf) -> None:
    shelf.opened()
    for name in ("notes.txt", "my.model"):
        (shelf.folder / name).write_text("mine")
    keep(shelf.opened(), "a")
    assert {path.name for path in shelf.files()} > {"notes.txt", "my.model"}


def test_what_a_crash_left_half_written_is_swept(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shelf.opened()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "utime", die)
        with pytest.raises(KeyboardInterrupt):
            keep(store, "a")
    assert [path.suffix for path in shelf.files()] == [".model"]
    assert shelf.opened().held == ()
    assert shelf.files() == []


def test_a_full_disk_leaves_nothing_of_the_model_and_the_rest_as_it_was(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shelf.opened()
    a = keep(store, "a")
    monkeypatch.setattr(Path, "open", _full)
    keep(store, "b")
    monkeypatch.undo()
    assert shelf.states()[-1] == ("b", "not_kept")
    assert "No space left" in shelf.log.last("store")["reason"]
    assert (store.held, len(shelf.files())) == ((a,), 1)
    assert store.fetch(a) == (TOPOLOGY, weights(b"a"))


@pytest.mark.parametrize("name", ["d", "b"])
def test_a_full_disk_costs_nothing_of_what_would_have_gone_for_the_model(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    store = shelf.opened()
    a, b, c = (keep(store, name) for name in "abc")
    monkeypatch.setattr(Path, "open", _full)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    keep(store, name, weights(b"!", 12 * KB))
    monkeypatch.undo()
    assert shelf.states()[-1] == (name, "not_kept")
    assert (store.held, len(shelf.files())) == ((c, b, a), 3)
    assert store.fetch(a) == (TOPOLOGY, weights(b"a"))


def test_on_a_disk_with_room_only_for_one_the_older_goes_first(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shelf.opened()
    keep(store, "a")
    (old,) = shelf.files()

    def full_with_both(path: Path, mode: str = "r") -> object:
        return _full(path, mode) if old.exists() else builtins.open(path, mode)  # noqa: PTH123

    monkeypatch.setattr(Path, "open", full_with_both)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * KB))
    newer = keep(store, "a", weights(b"A"))
    assert store.held == (newer,)
    assert shelf.states()[-2:] == [("a", "replaced"), ("a", "kept")]
    assert store.fetch(newer) == (TOPOLOGY, weights(b"A"))


def _full(path: Path, mode: str = "r") -> object:
    """Open a file that takes a while to find that the disk is full."""
    file = builtins.open(path, mode, buffering=0)  # noqa: PTH123, SIM115 - Path.open is what is faked

    class Full:
        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            file.close()

        def write(self, piece: bytes) -> None:
            if len(piece) > KB:
                raise OSError(28, "No space left on device")
            file.write(piece)

    return Full()


def test_a_file_that_vanished_is_not_held_any_more(shelf: Shelf) -> None:
    store = shelf.opened()
    offer = keep(store, "a")
    shelf.files()[0].unlink()
    with pytest.raises(NotHeld):
        store.fetch(offer)
    assert store.held == ()


def test_a_folder_that_turned_read_only_is_told_of_and_stops_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shelf.opened()
    a, b, c = (keep(store, name) for name in "abc")
    monkeypatch.setattr(Path, "unlink", _refuse)
    monkeypatch.setattr(os, "utime", _refuse)
    assert store.fetch(a) == (TOPOLOGY, weights(b"a"))
    keep(store, "d")
    assert store.held == (a, c, b)
    assert shelf.states()[-1] == ("d", "not_kept")
    assert "Read-only" in shelf.log.last("store")["reason"]
    assert store.fetch(b) == (TOPOLOGY, weights(b"b"))


def _refuse(*_: object, **__: object) -> None:
    raise OSError(30, "Read-only file system")


def test_a_store_belongs_to_one_device(shelf: Shelf) -> None:
    shelf.opened()
    with pytest.raises(OSError, match="the store of another device"):
        ModelStore(shelf.folder, KB, shelf.log)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        ModelStore(tmp_path / "file" / "store", KB, FakeLog())
