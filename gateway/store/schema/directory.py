"""The directory of staff, organisations and places."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from gateway.store.schema.metadata import AT_ONCE, metadata, moment

# The directory of staff, organisations and places: nobody's data of a citizen. `names` are what others refer to it by,
# `refs` what it refers to; `protected` is what tells where a shelter is, by itself or by what it refers to.
directory = Table(
    "directory",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("updated"),
    Column("source", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("names", ARRAY(Text), nullable=False),
    Column("refs", ARRAY(Text), nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    Index("ix_directory_names", "names", postgresql_using="gin", postgresql_with=AT_ONCE),
    Index("ix_directory_refs", "refs", postgresql_using="gin", postgresql_with=AT_ONCE),
)

# Every version there was.
directory_version = Table(
    "directory_version",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("updated"),
    Column("withdrawn", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id", "version"),
    Index("ix_directory_version_kind_updated_id_version", "kind", "updated", "id", "version"),
)

# What it is found by: one row per value of a search parameter, in the order of its bytes, so that beginnings are found.
directory_key = Table(
    "directory_key",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text(collation="C"), nullable=False),
    PrimaryKeyConstraint("kind", "id", "name", "value"),
    Index("ix_directory_key_kind_name_value", "kind", "name", "value"),
)
