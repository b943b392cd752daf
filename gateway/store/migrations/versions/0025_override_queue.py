"""The work queue of overrides is ordered by what is kept beside each: whether the citizen was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_ORDER = ["settled", "due", "first_at", "task"]


def upgrade() -> None:
    """What the tasks tell is read anew where they changed; those that are there are read with the next look."""
    for name in ("changed", "judged"):
        op.add_column("override_review", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    for name in ("told", "settled"):
        op.add_column("override_review", sa.Column(name, sa.Boolean(), nullable=False, server_default="false"))
    op.execute("UPDATE override_review SET changed = 1")
    op.execute(
        """
        CREATE FUNCTION override_task_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE override_review SET changed = changed + 1 WHERE task = NEW.id;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER told_of_override AFTER INSERT OR UPDATE ON resource
        FOR EACH ROW WHEN (NEW.kind = 'Task') EXECUTE FUNCTION override_task_changed()
        """
    )
    op.drop_index(op.f("ix_override_review_organisation_role_due"), "override_review")
    op.create_index("ix_override_review_own", "override_review", ["organisation", "role", *_ORDER])
    op.create_index("ix_override_review_all", "override_review", _ORDER)
    op.create_index(
        "ix_override_review_unread", "override_review", ["task"], postgresql_where=sa.text("changed <> judged")
    )


def downgrade() -> None:
    """The queue is ordered without them."""
    op.execute("DROP TRIGGER told_of_override ON resource")
    op.execute("DROP FUNCTION override_task_changed()")
    for name in ("own", "all", "unread"):
        op.drop_index(f"ix_override_review_{name}", "override_review")
    op.create_index(
        op.f("ix_override_review_organisation_role_due"), "override_review", ["organisation", "role", "due"]
    )
    for name in ("changed", "judged", "told", "settled"):
        op.drop_column("override_review", name)
