"""The tables of the auditors' console: what searches go by, saved searches, exports, sessions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

# Exports, of the log for auditors and in bulk for systems, made part by part beside the doors (store/exports.py,
# store/bulk.py); gone after some days.
export_job = Table(
    "export_job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", LargeBinary, nullable=False),  # a keyed hash
    moment("made_at"),
    Column("request", LargeBinary, nullable=False),  # sealed
    Column("note", Text, nullable=False),  # the checkpoint that its proofs lead to
    Column("records", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),  # "" while it is being made
    moment("leased_until", nullable=True),
    Column("sort", Text, nullable=False, server_default="log"),  # log | bulk
    Column("client", LargeBinary, nullable=False, server_default=""),  # a keyed hash
    # Where in the circle a bulk export goes on: the last Patient id that was looked at; NULL at its end.
    Column("place", Text, nullable=True, server_default=""),
    Column("parts", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),  # since it last got further
    Column("failed", Boolean, nullable=False, server_default="false"),  # it is tried no more
    Index("ix_export_job_owner", "owner"),
)
export_part = Table(
    "export_part",
    metadata,
    Column("job", Text, ForeignKey("export_job.id", ondelete="CASCADE"), nullable=False),
    Column("file", Text, nullable=False),  # content | proofs; in bulk a resource type
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=True),  # where the next part goes on
    Column("last_id", BigInteger, nullable=True),
    PrimaryKeyConstraint("job", "file", "number"),
)

# What a browser has in its hand, by the SHA-256 of it: tickets, sessions, codes of a login (store/visits.py).
console_visit = Table(
    "console_visit",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("sort", Text, nullable=False),  # ticket | plan | work | code | code-spent
    Column("client", Text, nullable=False),  # of the caller, or who may take a code
    Column("content", LargeBinary, nullable=False),  # sealed
    moment("expires"),
    moment("last"),  # it is never renewed beyond this
    Index("ix_console_visit_expires", "expires"),
)
console_held = Table(
    "console_held",
    metadata,
    Column("digest", LargeBinary, ForeignKey("console_visit.digest", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),  # the opaque id that stands in addresses
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    PrimaryKeyConstraint("digest", "key"),
)
