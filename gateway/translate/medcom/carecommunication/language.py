"""CareCommunication: bytes to statements, and the Acknowledgement. Made once at start, pure afterwards.

parts.py finds and checks, mappings/medcom/communication.yaml says what becomes of the elements, and here the results
become statements. The files of a message are decoded beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.resource import Ids
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, UnknownSource
from gateway.translate.fhir import parse
from gateway.translate.fhir.lifting import Lifted, lift
from gateway.translate.fhir.message import HEADER
from gateway.translate.medcom import acknowledgement
from gateway.translate.medcom.carecommunication.cast import Cast
from gateway.translate.medcom.carecommunication.files import attached
from gateway.translate.medcom.carecommunication.functions import Context
from gateway.translate.medcom.carecommunication.header import message_of
from gateway.translate.medcom.carecommunication.parts import Correspondence, correspondence_of
from gateway.translate.medcom.fingerprint import concerns, fingerprint
from gateway.translate.medcom.header import sender_of
from gateway.translate.medcom.organisations import Organisations
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes, CodeTable
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import Rulebook, RuleSet
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation, Row, holds
from gateway.translate.translation import Finding, Translation

_FILES = ("patient", "communication")
_OF_STAY = ("Encounter.status", "Encounter.class", "Encounter.episodeOfCare.identifier")


@dataclass(frozen=True, slots=True)
class _Work:
    light: bytes
    told: Correspondence
    rules: RuleSet
    env: Env


class CareCommunication:
    """The language of MedCom's correspondence, JSON or XML, at `POST /fhir/$process-message`."""

    def __init__(self, rules: Rulebook, codes: Codes, sources: Sources, ids: Ids) -> None:
        """With the rules and code tables of mappings/medcom, which it shares with the notifications."""
        self._rules = rules
        self._sources = sources
        self._ids = ids
        self._roles = codes.tables["medcom-practitioner-role"]
        self._activities = frozenset(row.source_code for row in codes.tables["medcom-communication-activity"].rows)
        self._nothing = _words(codes.tables["medcom-placeholder"])

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`Bundle.entry[2].resource.payload[0]`)."""
        lifted = lift(raw)
        return self._translated(raw, self._understood(lifted, parse(lifted.light)))

    def translate_tree(self, raw: bytes, bundle: dict[str, Any]) -> Translation:
        """As `translate`, of a message that was parsed already, its long files lifted."""
        return self._translated(raw, self._understood(lift(raw), bundle))

    def _translated(self, raw: bytes, work: _Work) -> Translation:
        told, env = work.told, work.env
        seen = fingerprint(told.message)
        made = work.rules.run(told.message, env, _FILES)
        origin = f"{told.id}/{seen.hex()[:12]}"
        return Translation(
            language="medcom",
            source=env.source,
            message_id=told.id,
            event=told.chain.activity,
            sent=told.sent,
            fingerprint=seen,
            citizen=told.citizen,
            statements=tuple(_statement(work, one, f"{origin}.{at}") for at, one in enumerate(made)),
            findings=tuple(env.findings),
            attached=attached(told.files, told.key, self._ids),
            without_files=work.light if work.light is not raw else b"",
            envelope=told.message.bundle["id"],
            concerns=concerns(sender_of(told.message), told.citizen[0].key, told.thread),
        )

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """An Acknowledgement with code ok, in the format of the message. `note` is told as information."""
        return acknowledgement.positive(lift(raw).light, now, note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An Acknowledgement with fatal-error or transient-error; an OperationOutcome where it cannot be addressed."""
        return acknowledgement.negative(lift(raw).light, error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        lifted = lift(raw)
        work = self._understood(lifted, parse(lifted.light))
        _, found = work.rules.trace(work.told.message, work.env, _FILES)
        own = "gateway/translate/medcom/carecommunication/parts.py"
        told = (
            Row("Statement.happened", ("Provenance.occurredDateTime",), (), own),
            Row("Translation.source", ("MessageHeader.sender", "Organization.identifier"), (f"{HEADER}.sender",), own),
            Row("Translation.message_id", ("MessageHeader.id",), (f"{HEADER}.id",), own),
            Row("Communication.contained", _OF_STAY, (), "gateway/translate/medcom/carecommunication/functions.py"),
        )
        left = tuple(one for one in found.unread if not any(holds(field, one.field) for field in _OF_STAY))
        return replace(found, rows=(*told, *found.rows), unread=left)

    def _understood(self, lifted: Lifted, bundle: dict[str, Any]) -> _Work:
        message = message_of(bundle)
        try:
            source = self._sources.find("medcom", sender_of(message))
        except UnknownSource as error:
            raise UnknownSource(where=f"{HEADER}.sender", hint=error.hint) from None
        zone = ZoneInfo(source.timezone)
        told = correspondence_of(message, lifted, self._activities, zone, self._is_nothing)
        organisations = Organisations(message)
        context = Context(told, organisations, Cast(message, organisations.named, self._roles))
        env = Env(source, self._ids, zone, context, told.occurred.date().isoformat())
        env.findings += [
            Finding(file.where, "the content does not begin as a file of its type does")
            for file in told.files
            if not file.looks_like_it
        ]
        return _Work(lifted.light, told, self._rules.of(source.rules), env)

    def _is_nothing(self, text: str) -> bool:
        return " ".join(text.split()).casefold() in self._nothing


def _words(table: CodeTable) -> frozenset[str]:
    return frozenset({"", *(row.source_code.casefold() for row in table.rows)})


def _statement(work: _Work, made: Made, origin: str) -> Statement:
    told = work.told
    return Statement(
        kind=made.kind,
        key=made.key,
        act=made.act or Act.STATE,
        verb=made.verb or Verb.ASSERT,
        happened=told.occurred,
        recorded=told.chain.recorded,
        body=made.body,
        source=work.env.source.id,
        origin=origin,
        aliases=made.aliases,
    )
