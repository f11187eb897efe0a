"""A lease names the process that has it, so that it ends with that process and no other.

Revision 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("leased_by", sa.Integer(), nullable=True))
    op.execute("UPDATE deliveries SET leased_by = 0 WHERE leased_until_s IS NOT NULL")
