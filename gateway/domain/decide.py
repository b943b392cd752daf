"""Whether one caller may do one thing with one resource. Only this module makes a Permit.

For each purpose, in this order: the purpose is known → an auditor sees no content → the table says never → an
override (værdispring) with its reason → the citizen's consents → the table's default. Every purpose must be
permitted, and everything the answer rests on is in it: the law, the row (`file:line`), the consent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import InitVar, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from gateway.domain.asker import ask_of, asker, known_by
from gateway.domain.caller import Caller
from gateway.domain.consent import CompiledConsent, Same, Verdict, Word, begun, prepared
from gateway.domain.consent.ask import ACT_REASON, ACTIONS, BREAK_GLASS, TREAT, is_known
from gateway.domain.lately import Lately
from gateway.domain.limits import barred
from gateway.domain.policy import ANY, Policy, Row
from gateway.domain.redact import ADDRESS_PATHS, OUTSIDE_HOSPITALS, WORDS
from gateway.domain.resource import Facts
from gateway.domain.security_label import PROTECTED_ADDRESS
from gateway.domain.when import danish_day

_SEAL = object()
_SKEW = timedelta(seconds=-1)  # clocks of two nodes differ a little
_LIMITS = "SF1470 chapter 12"


class Basis(StrEnum):
    """What a permit rests on."""

    CONSENT = "consent"
    TREATMENT = "treatment"
    OWN = "own"
    LAW = "law"
    OVERRIDE = "override"


class Reason(StrEnum):
    """Why access is denied."""

    NO_PURPOSE = "no-purpose"
    UNKNOWN_PURPOSE = "unknown-purpose"
    UNKNOWN_ACTION = "unknown-action"
    AUDITOR = "auditor-sees-no-content"
    NO_RULE = "no-rule"
    NEVER = "never"
    OVERRIDE_WITHOUT_REASON = "override-without-reason"
    OVERRIDE_REASON_UNKNOWN = "override-for-no-such-reason"
    OVERRIDE_ENDED = "override-ended"
    OVERRIDE_UNTOLD = "override-by-who-cannot-tell-the-citizen"
    OVERRIDE_FORBIDDEN = "override-forbidden-by-citizen"
    CONSENT_DENIES = "consent-denies"
    CONSENT_LIMITS = "consent-limits"
    CONSENT_NEEDED = "consent-needed"
    HANDED_OVER = "handed-over"
    CASE_LIMITS = "case-limits"
    SCOPES = "not-in-scope"
    NOT_REGISTERED = "not-registered"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to read one resource. `redactions` are the element paths to take away first (domain/redact.py).

    `rule` is the row of the policy table (`file:line`) and `law` what it rests on; `consent` the Consent id that
    decided and `provision` the place in it (`provision.provision[0]`), "" when none did.
    """

    kind: str
    id: str
    basis: Basis
    law: str
    rule: str
    consent: str = ""
    redactions: frozenset[str] = frozenset()
    override: bool = False
    provision: str = ""
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a Permit comes from decide() alone")


@dataclass(frozen=True, slots=True)
class Denial:
    """No leave, and why. `rule` is the row of the policy table (`file:line`), or `consent:<id>`, or the reason."""

    kind: str
    id: str
    reason: Reason
    rule: str
    law: str = ""
    consent: str = ""
    provision: str = ""


def of_both(then: Permit, today: Permit) -> Permit:
    """Leave to read a resource as it stood, where it is also given for what is known of it today: what either takes
    away is taken away."""
    return replace(then, redactions=then.redactions | today.redactions, seal=_SEAL)


def decide(
    caller: Caller, facts: Facts, consents: Iterable[CompiledConsent], policy: Policy, now: datetime, *,
    action: str = "access", care_teams: Iterable[str] = (), same: Same | None = None, protected: Collection[str] = (),
    away: bool = False,
) -> Permit | Denial:  # fmt: skip
    """One decision. As `decide_all`."""
    permits, denials = decide_all(
        caller, (facts,), consents, policy, now,
        action=action, care_teams=care_teams, same=same, protected=protected, away=away,
    )  # fmt: skip
    return permits[0] if permits else denials[0]


