"""The work queue of overrides, beside the tasks to tell citizens of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TEXTS = (
    "source", "citizen", "organisation", "organisation_name", "role", "client", "user_key", "user_name", "code",
)  # fmt: skip


def upgrade() -> None:
    """One row for each user, citizen and day."""
    op.create_table(
        "override_review",
        sa.Column("task", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("taken_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("reviewed_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("reviewed_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_override_review")),
    )
    op.create_index(
        op.f("ix_override_review_organisation_role_due"), "override_review", ["organisation", "role", "due"]
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("override_review")
