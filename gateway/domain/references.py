"""References of a visible resource to others that its reader may not see: left out, as if they had never been there.

A reference tells that something is there, which may be all that was to be hidden. So a hidden resource and one that
never was are the same here: whatever is not among the visible ones goes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from gateway.domain.resource import Facts
from gateway.domain.statement import Body
from gateway.domain.team import MEMBER_FOR

# Staff, organisations, services and places are nobody's data of a citizen: whether they may be read is told there.
_OURS = re.compile(
    r"(?!Practitioner(?:Role)?/|Organization/|HealthcareService/|Location/)[A-Z][A-Za-z]+/[0-9a-f]{32}", re.ASCII
)
_GONE: Any = object()
WHOLE = frozenset({"consent", "override"})
"""Data classes that refer to a citizen of whom the reader may see nothing else, by the reader's own word: consents, and
the task to tell the citizen of an override. Nothing is left out of them."""


def points_at(facts: Facts, persons: Collection[Facts]) -> frozenset[str]:
    """What a resource refers to and its reader might not see. The citizen it is about (`persons`, one for each
    identity) goes without saying; a Consent is shown in the citizen's own words or not at all."""
    if facts.kind == "Consent":
        return frozenset()
    found = frozenset(filter(_OURS.fullmatch, facts.related))
    if not found or facts.kind == "Patient":
        return found
    return found - {f"Patient/{facts.citizen}", *(f"Patient/{one.id}" for one in persons)}


def without(body: Body, hidden: Collection[str]) -> Body:
    """A copy without what refers to these. With a reference goes the innermost item of a list that holds it: a
    participant without a member would tell of the member. Who is in a team for nothing but these goes with them."""
    return {name: value for name, item in body.items() if (value := _left(item, hidden)) is not _GONE}


def _left(value: Any, hidden: Collection[str], *, is_item: bool = False) -> Any:
    if isinstance(value, list):
        left = [one for item in value if (one := _left(item, hidden, is_item=True)) is not _GONE]
        return left or _GONE
    if not isinstance(value, dict):
        return value
    if isinstance(literal := value.get("reference"), str) and literal.partition("/_history/")[0] in hidden:
        return _GONE
    made = {name: _left(item, hidden) for name, item in value.items()}
    lost = [name for name, item in made.items() if item is _GONE]
    alone = is_item and "resourceType" not in value and any(not isinstance(value[name], list) for name in lost)
    if is_item and "extension" in lost and all(one.get("url") == MEMBER_FOR for one in value["extension"]):
        return _GONE
    kept = {name: item for name, item in made.items() if item is not _GONE}
    return _GONE if alone or (lost and kept.keys() <= {"url", "id"}) else kept
