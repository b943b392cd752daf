"""Chains and reverse chains: questions that pass through other resources. R4 3.1.1.4.4, 3.1.1.4.5, 3.1.1.4.14.

Every resource on the way comes from the caller's own world (world.py), so nothing hidden decides what matches; and
every type on the way must be one that the token may both read and search, or the question finds nothing. Where a
question leads into the directory it is asked there before (beyond.py): what it finds are names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gateway.domain import directory
from gateway.domain.searching import filtering
from gateway.domain.searching.beyond import Asked, Context, Served, Test, how, names_in, own_names
from gateway.domain.searching.matching import HIERARCHY, check_modifier, compile_match, compile_operator, split
from gateway.domain.searching.parameter import ALONE, NOT_SERVED, Parameter
from gateway.domain.searching.world import Body, World, literal
from gateway.errors import BadRequest

MOST_HOPS = 2
_HAS = "_has"
_STEPS = ("above", "below")
_DEEPEST = 32  # so many levels stand below each other


def compile_test(asked: Asked, context: Context, hops: int = 0) -> Test:
    """A test of one resource. Raises BadRequest for what is not served, for the type that it is asked of."""
    if asked.name.partition(":")[0] == filtering.NAME and not asked.op:
        if ":" in asked.name:
            raise BadRequest("This parameter takes no modifier", where=filtering.NAME)
        return filtering.compile_filter(asked, lambda one: compile_test(one, context, hops))
    if asked.name.partition(":")[0] == _HAS:
        return _reverse(asked, context, hops)
    first, dot, rest = asked.name.partition(".")
    name, _, modifier = first.partition(":")
    parameter = context.served.get(asked.kind, {}).get(name)
    if parameter is None:
        raise unknown(asked.kind, asked.name, context.served)
    if dot:
        return _chain(parameter, modifier, replace(asked, kind="", name=rest), context, _further(hops, asked))
    if asked.op:
        return _by_operator(parameter, modifier, asked, context)
    if modifier in _STEPS and parameter.kind == "reference":
        check_modifier(parameter, modifier)
        if HIERARCHY.keys() & set(parameter.targets):
            return _steps(parameter, modifier, asked.value, context)
    match = compile_match(parameter, modifier, asked.value, context.here)
    return lambda body, world: match(parameter.extract(body))


def _by_operator(parameter: Parameter, modifier: str, asked: Asked, context: Context) -> Test:
    if modifier:
        raise BadRequest("A filter takes operators, and no modifiers", where=parameter.name)
    match = compile_operator(parameter, asked.op, asked.value, context.here)
    return lambda body, world: match(parameter.extract(body))


def _chain(parameter: Parameter, modifier: str, rest: Asked, context: Context, hops: int) -> Test:
    """`encounter.status`, `subject:Patient.name`, `service-provider.name`: what is referred to meets the rest."""
    if parameter.kind != "reference":
        raise BadRequest("Only a reference leads to another resource", where=parameter.name)
    if modifier[:1].islower():
        raise BadRequest("A chain takes the type that it passes through, and no modifier", where=parameter.name)
    check_modifier(parameter, modifier)
    served = context.served
    able = [one for one in ([modifier] if modifier else parameter.targets) if one in served and one not in ALONE]
    if not able:
        raise BadRequest("No chain is served through this reference", where=parameter.name)
    targets = [one for one in able if _knows(one, rest.name, context)]
    if not targets:
        raise unknown(able[0], rest.name, served)
    inside = {
        one: compile_test(replace(rest, kind=one), context, hops) for one in targets if one not in directory.KINDS
    }
    asked = [context.ask(replace(rest, kind=one), _compiled(hops)) for one in targets if one in directory.KINDS]
    url = context.here.url

    def test(body: Body, world: World) -> bool:
        for reference in parameter.extract(body):
            kind, identity = literal(reference, url)
            if kind in inside and world.may_pass(kind):
                found = world.get(kind, identity)
                if found is not None and inside[kind](found.body, world):
                    return True
            if asked and not world.told(asked).isdisjoint(names_in(reference, url)):
                return True
        return False

    return test


def _compiled(hops: int) -> Callable[[Asked, Context], Test]:
    return lambda asked, context: compile_test(asked, context, hops)


def _knows(kind: str, name: str, context: Context) -> bool:
    plain = name.partition(".")[0].partition(":")[0]
    return plain == _HAS or plain in context.served.get(kind, {})


def _reverse(asked: Asked, context: Context, hops: int) -> Test:
    """`_has:Observation:patient:code`: something that refers here meets the rest."""
    parts = asked.name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise BadRequest("A reverse chain is _has:Type:reference:parameter", where=_HAS)
    _, kind, through, rest = parts
    parameter = context.served.get(kind, {}).get(through)
    if parameter is None or parameter.kind != "reference" or not _leads(kind, parameter, asked.kind):
        known = ", ".join(_reverses(asked.kind, context))
        raise BadRequest("This reverse chain is not served", where=_HAS, hint=f"Served of {asked.kind}: {known}.")
    hops = _further(hops, asked)
    if kind in directory.KINDS:
        question = context.ask(Asked(kind, rest, asked.value), _compiled(hops), through=parameter)
        return lambda body, world: not world.told([question]).isdisjoint(own_names(body))
    inner = compile_test(Asked(kind, rest, asked.value), context, hops)
    url, key = context.here.url, object()

    def reached(world: World) -> set[tuple[str, str]]:
        if not world.may_pass(kind):
            return set()
        met = [one.body for one in world.of(kind) if inner(one.body, world)]
        return {literal(reference, url) for body in met for reference in parameter.extract(body)}

    def test(body: Body, world: World) -> bool:
        return (body["resourceType"], body["id"]) in world.once(key, lambda: reached(world))

    return test


def _leads(source: str, parameter: Parameter, target: str) -> bool:
    """Whether a reverse chain may come here by a reference: from the same citizen's resources, or in the directory."""
    if source in ALONE or (source in directory.KINDS) != (target in directory.KINDS):
        return False
    return not parameter.targets or target in parameter.targets


