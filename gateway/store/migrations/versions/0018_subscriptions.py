"""Subscriptions: who is told of what, what changed, and what is to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_TABLES = ("goal_overdue", "subscription_event", "subscription_noted", "subscription")


def upgrade() -> None:
    """Four tables, and the trigger that notes new versions in the commit that makes them."""
    _subscriptions()
    op.create_table(
        "subscription_noted",
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_subscription_noted")),
    )
    _events()
    op.create_table(
        "goal_overdue",
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("goal", "due", name=op.f("pk_goal_overdue")),
    )
    op.execute(
        """
        CREATE FUNCTION note_for_subscriptions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM subscription WHERE status = 'active') THEN
            INSERT INTO subscription_noted (kind, id, version) SELECT kind, id, version FROM made ORDER BY kind, id;
          END IF;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER noted AFTER INSERT ON resource_version REFERENCING NEW TABLE AS made
        FOR EACH STATEMENT EXECUTE FUNCTION note_for_subscriptions()
        """
    )


def _subscriptions() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=False),
        sa.Column("heartbeat", sa.Integer(), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True),
        sa.Column("caller", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_client", "subscription", ["client"])
    op.create_index("ix_subscription_topic", "subscription", ["topic"], postgresql_where=sa.text("status = 'active'"))


def _events() -> None:
    op.create_table(
        "subscription_event",
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_subscription_event")),
        sa.ForeignKeyConstraint(
            ["subscription"], ["subscription.id"], name=op.f("fk_subscription_event_subscription"), ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_subscription_event_subscription_place",
        "subscription_event",
        ["subscription", "place"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_subscription_event_state", "subscription_event", ["state"], postgresql_where=sa.text("state = 'failed'")
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TRIGGER noted ON resource_version")
    op.execute("DROP FUNCTION note_for_subscriptions()")
    for name in _TABLES:
        op.drop_table(name)
