"""What every element of R4 is to be, as flawless.py holds a tree against it: a table of kinds for each type of object,
made when it is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.translate.fhir.shape import Child, children, is_resource
from gateway.translate.fhir.values import LONGEST_TEXT, backwards, binding_fault, primitive_fault
from gateway.translate.r4 import facts

Json = dict[str, Any]
Check = Callable[[Any], Any]

_MOST_KNOWN = 4096
_LONGEST_KNOWN = 200
_PLAIN = frozenset({"string", "markdown"})
_RECURRING = frozenset({"code", "canonical"})
_RECURRING_URIS = frozenset({"system", "url"})
_NOTED = frozenset({"Reference", "CodeableConcept", "Coding", "Extension"})

# What nearly all values of a type look like; the others are held against the form of the type.
_DAY = r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"  # of any month and year
_TIME = r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)"
_ID = r"[A-Za-z0-9\-.]{1,64}"
_NO_BLANK = r"[!-~]{1,4096}"
_GLANCES: Mapping[str, Check] = {
    name: re.compile(form, re.ASCII).fullmatch
    for name, form in {
        "id": _ID, "uri": _NO_BLANK, "url": _NO_BLANK, "canonical": _NO_BLANK, "code": _NO_BLANK,
        "date": _DAY, "dateTime": f"{_DAY}(?:{_TIME})?", "instant": _DAY + _TIME,
    }.items()
}  # fmt: skip


class Kind:
    """What an element is to be. Of a primitive `known` are texts that fit, `glance` tells of most others, `fits` of any
    value. `shape` is that of an object, None where none belongs or where it is a `resource` of any type. `items`
    is what each of a list is to be, None where no list belongs."""

    __slots__ = ("fits", "glance", "items", "known", "resource", "shape")

    def __init__(
        self,
        fits: Check,
        known: Collection[str] | None = None,
        glance: Check | None = None,
        shape: Shape | None = None,
        items: Kind | None = None,
        *,
        resource: bool = False,
    ) -> None:
        self.fits, self.known, self.glance = fits, known, glance
        self.shape, self.resource, self.items = shape, resource, items


class Shape:
    """An object of R4: its elements by name; what else is asked of its values; whether it is noted. `checks` are what
    flawless.py makes of it, by the names of the elements that an object has."""

    def __init__(self, name: str, choices: Sequence[_Choice], further: Check | None, *, noted: bool) -> None:
        self.table: dict[str, Kind] = {}
        self.checks: dict[tuple[str, ...], Callable[[Json, Any], None]] = {}
        self.further, self.noted = further, noted
        self._name, self._choices = name, choices

    def allows(self, names: Collection[str]) -> bool:
        """Whether there may be an object with these elements: all are its own and none stands beside a primitive, those
        that must be there are, of a choice there is one. An Extension has a value or further extensions."""
        if not names or any(name not in self.table or name[0] == "_" for name in names):
            return False
        if self._name == "Extension" and any(name.startswith("value") for name in names) == ("extension" in names):
            return False
        return all(one.least <= sum(name in names for name in one.names) <= 1 for one in self._choices)


class _Choice(NamedTuple):
    """Elements of which one may be there at most, and `least` at least."""

    names: tuple[str, ...]
    least: int


class _Resources(dict[str, Shape | None]):
    """The shapes of resources by type; None for what is no type of R4."""

    def __missing__(self, name: str) -> Shape | None:
        if not is_resource(name):
            return None
        self[name] = found = _shape(name, None)
        return found


def _shape(name: str, child: Child | None) -> Shape:
    """The shape of a type as the element `child` has it: with its codes, with the types that it may refer to."""
    name = facts().home(name) or name
    in_concept = child is not None and child.name == "coding"
    key = (name, child.codes, child.targets, in_concept) if child is not None else (name, None, (), False)
    if key not in _SHAPES:
        found = children(name)
        noted = name in _NOTED and not in_concept
        _SHAPES[key] = made = Shape(name, _choices(found), _further(name, child), noted=noted)
        for one in found.values():  # types hold each other: this one is known by now
            made.table[one.name] = _listed(one, _kind(one))
            if one.primitive:
                made.table[f"_{one.name}"] = _listed(one, Kind(_never, shape=_shape("Element", None)))
        if is_resource(name):
            made.table["resourceType"] = Kind(_never, frozenset({name}))
        if name == "Reference" and child is not None:
            made.table |= _pointing(child)
    return _SHAPES[key]


def _listed(child: Child, kind: Kind) -> Kind:
    return Kind(_never, items=kind) if child.is_list else kind


def _kind(child: Child) -> Kind:
    if child.type == "Resource":
        return Kind(_never, resource=True)
    if not child.primitive:
        return Kind(_never, shape=_shape(child.shape, child))
    key = child.type, child.codes, child.name in _RECURRING_URIS
    if key not in _PRIMITIVES:
        _PRIMITIVES[key] = _primitive(child)
    return _PRIMITIVES[key]


def _primitive(child: Child) -> Kind:
    """One kind for all elements of the same form, so that what is known is known once."""

    def fits(value: Any) -> bool:
        return type(value) is not float and primitive_fault(value, child) is None

    if child.codes:
        return Kind(fits, child.codes)
    if child.type in _PLAIN:
        return Kind(fits, glance=_is_plain)
    if child.type in _RECURRING or (child.type == "uri" and child.name in _RECURRING_URIS):
        known: set[str] = set()
        return Kind(_remembering(fits, known), known)
    return Kind(fits, glance=_GLANCES.get(child.type))


def _is_plain(text: str) -> bool:
    """A text without anything that is not shown, as line breaks are."""
    return text.isprintable() and 0 < len(text) <= LONGEST_TEXT


def _remembering(fits: Check, known: set[str]) -> Check:
    """What recurs from message to message (systems, codes, never names or numbers) is judged once."""

    def fits_now(text: Any) -> bool:
        if not fits(text):
            return False
        if len(text) <= _LONGEST_KNOWN:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known.add(text)
        return True

    return fits_now


def _never(value: Any) -> bool:
    return False


# --- what is asked of whole objects


def _further(name: str, child: Child | None) -> Check | None:
    if name == "Period":
        return lambda value: not backwards(value.get("start"), value.get("end"))
    return _coded(child) if child is not None and child.codes is not None else None


def _coded(child: Child) -> Check:
    """Whether a bound Coding or CodeableConcept has one of its codes: nearly always the first."""
    codes = child.codes or frozenset()

    def check(value: Json) -> bool:
        listed = value.get("coding")
        first = listed[0] if type(listed) is list and listed else value
        told = f"{first.get('system')}|{first.get('code')}" if type(first) is dict else ""
        return told in codes or binding_fault(value, child) is None

    return check


def _pointing(child: Child) -> dict[str, Kind]:
    """What a Reference of this element may hold; nearly all lead to `Type/id`."""
    text = children("Reference")["reference"]
    types = "|".join(child.targets) or "[A-Z][A-Za-z]{1,64}"

    def fits(value: Any) -> bool:
        return primitive_fault(value, text) is None and binding_fault({"reference": value}, child) is None

    named = re.compile("[A-Za-z]{1,64}").fullmatch
    return {
        "reference": Kind(fits, glance=re.compile(f"(?:{types})/{_ID}").fullmatch),
        "type": Kind(_never, frozenset(child.targets), _never if child.targets else named),
    }


def _choices(found: Mapping[str, Child]) -> list[_Choice]:
    """Every element is a choice of its own where it is no part of one."""
    names: dict[str, list[Child]] = {}
    for child in found.values():
        names.setdefault(child.choice, []).append(child)
    return [_Choice(tuple(one.name for one in group), int(group[0].required)) for group in names.values()]


RESOURCES = _Resources()
_SHAPES: dict[Any, Shape] = {}
_PRIMITIVES: dict[Any, Kind] = {}
