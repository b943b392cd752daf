"""What all tables share."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


AT_ONCE = {"fastupdate": "off"}
"""Of an index of arrays: rows are in it with the write. Else they wait in a list that every look-up reads through, and
the planner takes the whole table for cheaper."""


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    """A column that holds a time with its zone."""
    return Column(name, DateTime(timezone=True), nullable=nullable)
