"""Subscriptions: who is to be told of what, and what waits to be told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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

from gateway.store.schema.metadata import metadata, moment

# Who is to be told of what (flows/subscriptions). `caller` is whom each notification is decided for.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("updated"),
    Column("status", Text, nullable=False),  # requested | active | error | off
    Column("topic", Text, nullable=False),
    Column("citizen", Text, nullable=False),  # a Patient id; empty: everybody of the client's circle
    Column("heartbeat", Integer, nullable=False),  # seconds; 0: none
    moment("ends", nullable=True),
    Column("caller", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("told", BigInteger, nullable=False),  # events it was told of
    moment("sent_at", nullable=True),
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
    moment("noticed_at"),
    Column("state", Text, nullable=False),  # waiting | sent | failed
    Column("tries", Integer, nullable=False),
    moment("due"),
    moment("leased_until", nullable=True),
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