def decide_all(
    caller: Caller, facts: Iterable[Facts], consents: Iterable[CompiledConsent], policy: Policy, now: datetime, *,
    action: str = "access", care_teams: Iterable[str] = (), same: Same | None = None, protected: Collection[str] = (),
    away: bool = False, around: Iterable[Facts] = (),
) -> tuple[list[Permit], list[Denial]]:  # fmt: skip
    """Decisions about many resources, each in the order given; what caller and consents share is worked out once.

    `consents` are those of every citizen in the resources. `care_teams` are references of the teams that the caller
    is a member of now. `same` are the references and identifiers that count as one citizen. `protected` are Patient
    ids of citizens with a protected address, besides those whose Patient is among `facts`. `away`: the caller's
    municipality has handed the citizens over to another (domain/handover.py) and treats them no more. `around` are
    resources of the citizen that are not decided about: documents follow the cases among them (domain/limits.py).
    """
    listed = tuple(facts)
    known = [f.citizen for f in listed if f.kind == "Patient" and PROTECTED_ADDRESS in f.labels]
    hidden = frozenset([*known, *protected])
    bench = _seated(caller, tuple(consents), policy, now, action, frozenset(care_teams), same or {}, hidden, away)
    permits: list[Permit] = []
    denials: list[Denial] = []
    for one in listed:
        decision = bench.decide(one)
        if isinstance(decision, Permit):
            permits.append(decision)
        else:
            denials.append(decision)
    return _within_limits(caller, listed, permits, denials, around)


def _within_limits(
    caller: Caller, facts: tuple[Facts, ...], permits: list[Permit], denials: list[Denial], around: Iterable[Facts]
) -> tuple[list[Permit], list[Denial]]:
    """What is permitted, narrowed by what case systems say of their cases (domain/limits.py)."""
    closed = barred(caller, facts, [(permit.kind, permit.id) for permit in permits], around)
    if not closed:
        return permits, denials
    reason = Reason.CASE_LIMITS
    denials += [Denial(*key, reason, reason.value, law=_LIMITS) for key in sorted(closed)]
    return [permit for permit in permits if (permit.kind, permit.id) not in closed], denials


_UNASKED = Verdict(Word.SILENT, 8)


class _Yes(NamedTuple):
    """One purpose is permitted."""

    basis: Basis
    row: Row
    verdict: Verdict
    override: bool = False


class _No(NamedTuple):
    """One purpose is denied."""

    reason: Reason
    row: Row | None
    verdict: Verdict | None = None


