"""Citizens: who is who, what was said of them, and the fold of it."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from gateway.store.schema.metadata import AT_ONCE, metadata, moment

# One row per person as far as is known; `revision` is what concurrent writers of one citizen agree by.
citizen = Table(
    "citizen",
    metadata,
    Column("id", Text, primary_key=True),  # the Patient id of the surviving identity
    Column("revision", BigInteger, nullable=False),
)

# One row per identity (best identifier of a message): all identifiers that were said together with it.
identity = Table(
    "identity",
    metadata,
    Column("key", Text, primary_key=True),
    Column("citizen", Text, nullable=False),
    Column("identifiers", ARRAY(Text), nullable=False),
    Index("ix_identity_identifiers", "identifiers", postgresql_using="gin", postgresql_with=AT_ONCE),
    Index("ix_identity_citizen", "citizen"),
)

# Every identifier of anybody, once: two first messages about one new citizen at the same moment, under different
# numbers, meet here, and the later one is worked out again.
identifier = Table("identifier", metadata, Column("key", Text, primary_key=True))

# Two identities that a source said are one person (HL7 v2 A40). Never removed.
merge = Table(
    "merge",
    metadata,
    Column("survivor", Text, nullable=False),
    Column("loser", Text, nullable=False),
    PrimaryKeyConstraint("survivor", "loser"),
    Index("ix_merge_loser", "loser"),
)

# What each source said, in the words of the domain. Never changed but for `citizen` when identities join.
statement = Table(
    "statement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("citizen", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("message", BigInteger, ForeignKey("message.id")),
    moment("received_at"),
    Column("body", LargeBinary, nullable=False),
    Index("ix_statement_citizen_kind_key", "citizen", "kind", "key"),
    Index("ix_statement_message", "message"),
)

# The fold as it is now. `facts` is what a decision may know, `body` what only a permit opens.
resource = Table(
    "resource",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("citizen", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("updated"),
    Column("sector", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    moment("ends", nullable=True),  # a municipal plan's end: after it the plan is no basis to keep hospital messages
    Column("facts", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    Index("ix_resource_citizen_kind", "citizen", "kind"),
)

# Every version there was, so that auditors see what stood there on a day.
resource_version = Table(
    "resource_version",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("citizen", Text, nullable=False),
    moment("updated"),
    Column("facts", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id", "version"),
)

# Files of correspondence and documents; read only by the permit for the resource that owns them.
attachment = Table(
    "attachment",
    metadata,
    Column("id", Text, primary_key=True),  # of the Binary it is read as
    Column("kind", Text, nullable=False, server_default="Communication"),
    Column("owner", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("labels", ARRAY(Text)),  # what its words tell by the tables; none where nobody could look into it
    Index("ix_attachment_owner", "owner"),
)

# Of every registered case and document the identities under which it was told, and when last (domain/moved.py).
registered = Table(
    "registered",
    metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("identity", Text, nullable=False),
    moment("moment"),
    moment("recorded"),
    Column("teller", Text, nullable=False),
    Column("message", LargeBinary, nullable=False, server_default=""),  # fingerprint of the message that told it
    Column("settled", Boolean, nullable=False, server_default="true"),
    PrimaryKeyConstraint("kind", "key", "identity"),
    Index("ix_registered_unsettled", "kind", "key", postgresql_where=text("NOT settled")),
)
