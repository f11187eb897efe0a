"""Connections: how SQLite is used so that one writer and many readers get on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

_BUSY_S = 15
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    # Of a hundred thousand sessions a tick touches pages all over the place: 32 MB of them stay at
    # hand, and the log may grow to 16 MB before it is worked into them.
    "cache_size=-32768",
    "wal_autocheckpoint=4000",
)


def open_engine(url: str) -> Engine:
    """An engine for a database URL; `sqlite://` is one shared database in memory.

    Where nobody begins a transaction, each statement is one.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, isolation_level="AUTOCOMMIT")
    return _sqlite_engine(url)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that excludes other writers from its beginning."""
    if engine.dialect.name != "sqlite":
        with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            yield connection
        return
    with engine.begin() as connection:
        _begin(connection)
        yield connection


def _begin(connection: Connection) -> None:
    # A writer that begins as a reader fails when another writer was faster: it says so at once.
    # To the driver itself, for SQLAlchemy's way there takes longer than the statement.
    try:
        connection.connection.cursor().execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error


def in_memory(engine: Engine) -> bool:
    """Whether all threads share one connection, and must take turns."""
    return isinstance(engine.pool, StaticPool)


def _sqlite_engine(url: str) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_S, "check_same_thread": False}}
    if make_url(url).database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin too late and never exclusively; `writing` does it instead
    # (SQLAlchemy, "Serializable isolation / Savepoints / Transactional DDL" of pysqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
