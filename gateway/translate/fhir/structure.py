"""The structure check: does a resource keep to FHIR R4, whatever profile it claims?

What model libraries let through is found here: elements R4 does not have, lists for single values, nulls and
empty things, missing required elements, two spellings of one choice, codes outside a required binding, dates
outside the calendar, references to types that R4 does not allow there, narratives that would run.
Invariants written in FHIRPath and profiles are not checked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.narrative import narrative_fault
from gateway.translate.fhir.shape import NUMBERS, Child, children, is_resource
from gateway.translate.fhir.sound import is_sound

MOST_FAULTS = 50
LONGEST_TEXT = 1_048_576
_ELEMENT = re.compile(r"_?[a-z][A-Za-z0-9]{0,63}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_RANGES = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_LITERAL = re.compile(r"(?:https?://.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")

# rule → FHIR IssueType
_ISSUES = {
    "shape": "structure",
    "unknown": "structure",
    "empty": "structure",
    "choice": "structure",
    "missing": "required",
    "format": "value",
    "code": "code-invalid",
    "target": "value",
    "extension": "invariant",
    "period": "invariant",
    "narrative": "invariant",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that R4 does not allow. `rule` is a key of the table above; no value from the resource is told."""

    where: str
    text: str
    rule: str

    @property
    def issue(self) -> str:
        """The FHIR IssueType."""
        return _ISSUES[self.rule]


def structure(resource: dict[str, Any]) -> list[Fault]:
    """All faults, in document order, at most 50. Never raises, whatever the tree holds."""
    found: list[Fault] = []
    for fault in _resource(resource, ""):
        found.append(fault)
        if len(found) == MOST_FAULTS:
            break
    return found


def shape_faults(resource: dict[str, Any]) -> list[Fault]:
    """Only those after which code that walks the known elements could stumble: a list for a single value, a text
    for an object, null. Unknown content is no such fault."""
    if is_sound(resource):
        return []
    return [fault for fault in _resource(resource, "") if fault.rule == "shape"]


def _resource(resource: Any, path: str) -> Iterator[Fault]:
    if not isinstance(resource, dict):
        yield Fault(path or "resourceType", "A resource is a JSON object.", "shape")
        return
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        yield Fault(f"{path}.resourceType".strip("."), "A resource says its type.", "shape")
    elif not is_resource(kind):
        yield Fault(f"{path}.resourceType".strip("."), "This resource type is not known here.", "unknown")
    else:
        yield from _object(resource, kind, path or kind)


def _object(value: dict[str, Any], shape: str, path: str) -> Iterator[Fault]:
    """One resource, datatype or inner element against its table."""
    table = children(shape)
    if not value or (len(value) == 1 and "resourceType" in value and not is_resource(shape)):
        yield Fault(path, "An object holds at least one element.", "empty")
    chosen: dict[str, list[str]] = defaultdict(list)
    for name, content in value.items():
        child = table.get(name.removeprefix("_"))
        if name == "resourceType" and is_resource(shape):
            continue
        if child is None or (name.startswith("_") and not child.primitive):
            yield Fault(f"{path}.{name if _ELEMENT.fullmatch(name) else '…'}", "R4 has no such element.", "unknown")
            continue
        if child.name not in chosen[child.choice]:
            chosen[child.choice].append(child.name)
        yield from _element(content, child, name, value, f"{path}.{name}")
    for choice, names in chosen.items():
        if len(names) > 1:
            yield Fault(f"{path}.{choice}", "Of these elements only one may be there.", "choice")
    for choice in dict.fromkeys(c.choice for c in table.values() if c.required):
        if choice not in chosen:
            yield Fault(f"{path}.{choice}", "A required element is missing.", "missing")
    if shape == "Extension" and ("extension" in value) == any(name.startswith(("value", "_value")) for name in value):
        yield Fault(path, "An extension has either a value or further extensions.", "extension")

    if shape == "Period" and _backwards(value.get("start"), value.get("end")):
        yield Fault(path, "A period ends before it starts.", "period")


def _backwards(start: Any, end: Any) -> bool:
    """per-1, for any precision: what both tell is compared."""
    if not isinstance(start, str) or not isinstance(end, str):
        return False
    try:
        if len(start) > 10 and len(end) > 10:
            return datetime.fromisoformat(start) > datetime.fromisoformat(end)
    except (ValueError, TypeError):
        return False
    told = min(len(start), len(end), 10)
    return start[:told] > end[:told]


