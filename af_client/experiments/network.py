"""Programs of an experiment's own: a NEF whose time stands still, and a user plane."""

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


@contextmanager
def serving_user_plane(nef_url: str) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    """Run `nef user-plane` for the length of a `with` block; yields its N6 and its radio side.

    It knows by then what the NEF grants.
    Raises `af_client.demo.programs.ProgramFailed` where it does not start.
    """
    with Programs() as programs:
        command = [sys.executable, "-m", "nef.cli", "user-plane", "--nef-url", nef_url]
        programs.start("user-plane", command)
        ports = programs.wait_for("user-plane", "n6_port")
        programs.wait_for("user-plane", "event")  # that it is ready
        yield ("127.0.0.1", int(ports["n6_port"])), ("127.0.0.1", int(ports["radio_port"]))
