"""Which of KL's profiles a resource keeps to: mappings/kl/profiles.csv.

A profile is claimed only where what it demands is there. What KL's profiles cannot say (a hospital's goal, a case
without a goal) travels as plain R4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.domain.statement import Body
from gateway.translate.kl.write.tables import Profile


def claim(entries: Sequence[Body], profiles: Iterable[Profile]) -> None:
    """Give each of a Bundle's resources `meta.profile` of the first profile that describes it, where it meets that."""
    found = {f"{one['resourceType']}/{one['id']}": one for one in entries}
    for one in entries:
        about = next((p for p in profiles if p.kind == one["resourceType"] and _holds(one, p.told_by, found)), None)
        if about and all(_holds(one, need, found) for need in about.needs):
            one["meta"] = {"profile": [about.url]} | one.get("meta", {})


def _holds(resource: Body, wanted: str, entries: Mapping[str, Body]) -> bool:
    """Whether a path is there; with `=`, whether it has this value once or, for a number, this many values."""
    path, has_value, value = wanted.partition("=")
    found = _at([resource], path.split("."), entries) if path else [True]
    if not has_value:
        return bool(found)
    return len(found) == int(value) if len(value) == 1 else found.count(value) == 1


def _at(nodes: list[Any], names: list[str], entries: Mapping[str, Body]) -> list[Any]:
    """What stands at a path; a reference on the way is followed. CarePlan.activity has an element of that name."""
    for name in names:
        told = ((node, node.get("reference")) for node in nodes)
        nodes = [entries.get(to, n) if isinstance(to, str) and name not in n else n for n, to in told]
        below = [node[name] for node in nodes if name in node]
        nodes = [one for item in below for one in (item if isinstance(item, list) else [item])]
    return nodes
