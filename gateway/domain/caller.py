"""Who asks: the system, the person in front of it, and why."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.identifier import Identifier
from gateway.domain.limits import CaseAccess


@dataclass(frozen=True, slots=True)
class Override:
    """Access against a denial (værdispring): sundhedsloven § 42 a, § 43 (2) 2."""

    code: str
    text: str


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
    trace: str = ""
    cases: tuple[CaseAccess, ...] = ()  # OIO cases it may read; without any, what law and consent permit

    def covers(self, kind: str) -> bool:
        """Whether the token's scopes (`system/<type or *>.<letters of cruds>`) let it read or search this type: what is
        composed for a caller is composed of nothing else."""
        return any(
            types in ("*", kind) and not {"r", "s"}.isdisjoint(letters)
            for types, _, letters in (scope.removeprefix("system/").partition(".") for scope in self.scopes)
        )
