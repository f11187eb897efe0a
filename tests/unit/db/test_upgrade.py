"""Migrations: from every revision there ever was, with rows in it, to the newest form."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from builders.sessions import notification, session
from db.engine import open_engine
from db.sessions import SqlSessions
from db.simulations import SqlSimulations
from db.storage import SqlStorage
from db.tables import metadata
from db.upgrade import NewerDatabase, revisions, upgrade
from nef.domain.notifications import Trial
from nef.domain.subscriptions import Api


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")


def fill(engine: Engine) -> None:
    with SqlStorage(engine).transaction() as work:
        work.sessions.add(session())
        work.outbox.add(notification(), 0.0)
        work.outbox.add(notification(content=Trial(Api.SESSIONS)), 0.0)
        work.simulations.save({"time": 1.5})


def fill_first(engine: Engine) -> None:
    """Rows as the first revision wrote them; its deliveries were of sessions only."""
    report = '{"event":"QOS_GUARANTEED","component":2,"flow_ids":[1,2],"applied_reference":"small"}'
    row = (
        "INSERT INTO deliveries (session_id, af_id, destination, reports, state, attempts,"
        " created_at_s, due_at_s) VALUES ('s1', 'af', 'http://127.0.0.1:9090/events', :reports,"
        " 'pending', 0, 100.0, 0.0)"
    )
    with engine.begin() as connection:
        SqlSessions(connection).add(session())
        SqlSimulations(connection).save({"time": 1.5})
        for reports in (f"[{report}]", "[]"):
            connection.execute(text(row), {"reports": reports.encode()})


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("revision", revisions())
def test_a_database_of_any_revision_is_brought_up_with_its_rows(
    engine: Engine, revision: str
) -> None:
    upgrade(engine, revision)
    (fill_first if revision == "0001" else fill)(engine)
    upgrade(engine)
    with SqlStorage(engine).reading() as work:
        assert work.sessions.get("s1") == session(number=1)
        told = [row.notification.content for row in work.outbox.find(None, None, 10)]
        assert told == [Trial(Api.SESSIONS), notification().content]
        assert work.simulations.load() == {"time": 1.5}


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    first = SqlStorage.open(url)
    with first.transaction() as work:
        work.sessions.add(session())
    first.close()
    with SqlStorage.open(url).reading() as work:
        assert work.sessions.get("s1") == session(number=1)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine: Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="newer version"):
        upgrade(engine)
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        )
