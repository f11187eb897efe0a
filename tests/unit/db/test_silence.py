"""A server that is connected and silent: nobody waits for ever, and only one asks again."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from builders.postgresql import PostgresServer
from builders.sessions import session
from db import silence
from db.engine import looking, open_engine
from db.silence import Connection, Server, ServerSilent
from db.storage import SqlStorage
from db.upgrade import _LOCK as UPGRADING
from db.upgrade import revisions, upgrade
from nef.domain.errors import StoreUnavailable

ANSWER = object.__new__(Connection)


class Line:
    """Stands in for the way to the server: nobody answers until somebody does."""

    def __init__(self) -> None:
        """Nobody answers."""
        self.answers, self.calls = False, 0
        self.may_end = threading.Event()
        self.may_end.set()

    def connect(self, **_: Any) -> Connection:
        """Be silent until the time is over, or answer."""
        self.calls += 1
        assert self.may_end.wait(120)
        if not self.answers:
            raise psycopg.errors.ConnectionTimeout
        return ANSWER


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    line = Line()
    monkeypatch.setattr(Connection, "connect", line.connect)
    return line


def ask(server: Server) -> Connection:
    return server.connect(None, None, (), {})


def test_soon_after_nobody_has_answered_nobody_is_asked_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "_AGAIN_S", 3600.0)  # however late the second question comes
    server = Server()
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        ask(server)
    with pytest.raises(ServerSilent):
        ask(server)
    assert line.calls == 1


def test_one_asks_whether_it_is_back_and_the_others_are_told_at_once(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "_AGAIN_S", 0.0)
    server = Server()
    server.fell_silent()
    line.may_end.clear()
    with ThreadPoolExecutor(1) as other:
        asking = other.submit(ask, server)
        while not line.calls:
            pass
        with pytest.raises(ServerSilent):
            ask(server)
        line.answers = True
        line.may_end.set()
        assert asking.result(120) is ANSWER
    assert (ask(server), line.calls) == (ANSWER, 2)


def test_a_server_that_refuses_is_not_silent(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> Connection:
        raise psycopg.OperationalError("the database system is shutting down")

    server = Server()
    server.fell_silent()
    monkeypatch.setattr(Connection, "connect", refuse)
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError, match="shutting down"):
            ask(server)


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def test_what_is_not_answered_in_time_is_an_outage_and_the_next_question_is_none(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, other = SqlStorage.open(url), SqlStorage.open(url)
    with storage.transaction() as work:
        work.sessions.add(session())
    with other.transaction() as unit:
        assert unit.sessions.get("s1") is not None  # nobody else gets it for a while
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "patience_s", 0.2)
            with pytest.raises(StoreUnavailable) as silent, storage.transaction() as work:
                work.sessions.get("s1")
        with storage.reading() as work:
            assert work.sessions.get("s1") is not None
    assert silent.value.reason == "the server does not answer"
    with storage.transaction() as work:
        work.sessions.remove("s1")
    storage.close()
    other.close()


def test_a_migration_and_a_look_at_everything_take_all_the_time_they_need(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "patience_s", 1.0)
    with psycopg.connect(url, autocommit=True) as other, ThreadPoolExecutor(1) as pool:
        other.execute(f"SELECT pg_advisory_lock({UPGRADING})".encode())
        migrating = pool.submit(upgrade, open_engine(url))
        with looking(url) as connection:
            connection.exec_driver_sql("SELECT pg_sleep(1.3)")
        other.execute("SELECT pg_advisory_unlock_all()")
        assert migrating.result(120) == revisions()[-1]
