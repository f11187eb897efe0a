"""The sessions of a UE are found by the UE, however a request named it.

Revision 0014.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.drop_index("sessions_of_af", "sessions")
    op.drop_column("sessions", "ue_address")
    op.create_index("sessions_of_af", "sessions", ["af_id", "ue_id"])