class _Bench:
    """One caller before one set of consents."""

    def __init__(
        self, caller: Caller, consents: Iterable[CompiledConsent], policy: Policy, now: datetime, action: str,
        care_teams: frozenset[str], same: Same, protected: frozenset[str], away: bool,
    ) -> None:  # fmt: skip
        self._caller = caller
        self._away = away
        self._policy = policy
        self._now = now
        self._day = danish_day(now)
        self._action = action
        self._same = same
        self._protected = protected
        self._evaluation = prepared(consents, ask_of(caller, now, action, care_teams, same, policy.units), same)
        self._rows: dict[tuple[str, str, str], Row | None] = {}
        self._organisations = frozenset((caller.organisation.key, *map(known_by, caller.member_of)))
        self._worlds = frozenset([(organisation, caller.role) for organisation in self._organisations])
        self._closed = self._closed_to_all()

    def _closed_to_all(self) -> Reason | None:
        """What denies everything, whatever is asked for."""
        purposes = self._evaluation.purposes
        if self._caller.role == "auditor":
            return Reason.AUDITOR
        if not purposes or not all(self._caller.purposes):
            return Reason.NO_PURPOSE
        for purpose in purposes:
            if not is_known(purpose) and purpose.startswith(f"{ACT_REASON}|"):
                return Reason.UNKNOWN_PURPOSE
        if self._action not in ACTIONS:
            return Reason.UNKNOWN_ACTION
        return self._unreasoned() if BREAK_GLASS in purposes else None

    def _unreasoned(self) -> Reason | None:
        """What an override lacks: its reason in words, a reason that the table gives this role, time that is left of
        it, and a client that can be given the task to tell the citizen."""
        override = self._caller.override
        if override is None or not override.code.strip() or not override.text.strip():
            return Reason.OVERRIDE_WITHOUT_REASON
        ground = self._policy.ground(override.code, self._caller.role, self._day)
        if ground is None:
            return Reason.OVERRIDE_REASON_UNKNOWN
        if override.taken is None or not _SKEW <= self._now - override.taken < timedelta(minutes=ground.minutes):
            return Reason.OVERRIDE_ENDED
        return None if self._caller.sends else Reason.OVERRIDE_UNTOLD

    def decide(self, facts: Facts) -> Permit | Denial:
        """Every purpose must be permitted; the first one names the basis."""
        if self._closed is not None:
            row = self._row(facts.data_class, facts.sector, ANY)
            return _denial(facts, _No(self._closed, row if self._closed is Reason.AUDITOR else None))
        granted: list[_Yes] = []
        redactions: frozenset[str] = frozenset()
        for purpose in self._evaluation.purposes:
            answer = self._for(purpose, facts)
            if isinstance(answer, _No):
                return _denial(facts, answer)
            granted.append(answer)
            redactions |= self._redactions(purpose, facts, answer)
        first = granted[0]
        consent, path = (first.verdict.consent, first.verdict.path) if first.basis is Basis.CONSENT else ("", "")
        override = any(yes.override for yes in granted) if len(granted) > 1 else first.override
        return Permit(
            facts.kind, facts.id, first.basis, first.row.law, first.row.rule, consent, redactions, override, path, _SEAL
        )

    def _for(self, purpose: str, facts: Facts) -> _Yes | _No:
        row = self._row(facts.data_class, facts.sector, purpose)
        if row is None:
            return _No(Reason.NO_RULE, None)
        if row.default == "never":
            return _No(Reason.NEVER, row)
        if row.default == "duty":
            return _Yes(Basis.OWN, row, _UNASKED) if self._is_own(facts) else _No(Reason.NEVER, row)
        verdict = self._evaluation.verdict_for(purpose, facts)
        if purpose == BREAK_GLASS and (answer := self._override(row, verdict)):
            return answer
        if verdict.word is Word.PERMIT:
            return _Yes(Basis.CONSENT, row, verdict)
        own = row.default in ("own", "authority") and self._is_own(facts)
        by_law = row.default == "authority" and self._is_ours(facts)
        if verdict.rule == 9:
            return _No(Reason.UNKNOWN_PURPOSE, None)
        # A permit is about disclosure: what it leaves out was never disclosed to whoever wrote it.
        if verdict.word is Word.DENY and not ((own or by_law) and verdict.rule == 7):
            return _No(Reason.CONSENT_LIMITS if verdict.rule == 7 else Reason.CONSENT_DENIES, row, verdict)
        if own or by_law:
            return _Yes(Basis.OWN if own else Basis.LAW, row, verdict)
        if row.default == "treatment" and purpose == TREAT and self._action == "access":
            return self._treating(row, facts, verdict)
        return _No(Reason.CONSENT_NEEDED, row, verdict)

    def _treating(self, row: Row, facts: Facts, verdict: Verdict) -> _Yes | _No:
        """Current treatment. Who has handed the citizen over treats no more, and keeps what it wrote itself."""
        if not self._away:
            return _Yes(Basis.TREATMENT, row, verdict)
        return _Yes(Basis.OWN, row, verdict) if self._is_own(facts) else _No(Reason.HANDED_OVER, row)

    def _override(self, row: Row, verdict: Verdict) -> _Yes | _No | None:
        """Værdispring (rule 10 of domain/consent): only a deny that names it stands; None where the table is silent."""
        if verdict.breaks_glass:
            if verdict.word is Word.DENY:
                return _No(Reason.OVERRIDE_FORBIDDEN, row, verdict)
            return _Yes(Basis.CONSENT, row, verdict, override=True)
        if row.override and self._action == "access":
            return _Yes(Basis.OVERRIDE, row, verdict, override=True)
        return None

    def _redactions(self, purpose: str, facts: Facts, answer: _Yes) -> frozenset[str]:
        """What tells where a protected citizen lives, for roles that the table does not let see it; who provides what
        to whom in a municipal team, for those who see the team for the coordinator's sake alone; and why a benefit was
        granted, in words that may tell of illness, for those to whom a law opens economic matters alone."""
        if answer.basis is Basis.LAW and facts.kind in WORDS:
            return WORDS[facts.kind]
        paths = ADDRESS_PATHS.get(facts.kind)
        if facts.kind in OUTSIDE_HOSPITALS and facts.sector != "region":
            paths = OUTSIDE_HOSPITALS[facts.kind]
        if paths and facts.kind == "CareTeam" and facts.sector == "municipality" and answer.basis is Basis.TREATMENT:
            return paths | {"CareTeam.category"}
        if paths is None or not (PROTECTED_ADDRESS in facts.labels or facts.citizen in self._protected):
            return frozenset()
        row = self._row("protected-address", facts.sector, purpose)
        if row is None or row.default == "never":
            return paths
        cleared = (
            (row.default == "treatment" and purpose == TREAT and not self._away)
            or (row.default == "own" and self._is_own(facts))
            or (answer.basis is Basis.OVERRIDE and row.override)
            or (answer.basis is Basis.CONSENT and PROTECTED_ADDRESS in answer.verdict.names)
        )
        return frozenset() if cleared else paths

    def _row(self, data_class: str, sector: str, purpose: str) -> Row | None:
        key = (data_class, sector, purpose)
        if key not in self._rows:
            code = purpose.removeprefix(f"{ACT_REASON}|")
            self._rows[key] = self._policy.row(data_class, sector, self._caller.role, code, self._day)
        return self._rows[key]

    def _is_own(self, facts: Facts) -> bool:
        """Sent by the caller's own legal world: by itself, or by a client of the same organisation and role. A citizen
        owns what is about the citizen alone."""
        if self._caller.role == "citizen":
            user = known_by(self._caller.user)
            citizens = (facts.citizen, *facts.citizens)
            return bool(user) and all(user in self._same.get(one, ()) for one in citizens)
        if facts.sector not in (self._caller.sector, "shared"):
            return False
        sources = facts.sources or (facts.source,)
        owners, worlds = self._policy.owners, self._worlds
        return any(s in self._caller.sends or not worlds.isdisjoint(owners.get(s, ())) for s in sources)

    def _is_ours(self, facts: Facts) -> bool:
        """Of the caller's own authority, whichever of its legal worlds wrote it: sent by one of its clients, or owned
        by it where a system of several authorities sends for all of them."""
        theirs = {org for source in facts.sources or (facts.source,) for org, _ in self._policy.owners.get(source, ())}
        owner = {facts.limits.owner} if facts.limits is not None else set()
        return facts.sector in (self._caller.sector, "shared") and not self._organisations.isdisjoint(theirs | owner)


