"""The tables. Bodies are bytes, never JSONB: JSONB loses key order, rewrites numbers and refuses U+0000.

The tables of the access log stand in log_tables.py, beside the rules that keep them append-only.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


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
    Index("ix_identity_identifiers", "identifiers", postgresql_using="gin"),
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
    _time("received_at"),
    # kept | not-entitled | nothing-kept | quarantined | replayed | forgotten | refused
    Column("state", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("citizen", Text),
    Column("body", LargeBinary),
    Column("answer", LargeBinary, nullable=False),
    Column("reason", LargeBinary),  # JSON: class, text, where, hint of the refusal; findings when kept
    Index("ix_message_state", "state", postgresql_where=text("state = 'quarantined'")),
    Index("ix_message_source_message_id", "source", "message_id"),
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
    _time("received_at"),
    PrimaryKeyConstraint("source", "number", "concerns"),
    Index("ix_message_number_source_envelope", "source", "envelope"),
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
    _time("received_at"),
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
    _time("updated"),
    Column("sector", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    _time("ends", nullable=True),  # a municipal plan's end: after it the plan is no basis to keep hospital messages
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
    _time("updated"),
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
)

# Client assertions that were used: none may be used again while it is valid.
used_assertion = Table(
    "used_assertion",
    metadata,
    Column("client", Text, nullable=False),
    Column("jti", Text, nullable=False),
    _time("expires"),
    PrimaryKeyConstraint("client", "jti"),
)

# Tokens that are dead before their time (store/revocations.py): one, or with an empty jti all of a client until then.
revocation = Table(
    "revocation",
    metadata,
    Column("client", Text, nullable=False),
    Column("jti", Text, nullable=False),
    _time("until"),
    _time("expires"),
    PrimaryKeyConstraint("client", "jti"),
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
    _time("made_at"),
    _time("due"),  # when it is sent, or was
    _time("leased_until", nullable=True),  # a node is sending it; when it dies, another takes over from here
    _time("changed_at"),
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
    _time("noticed_at"),
    _time("leased_until", nullable=True),  # a node is at it; when it dies, another takes over from here
    PrimaryKeyConstraint("kind", "id"),
)

# What receivers told of what was sent. `outbox` is empty where nothing here had that id: nobody looks away from those.
receipt = Table(
    "receipt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),  # keyed hash of source and content
    _time("received_at"),
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
    _time("since"),  # when that was seen first
    _time("looked_at"),
    Column("failure", Text, nullable=False),  # why the last look failed, without a value; empty: it did not
    PrimaryKeyConstraint("source", "citizen"),
)

# Of every registered case and document the identities under which it was told, and when last (domain/moved.py).
registered = Table(
    "registered",
    metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("identity", Text, nullable=False),
    _time("moment"),
    _time("recorded"),
    Column("teller", Text, nullable=False),
    Column("message", LargeBinary, nullable=False, server_default=""),  # fingerprint of the message that told it
    Column("settled", Boolean, nullable=False, server_default="true"),
    PrimaryKeyConstraint("kind", "key", "identity"),
    Index("ix_registered_unsettled", "kind", "key", postgresql_where=text("NOT settled")),
)

# Overrides (værdispring), one for each user, citizen and day: `task` is the Task to tell the citizen, whose state is
# told by itself; the rest is who took the review over, and what it came to.
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
    _time("first_at"),
    _time("last_at"),
    Column("looks", Integer, nullable=False),
    Column("taken_by", Text, nullable=False, server_default=""),
    Column("taken_name", Text, nullable=False, server_default=""),
    _time("taken_at", nullable=True),
    Column("outcome", Text, nullable=False, server_default=""),  # justified | unjustified | unclear
    Column("note", Text, nullable=False, server_default=""),
    Column("reviewed_by", Text, nullable=False, server_default=""),
    Column("reviewed_name", Text, nullable=False, server_default=""),
    _time("reviewed_at", nullable=True),
    Index("ix_override_review_organisation_role_due", "organisation", "role", "due"),
)

# The directory of staff, organisations and places: nobody's data of a citizen. `names` are what others refer to it by,
# `refs` what it refers to; `protected` is what tells where a shelter is, by itself or by what it refers to.
directory = Table(
    "directory",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _time("updated"),
    Column("source", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("names", ARRAY(Text), nullable=False),
    Column("refs", ARRAY(Text), nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    Index("ix_directory_names", "names", postgresql_using="gin"),
    Index("ix_directory_refs", "refs", postgresql_using="gin"),
)

# Every version there was.
directory_version = Table(
    "directory_version",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _time("updated"),
    Column("withdrawn", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id", "version"),
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

# Who is to be told of what (flows/subscriptions). `caller` is whom each notification is decided for.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _time("updated"),
    Column("status", Text, nullable=False),  # requested | active | error | off
    Column("topic", Text, nullable=False),
    Column("citizen", Text, nullable=False),  # a Patient id; empty: everybody of the client's circle
    Column("heartbeat", Integer, nullable=False),  # seconds; 0: none
    _time("ends", nullable=True),
    Column("caller", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("told", BigInteger, nullable=False),  # events it was told of
    _time("sent_at", nullable=True),
    Column("error", Text, nullable=False),
    Index("ix_subscription_client", "client"),
    Index("ix_subscription_topic", "topic", postgresql_where=text("status = 'active'")),
)

# New versions of resources while there is an active subscription: a trigger notes them with the change itself.
subscription_noted = Table(
    "subscription_noted",
    metadata,
    Column("place", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

# What is to be sent to one subscriber. What it may not see goes without a trace there, so numbers are given on sending.
subscription_event = Table(
    "subscription_event",
    metadata,
    Column("place", BigInteger, Identity(always=True), primary_key=True),
    Column("subscription", Text, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),  # handshake | heartbeat | event-notification
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    _time("noticed_at"),
    Column("state", Text, nullable=False),  # waiting | sent | failed
    Column("tries", Integer, nullable=False),
    _time("due"),
    _time("leased_until", nullable=True),
    Column("reason", Text, nullable=False),
    Index(
        "ix_subscription_event_subscription_place", "subscription", "place", postgresql_where=text("state = 'waiting'")
    ),
    Index("ix_subscription_event_state", "state", postgresql_where=text("state = 'failed'")),
)

# Goals that were told to be overdue, by the date that went by.
goal_overdue = Table(
    "goal_overdue",
    metadata,
    Column("goal", Text, nullable=False),
    Column("due", Text, nullable=False),
    PrimaryKeyConstraint("goal", "due"),
)
