"""Which elements a FHIRPath Patch names: simple paths, read with our FHIRPath.

`Patient.name[0].given`, `contact.where(gender = 'male').first()`, `extension('url').value`, `deceased.ofType(boolean)`.
What a condition in `where` may say is limited to comparisons of what stands below the element, so that no path of a
stranger takes long to decide or asks for what is not there.
"""

from __future__ import annotations

from typing import Any

from gateway.errors import BadRequest
from gateway.translate.fhir.patching.places import Place
from gateway.translate.fhir.patching.weight import Weight
from gateway.translate.fhirpath import Undecided, holds
from gateway.translate.fhirpath.parse import Tree, parse_once
from gateway.translate.r4 import Facts

_LONGEST = 1_000
_TESTS = frozenset({"exists", "empty", "not", "first", "last", "count", "hasValue", "extension", "ofType", "as", "is"})
_SIGNS = frozenset({"=", "!=", "~", "!~", "<", "<=", ">", ">=", "and", "or", "is", "as"})


class Address:
    """One path of one operation; `where` is its place in the patch, told in every failure."""

    def __init__(self, text: Any, where: str, weight: Weight, known: Facts | None) -> None:
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
            raise BadRequest("The operation has no path.", where=where)
        self._where = where
        self._weight = weight
        self._known = known
        try:
            self._tree = parse_once(text)
        except (ValueError, RecursionError):
            raise BadRequest("This is no FHIRPath.", where=where) from None

    def found(self, body: dict[str, Any]) -> list[Place]:
        """The elements at the path, in order."""
        return self._walk(self._tree, [Place(body)])

    def list_at(self, body: dict[str, Any]) -> tuple[list[Place], str]:
        """What holds the list that the path names, and the list's name."""
        tree = self._tree
        if tree[0] == "dot" and tree[2][0] == "name":
            return self._walk(tree[1], [Place(body)]), tree[2][1]
        if tree[0] == "name":
            return [Place(body)], tree[1]
        raise BadRequest("This path names no list.", where=self._where, hint="It ends in an element's name.")

    def _walk(self, tree: Tree, focus: list[Place]) -> list[Place]:
        self._step(1 + len(focus))
        if tree[0] == "dot":
            return self._walk(tree[2], self._walk(tree[1], focus))
        if tree[0] == "name":
            return self._named(tree[1], focus)
        if tree[0] == "item" and tree[2][0] == "literal" and type(tree[2][1]) is int:
            at = tree[2][1]
            return self._walk(tree[1], focus)[at : at + 1]
        if tree[0] == "binary" and tree[1] == "as":
            return self._of_type(tree[3], self._walk(tree[2], focus))
        if tree[0] == "call":
            return self._called(tree[1], tree[2], focus)
        raise self._not_simple()

    def _named(self, name: str, focus: list[Place]) -> list[Place]:
        found: list[Place] = []
        for place in focus:
            if name[:1].isupper() and place.child is None and place.item(self._known).is_a(name):
                found.append(place)
            else:
                found += place.below(name, self._known)
        self._step(len(found))
        return found

    def _called(self, name: str, arguments: tuple[Tree, ...], focus: list[Place]) -> list[Place]:
        if name in ("first", "last") and not arguments:
            return focus[:1] if name == "first" else focus[-1:]
        if len(arguments) != 1 or name not in ("where", "extension", "ofType", "as"):
            raise self._not_simple()
        if name in ("ofType", "as"):
            return self._of_type(arguments[0], focus)
        if name == "where":
            return self._where_true(arguments[0], focus)
        url = arguments[0][1] if arguments[0][0] == "literal" else None
        found = self._named("extension", focus)
        return [place for place in found if isinstance(url, str) and place.content()[0].get("url") == url]

    def _of_type(self, kind: Tree, focus: list[Place]) -> list[Place]:
        name = kind[-1][1] if kind[0] == "dot" else kind[1]
        return [place for place in focus if place.item(self._known).is_a(str(name))]

    def _where_true(self, test: Tree, focus: list[Place]) -> list[Place]:
        if not _plain(test):
            raise self._not_simple()
        return [place for place in focus if self._holds(test, place)]

    def _holds(self, test: Tree, place: Place) -> bool:
        item = place.item(self._known)
        try:
            return holds(test, item, item, item, self._weight.spent)
        except Undecided:
            self._step(0)
            return False

    def _step(self, count: int) -> None:
        self._weight.step(count, self._where)

    def _not_simple(self) -> BadRequest:
        hint = "A patch addresses elements by names, [n], where(…), first(), last(), extension(…), ofType(…)."
        return BadRequest("This path is not served.", where=self._where, hint=hint)


def _plain(tree: Tree) -> bool:
    """Whether a condition only compares what stands below."""
    kind = tree[0]
    if kind in ("literal", "name", "this", "none"):
        return True
    if kind == "dot":
        return _plain(tree[1]) and _plain(tree[2])
    if kind == "item":
        return tree[2][0] == "literal" and _plain(tree[1])
    if kind == "call":
        return tree[1] in _TESTS and all(map(_plain, tree[2]))
    return kind == "binary" and tree[1] in _SIGNS and _plain(tree[2]) and _plain(tree[3])
