"""The folder in which the processes of one service meet."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "nef-service-"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that only this user can enter; it is gone at the end of the block.

    Whoever is killed cannot remove it, and the next one does: the folder of a service is locked
    for as long as any of its processes lives.
    """
    for other in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(other)
    folder, lock = _locked_new()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_new() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _locked(folder)
        if lock is not None:
            if folder.exists():
                return folder, lock
            os.close(lock)
        # Another service that starts right now has taken it for one that was left.


def _locked(folder: Path) -> int | None:
    """Lock a folder of this user; None where it cannot be, since somebody else has."""
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(place).st_uid == os.geteuid():
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place
    except BlockingIOError:
        pass
    os.close(place)
    return None


def _remove_if_left(folder: Path) -> None:
    lock = _locked(folder)
    if lock is None:
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):  # what none of ours has made stays, and the folder with it
            if path.is_dir():
                path.rmdir()
            elif path.is_socket() or path.suffix == ".lock":
                path.unlink()
    with suppress(OSError):
        folder.rmdir()
    os.close(lock)
