"""What a session's flows ask for, and hold, goes into the row of the session.

Nothing is looked up by it, and a session is only read and written as a whole.

Revision 0003.
"""

from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SESSIONS = sa.table(
    "sessions",
    sa.column("id", sa.Text),
    sa.column("demands", sa.LargeBinary),
    sa.column("grants", sa.LargeBinary),
)
_RESERVATIONS = sa.table(
    "reservations",
    sa.column("session_id", sa.Text),
    sa.column("component", sa.Integer),
    sa.column("position", sa.Integer),
    sa.column("demand", sa.LargeBinary),
    sa.column("granted", sa.Boolean),
    sa.column("level", sa.Integer),
    sa.column("allocated", sa.Boolean),
)


def upgrade() -> None:
    # Read first: SQLite makes a table anew to change it, which takes what refers to it along.
    found = _flows()
    op.drop_table("reservations")
    nothing = sa.text("CAST('[]' AS BLOB)" if _on_sqlite() else "'[]'")
    with op.batch_alter_table("sessions") as table:
        for name in ("demands", "grants"):
            table.add_column(
                sa.Column(name, sa.LargeBinary(), nullable=False, server_default=nothing)
            )
    connection = op.get_bind()
    for session_id, values in found:
        here = _SESSIONS.c.id == session_id
        connection.execute(sa.update(_SESSIONS).where(here).values(**values))
    with op.batch_alter_table("sessions") as table:
        for name in ("demands", "grants"):
            table.alter_column(name, server_default=None)


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _flows() -> list[tuple[str, dict[str, bytes]]]:
    """What each session had in the table of its own, as its columns have it from now on."""
    ordered = sa.select(_RESERVATIONS).order_by(
        _RESERVATIONS.c.session_id, _RESERVATIONS.c.position
    )
    rows = op.get_bind().execute(ordered).all()
    return [(name, _columns(list(own))) for name, own in groupby(rows, lambda r: r.session_id)]


def _columns(rows: list[sa.Row[Any]]) -> dict[str, bytes]:
    names = ("component", "level", "allocated")
    grants = [{name: getattr(row, name) for name in names} for row in rows if row.granted]
    demands = [orjson.Fragment(row.demand) for row in rows]
    return {"demands": orjson.dumps(demands), "grants": orjson.dumps(grants)}
