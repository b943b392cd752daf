"""MedCom HospitalNotification: bytes to statements, and the Acknowledgement. Made once at start, pure afterwards.

What belongs together: notification.py finds and checks the parts, lifecycle.csv and meaning.py say what the message
tells, the rule files of mappings/medcom say what becomes of the elements, and here their results become statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, UnknownSource
from gateway.translate import r4
from gateway.translate.fhir import parse_message
from gateway.translate.fhir.message import HEADER, event_code
from gateway.translate.fhir.paths import FhirReader
from gateway.translate.fhir.times import moment
from gateway.translate.medcom import acknowledgement, lifecycle
from gateway.translate.medcom.carecommunication import functions as correspondence
from gateway.translate.medcom.carecommunication.language import CareCommunication
from gateway.translate.medcom.fingerprint import concerns, fingerprint
from gateway.translate.medcom.functions import FUNCTIONS
from gateway.translate.medcom.header import message_of, sender_of
from gateway.translate.medcom.lifecycle import Lifecycle
from gateway.translate.medcom.meaning import Meaning, meaning_of
from gateway.translate.medcom.names import ACKNOWLEDGEMENT, LEAVE
from gateway.translate.medcom.notification import Notification, notification_of
from gateway.translate.medcom.receipt import acknowledgement_of, receipt_of
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import Rulebook, RuleSet, compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation, Row, holds
from gateway.translate.translation import Finding, Translation

_FILES = ("patient", "encounter", "task")
_FIELDS = {
    "period.start": "Encounter.period.start",
    "period.end": "Encounter.period.end",
    "leave.start": f"Encounter.extension[{LEAVE[0]}].valuePeriod.start",
    "leave.end": f"Encounter.extension[{LEAVE[0]}].valuePeriod.end",
}


class _Work(Struct, frozen=True):
    """One notification, understood as far as the rules need it. `sender` is a SOR number."""

    notification: Notification
    meaning: Meaning
    rules: RuleSet
    env: Env
    sender: str


def load(mappings: Path, codes: Codes, facts: r4.Facts, problems: Problems) -> tuple[Rulebook, Lifecycle]:
    """The rules and the lifecycle table of MedCom; errors are noted in `problems`, all of them."""
    book = compiled(mappings, FhirReader("medcom", {**FUNCTIONS, **correspondence.FUNCTIONS}), codes, facts, problems)
    table = lifecycle.read(mappings / "medcom" / "lifecycle.csv", "mappings/medcom/lifecycle.csv", problems)
    return book, table


class MedCom:
    """The language of HospitalNotifications, JSON or XML, at `POST /fhir/$process-message`."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language medcom are known, by the SOR number of the sending organisation."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._rules, self._table = load(mappings, codes, facts or r4.facts(), problems)
        problems.check()
        self._sources = Sources(sources)
        self._ids = ids
        self.correspondence = CareCommunication(self._rules, codes, self._sources, ids)
        """MedCom's other messages, by the same rules."""

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements, an Acknowledgement to a receipt. Raises GatewayError with its place
        (`Bundle.entry[0].resource.focus`)."""
        return self.translate_tree(raw, parse_message(raw))

    def translate_tree(self, raw: bytes, bundle: dict[str, Any]) -> Translation:
        """As `translate`, of a message that was parsed already."""
        code = event_code(bundle)
        if code == ACKNOWLEDGEMENT:
            return self._receipt(bundle)
        work = self._understood(bundle, code)
        notification, meaning = work.notification, work.meaning
        seen = fingerprint(notification.message)
        made = work.rules.run(notification.message, work.env, _files(meaning))
        origin = f"{notification.id}/{seen.hex()[:12]}"
        return Translation(
            language="medcom",
            source=work.env.source,
            message_id=notification.id,
            event=meaning.row.code,
            sent=notification.sent,
            fingerprint=seen,
            citizen=notification.citizen,
            statements=tuple(_statement(work, one, f"{origin}.{number}") for number, one in enumerate(made)),
            findings=tuple(work.env.findings),
            envelope=notification.message.bundle["id"],
            concerns=_concerns(work, made),
        )

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """An Acknowledgement with code ok, in the format of the message. `note` is told as information."""
        return acknowledgement.positive(raw, now, note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An Acknowledgement with fatal-error or transient-error; an OperationOutcome where it cannot be addressed."""
        return acknowledgement.negative(raw, error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        bundle = parse_message(raw)
        work = self._understood(bundle, event_code(bundle))
        _, found = work.rules.trace(work.notification.message, work.env, _files(work.meaning))
        rows = _told_by_language(work)
        used = {field for row in rows for field in row.fields}
        left = tuple(one for one in found.unread if not any(holds(field, one.field) for field in used))
        return replace(found, rows=(*rows, *found.rows), unread=left)

    def _receipt(self, bundle: dict[str, Any]) -> Translation:
        message = acknowledgement_of(bundle)
        source = self._source(sender_of(message))
        sent = moment(bundle["timestamp"], "Bundle.timestamp", ZoneInfo(source.timezone))
        return Translation(
            "medcom", source, message.header["id"], ACKNOWLEDGEMENT, sent, fingerprint(message), (), (),
            receipt=receipt_of(message),
        )  # fmt: skip

    def _source(self, sender: str) -> Source:
        try:
            return self._sources.find("medcom", sender)
        except UnknownSource as error:
            raise UnknownSource(where=f"{HEADER}.sender", hint=error.hint) from None

    def _understood(self, bundle: dict[str, Any], code: str) -> _Work:
        message = message_of(bundle, code)
        sender = sender_of(message)
        source = self._source(sender)
        zone = ZoneInfo(source.timezone)
        notification = notification_of(message, self._table.activities, zone)
        meaning = meaning_of(notification, self._table)
        env = Env(source, self._ids, zone, notification, notification.chain.recorded.date().isoformat())
        if meaning.notes:
            place = notification.message.place(notification.encounter)
            env.findings += [Finding(place, note, str(meaning.row.mark)) for note in meaning.notes]
        return _Work(notification, meaning, self._rules.of(source.rules), env, sender)


def _concerns(work: _Work, made: Iterable[Made]) -> bytes:
    """One sender's word about one citizen's stay at one provider."""
    stay = next(one for one in made if one.kind == "Encounter")
    provider = stay.body.get("serviceProvider", {}).get("identifier", {}).get("value", "")
    return concerns(work.sender, work.notification.citizen[0].key, stay.key, *stay.aliases, provider)


def _files(meaning: Meaning) -> tuple[str, ...]:
    """A report of admission is asked for where a stay begins, whatever the header of another message repeats."""
    asks = meaning.row.act is Act.START and meaning.row.verb is not Verb.WITHDRAW
    return _FILES if asks else _FILES[:2]


def _statement(work: _Work, made: Made, origin: str) -> Statement:
    """The stay is told of by the lifecycle table's row, the citizen as it was registered."""
    meaning, recorded = work.meaning, work.notification.chain.recorded
    stay = made.kind == "Encounter"
    return Statement(
        kind=made.kind,
        key=made.key,
        act=meaning.row.act if stay else made.act or Act.STATE,
        verb=meaning.row.verb if stay else made.verb or Verb.ASSERT,
        happened=meaning.happened if stay else recorded,
        recorded=recorded,
        body=made.body,
        source=work.env.source.id,
        origin=origin,
        aliases=made.aliases,
        corrects=meaning.corrects if stay else "",
        notes=meaning.notes if stay else (),
    )


def _told_by_language(work: _Work) -> tuple[Row, ...]:
    """What the lifecycle table and the language itself read, as rows of the trace."""
    notification, table = work.notification, str(work.meaning.row.mark)
    provenance = notification.message.place(notification.chain.current)
    activity = ("Provenance.activity.coding.code", "Patient.deceasedBoolean")
    when = tuple(_FIELDS[name] for name in work.meaning.row.happened if name in notification.times)
    own = "gateway/translate/medcom/notification.py"
    return (
        Row("Statement.act", activity, (f"{provenance}.activity.coding[0].code",), table),
        Row("Statement.happened", when[:1] or ("Provenance.recorded",), (), table),
        Row("Statement.recorded", ("Provenance.recorded",), (f"{provenance}.recorded",), own),
        Row("Statement.corrects", ("Provenance.entity",), (f"{provenance}.entity",), own),
        Row("Translation.source", ("MessageHeader.sender", "Organization.identifier"), (f"{HEADER}.sender",), own),
        Row("Translation.message_id", ("MessageHeader.id",), (f"{HEADER}.id",), own),
        Row("Translation.event", ("MessageHeader.eventCoding",), (f"{HEADER}.eventCoding",), own),
        Row("Translation.sent", ("Bundle.timestamp",), ("Bundle.timestamp",), own),
    )
