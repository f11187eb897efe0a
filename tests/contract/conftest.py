"""What contract tests run against."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from builders.postgresql import PostgresServer
from builders.sessions import REAL_S
from db.storage import SqlStorage
from fakes.storage import MemoryStorage
from nef.ports.storage import Storage


@pytest.fixture(params=["fake", "file", "memory", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of every store there is, one after the other; empty for the fake."""
    match request.param:
        case "file":
            yield f"sqlite:///{tmp_path / 'store.sqlite3'}"
        case "postgresql":
            # Only now: the others need no server.
            server: PostgresServer = request.getfixturevalue("postgres")
            with server.database() as database:
                yield database
        case kind:
            yield "sqlite://" if kind == "memory" else ""


@pytest.fixture
def store(url: str) -> Iterator[Storage]:
    """The store."""
    opened = SqlStorage.open(url, lambda: REAL_S) if url else MemoryStorage(lambda: REAL_S)
    yield opened
    if isinstance(opened, SqlStorage):
        opened.close()


@pytest.fixture
def restarted(url: str, store: Storage) -> Iterator[Callable[[], Storage]]:
    """Gives the store as the next process finds it, when the one before is no more."""
    with ExitStack() as stack:

        def restart() -> Storage:
            if not isinstance(store, SqlStorage) or url == "sqlite://":
                return store
            store.close()
            return stack.enter_context(closing(SqlStorage.open(url, lambda: REAL_S)))

        yield restart
