"""What decisions about a citizen rest on, compiled: the consents, who is in which care team, whether there was a
hand-over.

Found by the digests of all of it, and for the very same content alone: nothing outlives a withdrawal. To hash a content
takes as long as a decision, to compare two does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.consent import CompiledConsent, compile_consent
from gateway.domain.consent.actors import in_this_gateway
from gateway.domain.handover import is_hand_over
from gateway.domain.lately import Lately
from gateway.domain.team import Membership, memberships
from gateway.store import wire
from gateway.store.resources import Ground


@dataclass(frozen=True, slots=True)
class Known:
    """One citizen's ground. `seats` are the places in teams by the key or reference of who sits there; `teams` are the
    teams themselves, where one may tell of a hand-over (domain/handover.py), as nearly none does."""

    consents: tuple[CompiledConsent, ...]
    seats: Mapping[str, Sequence[Membership]]
    teams: tuple[bytes, ...]

    def teams_of(self, own: Collection[str], now: datetime) -> list[str]:
        """The references of the teams in which somebody with one of these keys is now."""
        return [f"CareTeam/{one.team}" for key in own for one in self.seats.get(key, ()) if one.holds(now)]


_known: Lately[tuple[bytes, ...], tuple[tuple[bytes, ...], Known]] = Lately(4096)


def known_of(ground: Sequence[Ground]) -> Known:
    """Compiled once for each content."""
    digests = tuple([one.digest for one in ground])
    bodies = tuple([one.body for one in ground])
    found = _known.get(digests)
    if found is None or found[0] != bodies:
        found = _known.keep(digests, (bodies, _compiled(ground)))
    return found[1]


def _compiled(ground: Sequence[Ground]) -> Known:
    consents = [wire.decode(one.body) for one in ground if one.kind == "Consent"]
    teams = [one.body for one in ground if one.kind == "CareTeam"]
    seats: dict[str, list[Membership]] = defaultdict(list)
    for team in teams:
        for one in memberships(wire.decode(team)):
            seats[one.member].append(one)
    compiled = tuple([compile_consent(one, resolve=in_this_gateway) for one in consents])
    return Known(compiled, dict(seats), tuple(teams) if any(map(is_hand_over, teams)) else ())
