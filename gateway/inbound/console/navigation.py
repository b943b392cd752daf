"""The menu: which pages there are, for whom. The first row of a role is where its session begins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the menu: its address, the key of its name in texts/, and whose it is. `beside`: it is also in the
    menu of a session that was opened for the plan of one citizen."""

    path: str
    name: str
    roles: tuple[str, ...]
    beside: bool = False


PAGES: tuple[Entry, ...] = (
    Entry("/console/search", "search.name", ("auditor",)),
    Entry("/console/why", "why.name", ("auditor",)),
    Entry("/console/insight", "insight.name", ("citizen",), beside=True),
    Entry("/console/insight", "insight.paper_name", ("auditor",)),
    Entry("/console/overrides", "overrides.name", ("auditor", "hospital", "nursing", "social")),
    Entry("/console/suspicion", "suspicion.name", ("auditor",)),
    Entry("/console/exports", "exports.name", ("auditor",)),
    Entry("/console/status", "status.name", ("auditor", "operator")),
    Entry("/console/quarantine", "quarantine.name", ("operator",)),
)


_NEEDS = dict.fromkeys(("auditor", "citizen"), ("AuditEvent.s",)) | dict.fromkeys(
    ("hospital", "nursing", "social"), ("Task.r",)
)


def needs_of(role: str) -> tuple[str, ...]:
    """The scopes that the pages of a role take, without parameters: they show all that they are about."""
    return _NEEDS.get(role, ())


def pages_of(role: str, *, of_one: bool = False) -> tuple[Entry, ...]:
    """The menu of a role, in order; empty for roles that see a citizen's plan alone. `of_one`: in a session that was
    opened for the plan of one citizen."""
    return tuple(entry for entry in PAGES if role in entry.roles and (entry.beside or not of_one))
