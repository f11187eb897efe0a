"""What contract tests run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.sessions import REAL_S
from db.storage import SqlStorage
from fakes.storage import MemoryStorage
from nef.ports.storage import Storage


@pytest.fixture(params=["fake", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Every store there is, one after the other."""
    if request.param == "fake":
        yield MemoryStorage(lambda: REAL_S)
        return
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}" if request.param == "file" else "sqlite://"
    opened = SqlStorage.open(url, lambda: REAL_S)
    yield opened
    opened.close()
