"""Subscriptions of all APIs, and an outbox that tells of any of them.

Revision 0002.
"""

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_DELIVERIES = sa.table(
    "deliveries",
    sa.column("id", sa.Integer),
    sa.column("kind", sa.Text),
    sa.column("content", sa.LargeBinary),
)


def upgrade() -> None:
    op.drop_index("deliveries_of_session", "deliveries")
    op.execute("ALTER TABLE deliveries RENAME COLUMN session_id TO subscription_id")
    op.execute("ALTER TABLE deliveries RENAME COLUMN reports TO content")
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="session"))
    _contents()
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("kind", server_default=None)
    op.create_index(
        "deliveries_of_subscription", "deliveries", ["subscription_id", "state", "id"], unique=False
    )
    _subscriptions()


def _contents() -> None:
    """A list of reports becomes what says that they are a session's; an empty one was a test."""
    connection = op.get_bind()
    for number, content in connection.execute(
        sa.select(_DELIVERIES.c.id, _DELIVERIES.c.content)
    ).all():
        reports = orjson.loads(content)
        kind, told = ("session", {"reports": reports}) if reports else ("test", {"api": "sessions"})
        values = {"kind": kind, "content": orjson.dumps(told)}
        connection.execute(
            sa.update(_DELIVERIES).where(_DELIVERIES.c.id == number).values(**values)
        )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("api", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("af_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at_s", sa.Float(), nullable=False),
        sa.Column("due_at_s", sa.Float(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("subscriptions_by_id", "subscriptions", ["api", "id"], unique=True)
    op.create_index("subscriptions_of_af", "subscriptions", ["api", "af_id", "number"])
    op.create_index("subscriptions_due", "subscriptions", ["due_at_s"], unique=False)
