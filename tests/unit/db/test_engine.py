"""Connections: what becomes of one that cannot write."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from db import engine
from db.engine import open_engine, writing


def test_who_cannot_write_in_time_is_told_so_and_may_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_S", 0.01)
    first, second = (open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}") for _ in range(2))
    with writing(first), pytest.raises(OperationalError, match="locked"), writing(second):
        pytest.fail("two write at once")
    with writing(second) as connection:
        assert connection.in_transaction()
    first.dispose()
    second.dispose()
