"""Fold of a care team that is told member by member (HL7 v2 ROL, PRT)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from gateway.domain.identifier import FK_ORG, PRODUCTION_UNIT, SOR, YDER, normal
from gateway.domain.limits import KLE, SENSITIVITY_URL
from gateway.domain.resource import Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import Body, Statement, Verb
from gateway.domain.when import instant, last_instant, said_time

Key = TypeVar("Key")

_WITHDRAW = Verb.WITHDRAW  # looked up once: reading a member of an enum takes longer than a call

TEAM_ROLE = "https://faellesplan.dk/fhir/CodeSystem/team-role"
_COORDINATOR = (TEAM_ROLE, "coordinator")
_DEPUTY = {"coding": [{"system": TEAM_ROLE, "code": "deputy", "display": "Stedfortræder for tovholder"}]}
MEMBER_FOR = "https://faellesplan.dk/fhir/StructureDefinition/member-for"
"""Extension of a participant: the goal, problem or pathway that this member is there for."""

_ONE_UNIT = frozenset({SOR, FK_ORG, YDER, PRODUCTION_UNIT})
"""A number of these is one unit whatever it is called; under one CVR or EAN number there are many."""

_OFFERS = frozenset({"urn:oid:1.2.208.176.2.22", KLE})  # FFB: kinds of social offers (tilbud); KLE: the rest
_ROLE_NOT_TOLD = {"coding": [{"system": TEAM_ROLE, "code": "member", "display": "Medlem af teamet"}]}


def fold_team(key: str, said: list[Statement], ids: Ids, sources: Mapping[str, Source]) -> Resource:
    """One CareTeam from its members in order.

    A statement's body is `{"id": member key, "participant": CareTeam.participant}`. ASSERT and CORRECT set the
    member, WITHDRAW ends the membership when it happened, or takes it away when it had not begun.
    """
    members: dict[str, Body] = {}
    for one in said:
        member = one.body["id"]
        if one.verb is _WITHDRAW:
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
        told = one.body["participant"].get("period", {}).get("end")
        members[member] = known | {"period": period | {"end": told or said_time(one.happened)}}


def joint_participants(members: Sequence[Body], visible: set[str], at: datetime) -> list[Body]:
    """Everyone around the citizen, each person once per role, and one coordinator at a time.

    The coordinator who is known to have begun last is the coordinator; an earlier one is shown as ended when the next
    began, with the history kept. One whose beginning nobody told may have come before or after: next to another, such
    a one keeps every other role, is a deputy where there is none, and has no end but the own one; after others who
    have all left, such a one is the coordinator. Members that are references to something not visible are left out.
    """
    seen = [m for m in members if m.get("member", {}).get("reference", "") in visible | {""}]
    others = [m for m in seen if not is_coordinator(m)]
    chain = sorted((m for m in seen if is_coordinator(m)), key=_begun)
    chain = list(_once(chain, _who).values())
    if chain and _is_over(chain[-1], at):
        chain.sort(key=lambda m: not _begun(m)[0] and not _is_over(m, at))
    succeeded = [_until(m, following) for m, following in pairwise(chain)]
    distinct = _once([*others, *succeeded, *chain[-1:]], lambda m: (_who(m), repr(m.get("role"))))
    return [{"role": [_ROLE_NOT_TOLD]} | distinct[key] for key in sorted(distinct)]


def _once(members: Sequence[Body], key: Callable[[Body], Key]) -> dict[Key, Body]:
    """Each member once. Who is in the team for several goals, problems or pathways (extension member-for) is there for
    all of them; who has left one of them and not another is there for that."""
    found: dict[Key, Body] = {}
    for member in members:
        before = found.setdefault(key(member), member)
        left, leaves = ("end" in one.get("period", {}) for one in (before, member))
        if left == leaves:
            told = {repr(one): one for m in (before, member) for one in m.get("extension", [])}
            found[key(member)] = member | ({"extension": [told[name] for name in sorted(told)]} if told else {})
        elif left:
            found[key(member)] = member
    return found


def members_of(team: Body, at: datetime) -> list[Body]:
    """The participants of one team. Nobody is in a team for longer than there is one: of a closed case everybody has
    left when it closed, whatever was said of each; where it is not told when, nobody is shown."""
    listed: list[Body] = [*team.get("participant", []), *_provider(team)]
    end = team.get("period", {}).get("end")
    if team.get("status") != "inactive" and (end is None or last_instant(end) > at):
        return listed
    return [] if end is None else [_left(member, end) for member in listed]


def _provider(team: Body) -> list[Body]:
    """Who provides what the team is for (KL's ServicePerformer), where it is named as the team's organisation alone:
    KL's profile names it so, its guide as a participant. FFB has no code for several offers (§§ 101, 109, 110), which
    are told in words or by KLE. Who handles a case of a case system owns it, and provides nothing."""
    offers = [one for one in team.get("category", []) if _is_offer(one)]
    if not offers or any(one.get("url") == SENSITIVITY_URL for one in team.get("extension", [])):
        return []
    there = {_who(member) for member in team.get("participant", [])}
    named = team.get("managingOrganization", [])
    return [{"role": offers, "member": one} for one in named if _who({"member": one}) not in there]


def _is_offer(category: Body) -> bool:
    codings = [one for one in category.get("coding", []) if one.get("code")]
    return not codings or any(one.get("system") in _OFFERS for one in codings)


def _left(member: Body, end: str) -> Body:
    period = member.get("period", {})
    if "end" in period and last_instant(period["end"]) <= last_instant(end):
        return member
    return member | {"period": period | {"end": end}}


def is_coordinator(member: Body) -> bool:
    """Whether a participant has the role of coordinator (tovholder, myndighedskoordinator)."""
    codings = [c for role in member.get("role", []) for c in role.get("coding", [])]
    return any((c.get("system"), c.get("code")) == _COORDINATOR for c in codings)


def _until(member: Body, following: Body) -> Body:
    period = member.get("period", {})
    start = following.get("period", {}).get("start")
    if "end" in period and (start is None or instant(period["end"]) <= instant(start)):
        return member
    if start is None or "start" not in period:
        return member | {"role": _beside(member["role"])}
    return member | {"period": period | {"end": start}}


def _beside(roles: list[Body]) -> list[Body]:
    """The roles of one who is not the coordinator after all. The text of that role goes with its code."""
    left = []
    for role in roles:
        codings = [c for c in role.get("coding", []) if (c.get("system"), c.get("code")) != _COORDINATOR]
        if codings or "coding" not in role:
            same = len(codings) == len(role.get("coding", []))
            left.append((role if same else {}) | ({"coding": codings} if codings else {}))
    return left or [_DEPUTY]


def _is_over(member: Body, at: datetime) -> bool:
    end = member.get("period", {}).get("end")
    return end is not None and last_instant(end) <= at


def _begun(member: Body) -> tuple[str, str]:
    start = member.get("period", {}).get("start")
    return (instant(start).isoformat() if start else "", _who(member))


def _who(member: Body) -> str:
    return who_is(member.get("member") or member.get("onBehalfOf") or {})


def who_is(who: Body) -> str:
    """One name for a Reference to somebody, in whatever spelling the number stands."""
    if who.get("reference"):
        return str(who["reference"])
    number = who.get("identifier", {})
    found = normal(number.get("system", ""), number.get("value", ""))
    alone = found.value and found.system in _ONE_UNIT
    return found.key if alone else f"{found.key}|{who.get('display', '').casefold()}"


@dataclass(frozen=True, slots=True)
class Membership:
    """One member's place in one team: an identifier key or a literal reference, and from when until when."""

    team: str
    member: str
    start: datetime | None
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether the membership is current: who left the team has left it."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


def memberships(team: Body) -> tuple[Membership, ...]:
    """Who is in a CareTeam, by every name under which a caller may come. A withdrawn team has no members, and nobody is
    in one before there is one or after it."""
    if team.get("status") in ("entered-in-error", "inactive", "proposed"):
        return ()
    found = []
    for participant in team.get("participant", []):
        periods = [team.get("period", {}), participant.get("period", {})]
        start = max((instant(one["start"]) for one in periods if "start" in one), default=None)
        end = min((last_instant(one["end"]) for one in periods if "end" in one), default=None)
        for who in (participant.get("member", {}), participant.get("onBehalfOf", {})):
            identifier = who.get("identifier", {})
            number = normal(identifier.get("system", ""), identifier.get("value", ""))
            names = [who.get("reference", ""), number.key]
            found += [Membership(team["id"], name, start, end) for name in names if name not in ("", "|")]
    return tuple(found)
