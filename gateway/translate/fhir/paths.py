"""Paths of rule files for FHIR messages (MedCom, KL): the rules engine's Reader over FHIR JSON values. JSON of other
systems is read by the same paths (translate/vendor/paths.py).

| written | means |
|---|---|
| `Encounter.period.start` | an element, beginning at a resource type; lists are walked through |
| `.period.start` | the same, relative to the item of the `for` around it; `.` is the item itself |
| `Encounter.extension[http://…/leave].valuePeriod` | the extension with this url |
| `.identifier[system=urn:oid:1.2.208.176.1.2].value` | the items whose child has this text |
| `CarePlan._intent.extension` | the extensions of a primitive |

An absolute path is read from the nearest `for` that it begins with, otherwise from the message (`Message.roots`). It
cannot select among the items of that `for`, nor among resources: there a `when` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.inline import Step, rooted, typed, untyped
from gateway.translate.fhir.message import Message
from gateway.translate.r4 import facts
from gateway.translate.rules.reader import Function, Path, PathError, Scope

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[([^\[\]]+)\])?(?:\.|$)")
_EXTENSIONS = frozenset({"extension", "modifierExtension"})


class FhirReader:
    """The Reader of one FHIR language; `name` is its folder under mappings/."""

    fhir = True

    def __init__(self, name: str, functions: Mapping[str, Function]) -> None:
        self.name = name
        self.functions = functions

    def compile(self, path: str, within: tuple[Path, ...]) -> Path:
        """The path as closures over JSON values. Raises PathError for a path that R4 does not have."""
        relative = path.startswith(".")
        if not path or (path.endswith(".") and path != "."):
            raise PathError(f"{path or 'nothing'} is no FHIR path")
        if relative and not within:
            raise PathError(f"{path} is relative, but there is no for around it")
        steps = _steps(path[1:] if relative else path)
        base = within[-1].field if relative else ""
        written = ".".join([base, *map(self.spelled, steps)]).strip(".")
        self.check(written, path)
        if not relative and steps[0][1]:
            raise PathError(f"{path} selects among what the message has of {steps[0][0]}: ask for that in a when")
        if self.fhir:
            _check_selections(_plain(written).split("."), steps)
        if relative:
            return self._compiled(path, written, len(within), steps)
        for level in range(len(within), 0, -1):
            outer = within[level - 1].field
            if written == outer or written.startswith(outer + "."):
                inside = len(_steps(outer))
                self._check_again(path, steps, _steps_of(within[:level]))
                return self._compiled(path, written, level, steps[inside:])
        return self._compiled(path, written, 0, steps[1:], steps[0][0])

    def _compiled(self, text: str, written: str, level: int, steps: tuple[Step, ...], root: str = "") -> Path:
        """`root` is the resource type that a path of level 0 begins at."""
        if not steps:
            inline = rooted(root) if root else {}
        elif self.fhir:
            plain = _plain(written).split(".")
            ways = (".".join(plain[:end]) for end in range(len(plain) - len(steps) + 1, len(plain) + 1))
            elements = [fact for way in ways if (fact := facts().element(way))]
            inline = typed(steps, elements, root)
        else:
            inline = {} if root else untyped(steps)
        return _compiled(text, written, level, steps, root, inline)

    def _check_again(self, path: str, steps: tuple[Step, ...], outer: tuple[Step, ...]) -> None:
        """Raises PathError where an absolute path selects what the `for` that it is read from does not: each item of
        that `for` would be read, selected or not. What a field's name tells (`spelled`) is never such a path."""
        for step, there in zip(steps, outer, strict=False):
            if step[1] and step != there and self.spelled(step) == step[0]:
                rest = "".join(f".{name}" for name, *_ in steps[len(outer) :]) or "."
                raise PathError(
                    f"{path} selects by {step[1]} what the `for` around it goes through: select there", rest
                )

    def spelled(self, step: Step) -> str:
        """The step in a field's name: which extension is told, other selections are not."""
        return f"{step[0]}[{step[2]}]" if step[0] in _EXTENSIONS and step[2] else step[0]

    def check(self, written: str, path: str) -> None:
        """Raises PathError for a path (with the `for` around it `written`) that there is not."""
        plain = _plain(written)
        if facts().kind(plain.partition(".")[0]) != "resource":
            raise PathError(f"{path} does not begin with an R4 resource type", facts().suggest(plain) or "")
        if facts().element(plain) is None:
            raise PathError(f"{plain} is not an R4 element", facts().suggest(plain) or "")

    def clears(self, message: Scope) -> bool:
        """FHIR has no sign for deleting an element."""
        return False

    def fields(self, message: Message) -> Iterable[str]:
        """Every element of every resource in the message that has a value."""
        found = dict.fromkeys(f for r in message.resources() for f in _leaves(r, str(r.get("resourceType", ""))))
        return list(found)


