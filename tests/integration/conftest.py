"""What integration tests run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.postgresql import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that outlives a service, of each kind there is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'nef.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url
