"""A PostgreSQL that is connected and says nothing: whoever waits for it is told after a while.

Its processes may be frozen, or stand before a disk that does not answer. Their machine takes what
is sent to them all the same, so that nothing else would notice, and nothing over a unix socket.
"""

import threading
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

#: Longer than a statement may wait for a lock (`lock_timeout`), of which the server tells itself.
PATIENCE_S = 20.0
#: Nobody asks again so soon after nobody has answered.
_AGAIN_S = 1.0
_Value = TypeVar("_Value")


class ServerSilent(psycopg.OperationalError):
    """Nothing came from the server; what it was told it may do yet, or have done."""


class Server:
    """What this process knows of a server: once it was silent, one asks whether it still is."""

    def __init__(self) -> None:
        """It was not silent so far."""
        self._silent, self._again_s = False, 0.0
        self._asking = threading.Lock()

    def connect(
        self, _dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]
    ) -> "Connection":
        """Connect with the arguments of the driver; for SQLAlchemy's `do_connect`.

        Raises ServerSilent at once while somebody else finds out, or has just done so.
        """
        if not self._silent:
            return self._connected(*arguments, **options)
        if time.monotonic() < self._again_s or not self._asking.acquire(blocking=False):
            raise ServerSilent("the server does not answer")
        try:
            return self._connected(*arguments, **options)
        finally:
            self._asking.release()

    def fell_silent(self) -> None:
        """From now on nobody waits for it beside another one."""
        self._silent = True

    def _connected(self, *arguments: Any, **options: Any) -> "Connection":
        try:
            connection = Connection.connect(*arguments, **options)
        except psycopg.errors.ConnectionTimeout:
            self._silent, self._again_s = True, time.monotonic() + _AGAIN_S
            raise
        self._silent = False
        connection.server = self
        return connection


class Connection(psycopg.Connection[Any]):
    """A connection that waits for an answer, and not for ever: then it is closed."""

    server: Server
    patience_s = PATIENCE_S

    def wait(self, gen: Generator[Any, Any, _Value], *args: Any, **options: Any) -> _Value:
        """Raises ServerSilent where nothing comes."""
        try:
            return super().wait(_in_time(gen, time.monotonic() + self.patience_s), *args, **options)
        except ServerSilent:
            self.server.fell_silent()
            self.close()
            raise


def _in_time(steps: Generator[Any, Any, _Value], end_s: float) -> Generator[Any, Any, _Value]:
    """The same steps, until nothing has come at the end; it looks up some times a second."""
    try:
        wish = next(steps)
        while True:
            ready = yield wish
            if not ready and time.monotonic() > end_s:
                raise ServerSilent("the server does not answer")
            wish = steps.send(ready)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
