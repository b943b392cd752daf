"""OIO Sag: bytes to statements, and StandardRetur back. Made once at start, pure afterwards.

What belongs together: tree.py reads, case.py finds the cases and what is in force when they were registered, party.py
finds citizen and owner, the rule files of mappings/oio say what becomes of the elements, and here their results
become statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.identifier import Identifier
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, RuleBroken, UnknownSource
from gateway.translate import r4
from gateway.translate.oio import answer, case, complete, party, roles
from gateway.translate.oio.case import Case, Registered
from gateway.translate.oio.functions import Context, with_roles
from gateway.translate.oio.paths import Reader
from gateway.translate.oio.tree import Node, read
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation

# The owner must be known before the source, and so before the source's zone.
_ZONE = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True, slots=True)
class _Work:
    """One document, understood as far as the rules need it: one `Env` per registration."""

    cases: list[Case]
    left_out: list[Node]
    source: Source
    citizen: Identifier
    jobs: list[tuple[Registered, Env]]


class Oio:
    """The language of `POST /cases/oio`."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language oio are known, by the CVR number of a case's owner."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._roles = roles.read(mappings / "oio" / "roles.csv", problems)
        reader = Reader(self._roles, with_roles(self._roles))
        self._rules = compiled(mappings, reader, codes, facts or r4.facts(), problems)
        problems.check()
        self._sources = Sources(sources)
        self._ids = ids

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`Sag/Registrering/RelationListe/Sagspart[2]`)."""
        work = self._understood(raw)
        fingerprint = _fingerprint(work.cases)
        message_id = f"{work.cases[0].uuid}:{fingerprint.hex()[:16]}"
        findings = [Finding(node.place, "documents of the index are not read") for node in work.left_out]
        statements: list[Statement] = []
        for registered, env in work.jobs:
            statements += self._statements(registered, env, f"{work.source.id}:{message_id}/{len(statements)}")
            findings += env.findings
        return Translation(
            language="oio",
            source=work.source,
            message_id=message_id,
            event=work.cases[0].event,
            sent=max(registered.moment for registered, _ in work.jobs),
            fingerprint=fingerprint,
            citizen=(work.citizen,),
            statements=tuple(statements),
            findings=tuple(findings),
        )

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """StandardRetur 20."""
        return answer.accepted(raw, now, note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """StandardRetur with the error; safe on any bytes."""
        return answer.refused(raw, error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, for each registration. Raises as `translate` does."""
        work = self._understood(raw)
        found = [self._rules.of(work.source.rules).trace(reg.sag, env)[1] for reg, env in work.jobs]
        return Explanation(
            tuple(row for one in found for row in one.rows),
            tuple(dict.fromkeys(unread for one in found for unread in one.unread)),
            tuple(finding for one in found for finding in one.findings),
        )

    def _understood(self, raw: bytes) -> _Work:
        document = read(raw)
        cases = case.find(document)
        for one in cases:
            complete.check_update(one)
        source = self._source(cases)
        timezone = ZoneInfo(source.timezone)
        jobs = [
            self._job(reg, source, timezone) for one in cases for reg in case.registered(one, self._roles, timezone)
        ]
        citizens = {env.message.party.identifier for _, env in jobs}
        if len(citizens) > 1:
            places = [env.message.party.place for _, env in jobs]
            raise RuleBroken("The message is about more than one citizen.", where=places[-1], hint="Send them apart.")
        return _Work(cases, case.left_out(document), source, citizens.pop(), jobs)

    def _source(self, cases: list[Case]) -> Source:
        """Who sends: the owner of the cases, as the newest registration of each has it."""
        newest = [max(case.registered(one, self._roles, _ZONE), key=lambda reg: reg.moment).sag for one in cases]
        owners = {party.owner(sag, self._roles) for sag in newest}
        if len(owners) > 1:
            raise RuleBroken("The cases of one message have several owners.", where=newest[-1].place)
        try:
            return self._sources.find("oio", owners.pop().value)
        except UnknownSource as error:
            where = f"{newest[0].place}/Registrering/RelationListe/Sagsaktoer[Ejer]"
            raise UnknownSource(where=where, hint=error.hint) from None

    def _job(self, registered: Registered, source: Source, timezone: ZoneInfo) -> tuple[Registered, Env]:
        complete.check_case(registered.sag, self._roles)
        citizen = party.citizen(registered.sag, self._roles, source)
        env = Env(source, self._ids, timezone, Context(registered, citizen), registered.moment.date().isoformat())
        env.findings += complete.noticed(registered.sag, citizen)
        return registered, env

    def _statements(self, registered: Registered, env: Env, origin: str) -> Iterator[Statement]:
        for number, made in enumerate(self._rules.of(env.source.rules).run(registered.sag, env)):
            yield Statement(
                kind=made.kind,
                key=made.key,
                act=made.act or Act.STATE,
                verb=made.verb or Verb.ASSERT,
                happened=made.happened or registered.moment,
                recorded=made.recorded or registered.recorded,
                body=made.body,
                source=env.source.id,
                origin=f"{origin}.{number}",
                aliases=made.aliases,
            )


def _fingerprint(cases: list[Case]) -> bytes:
    """SHA-256 of the cases' names and texts; StsTidspunkt, the index's own stamp, left out."""
    digest = hashlib.sha256()
    for one in cases:
        for node in one.sag.walk():
            if node.name != "StsTidspunkt":
                digest.update(f"{node.name}\0{len(node.parts)}\0{node.text}\0".encode())
    return digest.digest()
