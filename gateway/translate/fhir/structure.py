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
from typing import Any

from gateway.translate.fhir.flawless import is_flawless
from gateway.translate.fhir.shape import Child, children, is_resource
from gateway.translate.fhir.sound import is_sound
from gateway.translate.fhir.values import backwards, binding_fault, primitive_fault
from gateway.translate.r4 import Facts

MOST_FAULTS = 50
_ELEMENT = re.compile(r"_?[a-z][A-Za-z0-9]{0,63}")

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


def structure(resource: dict[str, Any], known: Facts | None = None) -> list[Fault]:
    """All faults, in document order, at most 50. Never raises, whatever the tree holds.

    `known` are other definitions than those of the types that the gateway speaks: of all types of R4.
    """
    if is_flawless(resource):
        return []
    found: list[Fault] = []
    for fault in _resource(resource, "", known):
        found.append(fault)
        if len(found) == MOST_FAULTS:
            break
    return found


def shape_faults(resource: dict[str, Any]) -> list[Fault]:
    """Only those after which code that walks the known elements could stumble: a list for a single value, a text
    for an object, null. Unknown content is no such fault."""
    if is_sound(resource):
        return []
    return [fault for fault in _resource(resource, "", None) if fault.rule == "shape"]


def _resource(resource: Any, path: str, known: Facts | None = None) -> Iterator[Fault]:
    if not isinstance(resource, dict):
        yield Fault(path or "resourceType", "A resource is a JSON object.", "shape")
        return
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        yield Fault(f"{path}.resourceType".strip("."), "A resource says its type.", "shape")
    elif not is_resource(kind, known):
        yield Fault(f"{path}.resourceType".strip("."), "This resource type is not known here.", "unknown")
    else:
        yield from _object(resource, kind, path or kind, known)


def _object(value: dict[str, Any], shape: str, path: str, known: Facts | None) -> Iterator[Fault]:
    """One resource, datatype or inner element against its table."""
    table = children(shape, known)
    resource = is_resource(shape, known)
    if not value or (len(value) == 1 and "resourceType" in value and not resource):
        yield Fault(path, "An object holds at least one element.", "empty")
    chosen: dict[str, list[str]] = defaultdict(list)
    for name, content in value.items():
        child = table.get(name.removeprefix("_"))
        if name == "resourceType" and resource:
            continue
        if child is None or (name.startswith("_") and not child.primitive):
            yield Fault(f"{path}.{name if _ELEMENT.fullmatch(name) else '…'}", "R4 has no such element.", "unknown")
            continue
        if child.name not in chosen[child.choice]:
            chosen[child.choice].append(child.name)
        yield from _element(content, child, value, f"{path}.{name}", known)
    for choice, names in chosen.items():
        if len(names) > 1:
            yield Fault(f"{path}.{choice}", "Of these elements only one may be there.", "choice")
    for choice in dict.fromkeys(c.choice for c in table.values() if c.required):
        if choice not in chosen:
            yield Fault(f"{path}.{choice}", "A required element is missing.", "missing")
    if shape == "Extension" and ("extension" in value) == any(name.startswith(("value", "_value")) for name in value):
        yield Fault(path, "An extension has either a value or further extensions.", "extension")

    if shape == "Period" and backwards(value.get("start"), value.get("end")):
        yield Fault(path, "A period ends before it starts.", "period")


def _element(content: Any, child: Child, parent: dict[str, Any], path: str, known: Facts | None) -> Iterator[Fault]:
    """The last part of `path` is the name as it stands there, with the underscore of what is beside a primitive."""
    if not child.is_list:
        if isinstance(content, list):
            yield Fault(path, "This element does not repeat.", "shape")
        else:
            yield from _single(content, child, path, known)
        return
    if not isinstance(content, list):
        yield Fault(path, "This element is a list.", "shape")
        return
    if not content:
        yield Fault(path, "A list is never empty.", "empty")
    name = path.rpartition(".")[2]
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
            yield from _single(item, child, f"{path}[{at}]", known)


def _single(content: Any, child: Child, path: str, known: Facts | None) -> Iterator[Fault]:
    if content is None:
        yield Fault(path, "null is no value in FHIR.", "shape")
    elif path.rpartition(".")[2].startswith("_"):
        if isinstance(content, dict):
            yield from _object(content, "Element", path, known)
        else:
            yield Fault(path, "An object belongs here.", "shape")
    elif child.primitive:
        yield from _told(primitive_fault(content, child), path)
    elif not isinstance(content, dict):
        yield Fault(path, "An object belongs here.", "shape")
    elif child.type == "Resource":
        yield from _resource(content, path, known)
    else:
        yield from _object(content, child.shape, path, known)
        yield from _told(binding_fault(content, child), path)


def _told(fault: tuple[str, str] | None, path: str) -> Iterator[Fault]:
    if fault:
        yield Fault(path, *fault)
