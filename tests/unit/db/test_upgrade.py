"""Migrations: from every revision there ever was, with rows in it, to the newest form."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from builders.postgresql import PostgresServer
from builders.sessions import notification, session
from db.codec import dumped
from db.engine import open_engine
from db.neighbours import Alone
from db.outbox import SqlOutbox
from db.sessions import SqlSessions
from db.simulations import SqlSimulations
from db.storage import SqlStorage
from db.tables import metadata
from db.upgrade import NewerDatabase, OlderDatabase, form_of, revisions, upgrade
from nef.domain.notifications import Trial
from nef.domain.subscriptions import Api


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of which nobody has ever heard."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def fill(engine: Engine, revision: str) -> None:
    """A session, what is to be told of it, and a simulation, as a revision wrote them."""
    with engine.begin() as connection:
        SqlSimulations(connection, Alone()).save({"time": 1.5})
        if revision < "0003":
            add_session_in_two_tables(connection)
        elif revision < "0015":
            add_session_of_nobody(connection)
        else:
            SqlSessions(connection, Alone(), writes=True).add(session())
        if revision == "0001":
            add_deliveries_of_sessions(connection)
        elif revision < "0004":
            add_deliveries_without_their_time(connection)
        else:
            outbox = SqlOutbox(connection, lambda: 0.0, Alone())
            outbox.add(notification(), 0.0)
            outbox.add(notification(content=Trial(Api.SESSIONS)), 0.0)


def add_session_in_two_tables(connection: Connection) -> None:
    """Until the second revision a session's flows had a table of their own."""
    (grant,), (demand,), asked = session().grants, session().demands, session().request
    connection.execute(
        text(
            "INSERT INTO sessions (id, af_id, ue_id, ue_address, state, version, created_at_s,"
            " admitted_at_s, changed_at_s, request) VALUES ('s1', 'af', 'ue-1', '10.45.0.2',"
            " 'active', 0, 100.0, 100.0, 100.0, :request)"
        ),
        {"request": dumped(asked)},
    )
    connection.execute(
        text("INSERT INTO reservations VALUES ('s1', :component, 0, :demand, :yes, 0, :yes)"),
        {"component": grant.component, "demand": dumped(demand), "yes": True},
    )


def add_session_of_nobody(connection: Connection) -> None:
    """Until the fourteenth revision nobody wrote down who intends something."""
    one = session()
    connection.execute(
        text(
            "INSERT INTO sessions (id, af_id, ue_id, state, version, created_at_s, admitted_at_s,"
            " changed_at_s, request, demands, grants) VALUES ('s1', 'af', 'ue-1', 'active', 0,"
            " 100.0, 100.0, 100.0, :request, :demands, :grants)"
        ),
        {
            "request": dumped(one.request),
            "demands": dumped(one.demands),
            "grants": dumped(one.grants),
        },
    )


def add_deliveries_of_sessions(connection: Connection) -> None:
    """The deliveries of the first revision were of sessions only."""
    report = '{"event":"QOS_GUARANTEED","component":2,"flow_ids":[1,2],"applied_reference":"small"}'
    row = (
        "INSERT INTO deliveries (session_id, af_id, destination, reports, state, attempts,"
        " created_at_s, due_at_s) VALUES ('s1', 'af', 'http://127.0.0.1:9090/events', :reports,"
        " 'pending', 0, 100.0, 0.0)"
    )
    for reports in (f"[{report}]", "[]"):
        connection.execute(text(row), {"reports": reports.encode()})


def add_deliveries_without_their_time(connection: Connection) -> None:
    """Until the third revision nobody wrote down since when a delivery waits."""
    row = (
        "INSERT INTO deliveries (subscription_id, af_id, destination, kind, content, state,"
        " attempts, created_at_s, due_at_s) VALUES ('s1', 'af', 'http://127.0.0.1:9090/events',"
        " :kind, :content, 'pending', 0, 100.0, 0.0)"
    )
    for kind, content in (("session", notification().content), ("test", Trial(Api.SESSIONS))):
        connection.execute(text(row), {"kind": kind, "content": dumped(content)})


