"""Letters to statements, whatever they were written in: the rules and tables of mappings/oioxml on the letter tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from lxml import etree

from gateway.domain.identifier import Identifier
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import RuleBroken, UnknownCode, UnknownEvent, UnknownSource
from gateway.translate import r4
from gateway.translate.oioxml import files, lifecycle, receipt, tree
from gateway.translate.oioxml.functions import FUNCTIONS
from gateway.translate.oioxml.letter import Emessage, Letter, citizen, emessage, moment, senders
from gateway.translate.oioxml.lifecycle import Row
from gateway.translate.oioxml.numbers import About
from gateway.translate.oioxml.paths import Reader
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import RuleSet, compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation, Unread, holds
from gateway.translate.rules.trace import Row as Traced
from gateway.translate.translation import Finding, Translation

_OWN = "gateway/translate/oioxml/letter.py"
_READ_BY_LANGUAGE = (
    *("Envelope", "Letter/Identifier", "Letter/Authorisation", "Letter/StatusCode", "Sender/EANIdentifier"),
    *("Letter/TypeCode", "Patient/EpisodeOfCareStatusCode"),
)


@dataclass(frozen=True, slots=True)
class _Work:
    """One letter, understood as far as the rules need it."""

    letter: Letter
    rows: tuple[Row, ...]
    rules: RuleSet
    env: Env

    @property
    def recorded(self) -> datetime:
        """When the letter was authorised."""
        found: datetime = self.env.message.recorded
        return found


class Letters:
    """What OIOXML and EDIFACT share, made once at start."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
        *,
        language: str = "oioxml",
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        `language` are known, by the numbers of a letter's sender (`letter.senders`)."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._rules = compiled(mappings, Reader(FUNCTIONS), codes, facts or r4.facts(), problems)
        files_there = {path.stem for path in (mappings / "oioxml").glob("*.yaml")}
        names = self._rules.of().names or files_there  # none are compiled when one has a mistake: that is told already
        self._table = lifecycle.read(
            mappings / "oioxml" / "lifecycle.csv", "mappings/oioxml/lifecycle.csv", names, problems
        )
        problems.check()
        self._codes = codes
        self._sources = Sources(sources)
        self._ids = ids
        self._language = language

    def translation(self, root: etree._Element, findings: Iterable[Finding] = ()) -> Translation:
        """A letter tree to statements. Raises GatewayError with its place (`Emessage/ClinicalEmail/Letter`)."""
        message = emessage(root)
        letter = message.letter
        source = self._source(letter)
        seen = fingerprint(letter)
        told = Translation(
            language=self._language,
            source=source,
            message_id=letter.id,
            event=" ".join(filter(None, (tree.said(letter.node, "Letter", "TypeCode") or letter.kind, letter.status))),
            sent=message.sent(ZoneInfo(source.timezone)),
            fingerprint=seen,
            citizen=(),
            statements=(),
            findings=tuple(findings),
        )
        if letter.receipt:
            return replace(told, receipt=receipt.read(letter))
        job = self._job(message, source)
        statements = tuple(self._statements(job, f"{letter.id}/{seen.hex()[:12]}"))
        attached = tuple(files.attached(letter, job.env, statements))
        return replace(
            told,
            citizen=job.env.message.citizen,
            statements=statements,
            findings=(*told.findings, *job.env.findings),
            attached=attached,
            without_files=files.lightened(root) if attached else b"",
        )

    def explanation(self, root: etree._Element) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translation` does."""
        message = emessage(root)
        source = self._source(message.letter)
        if message.letter.receipt:
            return Explanation((Traced("Translation.receipt", ("OriginalEmessage",), (), _OWN),), ())
        return _explained(self._job(message, source))

    def _source(self, letter: Letter) -> Source:
        names = senders(letter)
        if letter.receipt:
            names = (*names, tree.said(letter.node, "OriginalEmessage", "OriginalReceiver", "EANIdentifier"))
        try:
            return self._sources.find(self._language, *filter(None, names))
        except UnknownSource as error:
            raise UnknownSource(where=f"{tree.place(letter.node)}/Sender/EANIdentifier", hint=error.hint) from None

    def _job(self, message: Emessage, source: Source) -> _Work:
        letter = message.letter
        rows = self._told_by(letter)
        zone = ZoneInfo(source.timezone)
        own = f"urn:faellesplan:source:{source.id}:citizen"
        people: tuple[Identifier, ...] = citizen(letter, own)
        authorised = tree.part(letter.node, "Letter", "Authorisation")
        recorded = moment(authorised, zone) if authorised is not None else message.sent(zone)
        if recorded is None:
            raise RuleBroken("The letter does not say when it was written.", where=tree.place(letter.node))
        env = Env(source, self._ids, zone, About(letter, people, recorded), recorded.date().isoformat())
        files.check(letter, self._codes.tables.get("oioxml-file-type"))
        return _Work(letter, rows, self._rules.of(source.rules), env)

    def _told_by(self, letter: Letter) -> tuple[Row, ...]:
        where = tree.place(letter.node)
        if letter.kind not in self._table.rows:
            raise UnknownEvent("This letter is not received here.", where=where)
        status = tree.said(letter.node, "Patient", "EpisodeOfCareStatusCode")
        if not self._table.of(letter.kind, letter.status, status):
            known = any(row.letter_status in (letter.status, lifecycle.ANY) for row in self._table.rows[letter.kind])
            place = "Patient/EpisodeOfCareStatusCode" if known else "Letter/StatusCode"
            raise UnknownCode(where=f"{where}/{place}", hint="See mappings/oioxml/lifecycle.csv.")
        return self._table.of(letter.kind, letter.status, status)

    def _statements(self, job: _Work, origin: str) -> Iterator[Statement]:
        number = 0
        for at, row in enumerate(job.rows):
            for made in job.rules.run(job.letter.node, job.env, row.files):
                if made.kind == "Encounter" or at == 0:
                    yield _statement(job, row, made, f"{origin}.{number}")
                    number += 1


def _statement(job: _Work, row: Row, made: Made, origin: str) -> Statement:
    """A stay is told of by the lifecycle table's row, everything else as the letter was written."""
    stay = made.kind == "Encounter"
    body = made.body
    if made.act is Act.MEMBER:
        body = {"id": body["id"], "participant": body["participant"][0]}
    return Statement(
        kind=made.kind,
        key=made.key,
        act=row.act if stay else made.act or Act.STATE,
        verb=row.verb if stay or made.kind == "Communication" else made.verb or Verb.ASSERT,
        happened=_happened(job, row) if stay else made.happened or job.recorded,
        recorded=job.recorded,
        body=body,
        source=job.env.source.id,
        origin=origin,
        aliases=made.aliases,
    )


def _happened(job: _Work, row: Row) -> datetime:
    for field in row.happened:
        node = tree.part(job.letter.node, *field.split("/"))
        if node is not None and not tree.empty(node):
            return moment(node, job.env.timezone)
    return job.recorded


def _explained(job: _Work) -> Explanation:
    """The trace of the first row; what the language itself reads stands before it."""
    _, found = job.rules.trace(job.letter.node, job.env, dict.fromkeys(file for row in job.rows for file in row.files))
    when = tuple(dict.fromkeys(field for row in job.rows for field in row.happened)) or ("Letter/Authorisation",)
    rows = (
        Traced("Statement.act", ("Letter/StatusCode", "Patient/EpisodeOfCareStatusCode"), (), str(job.rows[0].mark)),
        Traced("Statement.happened", when, (), str(job.rows[0].mark)),
        Traced("Statement.recorded", ("Letter/Authorisation",), (), _OWN),
        Traced("Translation.source", ("Sender/Identifier", "Sender/EANIdentifier"), (), _OWN),
        Traced("Translation.message_id", ("Sender/EANIdentifier", "Letter/Identifier"), (), _OWN),
        Traced("Translation.sent", ("Envelope/Sent",), (), _OWN),
    )
    read = (*_READ_BY_LANGUAGE, *when)
    left: tuple[Unread, ...] = tuple(
        one for one in found.unread if not any(holds(field, one.field) or field == one.field for field in read)
    )
    return replace(found, rows=(*rows, *found.rows), unread=left)


def fingerprint(letter: Letter) -> bytes:
    """SHA-256 of the letter's names and texts; the envelope, which a resend makes anew, left out."""
    digest = hashlib.sha256()
    for node in letter.node.iter():
        text, tail = (node.text or "").strip(), (node.tail or "").strip() if node is not letter.node else ""
        digest.update(f"{tree.name(node)}\0{len(node)}\0{text}\0{tail}\0".encode())
    return digest.digest()
