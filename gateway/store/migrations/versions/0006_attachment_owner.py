"""Files of documents, beside those of correspondence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A file may belong to any resource."""
    op.alter_column("attachment", "communication", new_column_name="owner")
    op.add_column("attachment", sa.Column("kind", sa.Text(), nullable=False, server_default="Communication"))


def downgrade() -> None:
    """Only correspondence has files; those of documents are lost."""
    op.execute("DELETE FROM attachment WHERE kind <> 'Communication'")
    op.drop_column("attachment", "kind")
    op.alter_column("attachment", "owner", new_column_name="communication")
