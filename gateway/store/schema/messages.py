"""Messages in and out: what came to a door, and what goes to whom."""

from __future__ import annotations

from sqlalchemy import (
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
    UniqueConstraint,
    text,
)

from gateway.store.schema.metadata import metadata, moment

# Everything that came to a door. `body` is empty once the content had to be deleted.
message = Table(
    "message",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("language", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),  # keyed hash of source and content
    moment("received_at"),
    # kept | not-entitled | nothing-kept | quarantined | replayed | forgotten | refused
    Column("state", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("citizen", Text),
    Column("body", LargeBinary),
    Column("answer", LargeBinary, nullable=False),
    Column("reason", LargeBinary),  # JSON: class, text, where, hint of the refusal; findings when kept
    Index("ix_message_state", "state", postgresql_where=text("state = 'quarantined'")),
    Index("ix_message_source_message_id", "source", "message_id"),
    Index("ix_message_source_received_at", "source", "received_at"),  # when a source last spoke
    Index("ix_message_source_citizen", "source", "citizen"),  # of whom a source has told
)

# Ids of messages, with keyed hashes of what each was about and of its content (domain/message_number.py).
message_number = Table(
    "message_number",
    metadata,
    Column("source", Text, nullable=False),
    Column("number", Text, nullable=False),  # MessageHeader.id
    Column("envelope", Text, nullable=False),  # Bundle.id
    Column("concerns", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    moment("received_at"),
    PrimaryKeyConstraint("source", "number", "concerns"),
    Index("ix_message_number_source_envelope", "source", "envelope"),
)

# What goes out (domain/outgoing.py has the states). A destination gets one message of an id once.
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("destination", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("unreached", Boolean, nullable=False),  # the last try found nobody there: what is behind waits too
    Column("resends", Integer, nullable=False),  # after it was sent: no receipt came, or a transient one
    moment("made_at"),
    moment("due"),  # when it is sent, or was
    moment("leased_until", nullable=True),  # a node is sending it; when it dies, another takes over from here
    moment("changed_at"),
    Column("told", Text, nullable=False),  # why it waits or failed; a text of a receiver's, which may hold anything
    UniqueConstraint("destination", "message_id"),
    Index("ix_outbox_destination_id", "destination", "id", postgresql_where=text("state = 'waiting'")),
    Index("ix_outbox_message_id", "message_id"),
    Index("ix_outbox_state_due", "state", "due"),
)

# Resources that a municipality may have to be told of: written with the change, gone when it was worked through.
to_tell = Table(
    "to_tell",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    moment("noticed_at"),
    moment("leased_until", nullable=True),  # a node is at it; when it dies, another takes over from here
    PrimaryKeyConstraint("kind", "id"),
)

# What receivers told of what was sent. `outbox` is empty where nothing here had that id: nobody looks away from those.
receipt = Table(
    "receipt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),  # keyed hash of source and content
    moment("received_at"),
    Column("source", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("message_id", Text, nullable=False),  # of the receipt itself
    Column("answered", Text, nullable=False),  # the id of what it is about
    Column("outcome", Text, nullable=False),  # ok | transient-error | fatal-error
    Column("told", Text, nullable=False),
    Column("outbox", BigInteger, ForeignKey("outbox.id")),
    Index("ix_receipt_outbox", "outbox"),
)

# What was last fetched of whom from systems that are asked (flows/fetch.py). `citizen` is a keyed hash of the number
# that is asked for; the empty one is the source itself: when its last round began, and why it ended early.
fetched = Table(
    "fetched",
    metadata,
    Column("source", Text, nullable=False),
    Column("citizen", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # keyed hash of what was fetched and what it meant
    moment("since"),  # when that was seen first
    moment("looked_at"),
    Column("failure", Text, nullable=False),  # why the last look failed, without a value; empty: it did not
    PrimaryKeyConstraint("source", "citizen"),
)
