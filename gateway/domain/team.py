"""Fold of a care team that is told member by member (HL7 v2 ROL, PRT)."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.domain.resource import Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import Body, Statement, Verb
from gateway.domain.when import instant, said_time


def fold_team(key: str, said: list[Statement], ids: Ids, sources: Mapping[str, Source]) -> Resource:
    """One CareTeam from its members in order.

    A statement's body is `{"id": member key, "participant": CareTeam.participant}`. ASSERT and CORRECT set the
    member, WITHDRAW ends the membership when it happened, or takes it away when it had not begun.
    """
    members: dict[str, Body] = {}
    for one in said:
        member = one.body["id"]
        if one.verb is Verb.WITHDRAW:
            _end(members, member, one)
        else:
            members[member] = one.body["participant"]
    source = sources[said[-1].source]
    body: Body = {"status": "active" if members else "inactive", "name": source.name}
    if members:
        body["participant"] = [members[member] for member in sorted(members)]
    organisation = {"system": source.organisation.system, "value": source.organisation.value}
    body["managingOrganization"] = [{"type": "Organization", "identifier": organisation, "display": source.name}]
    return Resource("CareTeam", ids("CareTeam", key), body, source.id, source.sector)


def _end(members: dict[str, Body], member: str, one: Statement) -> None:
    known = members.get(member)
    if known is None:
        return
    period = known.get("period", {})
    begun = instant(period["start"]) if "start" in period else None
    if begun is not None and begun >= one.happened:
        del members[member]
    else:
        members[member] = known | {"period": period | {"end": said_time(one.happened)}}
