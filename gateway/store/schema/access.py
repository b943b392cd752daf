"""Who may call and who could, and overrides."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from gateway.store.schema.metadata import metadata, moment

# What systems were registered for, noted as a gateway starts (store/registrations.py): decisions of the past are
# explained by it. An empty `caller`: registered no more.
registration = Table(
    "registration",
    metadata,
    Column("client", Text, nullable=False),
    moment("since"),
    Column("caller", LargeBinary, nullable=False),
    PrimaryKeyConstraint("client", "since"),
)

# Client assertions that were used: none may be used again while it is valid.
used_assertion = Table(
    "used_assertion",
    metadata,
    Column("client", Text, nullable=False),
    Column("jti", Text, nullable=False),
    moment("expires"),
    PrimaryKeyConstraint("client", "jti"),
)

# Tokens that are dead before their time (store/revocations.py): one, or with an empty jti all of a client until then.
revocation = Table(
    "revocation",
    metadata,
    Column("client", Text, nullable=False),
    Column("jti", Text, nullable=False),
    moment("until"),
    moment("expires"),
    PrimaryKeyConstraint("client", "jti"),
)

# Overrides (værdispring), one for each user, citizen and day: `task` is the Task to tell the citizen, whose state is
# told by itself; the rest is who took the review over, and what it came to. A trigger counts how often the task
# `changed`; `told` is what it said when it was last read (`judged` changes then), `settled` that nothing is left to do.
override_review = Table(
    "override_review",
    metadata,
    Column("task", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("citizen", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("organisation_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("user_key", Text, nullable=False),  # no CPR: a pseudonym, as in the log
    Column("user_name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("due", Date, nullable=False),
    moment("first_at"),
    moment("last_at"),
    Column("looks", Integer, nullable=False),
    Column("taken_by", Text, nullable=False, server_default=""),
    Column("taken_name", Text, nullable=False, server_default=""),
    moment("taken_at", nullable=True),
    Column("outcome", Text, nullable=False, server_default=""),  # justified | unjustified | unclear
    Column("note", Text, nullable=False, server_default=""),
    Column("reviewed_by", Text, nullable=False, server_default=""),
    Column("reviewed_name", Text, nullable=False, server_default=""),
    moment("reviewed_at", nullable=True),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("judged", Integer, nullable=False, server_default="0"),
    Column("told", Boolean, nullable=False, server_default="false"),
    Column("settled", Boolean, nullable=False, server_default="false"),
    Index("ix_override_review_own", "organisation", "role", "settled", "due", "first_at", "task"),
    Index("ix_override_review_all", "settled", "due", "first_at", "task"),
    Index("ix_override_review_unread", "task", postgresql_where=text("changed <> judged")),
)
