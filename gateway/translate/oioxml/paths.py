"""Paths of rule files for letters: `Patient/CivilRegistrationNumber`, `Envelope/Sent`, `./Text01`, `Relatives/*`.

Local names from the letter's element (`NotificationOfAdmission`) downwards; `Envelope` is the one beside it; `*` is any
element; `//Relative` a relative wherever it stands. `./x` is relative to the `for` around it.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from gateway.translate.oioxml import tree
from gateway.translate.oioxml.names import NAMES
from gateway.translate.rules.reader import Function, Path, PathError, Scope

_ANYWHERE = frozenset({"Relative"})  # stands in Relatives, or in the letter itself: rules find it by `//Relative`
_STEP = re.compile(r"\*|[A-Z][A-Za-z0-9_]*")


class Reader:
    """Letters as the rules engine sees them: scopes are lxml elements, the message is a letter's element."""

    name = "oioxml"
    fhir = False

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions

    def compile(self, path: str, within: tuple[Path, ...]) -> Path:
        """The path as closures. Raises PathError for a name that no letter has."""
        relative = path == "." or path.startswith(("./", ".//"))
        if relative and not within:
            raise PathError(f"{path} is relative, but no `for` stands around it")
        start = within[-1].field if relative else ""
        written = path.removeprefix(".").removeprefix("/") if relative else path
        steps = _steps(written, path)
        field = _field(start, steps)
        return self._path(path, field, len(within) if relative else 0, _finder(steps))

    def clears(self, message: Scope) -> bool:
        """A letter has no way to say that something is deleted."""
        return False

    def fields(self, message: Scope) -> Iterable[str]:
        """Every element of the letter and its envelope that has a text, without numbers."""
        for envelope in _beside(message):
            yield from _fields(envelope, "Envelope")
        yield from _fields(message, "")

    def _path(self, text: str, field: str, level: int, find: Callable[[Any], list[Any]]) -> Path:
        def value(scope: Scope) -> str:
            return next((said for node in find(scope) if (said := tree.worded(node))), "")

        def values(scope: Scope) -> list[str]:
            return [said for node in find(scope) if (said := tree.worded(node))]

        def nodes(scope: Scope) -> list[Any]:
            return [node for node in find(scope) if not tree.empty(node)]

        def node(scope: Scope) -> Any:
            return next(iter(nodes(scope)), None)

        def where(scopes: tuple[Scope, ...]) -> str:
            found = find(scopes[level])
            return tree.place(found[0]) if found else f"{tree.place(scopes[level])}/{text.removeprefix('./')}"

        return Path(text, field, level, value, values, node, nodes, lambda _: False, where)


def _steps(written: str, path: str) -> list[tuple[str, bool]]:
    """(name, anywhere below) of every step."""
    steps: list[tuple[str, bool]] = []
    deep = False
    for step in written.split("/") if written else []:
        if not step:
            deep = True
            continue
        if not _STEP.fullmatch(step):
            raise PathError(f"{path} is not a path: {step!r} is no step")
        if step != "*" and step not in NAMES:
            near = difflib.get_close_matches(step, sorted(NAMES), n=1, cutoff=0.6)
            raise PathError(f"{path}: no letter has {step}", near[0] if near else "")
        if deep and step not in _ANYWHERE:
            raise PathError(f"{path}: only {', '.join(_ANYWHERE)} is looked for anywhere")
        steps.append((step, deep))
        deep = False
    return steps


def _field(start: str, steps: list[tuple[str, bool]]) -> str:
    """The field as `fields` spells it: with `*` all that is in its parent is read, `//Name` is found anywhere."""
    named = list(itertools.takewhile(lambda step: step != "*", (step for step, _ in steps)))
    deep = [at for at, (_, anywhere) in enumerate(steps) if anywhere]
    return "/".join(part for part in ("" if deep else start, *named[deep[-1] if deep else 0 :]) if part)


def _finder(steps: list[tuple[str, bool]]) -> Callable[[Any], list[Any]]:
    def find(scope: Any) -> list[Any]:
        found = [scope]
        for at, (step, deep) in enumerate(steps):
            if at == 0 and step == "Envelope":
                found = _beside(scope)
            elif deep:
                found = [below for node in found for below in node.iter() if step in ("*", tree.name(below))]
            else:
                found = tree.parts_of(found, step)
        return found

    return find


def _beside(letter: etree._Element) -> list[etree._Element]:
    parent = letter.getparent()
    return tree.parts(parent, "Envelope") if parent is not None else []


def _fields(node: etree._Element, field: str) -> Iterator[str]:
    if tree.name(node) in _ANYWHERE:
        field = tree.name(node)
    if (node.text or "").strip() or any((child.tail or "").strip() for child in node):
        yield field
        return
    for child in node:
        yield from _fields(child, f"{field}/{tree.name(child)}".removeprefix("/"))
