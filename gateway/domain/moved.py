"""Cases that turn out to be about another citizen: the newest registration says whom a case is about, and what was
registered of it under others is taken back there. Otherwise one citizen's case would stay in another's plan.

Whatever comes when: for each citizen the same registrations stand, since who is newest rests on what they say alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.identifier import CPR
from gateway.domain.registered import REGISTERING
from gateway.domain.statement import Act, Statement, Verb

_AFTER = timedelta(microseconds=1)
_MOVED = "moved"

Thing = tuple[str, str]
"""Kind and key."""


@dataclass(frozen=True, slots=True)
class Standing:
    """When a thing was last registered under one identity of a citizen, and by whom it was told. `message` is the
    fingerprint of the message that told so, where it is known."""

    kind: str
    key: str
    identity: str
    moment: datetime
    recorded: datetime
    by: str
    message: bytes = b""

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """The newest is the greatest."""
        return (self.moment, self.recorded, self.identity)


def registrations(identity: str, statements: Iterable[Statement], message: bytes = b"") -> list[Standing]:
    """Of each thing that the statements of one message (its fingerprint) register the newest registration."""
    newest: dict[Thing, Standing] = {}
    for one in statements:
        if one.act in REGISTERING and one.verb is Verb.ASSERT:
            found = Standing(one.kind, one.key, identity, one.happened, one.recorded, one.body["by"], message)
            before = newest.get((one.kind, one.key))
            newest[one.kind, one.key] = max(before, found, key=lambda each: each.order) if before else found
    return list(newest.values())


def moved_by_update(
    identity: str, statements: Iterable[Statement], standing: Iterable[Standing], citizens: Mapping[str, str]
) -> bool:
    """Whether what tells only of changes says that a thing is about another citizen from now on. What it does not
    repeat would be missing there: that needs the whole."""
    updates = {(one.kind, one.key): one for one in statements if one.act is Act.AMEND}
    for rivals in _by_thing(standing).values():
        newest = max(rivals, key=lambda each: each.order)
        update = updates.get((newest.kind, newest.key))
        other = citizens.get(newest.identity, newest.identity) != citizens.get(identity, identity)
        if update is not None and other and (newest.moment, newest.recorded) < (update.happened, update.recorded):
            return True
    return False


def may_be_one(identity: str, standing: Iterable[Standing], citizens: Mapping[str, str]) -> bool:
    """Whether a thing was told of another citizen before, who may be the same person: not both have a CPR number. Only
    a message that tells both numbers joins them (docs/decisions/0006); somebody should be asked."""
    own = citizens.get(identity, identity)
    others = {one.identity for one in standing if citizens.get(one.identity, one.identity) != own}
    return any(not (_has_cpr(identity) and _has_cpr(other)) for other in others)


def _has_cpr(identity: str) -> bool:
    return identity.startswith(f"{CPR}|")


def taken_back(
    standing: Iterable[Standing], citizens: Mapping[str, str], source: str
) -> dict[str, tuple[Statement, ...]]:
    """What a source is to say under which identity, so that each thing is about one citizen. `citizens` tells to whom
    an identity belongs by now: two identities of one person lose nothing to each other."""
    said: dict[str, list[Statement]] = defaultdict(list)
    for rivals in _by_thing(standing).values():
        newest = max(rivals, key=lambda each: each.order)
        for one in rivals:
            if citizens.get(one.identity) != citizens.get(newest.identity):
                said[one.identity].append(_withdrawal(one, newest, source))
    return {identity: tuple(statements) for identity, statements in said.items()}


def reunited(said: list[Statement]) -> list[Statement]:
    """`said`, of one thing and one person, without what was taken back because of a registration that stands here too:
    the two identities have turned out to be one person's since, and the thing was never anybody else's."""
    if not any(one.verb is Verb.WITHDRAW and one.body.get(_MOVED) for one in said):
        return said
    here = {(one.happened, one.recorded + _AFTER) for one in said if one.verb is Verb.ASSERT}
    return [
        one
        for one in said
        if one.verb is not Verb.WITHDRAW or not one.body.get(_MOVED) or (one.happened, one.recorded) not in here
    ]


def _by_thing(standing: Iterable[Standing]) -> dict[Thing, list[Standing]]:
    things: dict[Thing, list[Standing]] = defaultdict(list)
    for one in standing:
        things[one.kind, one.key].append(one)
    return things


def _withdrawal(one: Standing, newest: Standing, source: str) -> Statement:
    return Statement(
        kind=one.kind,
        key=one.key,
        act=Act.REGISTER,
        verb=Verb.WITHDRAW,
        happened=newest.moment,
        recorded=newest.recorded + _AFTER,
        body={"by": one.by, "parts": [], _MOVED: True},
        source=source,
        origin=f"{source}:moved/{newest.moment.isoformat()}",
    )
