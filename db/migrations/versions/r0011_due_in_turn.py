"""What is due is found in the order in which it is delivered.

Revision 0011.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("deliveries_due", "deliveries")
    op.create_index("deliveries_due", "deliveries", ["state", "due_at_s", "id"])
