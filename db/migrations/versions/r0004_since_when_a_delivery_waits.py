"""A delivery says since when it waits, in real time, so that its time can be over.

What waits already begins to wait when the service starts.

Revision 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("deliveries") as table:
        table.add_column(
            sa.Column("waiting_since_s", sa.Float(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("waiting_since_s", server_default=None)
