"""What waits for a change of the network is looked at then, and not again and again.

Of those that are there already each is looked at once more. Revision 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    column = sa.Column("on_change", sa.Integer(), nullable=False, server_default="1")
    op.add_column("subscriptions", column)
    op.create_index("subscriptions_on_change", "subscriptions", ["on_change"], unique=False)
