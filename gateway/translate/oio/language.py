"""OIO Sag and Dokument: bytes to statements, and StandardRetur back. Made once at start, pure afterwards.

What belongs together: tree.py reads, case.py finds the cases and documents, subject.py says whose they are,
complete.py what they must hold; the rule files of mappings/oio say what becomes of the elements, and here their results
become statements, each made of parts with a time of their own (parts.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.limits import KLE
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.errors import GatewayError
from gateway.translate import r4
from gateway.translate.languages import Recalled
from gateway.translate.oio import answer, case, complete, outside, roles
from gateway.translate.oio import statements as stating
from gateway.translate.oio.case import Case, Registered
from gateway.translate.oio.effect import standing
from gateway.translate.oio.functions import Context, with_roles
from gateway.translate.oio.parts import part_of
from gateway.translate.oio.party import beside
from gateway.translate.oio.paths import Reader
from gateway.translate.oio.several import Several, several
from gateway.translate.oio.shape import INSIDE
from gateway.translate.oio.subject import Subject, Subjects
from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import read
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import RuleSet, compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation

_MOST_TOLD = 20
_DOCUMENT = "document"  # the names of rule documents that are run on a Dokument begin so
_ALERT = "alert"  # of those that are run on a case whose subject says that a benefit is reduced or stopped
_ALERT_CLASS = "alert-class"  # the one of those that tells the subject
_ALERTS = "benefit-alert"
_WHOLE_CASE = ("CarePlan", "CareTeam", "Flag")


@dataclass(slots=True)
class _Work:
    """One message, understood as far as the rules need it: one `Env` per registration."""

    cases: list[Case]
    about: Subject
    jobs: list[tuple[Case, Registered, Env]]
    beside: list[Node]


class Oio:
    """The language of `POST /cases/oio`."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
        dialect: str = "oio",
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language oio are known, by the CVR number of a case's owner. What a `dialect` demands of a case stands in its
        own folder."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._roles = roles.read(mappings / "oio" / "roles.csv", problems)
        demands = complete.read(mappings / dialect / "demands.csv", problems)
        reader = Reader(self._roles, with_roles(self._roles))
        self._rules = compiled(mappings, reader, codes, facts or r4.facts(), problems)
        alerts = codes.tables.get(_ALERTS)
        if alerts is None:
            problems.add(Mark(f"mappings/codes/{_ALERTS}.csv", 0), "is missing: it says which cases tell of a sanction")
        problems.check()
        self._sorted: dict[tuple[str, bool, str], list[str]] = {}
        self._alerts = alerts
        rows = alerts.rows if alerts else ()
        self._benefits = tuple(f"{row.source_code[:2]}." for row in rows if row.source_system == KLE)
        self._complete = complete.Completeness(self._roles, demands)
        self._subjects = Subjects(self._roles, Sources(sources))
        self._ids = ids

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`Sag/Registrering/RelationListe/Sagspart[2]`)."""
        return self.of_tree(read(raw))

    def translate_known(self, raw: bytes, known: Recalled) -> Translation:
        """As `translate`, for a message that names by number alone what was told before."""
        return self.of_tree(read(raw), known)

    def of_tree(self, document: Node, known: Recalled | None = None) -> Translation:
        """A document that was read already, in whatever form it came. Raises as `translate`."""
        work = self._understood(document, known or {})
        fingerprint = _fingerprint(work)
        message_id = f"{work.cases[0].uuid}:{fingerprint.hex()[:16]}"
        statements: list[Statement] = []
        findings = list(outside.findings(work.beside))
        for one, registered, env in work.jobs:
            uuid, origin = one.uuid, f"{work.about.source.id}:{message_id}/{len(statements)}"
            rules = self._rules.of(env.source.rules)
            made = rules.run(registered.sag, env, self._names(rules, registered, env))
            statements += stating.registered(made, registered, uuid, env, self._roles, origin)
            silent = env.message.silent
            if silent == _ALERT or (silent and not registered.whole):
                statements.append(self._no_alert(registered, uuid, env, f"{origin}.none"))
            findings += env.findings
        statements += self._removals(work, f"{work.about.source.id}:{message_id}/{len(statements)}")
        return Translation(
            language="oio",
            source=work.about.source,
            message_id=message_id,
            event=work.cases[0].event,
            sent=max((registered.moment for _, registered, _ in work.jobs), default=None),
            fingerprint=fingerprint,
            citizen=work.about.citizen,
            statements=tuple(statements),
            findings=tuple(findings),
            registers=True,
        )

    def batch(self, raw: bytes) -> Several | None:
        """The messages of each citizen, when these bytes tell of several."""
        return several(raw, self._roles)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """StandardRetur 20."""
        return answer.accepted(raw, now, note)

    def accept_with(self, raw: bytes, findings: Sequence[Finding], now: datetime) -> bytes:
        """StandardRetur 20, and in DetaljeretFejlbesked what was read otherwise than it was written."""
        told = [f"{one.where}: {one.text}." for one in findings if one.severity != "information"]
        more = [f"And {len(told) - _MOST_TOLD} more."] if len(told) > _MOST_TOLD else []
        return answer.accepted(raw, now, " ".join([*told[:_MOST_TOLD], *more]))

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """StandardRetur with the error; safe on any bytes."""
        return answer.refused(raw, error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, for each registration. Raises as `translate` does."""
        return self.explain_tree(read(raw))

    def explain_tree(self, document: Node, known: Recalled | None = None) -> Explanation:
        """As `explain`, of a document that was read already."""
        work = self._understood(document, known or {})
        rules = self._rules.of(work.about.source.rules)
        found = [rules.trace(reg.sag, env, self._names(rules, reg, env))[1] for _, reg, env in work.jobs]
        told = Explanation(
            tuple(row for one in found for row in one.rows),
            tuple(dict.fromkeys(unread for one in found for unread in one.unread)),
            tuple(finding for one in found for finding in one.findings),
        )
        return outside.explained(told, work.beside)

    def _understood(self, document: Node, known: Recalled) -> _Work:
        cases = case.find(document)
        told = self._subjects.registrations(cases)
        about = self._subjects.of(cases, told, known)
        own = [pair for pair in told if about.is_about(pair[1])]
        jobs = [(one, registered, self._env(registered, about)) for one, registered in own]
        if len(own) < len(told):
            text = "the case was about another citizen then; of that nothing is kept"
            places = [found.registration.place for _, found in told if not about.is_about(found)]
            jobs[0][2].findings += [Finding(place, text) for place in places]
        first = {id(one): env for one, _, env in reversed(jobs)}
        for one in cases:
            if id(one) in first:
                first[id(one)].findings += outside.unknown_of(one.sag)
        return _Work(cases, about, jobs, list(outside.beside(document, case.READ)))

    def _env(self, registered: Registered, about: Subject) -> Env:
        party = about.parties.get(id(registered))
        day = registered.moment.date().isoformat()
        owner = self._current(registered, about.zone, "Ejer", "Sagsaktoer", "Dokumentaktoer")
        subject = self._current(registered, about.zone, "PrimaerKlasse", "Sagsklasse")
        known = Context(registered, party, owner, subject, self._silent(registered, subject, day))
        env = Env(about.source, self._ids, about.zone, known, day)
        env.findings += self._complete.check(registered, about.zone)
        env.findings += self._complete.noticed(registered, party)
        env.findings += outside.unknown(registered.registration, INSIDE)
        return env

    def _current(self, registered: Registered, timezone: ZoneInfo, role: str, *names: str) -> Node | None:
        ones = registered.relations(*names, role=role)
        return next(iter(standing(ones, registered.moment, timezone)), None)

    def _names(self, rules: RuleSet, registered: Registered, env: Env) -> list[str]:
        """The rule documents for a case, or those for a document of the index. Those of the alert come last: what is
        wrong with a case is told by the case's own rules and tables."""
        silent = env.message.silent
        key = (env.source.rules, registered.is_document, silent)
        if key not in self._sorted:  # the same for each case of its sort
            named = [
                name
                for name in rules.plans
                if name.startswith(_DOCUMENT) == registered.is_document and not (silent and name.startswith(silent))
            ]
            self._sorted[key] = sorted(named, key=lambda name: name.startswith(_ALERT))
        return self._sorted[key]

    def _silent(self, registered: Registered, subject: Node | None, day: str) -> str:
        """Which documents of the alert do not speak: none for a case that may tell of a reduced or stopped benefit (an
        update need not say what it is about); that of the subject for one that an update may make such a case: an
        update, and another benefit; else all of them."""
        if registered.is_document:
            return ""
        if subject is None or self._alerts is None:
            return _ALERT if registered.whole else ""
        number = beside(subject, "BrugervendtNoegle")
        row = self._alerts.find(KLE, number, day)
        if row is not None and row.target_code:
            return ""
        return _ALERT if registered.whole and not number.startswith(self._benefits) else _ALERT_CLASS

    def _no_alert(self, registered: Registered, by: str, env: Env, origin: str) -> Statement:
        """That a case alerts to nothing: it may have done so before its subject was mended, and the word of that may
        come later than this. (The whole of another benefit's case says so by telling all of the alert but its code.)"""
        subject: Node | None = env.message.subject
        told = [] if registered.whole or subject is None else [part_of(subject, {}, self._roles, env.timezone)]
        return stating.alone("Flag", registered, by, told, env, origin)

    def _removals(self, work: _Work, origin: str) -> Iterator[Statement]:
        source = work.about.source.id
        for number, (uuid, kind, known) in enumerate(work.about.removed):
            for place, each in enumerate(_WHOLE_CASE if kind == "CarePlan" else (kind,)):
                yield stating.removal(each, uuid, known, source, f"{origin}.{number}.{place}")


def _fingerprint(work: _Work) -> bytes:
    """SHA-256 of the names and texts of what was sent; StsTidspunkt, the index's own stamp, left out. Of what is taken
    out also when it was last registered: registered anew, it can be taken out anew."""
    told: list[str] = []
    for one in work.cases:
        told.append(f"{one.whole}{one.removed}")
        told += one.sag.told_by_sender()
    told += (f"{known.moment}{known.recorded}" for _, _, known in work.about.removed)
    return hashlib.sha256("\0".join(told).encode()).digest()
