"""What a token is given of what was asked: the registered scopes, narrowed by those that were asked.

Level `user` is given where a person stands in front of the client, level `patient` to citizens alone, whom the
decision shows nobody but themselves. Parameters (`?category=…`) narrow reading and searching (flows/covering.py);
they are given with the letters `r` and `s` only, because nothing would test them on a write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gateway.domain.scope import LONGEST, Scope, Where, read

__all__ = ["FREE", "Scope", "allows", "for_needs", "narrow", "read", "unserved"]

_ORDER = "cruds"
_SEEN = frozenset("rs")
FREE = frozenset({"CodeSystem", "ValueSet", "ConceptMap", "OperationDefinition", "StructureDefinition"})
"""Types without anything of a citizen: every token may read and search them."""

Served = Mapping[str, Collection[str]]
"""The names of the search parameters that are served, by resource type."""


def narrow(
    asked: str, registered: Iterable[Scope], *, levels: Collection[str] = ("system",), served: Served | None = None
) -> tuple[Scope, ...]:
    """What is given of what was asked: never a type, a letter or a resource that is not registered.

    `system/*.cruds` asked by a client registered for `system/CarePlan.rs` gives `system/CarePlan.rs`; the parameters
    of both sides apply. A scope with a parameter that is not served is not given. `user` and `patient` scopes are
    given under `system` registrations: they are less.
    """
    given: dict[tuple[str, str, Where], set[str]] = {}
    registered = tuple(registered)
    for text in asked.split(" "):
        wanted = read(text) if len(text) <= LONGEST else None
        if wanted is None or wanted.level not in levels or unserved(wanted, served):
            continue
        for have in registered:
            level = _less(wanted.level, have.level)
            if (wanted.type in (have.type, "*") or have.type == "*") and level:
                kind = have.type if wanted.type == "*" else wanted.type
                where = tuple(sorted({*wanted.where, *have.where}))
                may = set(wanted.may) & set(have.may) & (_SEEN if where else set(_ORDER))
                given.setdefault((level, kind, where), set()).update(may)
    made = ((key, "".join(c for c in _ORDER if c in may)) for key, may in sorted(given.items()) if may)
    return tuple(Scope(kind, may, where, level) for (level, kind, where), may in made)


def _less(wanted: str, have: str) -> str:
    """The level that is given; "" when what was registered does not cover what is wanted."""
    return wanted if have in ("system", wanted) else ""


def unserved(scope: Scope, served: Served | None) -> list[str]:
    """The parameters of a scope that nothing here could test."""
    if served is None or not scope.where:
        return []
    kinds = served.values() if scope.type == "*" else [served.get(scope.type, ())]
    return [name for name, _ in scope.where if not any(name in names for names in kinds)]


def allows(scopes: Iterable[str], kind: str, letter: str, *, whole: bool = False) -> bool:
    """Whether scopes, as a token holds them, permit one interaction (a letter of `cruds`) on one type at all; `whole`:
    on all that there is of it, by a scope without parameters."""
    if kind in FREE and letter in "rs":
        return True
    return any(
        one is not None and one.type in (kind, "*") and letter in one.may and not (whole and one.where)
        for one in map(read, scopes)
    )


def for_needs(scopes: Iterable[str], needs: Iterable[str], kind: str) -> tuple[str, ...]:
    """The scopes that hold at a door, where some have parameters: of a type that the door reads or searches only those
    with the letter it needs, or `Condition.r` would open to a search what `Condition.s?category=x` does not. A door
    that writes finds what it changes by whatever reads or searches it."""
    told = (need.rpartition(".") for need in needs)
    wanted = {named or kind: letter for named, _, letter in told if letter in _SEEN}
    held = ((scope, read(scope)) for scope in scopes)
    return tuple(
        scope
        for scope, one in held
        if one is not None
        and all(not one.is_about(one_type) or letter in one.may for one_type, letter in wanted.items())
    )
