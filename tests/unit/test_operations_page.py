"""What docs/operations.md says of the store is done here as it stands there."""

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

from builders.postgresql import PostgresServer
from builders.service import by_value, component
from builders.sessions import session
from db.checking import found_wrong
from db.storage import SqlStorage
from nef.domain.sessions import Session
from nef.schemas.sessions import request_of

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


def block(containing: str) -> str:
    """The block of code on the page that has a text."""
    blocks: list[str] = re.findall(r"^ *```(?:sh|sql)\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return found


def sh(script: str, folder: Path, server: PostgresServer, **environment: str) -> None:
    """Run what stands on the page, with the tools of PostgreSQL."""
    path = f"{server.tools}:{os.environ['PATH']}"
    subprocess.run(  # noqa: S603 - our own page
        ["/bin/sh", "-ec", script], cwd=folder, check=True, env=environment | {"PATH": path}
    )


def add(url: str, *sessions: Session) -> None:
    with closing(SqlStorage.open(url)) as storage, storage.transaction() as work:
        for one in sessions:
            work.sessions.add(one)


def stored(url: str) -> list[str]:
    with closing(SqlStorage.open(url)) as storage, storage.reading() as work:
        return [one.id for one in work.sessions.claims(0, 1000)]


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def test_a_backup_of_sqlite_is_made_beside_a_service_and_restored(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with closing(SqlStorage.open(url, alone=True)) as service:
        with service.transaction() as work:
            work.sessions.add(session("kept"))
        command = block("VACUUM INTO")
        (statement,) = re.findall('"(.*)"', command)
        with closing(sqlite3.connect(tmp_path / "nef.sqlite3")) as tool:
            tool.execute(statement.replace("nef-backup", str(tmp_path / "nef-backup")))
        with service.transaction() as work:
            work.sessions.add(session("later"))
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"nef.sqlite3{suffix}").unlink(missing_ok=True)
    (tmp_path / "nef-backup.sqlite3").rename(tmp_path / "nef.sqlite3")
    assert list(found_wrong(url)) == []
    assert stored(url) == ["kept"]


def test_a_backup_of_postgresql_is_made_beside_a_service_and_restored(
    database: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    with closing(SqlStorage.open(database)) as service:
        with service.transaction() as work:
            work.sessions.add(session("kept"))
        sh(block("pg_dump"), tmp_path, postgres, NEF_SERVE_DATABASE=database)
        with service.transaction() as work:
            work.sessions.add(session("later"))
    sh(block("pg_restore"), tmp_path, postgres, NEF_SERVE_DATABASE=database)
    assert list(found_wrong(database)) == []
    assert stored(database) == ["kept"]
    add(database, session("after"))
    assert stored(database) == ["kept", "after"]


def test_who_owns_a_database_needs_nothing_else(postgres: PostgresServer, tmp_path: Path) -> None:
    own = make_url(postgres.new_database())
    host = str(own.query["host"])
    sh(block("createuser"), tmp_path, postgres, PGHOST=host, PGUSER="postgres")
    url = own.set(username="nef", database="nef").render_as_string(hide_password=False)
    add(url, session())
    assert list(found_wrong(url)) == []


def test_the_table_of_sessions_is_partitioned_by_ue_and_all_goes_on(
    postgres: PostgresServer,
) -> None:
    database = postgres.new_database()
    ues = [f"ue-{number}" for number in range(40)]
    add(database, *(session(f"s-{ue}", ue_id=ue) for ue in ues))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(block("PARTITION BY HASH").encode())
        for remainder in range(4):
            part = Identifier(f"sessions_{remainder}")
            counted = connection.execute(SQL("SELECT count(*) FROM {}").format(part))
            (here,) = counted.fetchone() or (0,)
            assert 0 < here < len(ues)
    with closing(SqlStorage.open(database)) as storage:
        with storage.transaction() as work:
            added = work.sessions.add(session("new", ue_id="ue-1"))
            assert added.number == len(ues) + 1
            for ue in ues:
                found = work.sessions.get(f"s-{ue}")
                assert found is not None
                work.sessions.replace(found)
            work.sessions.remove("s-ue-7")
        with storage.reading() as work:
            assert len(work.sessions.of_af("af")) == len(ues)
    assert len(list(found_wrong(database))) == 2, "the constraints that are other ones"


def test_a_session_takes_as_much_room_as_the_page_says(database: str, tmp_path: Path) -> None:
    (kilobytes,) = re.findall(r"([\d.]+) kB a session of two components", PAGE)
    ladder = (("medium", "500 Kbps"), ("small", "100 Kbps"))
    parts = (component(n, "1 Mbps", *ladder) for n in (1, 2))
    asked = request_of(by_value(*parts))
    path = tmp_path / "nef.sqlite3"
    many = [
        session(f"1c3a5c3e-6f0e-4f51-9d0a-{number:012}", asked, af_id=f"af-{number % 50}")
        for number in range(1000)
    ]
    for url in (database, f"sqlite:///{path}"):
        add(url, *many)
    with psycopg.connect(database) as connection:
        (size,) = connection.execute("SELECT pg_total_relation_size('sessions')").fetchone() or (0,)
    assert size / len(many) == pytest.approx(1000 * float(kilobytes), rel=0.15)
    assert path.stat().st_size / len(many) == pytest.approx(1000 * float(kilobytes), rel=0.15)
