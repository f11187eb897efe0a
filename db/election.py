"""Which of several processes moves the network: whoever holds a lock of PostgreSQL."""

import threading
from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from db.engine import open_engine
from nef.domain.errors import StoreUnavailable

#: The number of the lock; any would do that nobody else uses. Each database has its own.
_LOCK = 0x4E45465449434B
#: Where the connection goes over TCP, an end that does not answer is gone after some seconds.
_SILENCE = {
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}


def can_elect(url: str) -> bool:
    """Whether several processes may share this database."""
    try:
        return make_url(url).get_backend_name() == "postgresql"
    except ArgumentError:
        return False


class Election:
    """A candidate; may be used by several threads.

    The lock belongs to a connection, and PostgreSQL frees it with that, however it ends. It is
    asked for again and again: a statement that waits for it would keep the database from clearing
    away what was deleted since.
    """

    def __init__(self, url: str) -> None:
        """Not elected yet, and not connected; the database is of PostgreSQL."""
        named = make_url(url).update_query_dict(_SILENCE)
        self._engine = open_engine(named.render_as_string(hide_password=False))
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._elected = False

    def won(self) -> bool:
        """Whether the lock is held from now on; raises StoreUnavailable without a database."""
        with self._turn:
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                    self._connection.exec_driver_sql("SET application_name = 'nef-ticker'")
                ask = f"SELECT pg_try_advisory_lock({_LOCK})"
                self._elected = bool(self._connection.exec_driver_sql(ask).scalar())
            except SQLAlchemyError as error:
                self._gone()
                raise StoreUnavailable(str(getattr(error, "orig", None) or error)) from error
        return self._elected

    def holds(self) -> bool:
        """Whether it is held still, as the database says; once it is not it never is again."""
        with self._turn:
            if self._connection is not None and self._elected:
                try:
                    self._connection.exec_driver_sql("SELECT 1")
                except SQLAlchemyError:
                    self._gone()
        return self._elected

    def close(self) -> None:
        """Give the lock back, if it is held; another candidate may have it from now on."""
        with self._turn:
            if self._connection is not None:
                # Of a connection that is only closed PostgreSQL frees the lock some time later.
                with suppress(SQLAlchemyError):  # who is cut off does not hold it any more
                    self._connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
            self._gone()

    def _gone(self) -> None:
        self._elected = False
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
        self._engine.dispose()
