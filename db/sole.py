"""One service at a store: two would each move the network, and tell everything twice."""

import fcntl
import os
import secrets
import time
from collections.abc import Callable
from typing import Protocol

from db.election import Election, can_elect
from db.engine import file_of, shown
from nef.domain.errors import StoreUnavailable
from nef.ports.storage import StorageUnusable

#: A service that was killed a moment ago may have the database for as long as it takes to notice.
_PATIENCE_S, _LOOK_EVERY_S = 2.0, 0.05


class StoreTaken(StorageUnusable):
    """Another service runs on the same store."""


class SoleUse(Protocol):
    """Held from its making until `release` or the end of the process, however that comes.

    What can be lost has a name, which the store keeps of whoever had it last.
    """

    def begin(self, note: Callable[[str], None]) -> None:
        """Note the name, now that there are tables."""
        ...

    def keep(self, last: Callable[[], str | None]) -> None:
        """Raises StoreTaken where it was lost to another service, though that be gone again.

        `last` reads the name that was noted last.
        """
        ...

    def release(self) -> None:
        """Let another service have it."""
        ...


def sole_use(url: str) -> SoleUse:
    """Take a store; raises StoreTaken where another service has it."""
    return UseOfDatabase(url) if can_elect(url) else UseOfFile(url)


class UseOfDatabase:
    """The network of a PostgreSQL, as that process has it that is elected of several."""

    def __init__(self, url: str) -> None:
        """Be elected; raises StoreTaken where another service is."""
        self._url, self._election = url, Election(url)
        self._name, self._in_doubt = secrets.token_hex(8), False
        end_s = time.monotonic() + _PATIENCE_S
        while not self._won():
            if time.monotonic() > end_s:
                self.release()
                raise self._taken()
            time.sleep(_LOOK_EVERY_S)

    def begin(self, note: Callable[[str], None]) -> None:
        """Note who has it now."""
        note(self._name)

    def keep(self, last: Callable[[], str | None]) -> None:
        """Also where the database was away for a while, if nobody else has had it since.

        Somebody else has moved the network on: the one that is in memory here is not that any more.
        Of one's own connection that broke the database may have to notice first.
        """
        if self._election.holds() and not self._in_doubt:
            return
        self._in_doubt = True
        end_s = time.monotonic() + _PATIENCE_S
        while not self._election.won():
            if last() != self._name or time.monotonic() > end_s:
                raise self._taken()
            time.sleep(_LOOK_EVERY_S)
        if last() != self._name:
            raise self._taken()
        self._in_doubt = False

    def release(self) -> None:
        """Let another service have it."""
        self._election.close()

    def _won(self) -> bool:
        try:
            return self._election.won()
        except StoreUnavailable as error:
            why = f"the database {shown(self._url)} cannot be opened: {error.reason}"
            raise StorageUnusable(why) from error

    def _taken(self) -> StoreTaken:
        return StoreTaken(
            f"another service runs on {shown(self._url)}, or has done so since this one began; stop"
            " it, or give this one another --database. For several processes of one service there"
            " is --workers: docs/operations.md"
        )


class UseOfFile:
    """A file beside the database, locked until `release` or the end of the process, however."""

    def __init__(self, url: str) -> None:
        """Take the lock; raises StoreTaken where another service has it.

        A new database is for its owner alone: what AFs say stands in it, and where UEs are.
        """
        self._file = None
        path = file_of(url)
        if path is None:
            return
        lock = path.with_name(f"{path.name}.lock")
        if not lock.parent.is_dir():
            raise FileNotFoundError(f"there is no directory {lock.parent}")
        # Not the database's own file: to close that would free the locks that SQLite has on it.
        self._file = lock.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "?"
            self.release()
            raise StoreTaken(
                f"another service (process {holder}) runs on {path}; stop it, or give this one"
                " another --database. For several processes use PostgreSQL: docs/operations.md"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        path.touch(0o600)

    def begin(self, _: Callable[[str], None]) -> None:
        """A lock of the system is not lost."""

    def keep(self, _: Callable[[], str | None]) -> None:
        """Nor can anybody have had it."""

    def release(self) -> None:
        """Let another service have it."""
        if self._file is not None:
            self._file.close()
            self._file = None
