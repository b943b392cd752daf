"""Chains and reverse chains: questions that pass through other resources. R4 3.1.1.4.4, 3.1.1.4.5.

Every resource on the way comes from the caller's own world (world.py), so nothing hidden decides what matches; and
every type on the way must be one that the token may both read and search, or the question finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.domain import directory
from gateway.domain.searching.matching import check_modifier, compile_match
from gateway.domain.searching.parameter import Parameter
from gateway.domain.searching.world import Body, World, literal
from gateway.errors import BadRequest

Test = Callable[[Body, World], bool]
Served = Mapping[str, Mapping[str, Parameter]]
"""The parameters of every type that is served, by type and name."""

MOST_HOPS = 2
_NOT_FOLLOWED = directory.KINDS
"""Types that stand in a citizen's resources by their identifiers: they are asked for by those, not by a chain."""

_HAS = "_has"


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter as it was given, for a type: its name with chains and modifiers, and its value."""

    kind: str
    name: str
    value: str


def compile_test(asked: Asked, served: Served, own: str, hops: int = 0) -> Test:
    """A test of one resource. Raises BadRequest for what is not served, for the type that it is asked of."""
    if asked.name.partition(":")[0] == _HAS:
        return _reverse(asked, served, own, hops)
    first, dot, rest = asked.name.partition(".")
    name, _, modifier = first.partition(":")
    parameter = served.get(asked.kind, {}).get(name)
    if parameter is None:
        raise unknown(asked.kind, asked.name, served)
    if dot:
        return _chain(parameter, modifier, Asked("", rest, asked.value), served, own, _further(hops, asked))
    match = compile_match(parameter, modifier, asked.value, own)
    return lambda body, world: match(parameter.extract(body))


def _chain(parameter: Parameter, modifier: str, rest: Asked, served: Served, own: str, hops: int) -> Test:
    """`encounter.status`, `subject:Patient.name`: what is referred to meets the rest."""
    if parameter.kind != "reference":
        raise BadRequest("Only a reference leads to another resource", where=parameter.name)
    check_modifier(parameter, modifier)
    targets = [modifier] if modifier else parameter.targets
    able = [one for one in targets if one in served and one not in _NOT_FOLLOWED]
    if not able:
        raise BadRequest(
            "No chain is served through this reference", where=parameter.name,
            hint=f"Served: {parameter.name}:identifier=system|value, for staff, organisations and places.",
        )  # fmt: skip
    targets = [one for one in able if _knows(one, rest.name, served)]
    if not targets:
        raise unknown(able[0], rest.name, served)
    inner = {target: compile_test(Asked(target, rest.name, rest.value), served, own, hops) for target in targets}

    def test(body: Body, world: World) -> bool:
        for reference in parameter.extract(body):
            kind, identity = literal(reference, own)
            if kind in inner and world.may_pass(kind):
                found = world.get(kind, identity)
                if found is not None and inner[kind](found.body, world):
                    return True
        return False

    return test


def _knows(kind: str, name: str, served: Served) -> bool:
    plain = name.partition(".")[0].partition(":")[0]
    return plain == _HAS or plain in served.get(kind, {})


def _reverse(asked: Asked, served: Served, own: str, hops: int) -> Test:
    """`_has:Observation:patient:code`: something that refers here meets the rest."""
    parts = asked.name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise BadRequest("A reverse chain is _has:Type:reference:parameter", where=_HAS)
    _, kind, through, rest = parts
    parameter = served.get(kind, {}).get(through)
    if parameter is None or parameter.kind != "reference":
        known = sorted(name for name, one in served.get(kind, {}).items() if one.kind == "reference")
        raise BadRequest(
            "This reverse chain is not served", where=_HAS, hint=f"Served of that type: {', '.join(known)}."
        )
    inner = compile_test(Asked(kind, rest, asked.value), served, own, _further(hops, asked))
    key = object()

    def reached(world: World) -> set[tuple[str, str]]:
        if not world.may_pass(kind):
            return set()
        met = [one.body for one in world.of(kind) if inner(one.body, world)]
        return {literal(reference, own) for body in met for reference in parameter.extract(body)}

    def test(body: Body, world: World) -> bool:
        return (body["resourceType"], body["id"]) in world.once(key, lambda: reached(world))

    return test


def _further(hops: int, asked: Asked) -> int:
    if hops + 1 > MOST_HOPS:
        raise BadRequest(
            "This chain is too long", where=asked.name.partition(":")[0], hint=f"At most {MOST_HOPS} hops."
        )
    return hops + 1


def unknown(kind: str, name: str, served: Served, further: tuple[str, ...] = ()) -> BadRequest:
    """The refusal of a parameter that is not served, with those that are."""
    known = sorted({*served.get(kind, {}), *further})
    hint = f"Served for {kind}: {', '.join(known)}."
    return BadRequest("This search parameter is not served", where=shown(name), hint=hint)


def shown(name: str) -> str:
    """A parameter's name in an error text: only if it looks like a name, since it may be anything."""
    cut = name[:40]
    return cut if all(c.isascii() and (c.isalpha() or c in "-_:.") for c in cut) else "a parameter"