#: What tells two databases apart, but for the order of columns.
_LOOKS = {
    "sqlite": """
        SELECT name, sql LIKE '%AUTOINCREMENT%', sql LIKE '%UNIQUE (id)%' FROM sqlite_master
            WHERE type = 'table';
        SELECT made.name, has.name, has.type, has."notnull", has.dflt_value, has.pk
            FROM sqlite_master AS made, pragma_table_info(made.name) AS has;
        SELECT name, sql FROM sqlite_master WHERE type = 'index';
        SELECT version_num FROM alembic_version""",
    "postgresql": """
        SELECT table_name, column_name, data_type, is_nullable, column_default
            FROM information_schema.columns WHERE table_schema = 'public';
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public';
        SELECT sequencename, data_type, max_value FROM pg_sequences;
        SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace AND contype <> 'n';
        SELECT version_num FROM alembic_version""",
}


def form(engine: Engine) -> list[set[tuple[object, ...]]]:
    looks = _LOOKS[engine.dialect.name].split(";")
    with engine.connect() as connection:
        found = (connection.exec_driver_sql(look) for look in looks)
        return [{tuple(row) for row in rows} for rows in found]


def test_a_new_database_is_what_the_migrations_make_of_the_first_one(
    engine: Engine, url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    upgrade(engine, revisions()[0])
    upgrade(engine)
    new = open_engine(
        f"sqlite:///{tmp_path / 'new.sqlite3'}"
        if url.startswith("sqlite")
        else request.getfixturevalue("postgres").new_database()
    )
    upgrade(new)
    assert form(new) == form(engine)
    new.dispose()


def test_tables_of_somebody_else_are_not_taken_for_ours(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sessions (theirs TEXT)")
    with pytest.raises(SQLAlchemyError, match="sessions"):
        upgrade(engine)
    with engine.connect() as connection:
        assert form_of(connection).found is None


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(engine: Engine) -> None:
    upgrade(engine, revisions()[0])
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("revision", revisions())
def test_a_database_of_any_revision_is_brought_up_with_its_rows(
    engine: Engine, revision: str
) -> None:
    upgrade(engine, revision)
    fill(engine, revision)
    upgrade(engine)
    with closing(SqlStorage(engine)) as store, store.reading() as work:
        assert work.sessions.get("s1") == session(number=1)
        told = [row.notification.content for row in work.outbox.find(None, None, 10)]
        assert told == [Trial(Api.SESSIONS), notification().content]
        assert work.simulations.load() == {"time": 1.5}


def test_opening_twice_changes_nothing(url: str) -> None:
    first = SqlStorage.open(url)
    with first.transaction() as work:
        work.sessions.add(session())
    first.close()
    second = SqlStorage.open(url)
    with second.reading() as work:
        assert work.sessions.get("s1") == session(number=1)
    second.close()


@pytest.mark.parametrize("revision", revisions()[-2:-1])
def test_an_older_database_that_others_may_be_using_is_not_touched_by_a_start(
    postgres: PostgresServer, revision: str
) -> None:
    url = postgres.new_database()
    engine = open_engine(url)
    upgrade(engine, revision)
    told = f"the form {revision}.* run `nef db upgrade`"
    with pytest.raises(OlderDatabase, match=told) as refused:
        SqlStorage.open(f"{url}&password=s3cret")
    assert "s3cret" not in str(refused.value)
    with engine.connect() as connection:
        assert form_of(connection).found == revision
    engine.dispose()


def test_many_who_start_at_once_find_one_new_database(
    postgres: PostgresServer, in_threads: Callable[[int, Callable[[int], None]], None]
) -> None:
    url = postgres.new_database()

    def start(number: int) -> None:
        storage = SqlStorage.open(url)
        with storage.transaction() as work:
            work.sessions.add(session(f"s{number}"))
        storage.close()

    in_threads(4, start)
    storage = SqlStorage.open(url)
    with storage.reading() as work:
        assert {one.id for one in work.sessions.of_af("af")} == {"s0", "s1", "s2", "s3"}
    storage.close()


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
