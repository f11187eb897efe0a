"""What contract tests run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.postgresql import PostgresServer
from builders.sessions import REAL_S
from db.storage import SqlStorage
from fakes.storage import MemoryStorage
from nef.ports.storage import Storage


@pytest.fixture(params=["fake", "file", "memory", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Every store there is, one after the other."""
    match request.param:
        case "fake":
            yield MemoryStorage(lambda: REAL_S)
        case "file":
            yield from opened(f"sqlite:///{tmp_path / 'store.sqlite3'}")
        case "memory":
            yield from opened("sqlite://")
        case "postgresql":
            # Only now: the others need no server.
            server: PostgresServer = request.getfixturevalue("postgres")
            with server.database() as url:
                yield from opened(url)


def opened(url: str) -> Iterator[Storage]:
    """A store, open for the length of a test."""
    storage = SqlStorage.open(url, lambda: REAL_S)
    yield storage
    storage.close()
