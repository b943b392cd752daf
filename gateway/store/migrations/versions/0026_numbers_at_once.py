"""What goes by a number is in its index at once: a list of what is still to be entered made look-ups walk the table."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

_INDEXES = ("ix_identity_identifiers", "ix_directory_names", "ix_directory_refs")


def upgrade() -> None:
    """And what waits in the lists of before is entered."""
    for name in _INDEXES:
        op.execute(f"ALTER INDEX {name} SET (fastupdate = off)")
        op.execute(f"SELECT gin_clean_pending_list('{name}')")


def downgrade() -> None:
    """Entered together, some time after."""
    for name in _INDEXES:
        op.execute(f"ALTER INDEX {name} RESET (fastupdate)")
