"""Connections for one unit of work after the other."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import QueuePool

from db.engine import POOL_SIZE, begin, is_over

#: Connections that are kept for the next one: as many as are in use at once, mostly.
_AT_HAND = 5


class Connections:
    """Connections for one unit of work after the other.

    Each is good for the next one as it is, and some stay at hand, on SQLite with their pages: the
    way into the pool and out of it costs as much as a statement.
    """

    def __init__(self, engine: Engine) -> None:
        """Take connections from an engine."""
        self._engine, self._most = engine, _AT_HAND
        self._on_sqlite = engine.dialect.name == "sqlite"
        self._kept: deque[Connection] = deque()  # may be used by many threads

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection that nobody else has; each statement is a transaction of its own."""
        connection = self._at_hand() or self._engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()  # with all that was begun on it
            raise
        if len(self._kept) < self._most and not self._is_short():
            self._kept.append(connection)
        else:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The same, in one transaction that writes."""
        with self.one() as connection:
            begin(connection)
            yield connection
            connection.commit()

    def close(self) -> None:
        """Give back what is kept, and keep nothing any more."""
        self._most = 0
        while self._kept:
            self._kept.pop().close()

    def _at_hand(self) -> Connection | None:
        """One that was kept, and that the server has not closed meanwhile."""
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return None
            if self._on_sqlite or not is_over(connection.connection.driver_connection):
                return connection
            connection.invalidate()
            connection.close()

    def _is_short(self) -> bool:
        """Whether somebody may wait for a connection to come back into the pool."""
        pool = self._engine.pool
        return isinstance(pool, QueuePool) and pool.checkedout() >= POOL_SIZE