def _element(content: Any, child: Child, name: str, parent: dict[str, Any], path: str) -> Iterator[Fault]:
    if not child.is_list:
        if isinstance(content, list):
            yield Fault(path, "This element does not repeat.", "shape")
        else:
            yield from _single(content, child, name, path)
        return
    if not isinstance(content, list):
        yield Fault(path, "This element is a list.", "shape")
        return
    if not content:
        yield Fault(path, "A list is never empty.", "empty")
    beside = parent.get(name.removeprefix("_") if name.startswith("_") else f"_{name}")
    for at, item in enumerate(content):
        if (
            item is None
            and child.primitive
            and isinstance(beside, list)
            and at < len(beside)
            and beside[at] is not None
        ):
            continue  # http://hl7.org/fhir/R4/json.html#primitive: null keeps two lists in step
        if isinstance(item, list):
            yield Fault(f"{path}[{at}]", "A list does not stand in a list.", "shape")
        else:
            yield from _single(item, child, name, f"{path}[{at}]")


def _single(content: Any, child: Child, name: str, path: str) -> Iterator[Fault]:
    if content is None:
        yield Fault(path, "null is no value in FHIR.", "shape")
    elif name.startswith("_"):
        if isinstance(content, dict):
            yield from _object(content, "Element", path)
        else:
            yield Fault(path, "An object belongs here.", "shape")
    elif child.primitive:
        yield from _primitive(content, child, path)
    elif not isinstance(content, dict):
        yield Fault(path, "An object belongs here.", "shape")
    elif child.type == "Resource":
        yield from _resource(content, path)
    else:
        yield from _object(content, child.shape, path)
        yield from _bound(content, child, path)


def _primitive(content: Any, child: Child, path: str) -> Iterator[Fault]:
    if child.type == "boolean":
        if not isinstance(content, bool):
            yield Fault(path, "This is true or false, without quotes.", "shape")
    elif child.type == "decimal" or child.type in NUMBERS:
        yield from _number(content, child.type, path)
    elif not isinstance(content, str):
        yield Fault(path, "A text belongs here.", "shape")
    elif not content:
        yield Fault(path, "A text is never empty.", "empty")
    elif child.type == "xhtml":
        fault = narrative_fault(content)
        if fault:
            yield Fault(path, fault, "narrative")
    elif len(content) > LONGEST_TEXT and child.type != "base64Binary":
        yield Fault(path, f"A text is at most {LONGEST_TEXT} characters.", "format")
    elif _CONTROLS.search(content) or not _fits(content, child):
        yield Fault(path, f"This is not a FHIR {child.type}.", "format")
    elif child.codes is not None and content not in child.codes:
        yield Fault(path, "R4 allows its own codes only here.", "code")


def _number(content: Any, kind: str, path: str) -> Iterator[Fault]:
    if isinstance(content, bool) or not isinstance(content, (int, Decimal, float)):
        yield Fault(path, "A number belongs here, without quotes.", "shape")
    elif kind in NUMBERS and (not isinstance(content, int) or not _RANGES[kind] <= content < 2**31):
        yield Fault(path, f"This is not a FHIR {kind}.", "format")


def _fits(text: str, child: Child) -> bool:
    if child.pattern is not None and not child.pattern.fullmatch(text):
        return False
    if child.type in {"date", "dateTime", "instant"} and len(text) >= 10:
        try:
            date.fromisoformat(text[:10])
        except ValueError:
            return False
    return True


def _bound(content: dict[str, Any], child: Child, path: str) -> Iterator[Fault]:
    """Required bindings of Coding and CodeableConcept, and the types that a reference may name."""
    if child.type == "Reference":
        literal = _LITERAL.fullmatch(str(content.get("reference", "")))
        named = (literal[1] if literal else None, content.get("type"))
        if child.targets and not {str(n) for n in named if n is not None} <= set(child.targets):
            yield Fault(path, "R4 does not allow a reference to this type here.", "target")
    elif child.codes is not None:
        codings = content.get("coding") if child.type == "CodeableConcept" else [content]
        listed = codings if isinstance(codings, list) else []
        tokens = {f"{c.get('system')}|{c.get('code')}" for c in listed if isinstance(c, dict)}
        if tokens and not tokens & child.codes:
            yield Fault(path, "R4 allows its own codes only here.", "code")
