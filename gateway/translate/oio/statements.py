"""Statements about what a case system registered (gateway/domain/registered.py): the same for every kind of object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from gateway.domain.registered import Part
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.translate.languages import Known
from gateway.translate.oio.case import Registered
from gateway.translate.oio.parts import part_of
from gateway.translate.oio.roles import Roles
from gateway.translate.rules.bound import Made
from gateway.translate.rules.reader import Env

_AFTER = timedelta(microseconds=1)


def registered(
    made: Iterable[Made], found: Registered, by: str, env: Env, roles: Roles, origin: str
) -> Iterator[Statement]:
    """What the rules made of one registration of the object with the UUID `by`: the citizen, who is no object of the
    case, and each object with all its parts."""
    grouped: dict[tuple[str, str], list[Part]] = {}
    people: list[tuple[str, str, Act, Body]] = []
    for one in made:
        if one.kind == "Patient":
            people.append((one.kind, one.key, Act.STATE, one.body))
        elif one.body:
            part = part_of(one.node, one.body, roles, env.timezone)
            grouped.setdefault((one.kind, one.key), []).append(part)
    act = Act.REGISTER if found.whole else Act.AMEND
    objects = [(kind, key, act, {"by": by, "parts": parts}) for (kind, key), parts in grouped.items()]
    for number, (kind, key, does, body) in enumerate(people + objects):
        yield Statement(
            kind=kind,
            key=key,
            act=does,
            verb=Verb.ASSERT,
            happened=found.moment,
            recorded=found.recorded,
            body=body,
            source=env.source.id,
            origin=f"{origin}.{number}",
        )


def alone(kind: str, found: Registered, by: str, parts: Sequence[Part], env: Env, origin: str) -> Statement:
    """What one registration of the object with the UUID `by` tells of a kind beside what its rules make. A whole one
    without parts: what earlier ones made of it is gone."""
    return Statement(
        kind=kind,
        key=f"{env.source.id}|{kind}|{by}",
        act=Act.REGISTER if found.whole else Act.AMEND,
        verb=Verb.ASSERT,
        happened=found.moment,
        recorded=found.recorded,
        body={"by": by, "parts": parts},
        source=env.source.id,
        origin=origin,
    )


def removal(kind: str, by: str, known: Known, source: str, origin: str) -> Statement:
    """One of the things that the object with the UUID `by` became is taken out as it was last registered; what is
    registered later stands again."""
    return Statement(
        kind=kind,
        key=f"{source}|{kind}|{by}",
        act=Act.REGISTER,
        verb=Verb.WITHDRAW,
        happened=known.moment,
        recorded=(known.recorded or known.moment) + _AFTER,
        body={"by": by, "parts": []},
        source=source,
        origin=origin,
    )
