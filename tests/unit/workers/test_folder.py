"""The folder of a service is gone when the service is, however it ended."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders.forks import beside, kill
from builders.waiting import until
from nef.processes.answering import Answering
from nef.workers.folder import own_folder


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where folders are made; its path is short, for that of a socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


#: So that nothing ends what is still needed.
held = list[Any]()


def serve_for_ever() -> None:
    held.append(own_folder())
    folder = held[-1].__enter__()
    (folder / "metrics").mkdir()
    (folder / "network.lock").touch()
    Answering(folder / "metrics" / "worker-1", b"secret", {})


def test_it_is_for_its_user_alone_and_gone_at_the_end(place: Path) -> None:
    with own_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "metrics").mkdir()
    assert list(place.iterdir()) == []


def test_what_a_killed_service_left_is_removed_by_the_next_one(place: Path) -> None:
    with beside(serve_for_ever) as pid:
        (left,) = place.iterdir()
        with own_folder():
            assert left.exists()  # it lives
        kill(pid)
    until(lambda: _removed(left))


def _removed(left: Path) -> bool:
    with own_folder():
        return not left.exists()


def test_who_loses_its_new_folder_makes_another_and_keeps_nothing_of_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = os.open, list[Path]()

    def opened_and_lost(path: Path, *given: Any, **more: Any) -> int:
        descriptor = real(path, *given, **more)
        if not lost:
            lost.append(path)
            path.rmdir()  # as another one does that has taken it for one that was left
        return descriptor

    before = set(Path("/proc/self/fd").iterdir())
    monkeypatch.setattr(os, "open", opened_and_lost)
    with own_folder() as folder:
        assert list(place.iterdir()) == [folder]
        assert folder not in lost
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_what_is_none_of_a_service_stays(place: Path) -> None:
    notes = place / "nef-service-notes" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("keep me")
    (place / "nef-service-link").symlink_to(notes.parent)
    with own_folder():
        pass
    assert notes.read_text() == "keep me"
    assert (place / "nef-service-link").is_symlink()
