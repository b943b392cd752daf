"""What FHIR R4 says about an element: cardinality, types, codes, reference targets.

The facts come from profiles/r4-facts.json (profiles/README.md), extracted from the R4 definitions. Paths are
dotted, as in FHIR JSON: `Patient.name.family`, `Patient.deceasedBoolean`, `Patient._birthDate.extension.url`.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE = Path(__file__).parents[2] / "profiles" / "r4-facts.json"
DEFINITIONS = FILE.with_name("r4-definitions.json")


@dataclass(frozen=True, slots=True)
class ElementFact:
    """One element. `codes` are those of a required binding: bare for a code, `system|code` for Coding and
    CodeableConcept; None when any code is allowed. `targets` are the resource types that a reference may
    name, empty when any may. `choice` is `deceased[x]` for `deceasedBoolean`: one of the choice at most, and
    `min` counts for all of them together."""

    path: str
    min: int
    is_list: bool
    types: tuple[str, ...]
    codes: frozenset[str] | None = None
    targets: tuple[str, ...] = ()
    choice: str = ""


@dataclass(frozen=True, slots=True)
class _Node:
    """An element and where its children are defined: the elements of type `owner` that start with `prefix`."""

    fact: ElementFact
    owner: str
    prefix: str = ""


# The elements that one type defines, by what stands before their last name: (last name, whole name, definition).
_Levels = dict[str, list[tuple[str, str, Mapping[str, Any]]]]


class Facts:
    """The R4 definitions of the types that the gateway speaks."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.source: str = table["source"]
        self.search: Mapping[str, Any] = table["search"]
        self._types: Mapping[str, Any] = table["types"]
        self._nodes: dict[str, _Node | None] = {}
        self._levels: dict[str, _Levels] = {}

    @classmethod
    def read(cls, path: Path = FILE) -> Facts:
        """The facts in a file; OSError when it is absent."""
        return cls(orjson.loads(path.read_bytes()))

    @property
    def names(self) -> Iterable[str]:
        """Every type in the table."""
        return self._types.keys()

    def kind(self, name: str) -> str:
        """`resource`, `datatype` or `primitive`; empty for a type that is not in the table."""
        return str(self._types.get(name, {}).get("kind", ""))

    def base(self, name: str) -> str:
        """The type that a type specialises, empty for the outermost."""
        return str(self._types.get(name, {}).get("base", ""))

    def home(self, path: str) -> str:
        """Where the children of a path are defined: `Questionnaire.item` for `Questionnaire.item.item`, a type's
        name where the element is of that type; empty when R4 has no such element."""
        node = self._node(path)
        return f"{node.owner}.{node.prefix}".removesuffix(".") if node else ""

    def pattern(self, name: str) -> str:
        """The regular expression of a primitive type, empty when it has none."""
        return str(self._types.get(name, {}).get("pattern", ""))

    def element(self, path: str) -> ElementFact | None:
        """The facts of a path, None when R4 has no such element."""
        node = self._node(path)
        return node.fact if node else None

    def is_list(self, path: str) -> bool:
        """Whether the element repeats; False when there is no such element."""
        fact = self.element(path)
        return fact is not None and fact.is_list

    def child_types(self, path: str) -> dict[str, tuple[str, ...]]:
        """The JSON names one level below a path, each with its types; choices are spelled out.

        >>> Facts.read().child_types("Patient")["deceasedBoolean"]
        ('boolean',)
        """
        node = self._node(path)
        found = self._children(node) if node else {}
        self._nodes |= {f"{path}.{name}": child for name, child in found.items()}
        return {name: child.fact.types for name, child in found.items()}

    def flagged(self, name: str) -> Iterator[tuple[str, int, bool, bool]]:
        """(path, min, whether it belongs to a summary, whether it changes the meaning of the rest) of the elements that
        a resource type defines, those of its base types included; choices are spelled out."""
        owner = name
        while owner:
            for key, row in self._types[owner].get("elements", {}).items():
                kinds = row.get("types", ()) if key.endswith("[x]") else ("",)
                for kind in kinds:
                    path = f"{name}.{key.removesuffix('[x]')}{kind[:1].upper()}{kind[1:]}"
                    yield path, row["min"], row.get("summary", False), row.get("modifier", False)
            owner = self._types[owner].get("base", "")

    def suggest(self, path: str) -> str | None:
        """The nearest path that exists, None when nothing is near.

        >>> Facts.read().suggest("Patient.name.familiy")
        'Patient.name.family'
        """
        head, *names = path.split(".")
        good = head if head in self._types else _nearest(head, self._types)
        for name in names:
            children = self.child_types(good) if good else {}
            here = name if name in children else _nearest(name, children)
            good = f"{good}.{here}" if here else None
        return good

    def _node(self, path: str) -> _Node | None:
        if path not in self._nodes:
            parent, _, name = path.rpartition(".")
            node = self._node(parent) if parent else None
            if node:
                self._nodes[path] = self._children(node, name.removeprefix("_")).get(name)
            else:
                known = not parent and name in self._types
                self._nodes[path] = _Node(ElementFact(name, 1, False, (name,)), name) if known else None
        return self._nodes[path]

    def _children(self, node: _Node, like: str = "") -> dict[str, _Node]:
        """Every element one level below, by its JSON name, those of the base types included; `like` leaves out those
        that are spelled otherwise."""
        found: dict[str, _Node] = {}
        if self.kind(node.fact.types[0]) == "primitive":
            return found
        owner, prefix = node.owner, node.prefix
        base = node.fact.types[0] if prefix else self._types[owner].get("base")
        while True:
            for last, key, row in self._level(owner, prefix):
                if not like or like.startswith(last.removesuffix("[x]")):
                    found.update(self._spelled(node, owner, key, row, like))
            if not base:
                return found
            owner, prefix, base = base, "", self._types[base].get("base")

    def _level(self, owner: str, prefix: str) -> list[tuple[str, str, Mapping[str, Any]]]:
        """The elements that a type itself defines one level below a prefix."""
        if owner not in self._levels:
            levels = self._levels[owner] = {}
            for key, row in self._types[owner]["elements"].items():
                above, dot, last = key.rpartition(".")
                levels.setdefault(above + dot, []).append((last, key, row))
        return self._levels[owner].get(prefix, [])

    def _spelled(
        self, node: _Node, owner: str, key: str, row: Mapping[str, Any], like: str = ""
    ) -> Iterator[tuple[str, _Node]]:
        """The JSON names of one defined element: one for each type of a choice, and `_name` beside a primitive."""
        same = row.get("same", "").partition(".")[2]
        types = self._types[owner]["elements"][same]["types"] if same else row["types"]
        last = key.rpartition(".")[2]
        name, choice = last.removesuffix("[x]"), last if last.endswith("[x]") else ""
        for kind in types:
            json_name = name + kind[0].upper() + kind[1:] if choice else name
            if like and json_name != like:
                continue
            path = f"{node.fact.path}.{json_name}"
            codes = _codes(node.fact, name, row.get("codes"))
            repeats = row["max"] == "*"
            fact = ElementFact(path, row["min"], repeats, (kind,), codes, tuple(row.get("targets", ())), choice)
            anonymous = kind in {"BackboneElement", "Element"}
            yield json_name, _Node(fact, owner, f"{same or key}.") if anonymous else _Node(fact, kind)
            if self.kind(kind) == "primitive":
                yield (
                    f"_{json_name}",
                    _Node(ElementFact(f"{node.fact.path}._{json_name}", 0, repeats, ("Element",)), "Element"),
                )


