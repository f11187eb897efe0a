"""A store that is full, or is gone, says so, keeps what it has, and goes on when it can."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from builders.sessions import session
from db.engine import open_engine
from db.storage import SqlStorage
from db.upgrade import upgrade
from nef.domain.errors import StoreUnavailable

SMALL_PAGES = 80


def add(store: SqlStorage, name: str) -> None:
    with store.transaction() as work:
        work.sessions.add(session(name))


def fill(store: SqlStorage, kept: list[str]) -> None:
    for number in range(10_000):
        add(store, f"s-{number:05}")
        kept.append(f"s-{number:05}")


@pytest.fixture
def pages() -> list[int]:
    return [SMALL_PAGES]


@pytest.fixture
def store(tmp_path: Path, pages: list[int]) -> SqlStorage:
    """A store that never has more than so many pages."""
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    upgrade(engine)

    def limit(_: Any, cursor: Any, *__: Any) -> None:
        cursor.execute(f"PRAGMA max_page_count={pages[0]}")

    event.listen(engine, "before_cursor_execute", limit)
    return SqlStorage(engine)


def test_a_full_store_refuses_and_keeps_what_it_has_and_goes_on_with_more_room(
    store: SqlStorage, pages: list[int]
) -> None:
    kept: list[str] = []
    with pytest.raises(StoreUnavailable, match="try again later") as refused:
        fill(store, kept)
    assert "full" in refused.value.reason
    with store.reading() as work:
        assert [s.id for s in work.sessions.claims(0, 1000)] == kept
    pages[0] = 10 * SMALL_PAGES
    add(store, "later")
    with store.reading() as work:
        assert [s.id for s in work.sessions.claims(0, 1000)] == [*kept, "later"]


def test_a_store_that_cannot_be_opened_any_more_says_so_to_readers_and_writers(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    store = SqlStorage.open(f"sqlite:///{folder / 'store.sqlite3'}")
    store.close()  # so that there is no connection left that needs no file
    folder.rename(tmp_path / "elsewhere")
    for use in (store.transaction, store.reading, store.at_once):
        with pytest.raises(StoreUnavailable), use():
            pass
    (tmp_path / "elsewhere").rename(folder)
    add(store, "later")
    store.close()
