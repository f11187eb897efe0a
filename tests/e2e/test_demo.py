"""The demo as a whole: it must not call a run good that was not."""

import subprocess
import sys
from pathlib import Path

import pytest

from builders.models import trained_pool

pytestmark = pytest.mark.alone


def test_a_demo_that_ends_before_the_network_recovers_says_so_and_fails(tmp_path: Path) -> None:
    # Long enough for the first model on a busy machine; from seven seconds on a smaller is right.
    command = [sys.executable, "-m", "af_client.cli", "demo", "--length-s", "6.5"]
    command += ["--pool", str(trained_pool().folder), "--out", str(tmp_path)]
    ended = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "digits-large" in ended.stdout
    for sentence in (
        "the server never moved to a smaller model",
        "the server never moved to a larger model",
    ):
        assert f"Not as it must be: {sentence}." in ended.stdout
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")
