"""The processes that share a store: who is alive, whose turn it is, what they tell each other.

On PostgreSQL, that is; a process on SQLite is alone. What a process holds here, it holds by a
connection of its own and loses with its life: nobody has to notice its death.
"""

import logging
import secrets
import threading
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_LOG = logging.getLogger(__name__)

#: Advisory locks of ours are told apart by their first number.
_ALIVE, _TURNS, _SIMULATION = 0x4E45461, 0x4E45462, 0x4E45463
#: So many queues take turns by themselves; more would fill the lock table of a server for nothing.
_QUEUES = 512
_CHANNEL = "nef_outbox"
#: What is heard within this time is heard as one.
_APART_S = 0.02
_LOOK_UP_EVERY_S = 0.2
_CONNECT_EVERY_S = 0.5

_LIVE = text("SELECT pg_advisory_lock(:alive, :number)").bindparams(alive=_ALIVE)
_LIVING = text(
    "SELECT CAST(CAST(objid AS text) AS integer) FROM pg_locks WHERE locktype = 'advisory'"
    " AND classid = :alive AND objsubid = 2 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
).bindparams(alive=_ALIVE)
_TAKE_TURNS = text(
    "SELECT pg_notify(:channel, :sender), (SELECT count(pg_advisory_xact_lock(:queues, turn))"
    " FROM unnest(CAST(:turns AS integer[])) AS turn)"
).bindparams(channel=_CHANNEL, queues=_TURNS)
_NOTIFY = text("SELECT pg_notify(:channel, :sender)").bindparams(channel=_CHANNEL)
_HOLD = text("SELECT pg_advisory_xact_lock(:simulation, 0)").bindparams(simulation=_SIMULATION)


class Neighbours(Protocol):
    """This process among the others; `number` is its own among them."""

    number: int

    def live(self) -> None:
        """Be alive in the eyes of the others, from now on: before anything is leased."""
        ...

    def take_turns(self, connection: Connection, subscription_ids: Iterable[str]) -> None:
        """Let nobody else append to the queues of some subscriptions until this transaction ends.

        So of two transactions that append to one, the first to take its numbers is the first to
        commit, and nobody sees a later notification before an earlier one. Whoever has taken its
        turn locks nothing more, so that nobody waits in a circle. The others hear of it in the end.
        """
        ...

    def tell(self, connection: Connection) -> None:
        """Let the others look for what is due, once this transaction has ended."""
        ...

    def hold_simulation(self, connection: Connection) -> None:
        """Let nobody else write the simulation until this transaction ends."""
        ...

    def living(self, connection: Connection) -> Collection[int]:
        """Those that are alive and may have leased something, this process among them."""
        ...

    def are_none(self, connection: Connection) -> bool:
        """Whether nobody else is alive."""
        ...

    def listening(self, heard: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `heard` from a thread of its own when another process has told something."""
        ...

    def close(self) -> None:
        """Be no more."""
        ...


def neighbours_at(engine: Engine) -> Neighbours:
    """Those of this process at a store."""
    return Alone() if engine.dialect.name == "sqlite" else _Neighbours(engine)


class Alone:
    """No others."""

    number = 0

    def live(self) -> None:
        """For nobody."""

    def take_turns(self, connection: Connection, subscription_ids: Iterable[str]) -> None:
        """It is always one's own turn."""

    def tell(self, connection: Connection) -> None:
        """Tell nobody."""

    def hold_simulation(self, connection: Connection) -> None:
        """Nobody else writes."""

    def living(self, _: Connection) -> Collection[int]:
        """This process has leased nothing yet when it asks, which is at its start."""
        return ()

    def are_none(self, _: Connection) -> bool:
        """There are none."""
        return True

    def listening(self, _: Callable[[], None]) -> AbstractContextManager[None]:
        """To nobody."""
        return nullcontext()

    def close(self) -> None:
        """Nothing was opened."""


class _Neighbours:
    """Those at a PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self.number = secrets.randbelow(1 << 31)
        self._engine = engine
        self._turn = threading.Lock()
        self._own: Connection | None = None
        self._is_deaf = False

    def live(self) -> None:
        if self._is_cut_off():
            self._connection()

    def close(self) -> None:
        if self._own is not None:
            with suppress(SQLAlchemyError):  # who is cut off from the others is no more already
                self._own.exec_driver_sql("SELECT pg_advisory_unlock_all()")
            self._own.close()

    def take_turns(self, connection: Connection, subscription_ids: Iterable[str]) -> None:
        turns = sorted({zlib.crc32(name.encode()) % _QUEUES for name in subscription_ids})
        connection.execute(_TAKE_TURNS, {"sender": str(self.number), "turns": turns})

    def tell(self, connection: Connection) -> None:
        connection.execute(_NOTIFY, {"sender": str(self.number)})

    def hold_simulation(self, connection: Connection) -> None:
        connection.execute(_HOLD)

    def living(self, connection: Connection) -> Collection[int]:
        return set(connection.execute(_LIVING).scalars())

    def are_none(self, connection: Connection) -> bool:
        return not set(self.living(connection)) - {self.number}

    @contextmanager
    def listening(self, heard: Callable[[], None]) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(
            target=self._listen, args=(heard, over), name="nef-neighbours", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _listen(self, heard: Callable[[], None], over: threading.Event) -> None:
        while not over.is_set():
            try:
                self._hear(heard, over)
            except (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError) as error:
                if not self._is_deaf:  # told once, until it is over
                    _LOG.warning("other processes cannot be heard: %s", error)
                self._is_deaf = True
                over.wait(_CONNECT_EVERY_S)

    def _hear(self, heard: Callable[[], None], over: threading.Event) -> None:
        """Listen until it is over, or the connection breaks; what was said before is unheard."""
        own = self._connection()
        own.exec_driver_sql(f"LISTEN {_CHANNEL}")
        if self._is_deaf:
            _LOG.warning("other processes are heard again")
        self._is_deaf = False
        heard()
        driver: Any = own.connection.dbapi_connection
        try:
            while not over.is_set():
                notes = list(driver.notifies(timeout=_LOOK_UP_EVERY_S, stop_after=1))
                if any(note.payload != str(self.number) for note in notes):
                    heard()
                    over.wait(_APART_S)
        except self._engine.dialect.loaded_dbapi.Error:
            own.close()
            raise

    def _is_cut_off(self) -> bool:
        return self._own is None or self._own.closed or self._own.invalidated

    def _connection(self) -> Connection:
        """That of this process, alive in the eyes of the others."""
        with self._turn:
            if self._own is None or self._is_cut_off():
                self._own = self._connected()
            return self._own

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        connection.detach()
        connection.execute(_LIVE, {"number": self.number})
        return connection
