"""What is asked at each request or tick is found by an index, however much is stored."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from builders.postgresql import PostgresServer
from db.engine import open_engine
from db.storage import SqlStorage, SqlUnitOfWork
from db.upgrade import upgrade
from nef.domain.subscriptions import Api

Question = Callable[[SqlUnitOfWork], Any]


#: Many sessions of many AFs, many notifications that are settled, and a few that are not.
FILLED = """
INSERT INTO sessions (id, af_id, ue_id, state, version, created_at_s, admitted_at_s,
    changed_at_s, expires_at_s, request, demands, grants)
  SELECT 's' || n, 'af-' || n % 500, 'ue-' || n % 250,
    CASE WHEN n % 1000 = 0 THEN 'updating' ELSE 'active' END, 0, n, n, n,
    CASE WHEN n % 100 = 0 THEN n END, '[]', '[]', '[]' FROM generate_series(1, 20000) AS n;
INSERT INTO deliveries (subscription_id, af_id, destination, kind, content, state, attempts,
    created_at_s, waiting_since_s, due_at_s, settled_at_s)
  SELECT 's' || n % 5000, 'af', 'http', 'test', '{}',
    CASE WHEN n % 400 = 0 THEN 'pending' ELSE 'delivered' END, 0, n, n, n,
    CASE WHEN n % 400 = 0 THEN NULL ELSE n END FROM generate_series(1, 20000) AS n;
INSERT INTO subscriptions (api, id, af_id, version, created_at_s, due_at_s, on_change, body)
  SELECT 'analytics', 's' || n, 'af-' || n % 500, 0, n,
    CASE WHEN n % 10 = 0 THEN n END, 0, '{}' FROM generate_series(1, 20000) AS n;
ANALYZE;
"""


#: Much that waits, and nothing that the planner knows of it yet.
WAITING = """
INSERT INTO deliveries (subscription_id, af_id, destination, kind, content, state, attempts,
    created_at_s, waiting_since_s, due_at_s)
  SELECT 's' || n % 900, 'af', 'http', 'session', '{"reports": []}', 'pending', 0, n, n, 0
  FROM generate_series(1, 5000) AS n;
