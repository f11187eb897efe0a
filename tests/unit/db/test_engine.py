"""Connections: which database a URL means, and what becomes of one that breaks."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from builders.postgresql import PostgresServer
from builders.sessions import session
from db import engine
from db.engine import open_engine, shown, writing
from db.storage import SqlStorage
from nef.domain.errors import StoreUnavailable
from nef.ports.storage import StorageUnusable


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


PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_a_url_without_a_driver_means_psycopg() -> None:
    for url in ("postgresql://nef@db.example/nef", "postgresql+psycopg://nef@db.example/nef"):
        opened = open_engine(url)
        assert (opened.dialect.name, opened.driver) == ("postgresql", "psycopg")


@pytest.mark.parametrize("url", ["mysql://db/nef", "postgresql+psycopg2://db/nef", "nef.sqlite3"])
def test_another_database_is_refused_by_the_name_of_those_that_are_not(url: str) -> None:
    with pytest.raises(StorageUnusable, match=r"cannot be opened: .*sqlite:///FILE or post"):
        SqlStorage.open(url)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnusable, match=f"there is no directory {tmp_path}/gone$"):
        SqlStorage.open(f"sqlite:///{tmp_path}/gone/nef.sqlite3", alone=True)


def test_without_psycopg_one_reads_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageUnusable, match=r"pip install 'open-nef\[postgresql\]'"):
        SqlStorage.open("postgresql://db.example/nef")


def test_who_is_not_let_in_reads_why_and_not_the_password() -> None:
    with pytest.raises(StorageUnusable, match="cannot be opened") as refused:
        SqlStorage.open("postgresql://nef:secret@127.0.0.1:9/nef")
    assert "secret" not in str(refused.value)
    assert shown("postgresql://nef:secret@db/nef") == "postgresql://nef:***@db/nef"


def test_a_transaction_that_loses_its_connection_is_lost_and_the_next_one_is_not(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as url:
        storage = SqlStorage.open(url)
        with pytest.raises(StoreUnavailable), storage.transaction() as work:  # noqa: PT012 - the last one raises
            work.sessions.add(session("lost"))
            postgres.end_connections(url)
            work.sessions.add(session("lost too"))
        with storage.transaction() as work:
            work.sessions.add(session("kept"))
        with storage.reading() as work:
            assert [one.id for one in work.sessions.of_af("af")] == ["kept"]
        storage.close()


def test_a_connection_has_the_settings_that_the_page_for_operators_names(
    postgres: PostgresServer,
) -> None:
    (page,) = re.findall(r"^- \*\*Settings\*\*: (.*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert "lock_timeout" in page
    with postgres.database() as url:
        opened = open_engine(url)
        with opened.connect() as connection:
            for name, value in re.findall(r"`(\w+)=([\w.]+)`", page):
                assert connection.exec_driver_sql(f"SHOW {name}").scalar() == value
            driver: Any = connection.connection.driver_connection
        assert driver.info.get_parameters()["tcp_user_timeout"] == "10000"
        opened.dispose()


def test_two_write_beside_each_other_but_never_the_same_row(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        first, second = open_engine(url), open_engine(url)
        with first.connect() as connection:
            connection.execute(text("INSERT INTO simulation VALUES (1, ''), (2, '')"))
        with writing(first) as one, writing(second) as other:
            one.execute(text("UPDATE simulation SET state = 'a' WHERE id = 1"))
            other.execute(text("UPDATE simulation SET state = 'b' WHERE id = 2"))
            other.execute(text("SET LOCAL lock_timeout = '10ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                other.execute(text("UPDATE simulation SET state = 'b' WHERE id = 1"))
        first.dispose()
        second.dispose()


def test_what_a_frozen_process_holds_is_free_again_after_a_while(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.database() as url:
        other = SqlStorage.open(url)
        monkeypatch.setattr(engine, "_FROZEN_S", 0.2)
        frozen = SqlStorage.open(url)
        with other.transaction() as work:
            work.sessions.add(session())
        with pytest.raises(StoreUnavailable), frozen.transaction() as work:  # noqa: PT012 - the last one raises
            assert work.sessions.get("s1") is not None
            with other.transaction() as unit:
                unit.sessions.remove("s1")  # waits until the other one is taken for dead
            work.sessions.get("s1")
        frozen.close()
        other.close()
