"""Of whom a source has told, found without reading its messages."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """One index."""
    op.create_index("ix_message_source_citizen", "message", ["source", "citizen"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_message_source_citizen", "message")
