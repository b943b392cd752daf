"""FHIRPath evaluated on one node of a resource."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.translate.fhirpath.functions import EACH, WHOLE, spelled
from gateway.translate.fhirpath.items import Item, Undecided, alike, order
from gateway.translate.fhirpath.parse import Tree, parse
from gateway.translate.fhirpath.scope import Items, Scope, Spent, distinct, single, told, truth

_MOMENTS = frozenset({"date", "dateTime", "instant", "time"})
_UCUM = "http://unitsofmeasure.org"


def holds(expression: str | Tree, node: Item, resource: Item, root: Item, budget: Spent | None = None) -> bool:
    """Whether an invariant holds at a node: only `true` does. `budget` is that of many evaluations together.

    Raises Undecided, and ValueError for no expression."""
    spent = Spent()
    try:
        tree = parse(expression) if isinstance(expression, str) else expression
        found = run(tree, [node], Scope(node, resource, root, node, spent))
        return truth(found) is True
    finally:
        if budget is not None:
            budget.steps += spent.steps


def run(tree: Tree, focus: Items, scope: Scope) -> Items:
    """What an expression finds, starting from `focus`."""
    scope.spent.step()
    kind = tree[0]
    if kind == "dot":
        return run(tree[2], run(tree[1], focus, scope), scope)
    if kind == "name":
        return _named(tree[1], focus, scope)
    if kind == "call":
        return _called(tree[1], tree[2], focus, scope)
    if kind == "binary":
        return _binary(tree[1], tree[2], tree[3], focus, scope)
    if kind == "item":
        at = single(run(tree[2], [scope.this], scope))
        found = run(tree[1], focus, scope)
        return found[at : at + 1] if type(at) is int and at >= 0 else []
    if kind == "minus":
        return [Item(-_number(item.value)) for item in run(tree[1], focus, scope)]
    return _plain(tree, scope)


def _plain(tree: Tree, scope: Scope) -> Items:
    kind = tree[0]
    if kind == "literal":
        return [Item(tree[1], tree[2])]
    if kind == "this":
        return [scope.this]
    if kind == "index":
        return [Item(scope.index)]
    if kind == "none":
        return []
    variables = {
        "resource": scope.resource, "rootResource": scope.root, "context": scope.context, "ucum": Item(_UCUM),
        "sct": Item("http://snomed.info/sct"), "loinc": Item("http://loinc.org"),
    }  # fmt: skip
    if kind != "variable" or tree[1] not in variables:
        raise Undecided
    return [variables[tree[1]]]


def _named(name: str, focus: Items, scope: Scope) -> Items:
    """Children of a name. At the start of an expression the name of the type is the node itself."""
    found: Items = []
    for item in focus:
        if name[:1].isupper() and item.is_a(name):
            found.append(item)
        else:
            found += item.below(name)
    scope.spent.step(len(found))
    return found


def _binary(operator: str, left: Tree, right: Tree, focus: Items, scope: Scope) -> Items:
    if operator in _LOGIC:
        return told(_LOGIC[operator](truth(run(left, focus, scope)), lambda: truth(run(right, focus, scope))))
    one = run(left, focus, scope)
    if operator == "is":
        return [Item(_is(one, right[1]))]
    if operator == "as":
        return [item for item in one if item.is_a(right[1])]
    other = run(right, focus, scope)
    scope.spent.step(len(one) + len(other))
    if operator == "|":
        return distinct([*one, *other], scope)
    if operator in ("in", "contains"):
        part, whole = (one, other) if operator == "in" else (other, one)
        if len(part) > 1:
            raise Undecided
        return told(any(alike(part[0], item) for item in whole)) if part else []
    if operator in ("=", "~", "!=", "!~"):
        return told(_equal(one, other, wanted=operator in ("=", "~"), loose="~" in operator))
    if operator in _ORDERS:
        return _ordered(operator, one, other)
    return _counted(operator, one, other)


def _is(found: Items, kind: str) -> bool:
    """What is not there is of no type: FHIRPath says empty, but R4's invariants (ras-2) are written for false."""
    if len(found) > 1:
        raise Undecided
    return bool(found) and found[0].is_a(kind)


def _ordered(operator: str, one: Items, other: Items) -> Items:
    if not one or not other or one[0].value is None or other[0].value is None:
        return []
    if len(one) > 1 or len(other) > 1:
        raise Undecided
    found = order(one[0], other[0])
    return told(None if found is None else _ORDERS[operator](found))


def _equal(one: Items, other: Items, *, wanted: bool, loose: bool) -> bool | None:
    if not one or not other:
        return (not one and not other) is wanted if loose else None
    same = len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    return same is wanted


def _counted(operator: str, one: Items, other: Items) -> Items:
    left, right = single(one), single(other)
    if operator == "&":
        return [Item(_joined(left) + _joined(right))]
    if left is None or right is None:
        return []
    if {one[0].shape, other[0].shape} & _MOMENTS:
        raise Undecided  # they take durations, never texts
    if isinstance(left, str) and isinstance(right, str) and operator == "+":
        return [Item(left + right)]
    left, right = _number(left), _number(right)
    if operator in ("/", "div", "mod"):
        if not right:
            return []
        value: Any = Decimal(left) / Decimal(right)
        return [Item(value if operator == "/" else int(value) if operator == "div" else left - right * int(value))]
    return [Item(left + right if operator == "+" else left - right if operator == "-" else left * right)]


def _joined(value: Any) -> str:
    """What `&` puts beside another: nothing as no text, a value as toString() has it."""
    text = "" if value is None else spelled(value)
    if text is None:
        raise Undecided
    return text


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Undecided
    return value


def _and(one: bool | None, other: Any) -> bool | None:
    if one is False:
        return False
    second = other()
    return False if second is False else True if one and second else None


def _or(one: bool | None, other: Any) -> bool | None:
    if one is True:
        return True
    second = other()
    return True if second is True else None if one is None or second is None else False


def _xor(one: bool | None, other: Any) -> bool | None:
    second = other()
    return None if one is None or second is None else one is not second


def _implies(one: bool | None, other: Any) -> bool | None:
    if one is False:
        return True
    second = other()
    return True if second is True else None if one is None or second is None else False


_LOGIC: dict[str, Any] = {"and": _and, "or": _or, "xor": _xor, "implies": _implies}
_ORDERS: dict[str, Any] = {
    "<": lambda found: found < 0, ">": lambda found: found > 0,
    "<=": lambda found: found <= 0, ">=": lambda found: found >= 0,
}  # fmt: skip


def _called(name: str, arguments: tuple[Tree, ...], focus: Items, scope: Scope) -> Items:
    scope.spent.step(len(focus))
    if name in EACH:
        return EACH[name](focus, lambda item, at: run(arguments[0], [item], replace(scope, this=item, index=at)), scope)
    if name in ("ofType", "as", "is"):
        kind = arguments[0][-1]
        kind = kind if isinstance(kind, str) else kind[1]
        if name == "is":
            return [Item(_is(focus, kind))]
        return [item for item in focus if item.is_a(kind)]
    if name == "exists" and arguments:
        return told(bool(_called("where", arguments, focus, scope)))
    if name == "iif":
        chosen = 1 if truth(run(arguments[0], focus, scope)) else 2
        return run(arguments[chosen], focus, scope) if chosen < len(arguments) else []
    if name not in WHOLE:
        raise Undecided
    return WHOLE[name](focus, [run(argument, [scope.this], scope) for argument in arguments], scope)
