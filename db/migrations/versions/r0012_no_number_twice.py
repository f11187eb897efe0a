"""No notification gets the number of another one, on SQLite either, where an earlier form let it.

A number that was given twice let the end of an attempt at the first be taken for one at the second.

Revision 0012.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    # Each change of the table that makes it anew has to say so again.
    kept = {"sqlite_autoincrement": True}
    with op.batch_alter_table("deliveries", recreate="always", table_kwargs=kept):
        pass
