"""What the auditors' console keeps: terms to search by, saved searches, exports and their parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables; the terms of what is on record already are written by the node that runs."""
    op.create_table(
        "access_term",
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("term", "recorded_at", "record_id", name=op.f("pk_access_term")),
    )
    op.create_table("access_term_done", sa.Column("leaves", sa.BigInteger(), nullable=False))
    op.execute("INSERT INTO access_term_done VALUES (0)")
    op.create_table(
        "saved_search",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    op.create_index("ix_saved_search_owner", "saved_search", ["owner"], unique=False)
    op.create_table(
        "export_job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index("ix_export_job_owner", "export_job", ["owner"], unique=False)
    op.create_table(
        "export_part",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["export_job.id"], name=op.f("fk_export_part_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "file", "number", name=op.f("pk_export_part")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("export_part", "export_job", "saved_search", "access_term_done", "access_term"):
        op.drop_table(table)
