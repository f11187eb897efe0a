"""Connections go from one unit of work to the next, and some stay at hand."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from builders.postgresql import PostgresServer
from builders.sessions import session
from db.connections import Connections
from db.engine import POOL_SIZE, open_engine
from db.storage import SqlStorage


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    opened = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    kept = Connections(opened)
    with kept.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text)")
    yield kept
    kept.close()
    opened.dispose()


def notes(connections: Connections) -> list[str]:
    with connections.one() as connection:
        return list(connection.scalars(text("SELECT text FROM notes")))


def write(connection: Connection, note: str) -> None:
    connection.execute(text("INSERT INTO notes VALUES (:note)"), {"note": note})


def write_and_fail(connections: Connections, note: str) -> None:
    with connections.writing() as connection:
        write(connection, note)
        raise KeyError(note)


def test_what_fails_in_the_middle_leaves_nothing_behind_for_whoever_is_next(
    connections: Connections,
) -> None:
    with pytest.raises(KeyError):
        write_and_fail(connections, "half")
    with connections.one() as connection:
        write(connection, "single")
    with connections.writing() as connection:
        write(connection, "whole")
    assert notes(connections) == ["single", "whole"]


def test_a_transaction_in_which_nothing_was_done_is_over_too(connections: Connections) -> None:
    with connections.writing():
        pass
    with connections.writing() as connection:  # SQLite would refuse one inside of another
        write(connection, "later")
    assert notes(connections) == ["later"]


def test_however_many_read_at_once_have_a_connection_each_and_few_of_them_stay_open(
    tmp_path: Path,
) -> None:
    opened = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    connections = Connections(opened)
    with ExitStack() as crowd:
        readers = [crowd.enter_context(connections.one()) for _ in range(40)]
        assert len(set(map(id, readers))) == 40
    assert opened.pool.checkedout() == 5  # type: ignore[attr-defined]
    connections.close()
    assert opened.pool.checkedout() == 0  # type: ignore[attr-defined]
    opened.dispose()


def test_what_is_in_use_at_the_end_does_not_stay_open(tmp_path: Path) -> None:
    opened = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    connections = Connections(opened)
    with connections.one():
        connections.close()
    assert opened.pool.checkedout() == 0  # type: ignore[attr-defined]
    opened.dispose()


def test_units_of_work_inside_of_each_other_have_a_connection_each(
    connections: Connections,
) -> None:
    with connections.writing() as connection:
        write(connection, "unseen")
        assert notes(connections) == []
    assert notes(connections) == ["unseen"]


def test_connections_that_the_server_has_ended_are_not_used_again(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        storage = SqlStorage.open(url)
        with storage.transaction() as work:
            work.sessions.add(session())
            # two connections at hand
            with storage.reading() as other:
                assert other.sessions.get("s1") is None
        postgres.end_connections(url)
        for _ in range(3):
            with storage.reading() as work:
                assert work.sessions.get("s1") is not None
        with storage.transaction() as work:
            work.sessions.remove("s1")
        storage.close()


def test_who_waits_for_one_gets_it_before_it_is_kept(postgres: PostgresServer) -> None:
    with postgres.database() as url, ExitStack() as leaving:
        opened = open_engine(url)
        leaving.callback(opened.dispose)
        connections = Connections(opened)
        leaving.callback(connections.close)
        with ExitStack() as crowd, ThreadPoolExecutor() as threads:
            for _ in range(POOL_SIZE - 1):
                crowd.enter_context(connections.one())
            with connections.one():
                waiting = threads.submit(opened.connect)
            waiting.result(timeout=5).close()
        assert opened.pool.checkedout() == 5  # type: ignore[attr-defined]
