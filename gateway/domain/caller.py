"""Who asks: the system, the person in front of it, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from gateway.domain.identifier import Identifier
from gateway.domain.limits import CaseAccess
from gateway.domain.scope import read

LOWER_LABELS, CONTROLLER = "lower-labels", "controller"
RIGHTS = (LOWER_LABELS, CONTROLLER)
"""What a client may be registered for besides: to lower security labels, with a reason (domain/labels.py `kept`); to
ask for its organisation, as the data controller of what that sent, why a decision is as it is (flows/explain.py)."""


@dataclass(frozen=True, slots=True)
class Override:
    """Access against a denial (værdispring): sundhedsloven § 42 a, § 43 (2) 2. `taken` is when the token was given that
    says so; it holds for as long as mappings/policy/overrides.csv lets a reason of this code hold."""

    code: str
    text: str
    taken: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated call. `role` is a column of mappings/policy (hospital, nursing, social, provider, jobcenter,
    benefit, ngo, citizen, auditor, coordinator is no role: it is a place in the care team)."""

    client: str
    client_name: str
    organisation: Identifier
    organisation_name: str
    sector: str  # region | municipality | other
    role: str
    user: str  # identifier key of the acting person, "" for a system alone
    user_name: str
    user_role: str
    purposes: tuple[str, ...]  # v3-ActReason codes
    scopes: tuple[str, ...]
    sends: tuple[str, ...] = ()  # source ids it may send as
    member_of: tuple[str, ...] = ()  # further organisation identifier keys (unit, its parents)
    override: Override | None = None
    on_behalf_of: str = ""
    cases: tuple[CaseAccess, ...] = ()  # OIO cases it may read; without any, what law and consent permit
    rights: tuple[str, ...] = ()  # what it is registered for besides (RIGHTS)
    client_version: str = ""
    user_authorisation: str = ""  # autorisations-id
    token: str = ""  # jti of the access token
    trace: str = ""  # of this call; these two stand last, for `calling`
    address: str = ""  # where the call came from

    def covers(self, kind: str) -> bool:
        """Whether the token's scopes let it read or search this type at all: what is composed for a caller is composed
        of nothing else. Which resources of the type, where scopes have parameters, flows/covering.py tells."""
        return _covered(self.scopes, kind)

    @property
    def narrowed(self) -> bool:
        """Whether any scope has search parameters."""
        return _narrowed(self.scopes)

    def calling(self, trace: str, address: str) -> Caller:
        """The same, in one call. Every request asks for it: `dataclasses.replace` takes three times as long."""
        return Caller(*(*_standing(self), trace, address))


_standing = attrgetter(*[one.name for one in fields(Caller)][:-2])


@lru_cache(maxsize=4096)  # the same clients ask again and again
def _narrowed(scopes: tuple[str, ...]) -> bool:
    return any("?" in scope for scope in scopes)


@lru_cache(maxsize=4096)
def _covered(scopes: tuple[str, ...], kind: str) -> bool:
    return any(
        one is not None and one.type in ("*", kind) and ("r" in one.may or "s" in one.may) for one in map(read, scopes)
    )
