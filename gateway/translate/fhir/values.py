"""What R4 asks of one value: the form of a primitive, its code, what a reference names, how a period runs.

http://hl7.org/fhir/R4/datatypes.html. A fault is its text and its rule (a key of structure.py's table).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.narrative import narrative_fault
from gateway.translate.fhir.shape import NUMBERS, Child

LONGEST_TEXT = 1_048_576
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_RANGES = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_LITERAL = re.compile(r"(?:https?://.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")

Told = tuple[str, str]


def primitive_fault(content: Any, child: Child) -> Told | None:
    """What is wrong with a primitive of the element `child`: its type, its lexical form, its code."""
    if child.type == "boolean":
        return None if isinstance(content, bool) else ("This is true or false, without quotes.", "shape")
    if child.type == "decimal" or child.type in NUMBERS:
        return _number_fault(content, child.type)
    if not isinstance(content, str):
        return "A text belongs here.", "shape"
    if not content:
        return "A text is never empty.", "empty"
    if child.type == "xhtml":
        fault = narrative_fault(content)
        return (fault, "narrative") if fault else None
    if len(content) > LONGEST_TEXT and child.type != "base64Binary":
        return f"A text is at most {LONGEST_TEXT} characters.", "format"
    if _CONTROLS.search(content) or not _has_form(content, child):
        return f"This is not a FHIR {child.type}.", "format"
    if child.codes is not None and content not in child.codes:
        return "R4 allows its own codes only here.", "code"
    return None


def _number_fault(content: Any, kind: str) -> Told | None:
    if isinstance(content, bool) or not isinstance(content, (int, Decimal, float)):
        return "A number belongs here, without quotes.", "shape"
    if kind in NUMBERS and (not isinstance(content, int) or not _RANGES[kind] <= content < 2**31):
        return f"This is not a FHIR {kind}.", "format"
    return None


def _has_form(text: str, child: Child) -> bool:
    if child.pattern is not None and not child.pattern.fullmatch(text):
        return False
    if child.type in {"date", "dateTime", "instant"} and len(text) >= 10:
        try:
            date.fromisoformat(text[:10])
        except ValueError:
            return False
    return True


def binding_fault(content: dict[str, Any], child: Child) -> Told | None:
    """Required bindings of Coding and CodeableConcept, and the types that a reference may name."""
    if child.type == "Reference":
        literal = _LITERAL.fullmatch(str(content.get("reference", "")))
        named = (literal[1] if literal else None, content.get("type"))
        if child.targets and not {str(n) for n in named if n is not None} <= set(child.targets):
            return "R4 does not allow a reference to this type here.", "target"
    elif child.codes is not None:
        codings = content.get("coding") if child.type == "CodeableConcept" else [content]
        listed = codings if isinstance(codings, list) else []
        tokens = {f"{c.get('system')}|{c.get('code')}" for c in listed if isinstance(c, dict)}
        if tokens and not tokens & child.codes:
            return "R4 allows its own codes only here.", "code"
    return None


def backwards(start: Any, end: Any) -> bool:
    """Whether a period ends before it starts (per-1), for any precision: what both tell is compared."""
    if not isinstance(start, str) or not isinstance(end, str):
        return False
    try:
        if len(start) > 10 and len(end) > 10:
            return datetime.fromisoformat(start) > datetime.fromisoformat(end)
    except (ValueError, TypeError):
        return False
    told = min(len(start), len(end), 10)
    return start[:told] > end[:told]
