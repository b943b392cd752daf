"""What the words of a file tell is kept beside it: resources were judged by the title of a large text alone. Files that
were there before are closed until `gateway relabel` has looked into them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Nobody looked into any file yet."""
    op.add_column("attachment", sa.Column("labels", ARRAY(sa.Text())))
    op.create_index("ix_attachment_owner", "attachment", ["owner"])


def downgrade() -> None:
    """By their titles again."""
    op.drop_index("ix_attachment_owner", "attachment")
    op.drop_column("attachment", "labels")