def _check_selections(names: Sequence[str], steps: Sequence[Step]) -> None:
    """Raises PathError for a selection by a child that R4 does not have; the last of the names are the steps'."""
    for end, (_, child, _) in enumerate(steps, len(names) - len(steps) + 1):
        way = ".".join((*names[:end], child))
        if child not in ("", "resourceType") and facts().element(way) is None:
            raise PathError(f"{way} is not an R4 element", facts().suggest(way) or "")


def _plain(written: str) -> str:
    """The path without what it selects."""
    return re.sub(r"\[[^\]]*\]", "", written)


def _steps(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or match.end() == at:
            raise PathError(f"{path} is no FHIR path")
        name, selector = match[1], match[2] or ""
        if name in _EXTENSIONS and selector:
            steps.append((name, "url", selector))
        else:
            child, equals, text = selector.partition("=")
            if selector and not equals:
                raise PathError(f"{path}: write [child=text] behind {name}")
            steps.append((name, child, text))
        at = match.end()
    return tuple(steps)


def _steps_of(within: Sequence[Path]) -> tuple[Step, ...]:
    """The steps from the message to an item of the last `for`, with all that is selected on the way."""
    steps: tuple[Step, ...] = ()
    for path in within:
        relative = path.text.startswith(".")
        steps = (*steps, *_steps(path.text[1:])) if relative else _steps(path.text)
    return steps


def _compiled(
    text: str, written: str, level: int, steps: tuple[Step, ...], root: str, inline: Mapping[str, str]
) -> Path:
    """The closures. `root` is the resource type that a path of level 0 begins at."""
    walk = _walker(steps)

    def nodes(scope: Scope) -> Sequence[Any]:
        return walk(scope.roots.get(root, ()) if root else (scope,))

    def node(scope: Scope) -> Any:
        found = nodes(scope)
        return found[0] if found else None

    def values(scope: Scope) -> Sequence[str]:
        return [text for item in nodes(scope) if (text := _text(item))]

    def value(scope: Scope) -> str:
        return next((text for item in nodes(scope) if (text := _text(item))), "")

    def where(scopes: tuple[Scope, ...]) -> str:
        message: Message = scopes[0]
        start = next(iter(message.roots.get(root, ())), None) if root else scopes[level]
        names = _spot(start, steps)
        return ".".join([message.place(start) or written.partition(".")[0], *names])

    return Path(text, written, level, value, values, node, nodes, lambda _: False, where, inline)


def _walker(steps: tuple[Step, ...]) -> Callable[[Iterable[Any]], list[Any]]:
    """All nodes behind the steps, lists opened, without the empty ones."""

    def walk(start: Iterable[Any]) -> list[Any]:
        here = start
        for name, child, text in steps:
            below: list[Any] = []
            for node in here:
                found = node.get(name) if isinstance(node, dict) else None
                if isinstance(found, list):
                    below += found
                elif found is not None:
                    below.append(found)
            here = [n for n in below if isinstance(n, dict) and _text(n.get(child)) == text] if child else below
        return [node for node in here if node or node == 0]  # false and 0 are values

    return walk


def _spot(node: Any, steps: tuple[Step, ...]) -> Iterator[str]:
    """The steps with the places in lists that the first value was found at."""
    for name, child, text in steps:
        found = node.get(name) if isinstance(node, dict) else None
        if isinstance(found, list):
            fits = [
                at for at, n in enumerate(found) if not child or (isinstance(n, dict) and _text(n.get(child)) == text)
            ]
            at = fits[0] if fits else 0
            yield f"{name}[{at}]"
            node = found[at] if fits else None
        else:
            yield name
            node = found


def _text(node: Any) -> str:
    """The text of a primitive; empty for an object."""
    if isinstance(node, str):
        return node
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node) if isinstance(node, (int, Decimal)) else ""


def _leaves(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name != "resourceType":
                yield from _leaves_of(name, value, path)
    elif node is not None and node != "":
        yield path


def _leaves_of(name: str, value: Any, path: str) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        url = item.get("url") if name in _EXTENSIONS and isinstance(item, dict) else None
        if isinstance(url, str):
            yield from (f for k, v in item.items() if k != "url" for f in _leaves_of(k, v, f"{path}.{name}[{url}]"))
        else:
            yield from _leaves(item, f"{path}.{name}")
