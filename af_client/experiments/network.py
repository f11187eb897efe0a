"""A NEF of the experiment's own: a process on a free port of loopback, whose time stands still."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from af_client.demo.programs import Programs


@contextmanager
def serving_nef() -> Iterator[str]:
    """Run `nef serve` for the length of a `with` block; yields the root of its APIs.

    Raises `af_client.demo.programs.ProgramFailed` where it does not start.
    """
    with tempfile.TemporaryDirectory() as folder, Programs() as programs:
        database = f"sqlite:///{Path(folder) / 'nef.sqlite3'}"
        command = [sys.executable, "-m", "nef.cli", "serve", "--port", "0", "--mode", "manual"]
        programs.start("nef", [*command, "--database", database])
        said = str(programs.wait_for("nef", "text")["text"])
        yield said.split()[2].rstrip(",")
