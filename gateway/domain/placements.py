"""Where authorities have helped a citizen to, as the parts of a plan tell it: what `acting` works with. Pure.

A plan or case for a place of the kinds in `acting.PLACES` is such a stay, by its codes (mappings/codes/placement.csv)
or by the paragraph in their words, as FFB has no code for § 110; so is an admission to a hospital. A plan that was
never granted, and one that is over on a day that nobody told, are none: since when and until when is what counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.domain.acting import PLACES, Placement
from gateway.domain.plan import in_error
from gateway.domain.statement import Body
from gateway.domain.when import END, instant, last_instant

Kinds = Mapping[tuple[str, str], str]
"""(code system, code) → kind of place."""

_PARAGRAPH = re.compile(r"§§?\s*(107|108|109|110)\b", re.ASCII)
# § 105 of almenboligloven is a dwelling; § 105 of serviceloven is transport (Kørsel efter § 105).
_DWELLING = re.compile(r"bolig.*§§?\s*(105)\b|§§?\s*(105)\b.*bolig", re.ASCII | re.IGNORECASE)
_GRANTED = frozenset({"active", "on-hold", "completed"})
_ADMITTED = frozenset({"IMP", "ACUTE", "NONAC"})  # v3-ActCode: the citizen stays at the hospital
_BEGUN = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})


def placements_of(parts: Iterable[Body], kinds: Kinds, helper_of: Callable[[Body], str]) -> Iterator[Placement]:
    """The stays that FHIR parts tell of, in their order. `helper_of` gives the municipality (four digits) that granted
    a plan, "" where it is not known."""
    for part in parts:
        kind, helper = "", ""
        if part["resourceType"] == "CarePlan" and part.get("status") in _GRANTED:
            kind, helper = _kind(part, kinds), helper_of(part)
        elif part["resourceType"] == "Encounter" and part.get("status") in _BEGUN:
            kind = "hospital" if part.get("class", {}).get("code") in _ADMITTED else ""
        period = part.get("period", {})
        over = part.get("status") in ("completed", "finished") and "end" not in period
        if kind and "start" in period and not over and not in_error(part):
            end = last_instant(period["end"]) if "end" in period else END
            told = f"{part['resourceType']}/{part['id']}"
            yield Placement(kind, instant(period["start"]), end, helper, told=told)


def _kind(plan: Body, kinds: Kinds) -> str:
    """The kind of place that a plan is for, "" for any other plan."""
    concepts = [*plan.get("category", []), *(a["detail"]["code"] for a in plan.get("activity", []) if _coded(a))]
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    found = next(filter(None, (kinds.get((c.get("system", ""), c.get("code", ""))) for c in codings)), "")
    words = [*(c.get("text", "") for c in concepts), *(c.get("display", "") for c in codings)]
    named = found or next(filter(None, map(_paragraph, words)), "")
    return named if named in PLACES else ""


def _paragraph(words: str) -> str:
    """The paragraph of a place that words name, as FFB has no code for several."""
    match = _PARAGRAPH.search(words)
    return match[1] if match else "105" if _DWELLING.search(words) else ""


def _coded(activity: Body) -> bool:
    return "code" in activity.get("detail", {})
