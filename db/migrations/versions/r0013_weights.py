"""A subscription that asks for several things counts as so many of what its AF may have.

Those that are there already count as one, until they are changed. Revision 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    column = sa.Column("weight", sa.Integer(), nullable=False, server_default="1")
    op.add_column("subscriptions", column)
