"""Whose namespaces they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nef.network.linux.commands import LinuxPlaneUnusable
from nef.network.linux.ownership import Ownership

DIES_AS_OWNER = """
import os, sys
from pathlib import Path
from nef.network.linux.ownership import Ownership
owner = Ownership("x", Path(sys.argv[1]))
if sys.argv[2] == "claim":
    owner.claim()
os._exit(9)
"""


def die(folder: Path, having: str) -> None:
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", DIES_AS_OWNER, str(folder), having], check=False, timeout=60
    )


def test_a_living_owner_is_named_to_whoever_wants_the_same(tmp_path: Path) -> None:
    with Ownership("x", tmp_path) as owner:
        owner.claim()
        with pytest.raises(LinuxPlaneUnusable, match=f"process {os.getpid()}, started [0-9]+"):
            Ownership("x", tmp_path)
        with Ownership("y", tmp_path) as other:
            assert not other.is_inherited


def test_what_a_dead_owner_claimed_is_inherited(tmp_path: Path) -> None:
    die(tmp_path, "claim")
    with Ownership("x", tmp_path) as heir:
        assert heir.is_inherited


def test_an_owner_that_died_before_it_claimed_left_nothing(tmp_path: Path) -> None:
    die(tmp_path, "nothing")
    with Ownership("x", tmp_path) as heir:
        assert not heir.is_inherited


def test_what_was_released_is_nobodys(tmp_path: Path) -> None:
    with Ownership("x", tmp_path) as owner:
        owner.claim()
        owner.release()
    assert list(tmp_path.iterdir()) == []
    with Ownership("x", tmp_path) as other:
        assert not other.is_inherited


def test_what_was_not_released_is_inherited_by_the_next(tmp_path: Path) -> None:
    with Ownership("x", tmp_path) as owner:
        owner.claim()
    with Ownership("x", tmp_path) as heir:
        assert heir.is_inherited


def test_a_folder_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LinuxPlaneUnusable, match="cannot mark x as ours"):
        Ownership("x", tmp_path / "file" / "folder")