_seats: Lately[tuple[object, ...], _Bench] = Lately(2048)


def _seated(
    caller: Caller, consents: tuple[CompiledConsent, ...], policy: Policy, now: datetime, action: str,
    care_teams: frozenset[str], same: Same, protected: frozenset[str], away: bool,
) -> _Bench:  # fmt: skip
    """The bench for an asker, made once for the same consents and tables, as long as nothing begins or ends in them.

    What is remembered hangs on the very consents, tables and units: where one was changed there is another, which
    finds nothing. Nothing of the data is remembered.
    """
    if same or caller.override is not None:
        return _Bench(caller, consents, policy, now, action, care_teams, same, protected, away)
    day, since = danish_day(now), begun(consents, now)
    key = (asker(caller), consents, since, day, policy, policy.units, action, care_teams, protected, away)
    return _seats.get(key) or _seats.keep(
        key, _Bench(caller, consents, policy, now, action, care_teams, same, protected, away)
    )


def _denial(facts: Facts, answer: _No) -> Denial:
    law = answer.row.law if answer.row else ""
    rule = answer.row.rule if answer.row else answer.reason.value
    consent, path = (answer.verdict.consent, answer.verdict.path) if answer.verdict else ("", "")
    if consent and answer.reason in (Reason.CONSENT_DENIES, Reason.CONSENT_LIMITS, Reason.OVERRIDE_FORBIDDEN):
        rule = f"consent:{consent}"
    return Denial(facts.kind, facts.id, answer.reason, rule, law, consent, path)
