"""Connections: how the two databases are used, and all in which they differ for the rest of `db`.

SQLite has one writer at a time. PostgreSQL has many, and there a row that a writing transaction has
read belongs to it until it ends (`FOR UPDATE`, which SQLite neither has nor needs).
"""

import math
import re
import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import StaticPool

#: How long a writer waits for another one.
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
#: Whoever needs one more connection than this waits for a moment; none is held for longer.
POOL_SIZE = 16
_CONNECT_TIMEOUT_S = 5
#: A transaction that says nothing for so long is that of a process that somebody has frozen: it
#: ends before those lose their patience who wait for what it holds.
_FROZEN_S = 10.0
#: A machine that acknowledges nothing over TCP is gone after some ten seconds, not after many
#: minutes; of a server that is only silent see `db.silence`.
_SILENCE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_DRIVER = "psycopg"
_STORES = "the store is sqlite:///FILE or postgresql://USER@HOST/DATABASE"


class DriverMissing(ImportError):
    """The database needs a package that is not installed; the message says which."""


def open_engine(url: str) -> Engine:
    """An engine for a database URL; `sqlite://` is one shared database in memory.

    Where nobody begins a transaction, each statement is one. Raises DriverMissing, or an error of
    SQLAlchemy where the URL is none of a store.
    """
    named = _parsed(url)
    if named.get_backend_name() == "sqlite":
        return _sqlite_engine(named)
    if named.drivername in ("postgresql", f"postgresql+{_DRIVER}"):
        return _postgresql_engine(named.set(drivername=f"postgresql+{_DRIVER}"))
    raise ArgumentError(f"{_STORES}, not {named.drivername}")


def shown(url: str) -> str:
    """A database URL as it may be told to anybody: without its password, wherever that stands."""
    try:
        told = _parsed(url).render_as_string(hide_password=True)
    except ArgumentError:
        told = url.rpartition("@")[2]
    return re.sub(r"(password=)[^&]*", r"\1***", told)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise ArgumentError(f"{_STORES}; this is none") from None
    except ValueError:  # SQLAlchemy's own way to say that a port is no number
        raise ArgumentError("its port is no number") from None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; on SQLite it excludes other writers from its beginning."""
    with engine.begin() as connection:
        begin(connection)
        yield connection


def begin(connection: Connection) -> None:
    """Begin a transaction that writes."""
    if connection.dialect.name == "sqlite":
        _begin_on_sqlite(connection)
    else:
        connection.exec_driver_sql("BEGIN")


@contextmanager
def looking(url: str) -> Iterator[Connection]:
    """A connection to a database that exists: all it reads is of one moment, and it cannot write.

    Raises as `open_engine` does, and FileNotFoundError instead of making a file.
    """
    engine = open_engine(url)
    path = file_of(url)
    if path is not None and not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
                connection.exec_driver_sql("BEGIN")
            else:
                take_all_time(connection)
                connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection
    finally:
        engine.dispose()


def take_all_time(connection: Connection) -> None:
    """Wait for what this connection asks for as long as it takes: a migration, a look at all."""
    if connection.dialect.name == "postgresql":
        connection.connection.driver_connection.patience_s = math.inf  # type: ignore[union-attr]
        connection.detach()  # nobody else gets it out of the pool


def file_of(url: str) -> Path | None:
    """The file of a database, None where it is in memory or on a server."""
    named = make_url(url)
    database = named.database or ""
    if named.get_backend_name() != "sqlite" or named.query or database in ("", ":memory:"):
        return None
    return Path(database)


def in_memory(engine: Engine) -> bool:
    """Whether all threads share one connection, and must take turns."""
    return isinstance(engine.pool, StaticPool)


# --- SQLite ---


def _sqlite_engine(url: URL) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_S, "check_same_thread": False}}
    if url.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    else:
        # The one that has its pages at hand; and nobody waits for those that stay at hand.
        options |= {"pool_use_lifo": True, "max_overflow": -1}
    # By name, as PostgreSQL's driver takes values.
    engine = create_engine(url, hide_parameters=True, paramstyle="named", **options)
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


def _begin_on_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader fails when another writer was faster: it says so at once.
    # To the driver itself, for SQLAlchemy's way there takes longer than the statement.
    if not connection.in_transaction():
        connection.begin()  # SQLAlchemy's own note of it
    try:
        connection.connection.cursor().execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error


# --- PostgreSQL ---


def _postgresql_engine(url: URL) -> Engine:
    settings = {
        "lock_timeout": f"{_BUSY_S}s",
        "idle_in_transaction_session_timeout": f"{_FROZEN_S:g}s",
        # A plan that is compiled takes longer than a statement of ours.
        "jit": "off",
        # As on a solid disk, or in memory: with the 4 of a turning one, and statistics that are
        # not of the moment, what is due would be collected and sorted before it is taken.
        "random_page_cost": "1.1",
        "application_name": "nef",
    }
    options: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "prepare_threshold": 1,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        **_SILENCE,
    }
    try:
        from db.silence import Server  # noqa: PLC0415 - the driver may be missing

        engine = create_engine(
            url,
            connect_args={key: value for key, value in options.items() if key not in url.query},
            hide_parameters=True,  # errors are logged, and what AFs say may hold their secrets
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,  # which would ask for it on each connection
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_use_lifo=True,
        )
    except ImportError as error:
        raise DriverMissing(
            "PostgreSQL needs psycopg: pip install 'open-nef[postgresql]'"
        ) from error
    event.listen(engine, "do_connect", Server().connect)
    event.listen(engine, "checkout", _check)
    return engine


def _check(connection: Any, _record: Any, _proxy: Any) -> None:
    """Take no connection out of the pool that is over."""
    if is_over(connection):
        raise InvalidatePoolError


def is_over(connection: Any) -> bool:
    """Whether the server has closed a connection that nobody uses, as it does when it stops.

    Nobody sends to such a one, so whatever can be read is its end: that costs no way to the server
    and back.
    """
    return bool(connection.closed or _has_something_to_read(connection.fileno()))


def _has_something_to_read(descriptor: int) -> bool:
    # not `select.select`, which takes no descriptor above 1023
    looking = select.poll()
    looking.register(descriptor, select.POLLIN)
    return bool(looking.poll(0))
