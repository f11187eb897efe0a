"""A notification names the request that has caused it, if one has.

Revision 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("request_id", sa.Text(), nullable=True))
