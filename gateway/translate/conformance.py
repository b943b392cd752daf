"""Whether a resource conforms to a profile: one of ours (profiles/compiled), or the plain R4 type.

A profile is read from its StructureDefinition's snapshot: cardinality, fixed values and patterns, narrowed types and
reference targets, required bindings to our own value sets, slices by value or pattern, extensions. Its invariants are
FHIRPath and are checked in tests (tests/thorough/translate/test_emitted.py). Findings are `path: text`, without a
value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.domain.statement import Body
from gateway.translate.fhir.structure import structure

FOLDER = Path(__file__).parents[2] / "profiles" / "compiled"
_R4 = "http://hl7.org/fhir/StructureDefinition/"
_LITERAL = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$")


@dataclass(slots=True)
class _Node:
    """One element of a snapshot, with the elements and slices below it."""

    element: Mapping[str, Any]
    children: dict[str, _Node] = field(default_factory=dict)
    slices: dict[str, _Node] = field(default_factory=dict)

    @property
    def expected(self) -> Any:
        """The fixed value or pattern, None without one."""
        names = [name for name in self.element if name.startswith(("fixed", "pattern"))]
        return self.element[names[0]] if names else None

    @property
    def exact(self) -> bool:
        return any(name.startswith("fixed") for name in self.element)


class Profiles:
    """Compiled profiles, extensions, value sets and code systems, and the check against them."""

    def __init__(self, definitions: list[Body]) -> None:
        self._definitions = {d["url"]: d for d in definitions if d["resourceType"] == "StructureDefinition"}
        self._roots = {url: _tree(d["snapshot"]["element"]) for url, d in self._definitions.items()}
        systems = {d["url"]: d for d in definitions if d["resourceType"] == "CodeSystem"}
        sets = [d for d in definitions if d["resourceType"] == "ValueSet"]
        self._codes = {d["url"]: frozenset(_selected(d, systems)) for d in sets}

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Profiles:
        """The profiles of a folder of JSON files; ValueError when one cannot be read."""
        return cls([json.loads(file.read_bytes()) for file in sorted(folder.glob("*.json"))])

    @property
    def urls(self) -> frozenset[str]:
        """The canonical URLs of every profile and extension."""
        return frozenset(self._definitions)

    def definition(self, url: str) -> Body:
        """A StructureDefinition by its URL; KeyError when it is not ours."""
        return dict(self._definitions[url])

    def check(self, resource: Body, *profiles: str) -> list[str]:
        """Every place where a resource differs from R4, from these profiles and from those of ours that it claims.

        Each finding is `path: text`. A profile that is neither ours nor an R4 type is a finding when it is asked for.
        """
        found = [f"{fault.where}: {fault.text}" for fault in structure(resource)]
        found += [f"{place}: {text}" for place, text in self.differences(resource, profiles)]
        return list(dict.fromkeys(found))

    def differences(self, resource: Body, asked: Iterable[str] = (), at: str = "") -> Iterator[tuple[str, str]]:
        """Place and text of each difference from these profiles and those of ours that a resource of sound shape
        claims; `at` is where the resource stands."""
        kind = str(resource.get("resourceType"))
        for url in self.meant(resource, asked):
            if url not in self._definitions:
                yield at or kind, "the profile is not known here"
            elif self._definitions[url]["type"] != kind:
                yield at or kind, f"the profile is for {self._definitions[url]['type']}"
            else:
                yield from (found.partition(": ")[::2] for found in self._value(self._roots[url], resource, at or kind))

    def meant(self, resource: Body, asked: Iterable[str] = ()) -> list[str]:
        """The profiles that are asked for, and those of ours that a resource claims."""
        meta = resource.get("meta")
        claimed = meta.get("profile") if isinstance(meta, dict) else None
        ours = [url for url in claimed if url in self.urls] if isinstance(claimed, list) else []
        return list(dict.fromkeys([*asked, *ours]))

    def _value(self, node: _Node, value: Any, at: str) -> Iterator[str]:
        """Check one value against one element (or slice) and what is below it."""
        if node.expected is not None and not _matches(node.expected, value, exact=node.exact):
            yield f"{at}: not the value that the profile fixes"
        yield from self._bound(node, value, at)
        yield from self._typed(node, value, at)
        if isinstance(value, dict):
            for name, child in node.children.items():
                yield from self._child(child, name, value, at)

    def _child(self, node: _Node, name: str, value: Body, at: str) -> Iterator[str]:
        found = list(_found(name, value, at))
        count = len(found)
        yield from _counted(node, count, f"{at}.{name}")
        if name.endswith("[x]"):
            allowed = {name[:-3] + t["code"][:1].upper() + t["code"][1:] for t in node.element.get("type", [])}
            yield from (f"{place}: not a type that the profile allows" for key, _, place in found if key not in allowed)
        for _, item, place in found:
            yield from self._value(node, item, place)
        if node.slices:
            yield from self._sliced(node, found, f"{at}.{name}")

    def _sliced(self, node: _Node, found: list[tuple[str, Any, str]], at: str) -> Iterator[str]:
        """Give each item to its slice, count the slices, check the items against them."""
        slicing = node.element.get("slicing", {})
        paths = [d["path"] for d in slicing.get("discriminator", [])]
        taken: set[str] = set()
        for name, part in node.slices.items():
            mine = [(item, place) for _, item, place in found if self._belongs(part, paths, item)]
            taken.update(place for _, place in mine)
            yield from _counted(part, len(mine), f"{at}:{name}")
            for item, place in mine:
                yield from self._value(part, item, place)
        if slicing.get("rules") == "closed":
            yield from (f"{place}: in none of the closed slices" for _, _, place in found if place not in taken)

    def _belongs(self, part: _Node, paths: list[str], item: Any) -> bool:
        """Whether an item has the value or pattern that every discriminator of a slice asks for."""
        return bool(paths) and all(
            expected is not None and _matches(expected, _at(item, path), exact=False)
            for path in paths
            for expected in [self._discriminates(part, path)]
        )

    def _discriminates(self, part: _Node, path: str) -> Any:
        """What a slice expects at the path of its discriminator; an extension is told by its profile's URL."""
        if path == "url" and (profile := _profile(part.element, "Extension")):
            return profile
        node: _Node | None = part
        for name in [] if path == "$this" else path.split("."):
            node = node.children.get(name) if node else None
        return node.expected if node else None

    def _typed(self, node: _Node, value: Any, at: str) -> Iterator[str]:
        """Narrowed reference targets, and the profile of an extension."""
        if not isinstance(value, dict):
            return
        extension = _profile(node.element, "Extension")
        if extension in self._roots:
            yield from self._value(self._roots[extension], value, at)
        targets = [p for t in node.element.get("type", []) for p in t.get("targetProfile", [])]
        types = tuple(sorted({self._type_of(target) for target in targets}))
        if types and "Resource" not in types:
            named = {_named(value.get("reference")), value.get("type")} - {None}
            if not {str(name) for name in named} <= set(types):
                yield f"{at}: must refer to {' or '.join(types)}"

    def _type_of(self, profile: str) -> str:
        """The resource type that a target profile is for."""
        return str(self._definitions[profile]["type"] if profile in self._definitions else profile.removeprefix(_R4))

    def _bound(self, node: _Node, value: Any, at: str) -> Iterator[str]:
        """A required binding to a value set of ours; those of R4 itself are checked with the structure."""
        binding = node.element.get("binding", {})
        codes = self._codes.get(binding.get("valueSet", "").partition("|")[0])
        if codes is None or binding.get("strength") != "required":
            return
        if isinstance(value, str):
            allowed = value in {token.rpartition("|")[2] for token in codes}
        else:
            codings = value.get("coding", [value]) if isinstance(value, dict) else []
            allowed = any(f"{c.get('system')}|{c.get('code')}" in codes for c in codings if isinstance(c, dict))
        if not allowed:
            yield f"{at}: none of its codes is one that the profile requires"


