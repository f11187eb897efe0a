"""What has expired is found by an index of its own, however many sessions are active.

Revision 0005.
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_index("sessions_expiring", "sessions")
    op.create_index("sessions_expiring", "sessions", ["state", "expires_at_s"], unique=False)
