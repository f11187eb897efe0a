"""The first form of the store.

Revision 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("af_id", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("reports", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at_s", sa.Float(), nullable=False),
        sa.Column("due_at_s", sa.Float(), nullable=False),
        sa.Column("leased_until_s", sa.Float(), nullable=True),
        sa.Column("settled_at_s", sa.Float(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_due", "deliveries", ["state", "due_at_s"], unique=False)
    op.create_index(
        "deliveries_of_session", "deliveries", ["session_id", "state", "id"], unique=False
    )
    op.create_index("deliveries_settled", "deliveries", ["settled_at_s"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("af_id", sa.Text(), nullable=False),
        sa.Column("ue_id", sa.Text(), nullable=False),
        sa.Column("ue_address", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at_s", sa.Float(), nullable=False),
        sa.Column("admitted_at_s", sa.Float(), nullable=False),
        sa.Column("changed_at_s", sa.Float(), nullable=False),
        sa.Column("expires_at_s", sa.Float(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("sessions_by_state", "sessions", ["state", "changed_at_s"], unique=False)
    op.create_index("sessions_expiring", "sessions", ["expires_at_s"], unique=False)
    op.create_index("sessions_of_af", "sessions", ["af_id", "number"], unique=False)
    op.create_index("sessions_of_ue", "sessions", ["af_id", "ue_address"], unique=False)
    op.create_table(
        "simulation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reservations",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("component", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("demand", sa.LargeBinary(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("allocated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "component"),
    )