"""


def plan(folder: Path, ask: Question) -> list[str]:
    """How SQLite goes about a question."""
    engine = open_engine(f"sqlite:///{folder / 'store.sqlite3'}")
    upgrade(engine)
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    with SqlStorage(engine).transaction() as work:
        ask(work)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        plans = [
            cursor.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
            for text, values in asked
        ]
        steps = [step[3] for found in plans for step in found]
    engine.dispose()
    return steps


#: What is asked, and the index by which it is found.
QUESTIONS: list[tuple[Question, str]] = [
    (lambda w: w.sessions.get("s"), "(id=?)"),
    (lambda w: w.sessions.of_af("af"), "sessions_of_af (af_id=?)"),
    (
        lambda w: w.sessions.of_af("af", ["ue-1"]),
        "sessions_of_af (af_id=? AND ue_id=?)",
    ),
    (lambda w: w.sessions.expired(1.0, 5), "sessions_expiring (expires_at_s<?)"),
    (
        lambda w: w.outbox.drop("s"),
        "deliveries_of_subscription (subscription_id=? AND state=?)",
    ),
    (lambda w: w.outbox.next_due_s(), "deliveries_due (state=?)"),
    (lambda w: w.outbox.claim(1.0, 1.0, 1), "deliveries_due (state=? AND due_at_s<?)"),
    (lambda w: w.outbox.backlog(), "deliveries_due (state=?)"),
    (lambda w: w.outbox.prune(1.0), "deliveries_settled (settled_at_s<?)"),
    (lambda w: w.subscriptions.get(Api.ANALYTICS, "s"), "subscriptions_by_id (api=? AND id=?)"),
    (
        lambda w: w.subscriptions.of_af(Api.ANALYTICS, "af"),
        "subscriptions_of_af (api=? AND af_id=?)",
    ),
    (
        lambda w: w.subscriptions.due(1.0, 0, 5, changed=False),
        "subscriptions_due (due_at_s<?)",
    ),
    (lambda w: w.subscriptions.next_due(1.0), "subscriptions_due (due_at_s>?)"),
    (lambda w: w.sessions.next_expiry_s(1.0), "sessions_expiring (expires_at_s>?)"),
]


@pytest.mark.parametrize(("ask", "found_by"), QUESTIONS)
def test_it_is_found_by_an_index(tmp_path: Path, ask: Question, found_by: str) -> None:
    steps = plan(tmp_path, ask)
    assert any(found_by in step for step in steps), steps
    # what is `free` to be claimed was found before, and is no table
    assert not any(step.startswith("SCAN") and step != "SCAN free" for step in steps)


def test_of_all_sessions_only_those_are_read_that_are_unsettled(tmp_path: Path) -> None:
    steps = plan(tmp_path, lambda w: w.sessions.unsettled(5))
    assert steps == ["SCAN sessions USING INDEX sessions_unsettled"], "and they are in order"


def test_to_count_sessions_none_is_read_but_those_that_are_unsettled(tmp_path: Path) -> None:
    steps = [
        step for step in plan(tmp_path, lambda w: w.sessions.count_by_state()) if "SCAN" in step
    ]
    assert steps[0] == "SCAN sessions USING INDEX sessions_unsettled"
    assert steps[1].startswith("SCAN sessions USING COVERING INDEX")


@pytest.fixture(scope="module")
def much(postgres: PostgresServer) -> Iterator[Engine]:
    """A PostgreSQL with so much in it that it does not read a table as a whole for nothing."""
    engine = open_engine(postgres.new_database())
    upgrade(engine)
    with engine.connect() as connection:
        connection.connection.cursor().execute(FILLED)
    yield engine
    engine.dispose()


def plan_on_postgresql(engine: Engine, ask: Question) -> list[str]:
    """How PostgreSQL goes about a question."""
    asked: list[tuple[str, Any]] = []

    def listen(*event: Any) -> None:
        asked.append((event[2], event[3]))

    event.listen(engine, "before_cursor_execute", listen)
    with closing(SqlStorage(engine)) as storage, storage.transaction() as work:
        ask(work)
    event.remove(engine, "before_cursor_execute", listen)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        plans = [
            cursor.execute(f"EXPLAIN {text}", values).fetchall()
            for text, values in asked
            if text.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
        ]
    return [step[0] for found in plans for step in found]


@pytest.mark.parametrize(
    ("ask", "found_by"),
    [
        *QUESTIONS,
        (lambda w: w.sessions.unsettled(0), "sessions_unsettled"),
        (lambda w: w.sessions.deserted(0), "sessions_unsettled"),
    ],
)
def test_it_is_found_by_an_index_on_postgresql(much: Engine, ask: Question, found_by: str) -> None:
    steps = plan_on_postgresql(much, ask)
    index = found_by.partition(" ")[0].replace("(id=?)", "sessions_id_key")
    assert any(f"using {index}" in step or f"on {index}" in step for step in steps), steps
    assert not any("Seq Scan" in step for step in steps), steps


@pytest.mark.parametrize(
    "ask", [lambda w: w.outbox.next_due_s(), lambda w: w.outbox.claim(1.0, 1.0, 1)]
)
def test_what_is_due_is_not_joined_with_all_that_waits_however_little_is_known_of_it(
    postgres: PostgresServer, ask: Question
) -> None:
    with postgres.database() as url:
        engine = open_engine(url)
        with engine.connect() as connection:
            cursor = connection.connection.cursor()
            # Else the server may learn about it while this goes on.
            cursor.execute("ALTER TABLE deliveries SET (autovacuum_enabled = false)")
            cursor.execute(WAITING)
        steps = plan_on_postgresql(engine, ask)
        engine.dispose()
    assert any("using deliveries_due" in step for step in steps), steps
    assert any("using deliveries_of_subscription" in step for step in steps), steps
    assert not any("Join" in step or "Sort" in step or "Bitmap" in step for step in steps), steps
