"""The history of a type of the directory is in an index in its order: each page of it sorted all versions there are."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """The newest versions of a type are found by it, and those behind any place."""
    op.create_index(
        "ix_directory_version_kind_updated_id_version", "directory_version", ["kind", "updated", "id", "version"]
    )


def downgrade() -> None:
    """Sorted with each page."""
    op.drop_index("ix_directory_version_kind_updated_id_version", "directory_version")
