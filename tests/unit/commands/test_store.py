"""`nef db`: from which form to which, and what is wrong with a store."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from builders.postgresql import PostgresServer
from builders.sessions import notification, request, session
from db.engine import open_engine, shown
from db.storage import SqlStorage
from db.upgrade import revisions, upgrade
from nef.cli import main
from nef.domain.measuring import watch_of
from nef.domain.subscriptions import Api, Subscription

NEWEST = revisions()[-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def filled(url: str) -> str:
    storage = SqlStorage.open(url)
    with storage.transaction() as work:
        work.sessions.add(session())
        work.simulations.save({"time": 1.5})
        work.outbox.add(notification(), 0.0)
    storage.close()
    return url


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["db", *args])
    return result.exit_code, result.output


def change(url: str, statement: str, **values: Any) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def test_an_upgrade_says_from_what_to_what(url: str) -> None:
    assert run("upgrade", "--database", url)[1].endswith(f": from nothing to {NEWEST}\n")
    assert run("upgrade", "--database", url) == (
        0,
        f"{shown(url)} has the newest form already, {NEWEST}\n",
    )


def test_an_older_store_is_named_by_check_and_brought_up_by_upgrade(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine, "0005")
    engine.dispose()
    status, said = run("check", "--database", url)
    assert status == 1
    assert f"it has the form 0005, not {NEWEST}: run `nef db upgrade`" in said
    assert run("upgrade", "--database", url) == (0, f"{shown(url)}: from 0005 to {NEWEST}\n")
    assert run("check", "--database", url) == (
        0,
        f"{shown(url)} has the newest form and no contradictions\n",
    )


def test_a_newer_store_is_refused(filled: str) -> None:
    change(filled, "UPDATE alembic_version SET version_num = '9999'")
    for command in ("check", "upgrade"):
        status, said = run(command, "--database", filled)
        assert status == 1
        assert "newer" in said


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "missing.sqlite3"
    status, said = run("check", "--database", f"sqlite:///{path}")
    assert (status, f"there is no file {path}" in said) == (1, True)
    assert list(tmp_path.iterdir()) == []
    assert run("check", "--database", "postgresql://nef:secret@127.0.0.1:9/nef")[0] == 1


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE sessions SET state = 'updating'", "the session s1 is updating"),
        ("UPDATE sessions SET grants = :empty", "the session s1 asks for the flows {0} and holds"),
        ("UPDATE sessions SET request = :broken", "row 1 of sessions cannot be read"),
        ("UPDATE deliveries SET state = 'delivered'", "the notification 1 is delivered, and was"),
        ("UPDATE deliveries SET kind = 'odd'", "row 1 of deliveries cannot be read"),
        ("UPDATE simulation SET state = :broken", "the state of the simulation cannot be read"),
        ("DROP INDEX deliveries_settled", "its tables are not those of the form"),
    ],
)
def test_what_is_wrong_is_told_and_left_as_it_is(filled: str, statement: str, said: str) -> None:
    values = {"empty": b"[]", "broken": b"{"}
    change(filled, statement, **{key: values[key] for key in values if f":{key}" in statement})
    first = run("check", "--database", filled)
    assert (first[0], said in first[1]) == (1, True), first[1]
    assert run("check", "--database", filled) == first


def test_what_is_measured_of_no_session_is_told(filled: str) -> None:
    measured = session("gone", request(usageThreshold={"duration": 60}))
    watch = watch_of(measured, None, 0.0)
    storage = SqlStorage.open(filled)
    with storage.transaction() as work:
        work.subscriptions.add(Subscription("gone", "af", Api.SESSIONS, watch, 0.0))
    storage.close()
    status, said = run("check", "--database", filled)
    assert (status, "gone is measured, and there is no such session" in said) == (1, True), said


def test_it_looks_while_a_service_writes(filled: str) -> None:
    storage = SqlStorage.open(filled, alone=True)
    with storage.transaction() as work:
        work.sessions.add(session("s2"))
        assert run("check", "--database", filled)[0] == 0
    storage.close()


def test_a_store_in_use_is_not_upgraded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    storage = SqlStorage.open(url, alone=True)
    status, said = run("upgrade", "--database", url)
    assert (status, "another service" in said) == (1, True)
    storage.close()
