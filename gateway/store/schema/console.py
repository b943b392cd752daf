"""The tables of the auditors' console: what searches go by, saved searches, exports."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from gateway.store.schema.metadata import metadata, moment

# By what an access record is found beside its own columns (store/access_terms.py): an index, never a proof.
access_term = Table(
    "access_term",
    metadata,
    Column("term", BigInteger, nullable=False),
    moment("recorded_at"),
    Column("record_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("term", "recorded_at", "record_id"),
)

# How many leaves of the log's tree have their terms; one row.
access_term_done = Table("access_term_done", metadata, Column("leaves", BigInteger, nullable=False))

# Auditors' saved searches: whose as a keyed hash, the rest sealed.
saved_search = Table(
    "saved_search",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("owner", LargeBinary, nullable=False),
    moment("made_at"),
    Column("content", LargeBinary, nullable=False),
    Index("ix_saved_search_owner", "owner"),
)

# Auditors' exports of the log, made part by part beside the doors (store/exports.py); gone after some days.
export_job = Table(
    "export_job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", LargeBinary, nullable=False),  # a keyed hash
    moment("made_at"),
    Column("request", LargeBinary, nullable=False),  # sealed
    Column("note", Text, nullable=False),  # the checkpoint that its proofs lead to
    Column("records", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),  # signed; "" while it is being made
    moment("leased_until", nullable=True),
    Index("ix_export_job_owner", "owner"),
)
export_part = Table(
    "export_part",
    metadata,
    Column("job", Text, ForeignKey("export_job.id", ondelete="CASCADE"), nullable=False),
    Column("file", Text, nullable=False),  # content | proofs
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=True),  # where the next part goes on
    Column("last_id", BigInteger, nullable=True),
    PrimaryKeyConstraint("job", "file", "number"),
)
