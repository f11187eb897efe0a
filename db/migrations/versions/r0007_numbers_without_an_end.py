"""Numbers that grow with every row have 64 bits on PostgreSQL too, as they have on SQLite.

Revision 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, column in (
        ("sessions", "number"),
        ("deliveries", "id"),
        ("subscriptions", "number"),
    ):
        op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer())
        op.execute(f"ALTER SEQUENCE {table}_{column}_seq AS BIGINT")
