"""`_include`, `_revinclude`, `:iterate`: what goes with the matches, from the caller's world alone. R4 3.1.1.5.4"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.searching.beyond import Served
from gateway.domain.searching.parameter import ALONE
from gateway.domain.searching.world import Entry, World, literal
from gateway.errors import BadRequest

MOST_INCLUDES = 20
MOST_ROUNDS = 5
"""So far goes `:iterate`: what is included may itself include, and so on."""

_ANY = "*"
_TOLD = "Provenance"  # who said something goes with it (flows/provenance.py)


@dataclass(frozen=True, slots=True)
class Include:
    """`source:parameter[:target]`. `source` and `parameter` may be `*` for all."""

    source: str
    parameter: str
    target: str
    reverse: bool
    iterate: bool

    @property
    def wildcard(self) -> bool:
        """Whether this names no parameter."""
        return _ANY in (self.source, self.parameter)


def leads_back(source: str, parameter: str) -> bool:
    """Whether a reference of a type is followed: of Provenance that to its target alone."""
    return source != _TOLD or parameter == "target"


def compile_include(name: str, value: str, served: Served) -> Include:
    """One `_include` or `_revinclude`. Raises BadRequest with what the type can include."""
    plain, _, modifier = name.partition(":")
    if modifier not in ("", "iterate"):
        raise BadRequest("This takes no modifier but :iterate", where=plain)
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    made = Include(
        source, parameter or (_ANY if source == _ANY else ""), target, plain == "_revinclude", bool(modifier)
    )
    able = {one: rows for one, rows in served.items() if one not in ALONE or one == _TOLD}
    known = {one for one, row in able.get(source, {}).items() if row.kind == "reference" and leads_back(source, one)}
    if source == _ANY or (source in able and (parameter == _ANY or parameter in known)):
        return made
    if known:
        hint = f"Served: {', '.join(f'{source}:{one}' for one in sorted(known))}."
    else:
        hint = f"Give Type:parameter. Served types: {', '.join(sorted(able))}."
    raise BadRequest("This cannot be included", where=plain, hint=hint)


def included(
    matches: Sequence[Entry], world: World, includes: Sequence[Include], served: Served, own: str
) -> list[Entry]:
    """What the includes add to these matches, each once, in the order of type and id."""
    there = {one.name for one in matches}
    found: dict[str, Entry] = {}
    begun, rules = list(matches), list(includes)
    for _ in range(MOST_ROUNDS):
        reached = [one for rule in rules for one in _reached(begun, world, rule, served, own)]
        begun = [one for name, one in {one.name: one for one in reached}.items() if name not in there]
        found |= {one.name: one for one in begun}
        there |= found.keys()
        rules = [rule for rule in includes if rule.iterate]
        if not (begun and rules):
            break
    return [found[name] for name in sorted(found)]


def _reached(begun: Sequence[Entry], world: World, rule: Include, served: Served, own: str) -> Iterable[Entry]:
    return _backward(begun, world, rule, served, own) if rule.reverse else _forward(begun, world, rule, served, own)


def _forward(begun: Sequence[Entry], world: World, rule: Include, served: Served, own: str) -> Iterable[Entry]:
    for one in begun:
        if rule.source in (_ANY, one.kind):
            for kind, identity in _leads(one, rule, served, own):
                found = world.get(kind, identity) if rule.target in ("", kind) else None
                if found is not None:
                    yield found


def _backward(begun: Sequence[Entry], world: World, rule: Include, served: Served, own: str) -> Iterable[Entry]:
    wanted = {(one.kind, one.id) for one in begun if rule.target in ("", one.kind)}
    for kind in world.kinds if rule.source == _ANY else (rule.source,):
        for one in world.of(kind):
            if not wanted.isdisjoint(_leads(one, rule, served, own)):
                yield one


def _leads(one: Entry, rule: Include, served: Served, own: str) -> list[tuple[str, str]]:
    """(type, id) of what a resource refers to by the parameter of a rule, or by any."""
    rows = served.get(one.kind, {})
    named = rows.values() if rule.parameter in (_ANY, "") else [rows[rule.parameter]] if rule.parameter in rows else []
    references = [ref for row in named if row.kind == "reference" for ref in row.extract(one.body)]
    return [literal(ref, own) for ref in references if isinstance(ref, dict)]
