"""A citizen's case goes from one municipality to another: who handed it over when, and what that changes. Pure.

A hand-over is kept as a care team of its own, in which each municipality has the role `acting-municipality` in its
period: the joint team shows it to everybody who may see who is around the citizen. It is the old municipality's word
that it no longer acts, and nothing more: that the new one does, that one says itself (domain/municipality.py).

Since then the old municipality is *away*. What it said stays its own; of what anybody else says of the citizen it sees
nothing of the time after, unless the citizen consents, or until it has a case again (`left_at`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, normal
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.domain.team import TEAM_ROLE
from gateway.domain.when import instant, said_time

ACTING_ROLE = "acting-municipality"
_ACTING = ACTING_ROLE.encode()
_ROLE = {"coding": [{"system": TEAM_ROLE, "code": ACTING_ROLE, "display": "Handlekommune"}]}


def team_of(old: tuple[str, str], new: tuple[str, str], at: datetime) -> Body:
    """The care team that a hand-over is kept as, from (CVR number, name) to (CVR number, name)."""
    return {
        "status": "active",
        "name": "Handlekommune",
        "period": {"start": said_time(at)},
        "participant": [_member(old, {"end": said_time(at)}), _member(new, {"start": said_time(at)})],
    }


def _member(municipality: tuple[str, str], period: Body) -> Body:
    cvr, name = municipality
    identifier = {"system": CVR, "value": cvr}
    who = {"type": "Organization", "identifier": identifier, "display": name}
    return {"role": [_ROLE], "member": who, "period": period}


def own_sources(caller: Caller, sources: Mapping[str, Source]) -> frozenset[str]:
    """The sources of the caller's municipality: those it sends as, those of its organisation, and all of the same
    municipality. None for who belongs to no municipality."""
    if caller.sector != "municipality":
        return frozenset()
    organisations = {caller.organisation.key, *caller.member_of}
    near = [s for s in sources.values() if s.id in caller.sends or s.organisation.key in organisations]
    codes = {source.municipality for source in near} - {""}
    return frozenset(source.id for source in sources.values() if source.municipality in codes)


def left_at(teams: Iterable[Body], organisations: Collection[str], now: datetime) -> datetime | None:
    """When a municipality handed the citizen over, None while it has not, or has a case again: one that came back to
    it, or one of its own that was opened since. `organisations` are the identifier keys that it goes by, `teams` all
    care teams of the citizen."""
    teams = [team for team in teams if team.get("status") not in ("entered-in-error", "proposed")]
    edges = sorted(edge for team in teams for edge in _edges(team, organisations) if edge[0] <= now)
    if not edges or edges[-1][1]:
        return None
    left = edges[-1][0]
    return None if any(_opened_since(team, organisations, left) for team in teams) else left


def _edges(team: Body, organisations: Collection[str]) -> list[tuple[datetime, bool]]:
    """(when, whether it took over) of a municipality in a hand-over."""
    found = []
    for one in team.get("participant", []):
        codings = [coding for role in one.get("role", []) for coding in role.get("coding", [])]
        acts = any((c.get("system"), c.get("code")) == (TEAM_ROLE, ACTING_ROLE) for c in codings)
        if acts and _key(one.get("member", {})) in organisations:
            period = one.get("period", {})
            found += [(instant(period["start"]), True)] if "start" in period else []
            found += [(instant(period["end"]), False)] if "end" in period else []
    return found


def _opened_since(team: Body, organisations: Collection[str], left: datetime) -> bool:
    """Whether this is the team of a case of theirs that was opened after they left, and is not closed."""
    period = team.get("period", {})
    theirs = any(_key(one) in organisations for one in team.get("managingOrganization", []))
    open_ = team.get("status") == "active" and "end" not in period
    return theirs and open_ and "start" in period and instant(period["start"]) > left


def _key(reference: Body) -> str:
    number = reference.get("identifier", {})
    return normal(number.get("system", ""), number.get("value", "")).key


def is_hand_over(raw: bytes) -> bool:
    """Whether a stored care team may be one: a look at the bytes, as nearly none is."""
    return _ACTING in raw