def _codes(parent: ElementFact, name: str, own: list[str] | None) -> frozenset[str] | None:
    """The codes an element is bound to; a bound CodeableConcept binds its coding, a bound Coding its code."""
    if own is not None:
        return frozenset(own)
    if parent.codes and (parent.types[0], name) == ("CodeableConcept", "coding"):
        return parent.codes
    if parent.codes and (parent.types[0], name) == ("Coding", "code"):
        return frozenset(token.rpartition("|")[2] for token in parent.codes)
    return None


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote `name` most likely meant."""
    names = sorted(known)
    choices = [k for k in names if k.startswith(name) and k[len(name) : len(name) + 1].isupper()]
    if choices:
        return choices[0]
    folded = {k.lower(): k for k in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


@dataclass(frozen=True, slots=True)
class Definitions:
    """All of R4, for validation: the facts of every type; invariants (key, severity, FHIRPath, text) by element path;
    HL7's extensions, code systems (as far as they are published whole) and R4's search parameters by URL."""

    facts: Facts
    invariants: Mapping[str, list[list[str]]]
    extensions: Mapping[str, Mapping[str, Any]]
    searches: Mapping[str, Mapping[str, Any]]
    systems: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, facts_file: Path = FILE, rest: Path = DEFINITIONS) -> Definitions:
        """The definitions of two files; OSError when one is absent."""
        spoken, more = orjson.loads(facts_file.read_bytes()), orjson.loads(rest.read_bytes())
        whole = Facts(spoken | {"types": more["types"] | spoken["types"]})
        systems = {url: frozenset(codes) for url, codes in more["codeSystems"].items()}
        return cls(whole, more["invariants"], more["extensions"], more["searchParameters"], systems)


@functools.cache
def definitions() -> Definitions:
    """All of R4, read when somebody first asks for it."""
    return Definitions.read()


@functools.cache
def facts() -> Facts:
    """The facts of the committed table, read once."""
    return Facts.read()