def _reverses(target: str, context: Context) -> Iterator[str]:
    for kind in sorted(context.served):
        for name, one in sorted(context.served[kind].items()):
            if one.kind == "reference" and _leads(kind, one, target):
                yield f"{kind}:{name}"


def _steps(parameter: Parameter, modifier: str, value: str, context: Context) -> Test:
    """`part-of:below`, `location:above`: what is referred to stands below or above something, or is it. Something of
    a type without steps has nothing below or above it."""
    wanted = split(value, ",")
    kinds = [one for one in parameter.targets if one in HIERARCHY]
    url, below = context.here.url, modifier == "below"
    named = [told for one in wanted for kind in kinds if (told := how(one, kind, url))[0] in kinds]
    asked = [
        context.climb(identity, kind, below=below) for kind, identity in dict.fromkeys(named) if kind in directory.KINDS
    ]
    here = [one for one in named if one[0] not in directory.KINDS]
    climbed = {kind: context.served[kind][HIERARCHY[kind]] for kind, _ in here}

    def test(body: Body, world: World) -> bool:
        found = parameter.extract(body)
        if asked and any(not world.told(asked).isdisjoint(names_in(one, url)) for one in found):
            return True
        places = [literal(one, url) for one in found]
        if below:
            return any(goal in _upwards(world, place, climbed, url) for place in places for goal in here)
        return any(place in _upwards(world, goal, climbed, url) for place in places for goal in here)

    return test


def _upwards(
    world: World, place: tuple[str, str], climbed: dict[str, Parameter], url: str
) -> Iterator[tuple[str, str]]:
    """Something visible, and what it stands below, the nearest first."""
    seen: list[tuple[str, str]] = []
    while place[0] in climbed and place not in seen and len(seen) < _DEEPEST and world.may_pass(place[0]):
        entry = world.get(*place)
        if entry is None:
            return
        yield place
        seen.append(place)
        above = (literal(one, url) for one in climbed[place[0]].extract(entry.body))
        place = next((one for one in above if one[0] in climbed), ("", ""))


def _further(hops: int, asked: Asked) -> int:
    if hops + 1 > MOST_HOPS:
        raise BadRequest(
            "This chain is too long", where=asked.name.partition(":")[0], hint=f"At most {MOST_HOPS} hops."
        )
    return hops + 1


def unknown(kind: str, name: str, served: Served, further: tuple[str, ...] = ()) -> BadRequest:
    """The refusal of a parameter that is not served, with those that are."""
    known = sorted({*served.get(kind, {}), *further})
    why = NOT_SERVED.get(name.partition(":")[0], "")
    hint = f"{why[:1].upper()}{why[1:]}{'. ' if why else ''}Served for {kind}: {', '.join(known)}."
    return BadRequest("This search parameter is not served", where=shown(name), hint=hint)


def shown(name: str) -> str:
    """A parameter's name in an error text: only if it looks like a name, since it may be anything."""
    cut = name[:40]
    return cut if all(c.isascii() and (c.isalpha() or c in "-_:.") for c in cut) else "a parameter"
