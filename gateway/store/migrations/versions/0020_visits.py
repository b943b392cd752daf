"""Tickets, sessions and codes of the console, which every node knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "console_visit",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_console_visit")),
    )
    op.create_index("ix_console_visit_expires", "console_visit", ["expires"], unique=False)
    op.create_table(
        "console_held",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"], ["console_visit.digest"], name=op.f("fk_console_held_digest"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", "key", name=op.f("pk_console_held")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("console_held")
    op.drop_table("console_visit")
