"""how stays end."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# A stay that another of the infant follows at once ended by a move, or was taken back; all others
# that ended, by a discharge or another infant in the bed: both are ends of a stay in the unit.
FILL = """
UPDATE stays SET ending = CASE
    WHEN NOT EXISTS (SELECT 1 FROM stays AS later WHERE later.infant = stays.infant
        AND later.id > stays.id AND later.since_ns = stays.until_ns) THEN 'left'
    WHEN void THEN 'undone' ELSE 'moved' END
WHERE until_ns IS NOT NULL
"""


def upgrade() -> None:
    """Go to this revision."""
    ending = sa.Column("ending", sa.String(length=16), nullable=False, server_default="")
    with op.batch_alter_table("stays", schema=None) as batch_op:
        batch_op.add_column(ending)
    op.execute(FILL)


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("stays", schema=None) as batch_op:
        batch_op.drop_column("ending")
