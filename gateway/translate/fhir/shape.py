"""The children of each FHIR element, ready for reading, writing and checking: one small table per type.

Tables are made from the R4 facts (gateway/translate/r4.py) when first asked for. Their keys are types
(`HumanName`) and inner elements (`Patient.contact`), so their number is bounded whatever a message holds.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from gateway.translate.r4 import Facts, facts

# What every type inherits stands before its own elements in XML.
_FIRST_IN_RESOURCE = (
    "id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension",
)  # fmt: skip
_FIRST_IN_ELEMENT = ("id", "extension", "modifierExtension")

NUMBERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_OPEN_PATTERN = re.compile(r"[\s\S]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*(?:=\s*){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Child:
    """One element of a type, by its JSON name.

    `shape` is the table of its own children, empty for a primitive. `choice` is `deceased[x]` for
    `deceasedBoolean`, the name itself elsewhere; of one choice only one may be there. `pattern` is a primitive's
    lexical form.
    """

    name: str
    type: str
    primitive: bool
    is_list: bool
    required: bool
    shape: str
    choice: str
    codes: frozenset[str] | None
    pattern: re.Pattern[str] | None
    targets: tuple[str, ...]


@functools.cache
def children(shape: str, known: Facts | None = None) -> dict[str, Child]:
    """The elements of a type or an inner element, in XML order; empty for a type that is not known here.

    `known` are other definitions than those of the types that the gateway speaks.

    >>> list(children("Period"))
    ['id', 'extension', 'start', 'end']
    """
    known = known or facts()
    names = {n: t[0] for n, t in known.child_types(shape).items() if not n.startswith("_")}
    first = _FIRST_IN_RESOURCE if known.kind(shape) == "resource" else _FIRST_IN_ELEMENT
    ordered = [n for n in first if n in names] + [n for n in names if n not in first]
    return {name: _child(shape, name, names[name], known) for name in ordered}


def _child(shape: str, name: str, kind: str, known: Facts) -> Child:
    fact = known.element(f"{shape}.{name}")
    if fact is None:
        raise LookupError(f"{shape}.{name}")
    primitive = known.kind(kind) == "primitive"
    inner = kind in {"BackboneElement", "Element"}
    return Child(
        name=name,
        type=kind,
        primitive=primitive,
        is_list=fact.is_list,
        required=fact.min > 0,
        shape="" if primitive else f"{shape}.{name}" if inner else kind,
        choice=fact.choice or name,
        codes=fact.codes,
        pattern=_pattern(kind) if primitive else None,
        targets=fact.targets,
    )


@functools.cache
def _pattern(kind: str) -> re.Pattern[str]:
    if kind == "base64Binary":
        return _BASE64
    written = facts().pattern(kind)
    return re.compile(written, re.ASCII) if written else _OPEN_PATTERN


def is_resource(name: object, known: Facts | None = None) -> bool:
    """Whether R4 facts are held for a resource type of this name."""
    return isinstance(name, str) and name in _resources(known)


@functools.cache
def _resources(known: Facts | None) -> frozenset[str]:
    known = known or facts()
    return frozenset(name for name in known.names if known.kind(name) == "resource") - {"Resource", "DomainResource"}
