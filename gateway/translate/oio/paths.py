"""Paths of OIO rule files: `Registrering/RelationListe/Sagsaktoer[Ansvarlig]/ReferenceID`, `./Virkning`.

Names are local names, from the `Sag` downwards. A relation may name its role in brackets (mappings/oio/roles.csv;
`[Anden]`: a role that is not in the table); without brackets every role is meant. `./x` is relative to the `for`
around it, everything else to the case.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.translate.oio.roles import OTHER, Roles
from gateway.translate.oio.shape import INSIDE, nearest
from gateway.translate.oio.tree import BESIDE, LISTS, Inside, Node
from gateway.translate.rules.reader import Function, Path, PathError, Scope

_READ_BY_PATHS = frozenset({"Virkning", "Rolle", "Type", "Indeks"})
_STEP = re.compile(r"([A-Za-z-]+)(?:\[([A-Za-z]+)\])?")


_Steps = Sequence[tuple[str, str]]  # names and roles
_Nodes = Callable[[Node], Sequence[Node]]
_Sorted = tuple[_Nodes, str]  # and how it is spelled in Python, "" for no shorter way


class Reader:
    """OIO Sag as the rules engine sees it: scopes are `Node`s, the message is a `Sag` at one registration."""

    fhir = False

    def __init__(
        self,
        roles: Roles,
        functions: Mapping[str, Function],
        *,
        name: str = "oio",
        inside: Mapping[str, frozenset[str]] = INSIDE,
        root: str = "Sag",
    ) -> None:
        """`inside` tells which element stands in which, `root` where absolute paths begin: other standards of the
        same family (Ydelsesindeks) are read in the same way."""
        self.roles = roles
        self.functions = functions
        self.name = name
        self._inside = inside
        self._root = root

    def compile(self, path: str, within: tuple[Path, ...]) -> Path:
        """The path as closures. Raises PathError for a name or a role that a case does not have."""
        relative = path == "." or path.startswith("./")
        if relative and not within:
            raise PathError(f"{path} is relative, but no `for` stands around it")
        start = within[-1].field if relative else ""
        written = path.removeprefix(".").removeprefix("/") if relative else path
        parent = _last_name(start) or self._root
        steps = []
        for step in written.split("/") if written else []:
            name, role = self._step(step, parent, path)
            steps.append((name, role))
            parent = name
        field = "/".join(part for part in (start, written) if part)
        find = self._finder(steps)
        if not relative:
            return _absolute(path, field, find, self._sorted(steps))
        return _relative(path, field, len(within), _below(steps), find)

    def clears(self, message: Scope) -> bool:
        """OIO has no way to say that something is deleted; an effect that ended says it."""
        return False

    def fields(self, message: Scope) -> Iterable[str]:
        """Every element with a text, spelled as a rule would: roles in brackets, no numbers.

        Virkning, Rolle and Type decide which element a path means, so every rule has read them.
        """
        yield from self._fields(message, "")

    def _fields(self, node: Node, field: str) -> Iterator[str]:
        for part in node.parts:
            if part.name in _READ_BY_PATHS:
                continue
            role = self.roles.of(part)
            below = f"{field}/{part.name}".removeprefix("/") + (f"[{role}]" if role else "")
            if part.text:
                yield below
            yield from self._fields(part, below)

    def _step(self, step: str, parent: str, path: str) -> tuple[str, str]:
        found = _STEP.fullmatch(step)
        if not found:
            raise PathError(f"{path} is not a path: {step!r} is no step")
        name, role = found[1], found[2] or ""
        if name not in self._inside.get(parent, ()):
            raise PathError(f"{path}: {parent} has no {name}", nearest(name, parent, self._inside))
        roles = sorted(known for relation, known in self.roles.known if relation == name)
        if role and role not in roles and (role != OTHER or "Rolle" not in self._inside[name]):
            near = difflib.get_close_matches(role, roles, n=1)
            raise PathError(f"{path}: {name} has no role {role}", near[0] if near else "")
        return name, role

    def _finder(self, steps: _Steps) -> _Nodes:
        def find(scope: Node) -> list[Node]:
            found = [scope]
            for name, role in steps:
                found = [part for node in found for part in node.parts if part.name == name]
                if role:
                    found = [part for part in found if self.roles.of(part) == role]
            return found

        return find

    def _sorted(self, steps: _Steps) -> _Sorted | None:
        """How a path from the case begins that leads to a property, state or relation, or into one; None for any other
        path, and where roles stand elsewhere."""
        names = [name for name, _ in steps]
        lists = [at for at, name in enumerate(names) if name in LISTS]
        held = next((at for at, name in enumerate(names) if lists and at > lists[0] and name != BESIDE), len(steps))
        if held == len(steps) or any(role for _, role in steps[:held]):
            return None
        role, inner = steps[held][1], steps[held + 1 :]
        key = "/".join(names[: held + 1]) + (f"[{role}]" if role else "")
        listed = self.roles.listed
        if not inner:
            form = f"({{listed}}.get({key!r}, ()) if {{listed}} is not None else {{call}})"
            return lambda scope: listed(scope).get(key, ()), form
        inside = _nodes(_below(inner), self._finder(inner))
        return lambda scope: [node for one in listed(scope).get(key, ()) for node in inside(one)], ""


def _absolute(path: str, field: str, find: _Nodes, found: _Sorted | None) -> Path:
    """A path from the case: many rules ask for the same, so what it leads to is kept with the case. `found` gives what
    is not empty there, None where that must be looked for."""

    def value(scope: Node) -> str:
        texts = scope.found.texts
        text = texts.get(field)
        if text is None:
            text = texts[field] = next((node.text for node in find(scope) if node.text), "")
        return text

    def looked_for(scope: Node) -> Sequence[Node]:
        valued = scope.found.valued
        filled = valued.get(field)
        if filled is None:
            filled = valued[field] = [node for node in find(scope) if node.filled or not node.empty]
        return filled

    nodes, form = found or (looked_for, "")

    def node(scope: Node) -> Any:
        return next(iter(nodes(scope)), None)

    def where(scopes: tuple[Scope, ...]) -> str:
        found = find(scopes[0])
        return found[0].place if found else f"{scopes[0].place}/{field}"

    inline = {"value": f"({{texts}}.get({field!r}) or {{call}})"} | ({"nodes": form} if form else {})
    held = {"texts": "{s}.found.texts", "listed": "{s}.listed"}
    return Path(
        path, field, 0, value, _texts(None, find), node, nodes, lambda _: False, where, inline=inline, held=held
    )


def _relative(path: str, field: str, level: int, below: str | None, find: _Nodes) -> Path:
    """A path from a scope."""

    def value(scope: Node) -> str:
        if below and scope.flat is not None:
            return scope.flat.get(below, "")
        return next((node.text for node in find(scope) if node.text), "")

    nodes = _nodes(below, find)

    def node(scope: Node) -> Any:
        return next(iter(nodes(scope)), None)

    def where(scopes: tuple[Scope, ...]) -> str:
        found = find(scopes[level])
        return found[0].place if found else f"{scopes[level].place}/{_untold(field, level, path)}"

    inline = _inline(below)
    held = {"flat": "{s}.flat"} if below else {}
    return Path(
        path, field, level, value, _texts(below, find), node, nodes, lambda _: False, where, inline=inline, held=held
    )


def _nodes(below: str | None, find: _Nodes) -> _Nodes:
    """The elements below a scope that are not empty."""

    def nodes(scope: Node) -> Sequence[Node]:
        flat = scope.flat
        if below and flat is not None:
            text = flat.get(below)
            if text is None:
                return ()
            if scope.filled:
                return (Inside(scope, below, text),)
        return [node for node in find(scope) if node.filled or not node.empty]

    return nodes


def _texts(below: str | None, find: _Nodes) -> Callable[[Node], list[str]]:
    def values(scope: Node) -> list[str]:
        if below and scope.flat is not None:
            text = scope.flat.get(below)
            return [text] if text else []
        return [node.text for node in find(scope) if node.text]

    return values


def _inline(below: str | None) -> dict[str, str]:
    """What saves a call where the texts of the scope are kept flat."""
    if not below:
        return {} if below is None else {"node": "{s}"}
    there = f"({{flat}} is None or {below!r} in {{flat}})"
    return {
        "value": f"({{flat}}.get({below!r}, '') if {{flat}} is not None else {{call}})",
        "node": f"({{call}} if {there} else None)",
        "valued": f"({below!r} in {{flat}} if {{s}}.filled else {{call}} is not None)",
        "there": there,
    }


def _below(steps: _Steps) -> str | None:
    """How a path is spelled in `Node.flat`; None where roles stand in it."""
    return None if any(role for _, role in steps) else "/".join(name for name, _ in steps)


def _untold(field: str, level: int, text: str) -> str:
    """What to tell of a path that is not there: the steps below its scope."""
    return text.removeprefix("./") if level else field


def _last_name(field: str) -> str:
    return re.sub(r"\[.*?\]", "", field.rpartition("/")[2])
