"""The menu: which pages there are, for whom. The first row of a role is where its session begins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the menu: its address, the key of its name in texts/, and whose it is."""

    path: str
    name: str
    roles: tuple[str, ...]


PAGES: tuple[Entry, ...] = (
    Entry("/console/search", "search.name", ("auditor",)),
    Entry("/console/why", "why.name", ("auditor",)),
    Entry("/console/exports", "exports.name", ("auditor",)),
    Entry("/console/status", "status.name", ("auditor", "operator")),
)


def pages_of(role: str) -> tuple[Entry, ...]:
    """The menu of a role, in order; empty for roles that see a citizen's plan alone."""
    return tuple(entry for entry in PAGES if role in entry.roles)
