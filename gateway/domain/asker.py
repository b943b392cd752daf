"""The caller as decisions know it: by its identifiers, its role and purposes, and nothing of the call itself."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from gateway.domain.caller import Caller
from gateway.domain.consent import Ask, Same
from gateway.domain.consent.units import Units
from gateway.domain.identifier import spelled

known_by = lru_cache(maxsize=4096)(spelled)
"""The one spelling of a key; the same people and organisations ask again and again."""

asker = attrgetter(
    "role", "sector", "organisation.system", "organisation.value", "user", "on_behalf_of", "purposes", "member_of",
    "sends",
)  # fmt: skip
"""All that a decision without an override and without registered cases goes by of its caller."""


def ask_of(caller: Caller, now: datetime, action: str, care_teams: frozenset[str], same: Same, units: Units) -> Ask:
    """The caller as consents see it: the acting person by identifier, and as citizen by reference too."""
    user = frozenset({known_by(caller.user)}) if caller.user else frozenset()
    if same:
        user = user.union(*(known for known in same.values() if not user.isdisjoint(known)))
    return Ask(
        actors=user,
        organisations=frozenset({caller.organisation.key}),
        purposes=caller.purposes,
        now=now,
        action=action,
        member_of=frozenset(map(known_by, caller.member_of)),
        care_teams=care_teams,
        on_behalf_of=frozenset({known_by(caller.on_behalf_of)}) if caller.on_behalf_of else frozenset(),
        role=caller.role,
        sector=caller.sector,
        units=units,
    )
