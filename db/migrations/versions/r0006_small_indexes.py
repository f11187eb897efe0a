"""Fewer indexes, and smaller ones: most sessions have no end, and are settled.

Revision 0006.
"""

from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    ends, unsettled = text("expires_at_s IS NOT NULL"), text("state != 'active'")
    op.drop_index("sessions_expiring", "sessions")
    op.drop_index("sessions_by_state", "sessions")
    op.drop_index("sessions_of_af", "sessions")
    op.drop_index("sessions_of_ue", "sessions")
    op.create_index("sessions_of_af", "sessions", ["af_id", "ue_address"])
    op.create_index(
        "sessions_expiring",
        "sessions",
        ["expires_at_s", "number"],
        sqlite_where=ends,
        postgresql_where=ends,
    )
    op.create_index(
        "sessions_unsettled",
        "sessions",
        ["changed_at_s", "number"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
