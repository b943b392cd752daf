"""Ydelsesindeks: bytes to statements, and the index's own answer back. Made once at start, pure afterwards.

What belongs together: index.py finds grants and payments and what was in force when they were registered, people.py
citizen and owner, the rule files of mappings/ydelse say what becomes of the elements, and domain/benefit.py makes an
Account and an alert of all that was ever told of one benefit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, RuleBroken, UnknownSource
from gateway.translate import r4
from gateway.translate.oio import outside, roles
from gateway.translate.oio.paths import Reader
from gateway.translate.oio.several import Several
from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import read
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation
from gateway.translate.ydelse import answer, index, people
from gateway.translate.ydelse.alert import Alerts
from gateway.translate.ydelse.functions import Context, key_of, of_language
from gateway.translate.ydelse.index import Entry, Registered
from gateway.translate.ydelse.several import several
from gateway.translate.ydelse.shape import INSIDE, ROOT

# The owner must be known before the source, and so before the source's zone.
_ZONE = ZoneInfo("Europe/Copenhagen")
_ALERTS = "benefit-alert"
# A state may stand in any element: the schema names none.
_KNOWN = {name: parts for name, parts in INSIDE.items() if name != "TilstandListe"}


@dataclass(frozen=True, slots=True)
class _Work:
    """One document, understood as far as the rules need it: one `Env` for each registration."""

    entries: list[Entry]
    source: Source
    jobs: list[tuple[Registered, Env]]
    beside: list[Node]


class Ydelse:
    """The language of `POST /cases/ydelse`."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language ydelse are known, by the CVR number of the owner."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._roles = roles.read(mappings / "ydelse" / "roles.csv", problems)
        table = codes.tables.get(_ALERTS)
        if table is None:
            problems.add(Mark(f"mappings/codes/{_ALERTS}.csv", 0), "is missing: it says what an alert rests on")
        functions = of_language(self._roles, Alerts(table.rows if table else ()))
        reader = Reader(self._roles, functions, name="ydelse", inside=INSIDE, root=ROOT)
        self._rules = compiled(mappings, reader, codes, facts or r4.facts(), problems)
        problems.check()
        self._sources = Sources(sources)
        self._ids = ids

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place."""
        work = self._understood(raw)
        fingerprint = _fingerprint(work.entries)
        message_id = f"{work.entries[0].uuid}:{fingerprint.hex()[:16]}"
        statements: list[Statement] = []
        findings = list(outside.findings(work.beside))
        for number, (told, env) in enumerate(work.jobs):
            statements += self._statements(told, env, f"{work.source.id}:{message_id}/{number:03}")
            findings += env.findings
        return Translation(
            language="ydelse",
            source=work.source,
            message_id=message_id,
            event=work.entries[0].event,
            sent=max(told.moment for told, _ in work.jobs),
            fingerprint=fingerprint,
            citizen=tuple(dict.fromkeys(number for _, env in work.jobs for number in env.message.party.numbers)),
            statements=tuple(statements),
            findings=tuple(findings),
            registers=True,
        )

    def batch(self, raw: bytes) -> Several | None:
        """The messages of each citizen, when these bytes tell of several."""
        return several(raw, self._roles, _ZONE)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """StandardRetur 20."""
        return answer.accepted(raw, now, note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """StandardRetur with the error; safe on any bytes."""
        return answer.refused(raw, error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, for each registration. Raises as `translate` does."""
        work = self._understood(raw)
        found = [self._rules.of(work.source.rules).trace(told.root, env)[1] for told, env in work.jobs]
        told = Explanation(
            tuple(row for one in found for row in one.rows),
            tuple(dict.fromkeys(unread for one in found for unread in one.unread)),
            tuple(finding for one in found for finding in one.findings),
        )
        return outside.explained(told, work.beside)

    def _understood(self, raw: bytes) -> _Work:
        document = read(raw)
        entries = index.find(document)
        for one in entries:
            index.check(one)
        source = self._source(entries)
        zone = ZoneInfo(source.timezone)
        jobs = [self._job(told, source, zone) for one in entries for told in index.registered(one, key_of, zone)]
        citizens = {env.message.party.identifier: env.message.party.place for _, env in jobs}
        if len(citizens) > 1:
            where = list(citizens.values())[-1]
            raise RuleBroken("The message is about more than one citizen.", where=where, hint="Send them apart.")
        jobs[0][1].findings += (finding for one in entries for finding in outside.unknown_of(one.node))
        return _Work(entries, source, jobs, list(outside.beside(document, index.READ)))

    def _source(self, entries: list[Entry]) -> Source:
        """Who sends: the owner of grants and payments, as the newest registration of each has it."""
        newest = [max(index.registered(one, key_of, _ZONE), key=lambda told: told.moment) for one in entries]
        owners = {people.owner(told, self._roles) for told in newest}
        place = newest[-1].relations.place
        if len({names[0] for names in owners}) > 1:
            raise RuleBroken("What one message tells has several owners.", where=place, hint="Send it apart.")
        try:
            return self._sources.find("ydelse", *owners.pop())
        except UnknownSource as error:
            raise UnknownSource(where=place, hint=error.hint) from None

    def _job(self, told: Registered, source: Source, zone: ZoneInfo) -> tuple[Registered, Env]:
        if not told.index.said("UUIDIdentifikator"):
            raise RuleBroken("It has no UUID.", where=f"{told.index.place}/UUIDIdentifikator")
        citizen = people.citizen(told, self._roles)
        env = Env(source, self._ids, zone, Context(told, citizen), told.moment.date().isoformat())
        env.findings += outside.unknown(told.registration, _KNOWN)
        return told, env

    def _statements(self, told: Registered, env: Env, origin: str) -> Iterator[Statement]:
        uuid = told.index.said("UUIDIdentifikator")
        for number, made in enumerate(self._rules.of(env.source.rules).run(told.root, env)):
            registers = made.act is Act.REGISTER  # with who tells it: a grant may turn out to be another citizen's
            yield Statement(
                kind=made.kind,
                key=made.key,
                act=made.act or Act.STATE,
                verb=made.verb or Verb.ASSERT,
                happened=made.happened or told.moment,
                recorded=made.recorded or told.recorded,
                body=made.body | {"by": uuid} if registers else made.body,
                source=env.source.id,
                origin=f"{origin}.{number:04}",
                aliases=made.aliases,
            )


def _fingerprint(entries: list[Entry]) -> bytes:
    """SHA-256 of the objects' names and texts; StsTidspunkt, the index's own stamp, left out."""
    told = (text for one in entries for text in one.node.told_by_sender())
    return hashlib.sha256("\0".join(told).encode()).digest()
