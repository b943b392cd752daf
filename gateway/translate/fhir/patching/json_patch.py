"""JSON Patch: https://www.rfc-editor.org/rfc/rfc6902, with the pointers of https://www.rfc-editor.org/rfc/rfc6901.

Members of an operation that the RFC does not know are ignored, as it asks; a `copy` of something into itself is refused
beside the `move` that it forbids: no resource holds itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway.errors import BadRequest, Refused
from gateway.translate.fhir.patching.weight import Weight, check_count, copied
from gateway.translate.fhir.read_json import read_array

_AT = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_ESCAPE = re.compile(r"~(?![01])")
_END = "-"

Pointer = tuple[str, ...]


def read(raw: bytes) -> list[Any]:
    """The operations in the bytes of `application/json-patch+json`. Raises as `read_json` does."""
    return read_array(raw)


def patched(body: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    """The resource after all operations, in their order; the one given is not changed.

    Raises BadRequest for what is no patch, Refused for one that does not fit this resource, each with the operation's
    place (`[2].path`); TooLarge for one that makes too much.
    """
    check_count(operations)
    weight = Weight()
    document: Any = {"": copied(body)}  # the whole is a value like every other
    for number, operation in enumerate(operations):
        _Step(document, operation, f"[{number}]", weight).act()
    if not isinstance(document.get(""), dict):
        raise Refused("What the patch leaves is no resource.")
    whole: dict[str, Any] = document[""]
    return whole


class _Step:
    """One operation on the document."""

    def __init__(self, document: dict[str, Any], operation: Any, where: str, weight: Weight) -> None:
        if not isinstance(operation, dict):
            raise BadRequest("An operation is an object.", where=where)
        self._document = document
        self._operation = operation
        self._where = where
        self._weight = weight

    def act(self) -> None:
        """Does it."""
        name = self._operation.get("op")
        acts: dict[Any, Callable[[], None]] = {
            "add": self._add, "remove": self._remove, "replace": self._replace,
            "move": self._move, "copy": self._copy, "test": self._test,
        }  # fmt: skip
        if not isinstance(name, str) or name not in acts:
            raise BadRequest(where=f"{self._where}.op", hint="It is add, remove, replace, move, copy or test.")
        acts[name]()

    def _add(self) -> None:
        path = self._pointer("path")
        value = self._value()
        self._weight.add(value, depth=len(path), where=self._where)
        self._put(path, copied(value))

    def _remove(self) -> None:
        self._taken(self._pointer("path"), "path")

    def _replace(self) -> None:
        path = self._pointer("path")
        value = self._value()
        self._weight.add(value, depth=len(path), where=self._where)
        owner, key = self._existing(path, "path")
        owner[key] = copied(value)

    def _move(self) -> None:
        source, path = self._pointer("from"), self._pointer("path")
        self._outside(source, path)
        owner, key = self._existing(source, "from")
        if source == path:
            return
        self._weight.add(owner[key], depth=len(path), where=self._where)
        self._put(path, self._taken(source, "from"))

    def _copy(self) -> None:
        source, path = self._pointer("from"), self._pointer("path")
        self._outside(source, path)
        owner, key = self._existing(source, "from")
        self._weight.add(owner[key], depth=len(path), where=self._where)
        self._put(path, copied(owner[key]))

    def _test(self) -> None:
        owner, key = self._existing(self._pointer("path"), "path")
        if not same(owner[key], self._value()):
            raise Refused("The value is another than the patch expects.", where=f"{self._where}.value")

    def _value(self) -> Any:
        if "value" not in self._operation:
            raise BadRequest("The operation has no value.", where=f"{self._where}.value")
        return self._operation["value"]

    def _pointer(self, member: str) -> Pointer:
        """The names on the way, from the outermost: the whole document is the member "" of what holds it."""
        text = self._operation.get(member)
        if not isinstance(text, str) or (text and not text.startswith("/")) or _ESCAPE.search(text):
            raise BadRequest("This is no JSON Pointer.", where=f"{self._where}.{member}")
        return tuple(name.replace("~1", "/").replace("~0", "~") for name in text.split("/"))

    def _outside(self, source: Pointer, path: Pointer) -> None:
        if len(source) < len(path) and path[: len(source)] == source:
            raise Refused("Nothing is moved or copied into itself.", where=f"{self._where}.path")

    def _existing(self, path: Pointer, member: str) -> tuple[Any, Any]:
        """What holds the value at a path, and under which name or number."""
        holder: Any = self._document
        for name in path[:-1]:
            holder = holder[self._key(holder, name, member)]
        return holder, self._key(holder, path[-1], member)

    def _key(self, holder: Any, name: str, member: str) -> Any:
        if isinstance(holder, dict) and name in holder:
            return name
        if isinstance(holder, list) and _AT.fullmatch(name) and int(name) < len(holder):
            return int(name)
        raise self._absent(member)

    def _absent(self, member: str) -> Refused:
        return Refused("There is nothing at this path.", where=f"{self._where}.{member}")

    def _taken(self, path: Pointer, member: str) -> Any:
        owner, key = self._existing(path, member)
        return owner.pop(key)

    def _put(self, path: Pointer, value: Any) -> None:
        """As `add` does: into an object under a name, into a list before a number or at its end."""
        if len(path) == 1:
            self._document[""] = value
            return
        owner, key = self._existing(path[:-1], "path")
        holder, name = owner[key], path[-1]
        if isinstance(holder, dict):
            holder[name] = value
        elif isinstance(holder, list) and (name == _END or (_AT.fullmatch(name) and int(name) <= len(holder))):
            holder.insert(len(holder) if name == _END else int(name), value)
        else:
            raise self._absent("path")


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values (RFC 6902, 4.6): numbers by value, `true` is no 1, objects whatever their order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)
