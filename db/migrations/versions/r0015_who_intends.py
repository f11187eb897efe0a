"""An intent names the process that has it in hand, so that it need not outlive that for long.

Revision 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("intended_by", sa.Integer(), nullable=True))
