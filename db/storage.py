"""The store behind nef.ports.storage.Storage."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db.connections import Connections
from db.engine import in_memory, open_engine, shown
from db.neighbours import neighbours_at
from db.outbox import SqlOutbox
from db.sessions import SqlSessions
from db.simulations import SqlSimulations
from db.sole import SoleUse, sole_use
from db.subscriptions import SqlSubscriptions
from db.upgrade import make_ready
from nef.domain.errors import Conflict, StoreUnavailable
from nef.ports.storage import StorageUnusable

#: What the database says that is no error of a statement: no room, no answer, no connection left.
_OUTAGES = (OperationalError, InterfaceError, PoolTimeoutError)
#: PostgreSQL's name for a transaction that has said nothing for too long: its connection is gone.
_FROZEN = "25P03"
#: PostgreSQL's name for two who wait for each other, of whom it lets one go.
_CIRCLE = "40P01"


@dataclass(frozen=True)
class SqlUnitOfWork:
    """The repositories inside one transaction."""

    sessions: SqlSessions
    outbox: SqlOutbox
    subscriptions: SqlSubscriptions
    simulations: SqlSimulations


class SqlStorage:
    """A database; may be used by many threads."""

    def __init__(
        self,
        engine: Engine,
        now_s: Callable[[], float] = time.time,
        request_id: Callable[[], str | None] = lambda: None,
        use: SoleUse | None = None,
    ) -> None:
        """Use an engine whose database has the tables already.

        `now_s` is real time, `request_id` the request that is being served where it is asked for.
        """
        self._engine, self._now_s, self._use = engine, now_s, use
        self._connections = Connections(engine)
        self._request_id = request_id
        self._neighbours = neighbours_at(engine)
        # Threads that share the one connection of a database in memory take turns. On a file only
        # writers do: SQLite would let them sleep, and look again when others have overtaken them.
        turn = threading.RLock()
        self._read_turn = turn if in_memory(engine) else nullcontext()
        self._write_turn = turn if engine.dialect.name == "sqlite" else nullcontext()

    @classmethod
    def open(
        cls,
        url: str,
        now_s: Callable[[], float] = time.time,
        request_id: Callable[[], str | None] = lambda: None,
        *,
        alone: bool = False,
    ) -> "SqlStorage":
        """Open a database, made or brought to the newest form if need be; raises StorageUnusable.

        Who is to move the network opens it `alone`: nobody else who is can, until it is closed.
        """
        try:
            with ExitStack() as opened:
                engine = open_engine(url)
                opened.callback(engine.dispose)
                use = sole_use(url) if alone else None
                if use is not None:
                    opened.callback(use.release)
                make_ready(engine)
                storage = cls(engine, now_s, request_id, use)
                if use is not None:
                    use.begin(storage.note_user)
                opened.pop_all()  # from here on they are the store's to close
        except (SQLAlchemyError, ImportError, OSError, StoreUnavailable) as error:
            reason = getattr(error, "orig", None) or getattr(error, "reason", error)
            raise StorageUnusable(
                f"the database {shown(url)} cannot be opened: {reason}"
            ) from error
        return storage

    def close(self) -> None:
        """Close all connections."""
        self._neighbours.close()
        self._connections.close()
        self._engine.dispose()
        if self._use is not None:
            self._use.release()

    def keep_alone(self) -> None:
        """Raises StoreTaken where another service has taken what was opened `alone`."""
        if self._use is not None:
            self._use.keep(self._user)

    def check(self) -> None:
        """Write and read something of no consequence; raises what keeps it from that."""
        with self.transaction() as work:
            work.simulations.touch()
        with self.reading() as work:
            work.simulations.lived_until_s()

    @contextmanager
    def transaction(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work that writes; SQLite has one at a time."""
        with _outage_told(), self._write_turn, self._connections.writing() as connection:
            yield self._unit(connection, writes=True)

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work that only reads; each answer is of one moment."""
        with _outage_told(), self._read_turn, self._connections.one() as connection:
            yield self._unit(connection)

    @contextmanager
    def at_once(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work of a single call."""
        with _outage_told(), self._write_turn, self._connections.one() as connection:
            yield self._unit(connection)

    def note_user(self, name: str) -> None:
        """Note who has the network from now on: whoever had it before finds another's name."""
        with self.transaction() as work:
            work.simulations.note_user(name)

    def _user(self) -> str | None:
        with self.reading() as work:
            return work.simulations.user()

    def listening(self, heard: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `heard` when another process has put something due into the outbox."""
        return self._neighbours.listening(heard)

    def _unit(self, connection: Connection, *, writes: bool = False) -> SqlUnitOfWork:
        return SqlUnitOfWork(
            SqlSessions(connection, self._neighbours, writes=writes),
            SqlOutbox(connection, self._now_s, self._neighbours, self._request_id),
            SqlSubscriptions(connection, writes=writes),
            SqlSimulations(connection, self._neighbours),
        )


@contextmanager
def _outage_told() -> Iterator[None]:
    try:
        yield
    except (*_OUTAGES, InternalError) as error:
        said = getattr(error, "orig", None) or error
        state = getattr(said, "sqlstate", None)
        if state == _CIRCLE:
            raise Conflict("somebody else changes the same; try again") from error
        if isinstance(error, InternalError) and state != _FROZEN:
            raise
        raise StoreUnavailable(str(said)) from error
