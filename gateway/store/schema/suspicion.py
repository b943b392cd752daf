"""Unusual looks: who works where, whom everybody knows, and findings."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    Float,
    Identity,
    Index,
    Table,
    Text,
    text,
)

from gateway.store.schema.metadata import metadata, moment

# Who may look, by the employers' lists (`gateway suspicion --staff`). No number and no address: pseudonyms and hashes.
staff = Table(
    "staff",
    metadata,
    Column("user_key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("addresses", ARRAY(Text), nullable=True),
    Column("shifts", Text, nullable=False),  # JSON: [[weekdays], begins, ends] each
)

# Citizens whom everybody has heard of, by the pseudonyms of the access log.
well_known = Table("well_known", metadata, Column("person", Text, primary_key=True))

# Looks that somebody should ask about (domain/suspicion), and what came of asking.
suspicion = Table(
    "suspicion",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("user_key", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("citizen", Text, nullable=False),  # empty: a habit, about nobody in particular
    moment("raised_at"),
    moment("last_at"),
    Column("weight", Float, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON: signal → why
    Column("looks", Text, nullable=False),  # JSON: ids of access_record
    moment("found_at"),
    Column("outcome", Text, nullable=False, server_default=""),  # explained | talk | breach
    Column("note", Text, nullable=False, server_default=""),
    Column("concluded_by", Text, nullable=False, server_default=""),
    moment("concluded_at", nullable=True),
    Index(
        "uq_suspicion_open", "user_key", "organisation", "citizen", unique=True, postgresql_where=text("outcome = ''")
    ),
)

# The times that the log was looked through, or is to be.
suspicion_run = Table(
    "suspicion_run",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("asked_at"),
    Column("asked_by", Text, nullable=False),  # empty: by itself
    moment("began_at", nullable=True),
    moment("ended_at", nullable=True),
    Column("looks", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
)

# The days on which the log was looked through: the first node that writes one does it.
suspicion_day = Table("suspicion_day", metadata, Column("day", Date, primary_key=True))
