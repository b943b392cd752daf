"""What a part of the plan says of others, for the page: which conditions a goal is for and how far it is to lead, and
what an assessment is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]
Worded = Callable[[Body | None], str]
"""The words of a CodeableConcept."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def titles(resources: Iterable[Body], worded: Worded) -> dict[str, str]:
    """What is to be called something where another part points at it: its words by its reference."""
    found = ((f"{one['resourceType']}/{one.get('id')}", _title(one, worded)) for one in resources)
    return {reference: title for reference, title in found if title}


def _title(one: Body, worded: Worded) -> str:
    if one["resourceType"] == "Condition":
        return worded(one.get("code"))
    if one["resourceType"] == "Goal":
        return worded(one.get("description"))
    if one["resourceType"] != "CarePlan":
        return ""
    granted = (worded(activity.get("detail", {}).get("code")) for activity in one.get("activity", []))
    return str(one.get("title", "")) or next(filter(None, granted), "")


def named(references: Iterable[Body], known: Mapping[str, str]) -> str:
    """The parts that these lead to, each once: those that this reader sees."""
    told = (known.get(str(one.get("reference")), "") for one in references)
    return ", ".join(dict.fromkeys(filter(None, told)))


def roles(member: Body, worded: Worded) -> str:
    """What a member is there for. A role that a case system tells by its UUID alone is for machines."""
    told = (worded(role) for role in member.get("role", []))
    return ", ".join(dict.fromkeys(one for one in told if one and not _UUID.fullmatch(one)))


def aims(goal: Body, worded: Worded) -> Iterator[str]:
    """How far a goal is to lead (Goal.target): KL tells there whether function is to be kept or gained, and to which
    level."""
    for target in goal.get("target", []):
        what, level = worded(target.get("measure")), worded(target.get("detailCodeableConcept"))
        level = level or str(target.get("detailString", ""))
        if level:
            yield f"{what}: {level}" if what else level
