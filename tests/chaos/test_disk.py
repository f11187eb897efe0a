"""The disk is full: requests are refused and told to come back, nothing acknowledged is lost.

A limit on the size of its files does to a process what a full disk does, without root: what a
write cannot append fails. Where a small file system can be had, a really full one does.
"""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chaos.checker import unfit_answers
from chaos.world import FAST, WITHIN_S, World, a_world, wait


def goes_through(
    world: World, seed: int, fill: Callable[[], None], free: Callable[[], None]
) -> None:
    """Load before, while and after the disk is full; then all must be as clients were told."""
    with world.load(seed):
        world.goes_on(30)
        fill()
        assert world.ledger.until(lambda said: said.status == 503, 5)
        wait(1)
        free()
        world.goes_on(30)
    world.check()
    assert unfit_answers(world.ledger.said(), WITHIN_S) == []


def test_files_that_cannot_grow_lose_nothing_nor_do_logs(tmp_path: Path, seed: int) -> None:
    with Path("/dev/full").open("w") as nowhere, a_world(tmp_path, *FAST, stderr=nowhere) as world:

        def limit(most: int) -> None:
            pid = world.nef.process.pid
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

        goes_through(world, seed, lambda: limit(1), lambda: limit(resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own in a folder; skips the test where that may not be."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        pytest.skip(f"no file system can be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - ours


@pytest.mark.chaos
def test_a_disk_that_is_full_loses_nothing(tmp_path: Path, seed: int) -> None:
    ballast = tmp_path / "ballast"
    with small_disk(tmp_path, "32m"), a_world(tmp_path, *FAST) as world:

        def fill() -> None:
            with ballast.open("wb", buffering=0) as file:
                while file.write(bytes(4096)) == 4096:
                    pass

        def full() -> None:
            with pytest.raises(OSError, match="No space left"):
                fill()

        goes_through(world, seed, full, ballast.unlink)
