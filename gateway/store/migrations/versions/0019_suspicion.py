"""Unusual looks: who works where, whom everybody knows, and what somebody should ask about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Four tables."""
    op.create_table(
        "staff",
        sa.Column("user_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("addresses", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("shifts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_key", name=op.f("pk_staff")),
    )
    op.create_table(
        "well_known",
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_well_known")),
    )
    op.create_table(
        "suspicion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_key", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("looks", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, server_default=""),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("concluded_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicion")),
    )
    op.create_table(
        "suspicion_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_suspicion_day")),
    )
    op.create_index(
        "uq_suspicion_open", "suspicion", ["user_key", "citizen"], unique=True, postgresql_where=sa.text("outcome = ''")
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("suspicion_day")
    op.drop_table("suspicion")
    op.drop_table("well_known")
    op.drop_table("staff")