def _tree(elements: list[Body]) -> _Node:
    """The elements of a snapshot as a tree; ids are `CarePlan.activity.detail.extension:part`."""
    root = _Node(elements[0])
    for element in elements[1:]:
        node = root
        *above, last = [segment.partition(":") for segment in element["id"].split(".")[1:]]
        for name, _, part in above:
            node = node.children[name]
            node = node.slices[part] if part else node
        name, _, part = last
        if part:
            node.children[name].slices[part] = _Node(element)
        else:
            node.children[name] = _Node(element)
    return root


def _selected(value_set: Body, systems: Mapping[str, Body]) -> Iterator[str]:
    """`system|code` of a value set that lists codes or takes one of our code systems whole."""
    for include in value_set.get("compose", {}).get("include", []):
        system = include.get("system", "")
        rows = include.get("concept") or systems.get(system, {}).get("concept", [])
        yield from (f"{system}|{row['code']}" for row in rows)


def _found(name: str, value: Body, at: str) -> Iterator[tuple[str, Any, str]]:
    """The values of a child element, as (JSON name, value, place); a choice is found under each of its names."""
    stem = name.removesuffix("[x]")
    for key, inner in value.items():
        rest = key[len(stem) :]
        if key == name or (stem != name and key.startswith(stem) and rest[:1].isupper()):
            items = inner if isinstance(inner, list) else [inner]
            places = [f"{at}.{key}[{i}]" for i in range(len(items))] if isinstance(inner, list) else [f"{at}.{key}"]
            yield from ((key, item, place) for item, place in zip(items, places, strict=True) if item is not None)


def _counted(node: _Node, count: int, at: str) -> Iterator[str]:
    """Cardinality, where the profile or the slice is stricter than R4."""
    low, high = node.element["min"], node.element["max"]
    base = {"min": 0, "max": "*"} if "sliceName" in node.element else node.element.get("base", {})
    if count < low and low != base.get("min"):
        yield f"{at}: the profile needs at least {low}"
    if high not in ("*", base.get("max")) and count > int(high):
        yield f"{at}: the profile allows at most {high}"


def _named(literal: Any) -> str | None:
    """The resource type in a literal reference, None when it tells none."""
    found = _LITERAL.search(literal) if isinstance(literal, str) else None
    return found[1] if found else None


def _profile(element: Mapping[str, Any], kind: str) -> str:
    """The profile of an element's type, empty without one."""
    urls = [url for t in element.get("type", []) if t.get("code") == kind for url in t.get("profile", [])]
    return urls[0] if len(urls) == 1 else ""


def _at(item: Any, path: str) -> Any:
    """The value at a simple path below an item; of a list the first."""
    for name in [] if path == "$this" else path.split("."):
        item = item[0] if isinstance(item, list) and item else item
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _matches(expected: Any, value: Any, *, exact: bool) -> bool:
    """Whether a value is what a fixed value says, or holds all that a pattern holds."""
    if exact or not isinstance(expected, dict | list):
        return bool(expected == value)
    if isinstance(expected, list):
        return isinstance(value, list) and all(any(_matches(e, v, exact=False) for v in value) for e in expected)
    return isinstance(value, dict) and all(_matches(e, value.get(k), exact=False) for k, e in expected.items())
