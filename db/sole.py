"""One service at a file of SQLite: two would each move the network, and tell everything twice."""

import fcntl
import os

from db.engine import file_of
from nef.ports.storage import StorageUnusable


class FileTaken(StorageUnusable):
    """Another service runs on the same file."""


class SoleUse:
    """A file beside the database, locked until `release` or the end of the process, however."""

    def __init__(self, url: str) -> None:
        """Take the lock; raises FileTaken where another service has it."""
        self._file = None
        path = file_of(url)
        if path is None:
            return
        lock = path.with_name(f"{path.name}.lock")
        # Not the database's own file: to close that would free the locks that SQLite has on it.
        self._file = lock.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "?"
            self.release()
            raise FileTaken(
                f"another service (process {holder}) runs on {path}; stop it, or give this one"
                " another --database. For several processes use PostgreSQL: docs/operations.md"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another service have it."""
        if self._file is not None:
            self._file.close()
            self._file = None
