"""HL7 v2: bytes to statements, and the acknowledgement. Made once at start, pure afterwards.

What belongs together: charset.py and parse.py read, lifecycle.csv says what the event means, the rule files of
mappings/hl7v2 say what becomes of the fields, and here their results become statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.domain.identifier import Identifier
from gateway.domain.outgoing import Outgoing, Receipt
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.errors import (
    GatewayError,
    MissingField,
    UnknownEvent,
    UnknownMessage,
    UnknownProcessing,
    UnknownSource,
    UnknownVersion,
    Unreadable,
)  # fmt: skip
from gateway.translate import r4
from gateway.translate.filed import filed
from gateway.translate.hl7v2 import ack, charset, citizen, groups, lifecycle, paths, planned, time
from gateway.translate.hl7v2 import header as headers
from gateway.translate.hl7v2.batch import batch
from gateway.translate.hl7v2.functions import FUNCTIONS
from gateway.translate.hl7v2.happening import Times, times
from gateway.translate.hl7v2.header import VERSION, Delimiters, Header
from gateway.translate.hl7v2.keys import visit
from gateway.translate.hl7v2.lifecycle import Event
from gateway.translate.hl7v2.modes import Wanted, asked, wanted
from gateway.translate.hl7v2.notes import notes
from gateway.translate.hl7v2.parse import Message, parse
from gateway.translate.hl7v2.receipt import receipt
from gateway.translate.hl7v2.several import Mixed, Several, placed, several
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env, Function
from gateway.translate.rules.ruleset import Guide, Rulebook, RuleSet, compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation, Row, holds
from gateway.translate.translation import Finding, Translation

_MEMOS, _REMEMBERED = 64, 4_000
# Looked up once: reading a member of an enum takes longer than a call, and every statement asks for these.
_STATE, _MEMBER, _ASSERT = Act.STATE, Act.MEMBER, Verb.ASSERT
# What this file reads itself, for the trace.
_OWN = {
    "source": ("MSH-3", "MSH-4"),
    "message_id": ("MSH-10",),
    "sent": ("MSH-7",),
    "language": ("MSH-12", "MSH-18"),
    "event": ("EVN-1",),
    "citizen": ("PID-3",),
}


class Hl7v2Reader:
    """HL7 v2 as the rules engine sees it (gateway/translate/rules/reader.py)."""

    name = "hl7v2"
    fhir = False
    functions: Mapping[str, Function] = FUNCTIONS
    compile = staticmethod(paths.compile_path)
    fields = staticmethod(paths.valued_fields)

    @staticmethod
    def clears(message: Message) -> bool:
        """Whether the sender deletes anything."""
        return '"' in message.text and '""' in message.text  # one character is found forty times as fast as two


class _Work(Struct, eq=False):
    """One message, understood as far as the rules need it."""

    message: Message
    event: Event
    rules: RuleSet
    env: Env
    times: Times
    citizen: tuple[Identifier, ...]
    merged: tuple[Identifier, ...]
    notes: tuple[str, ...]


def load(mappings: Path, codes: Codes, facts: r4.Facts, problems: Problems) -> tuple[Rulebook, Mapping[str, Event]]:
    """The rules and the lifecycle table of HL7 v2; errors are noted in `problems`, all of them."""
    book = compiled(mappings, Hl7v2Reader(), codes, facts, problems)
    names = frozenset(path.stem for path in (mappings / "hl7v2").glob("*.yaml"))
    events = lifecycle.read(mappings / "hl7v2" / "lifecycle.csv", "mappings/hl7v2/lifecycle.csv", names, problems)
    return book, events


class Hl7v2:
    """The language of the MLLP door and of `POST /messages/hl7v2`."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language hl7v2 are known, by their senders `MSH-3|MSH-4` (first components)."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._rules, self.events = load(mappings, codes, facts or r4.facts(), problems)
        problems.check()
        self._kinds = tuple(dict.fromkeys(event.message for event in self.events.values()))
        self._ids = ids
        self._memos: dict[tuple[str, Delimiters, str, tzinfo], dict[Any, Any]] = {}
        self._sources = Sources(sources)
        self._selected: Source | None = None

    def of_source(self, source: str) -> Hl7v2:
        """The same, for a sender whose certificate says which source it is: MSH-3 and MSH-4 need not name it."""
        made = copy(self)
        made._selected = self._sources.of(source)
        return made

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place as ERR-2 tells it (`PID^1^3`)."""
        header = headers.read(raw)
        if header.part(9) == "ACK":
            return self._receipt(raw, header)
        work = self._understood(raw, header)
        made = work.rules.run(work.message, work.env, work.event.files)
        fingerprint = hashlib.sha256(raw).digest()
        message_id = work.message.value("MSH", 10)
        statements = _statements(work, made, f"{work.env.source.id}:{message_id}:{fingerprint.hex()[:12]}")
        statements, files = filed(statements, self._ids)
        return Translation(
            "hl7v2", work.env.source, message_id, work.event.name, work.times.sent, fingerprint, work.citizen,
            statements, work.merged, tuple(work.env.findings), attached=files,
        )  # fmt: skip

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """What a message that is kept gets at once: AA, CA or nothing (modes.py). `note` is told as information."""
        code = self._wanted(raw).now
        return ack.positive(raw, now, code, note) if code else b""

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """What a refused message gets at once: AE, AR, CE, CR with place and code, CA or nothing; safe on any bytes."""
        code = self._wanted(raw, error).now
        if code == "CA":
            return ack.positive(raw, now, code)
        return ack.negative(raw, error, now, code) if code else b""

    def later(self, raw: bytes, now: datetime, error: GatewayError | None = None) -> Outgoing | None:
        """The application acknowledgement of the enhanced mode, for the connection of the message's source."""
        code = self._wanted(raw, error).later
        if not code:
            return None
        header = headers.read(raw)
        source = self._source(header)
        accept = "AL" if source.deliver is None or source.deliver.answers else "NE"
        answer = ack.negative(raw, error, now, code, accept) if error else ack.positive(raw, now, code, accept=accept)
        return Outgoing(source.id, "hl7v2", ack.control_id(header, now, code), answer, answers=header.field(10))

    def batch(self, raw: bytes) -> Mixed | Several | None:
        """The messages between FHS or BHS and their trailers, or the groups of a message that has several."""
        found = batch(raw)
        return several(raw) if found is None else Mixed(found)

    def placed(self, where: str, before: Mapping[str, int]) -> str:
        """A place in one group of a message, as it is in the whole message."""
        return placed(where, before)

    def answered(self, raw: bytes) -> Receipt:
        """What a receiver says on the line on which it was sent a message. Raises Unreadable."""
        return receipt(raw)

    def _wanted(self, raw: bytes, error: GatewayError | None = None) -> Wanted:
        """Which answers a message asks for. Bytes without a header ask for one in the original mode."""
        try:
            header = headers.read(raw)
        except Unreadable:
            return Wanted(error.ack if error else "AA")
        if not any(asked(header)):
            return wanted(header, error, connected=False)
        try:
            return wanted(header, error, connected=self._source(header).deliver is not None)
        except UnknownSource as unknown:
            return wanted(header, unknown, connected=False)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of which field, and which fields nothing read. Raises as `translate` does."""
        work = self._understood(raw, headers.read(raw))
        _, found = work.rules.trace(work.message, work.env, work.event.files)
        told = tuple(_told_by_language(work))
        used = {field for row in told for field in row.fields}
        left = tuple(one for one in found.unread if not any(holds(field, one.field) for field in used))
        return replace(found, rows=(*told, *found.rows), unread=left)

    @property
    def skipped(self) -> Mapping[str, str]:
        """The fields that no rule reads by intention, each with its reason."""
        return {field: reason for field, (reason, _) in self._rules.of().skipped.items()}

    def guides(self) -> tuple[Guide, ...]:
        """Every rule that names a row of the official guide."""
        return self._rules.of().guides()

    def _receipt(self, raw: bytes, header: Header) -> Translation:
        """An acknowledgement that comes by itself: what became of a message that was sent."""
        source, told = self._source(header), receipt(raw)
        fingerprint = hashlib.sha256(raw).digest()
        return Translation("hl7v2", source, header.field(10), "ACK", None, fingerprint, (), (), receipt=told)

    def _understood(self, raw: bytes, header: Header) -> _Work:
        source = self._source(header)
        _check_processing(header, source)
        text, codec = charset.decode(raw, header, source.charset)
        message = parse(text, header, codec)
        event = self._event(message)
        zone = time.of_message(message.value("MSH", 7), _zone(source.timezone))
        env = Env(source, self._ids, zone, message, memo=self._memo(source.id, header, codec, zone))
        if event.act is Act.REVISE:
            env.findings += groups.arrange(message, event.message)
        elif citizen.of_no_visit(message, event):
            event = lifecycle.of_person(event)
            env.findings.append(Finding("PV1^1^2", "no visit is told of; read as an update of the person"))
        when = times(message, event, env.timezone)
        env.on = when.recorded.date().isoformat()
        if not event.kept:
            return _Work(message, event, self._rules.of(source.rules), env, when, (), (), ())
        citizen.check_segments(message, event)
        numbers = citizen.numbers(message, env, when.recorded)
        merged = citizen.merged(message, event, env, numbers) if event.merge else ()
        message.citizen = numbers[0].key
        message.former = merged[0].key if merged else ""
        named = citizen.visit_number(message)
        if event.visit or named is not None:
            visit(env, named)
        told = notes(message, event, when)
        if event.visit and citizen.moved(message, env, numbers):
            told += (
                "MRG-1 names another citizen; the visit is the one's in PID and stands at the other until deleted",
            )
        return _Work(message, event, self._rules.of(source.rules), env, when, numbers, merged, told)

    def _memo(self, source: str, header: Header, codec: str, zone: tzinfo) -> dict[Any, Any]:
        """What is remembered of this source's codes, staff and places. Delimiters and zone belong to what a text
        means."""
        if len(self._memos) > _MEMOS:
            self._memos.clear()
        memo = self._memos.setdefault((source, header.delimiters, codec, zone), {})
        if len(memo) > _REMEMBERED:
            memo.clear()
        return memo

    def _source(self, header: Header) -> Source:
        """Who sends. Raises UnknownSource."""
        sender = f"{_text(header.part(3), header)}|{_text(header.part(4), header)}"
        try:
            return self._sources.find("hl7v2", sender)
        except UnknownSource as unknown:
            if self._selected is not None:
                return self._selected
            hint = f"{unknown.hint} MSH-3 and MSH-4 name it."
            raise UnknownSource(where="MSH^1^3", hint=hint) from None

    def _event(self, message: Message) -> Event:
        """The row of the lifecycle table. A bare `ADT` in MSH-9 (before 2.3.1) has its event in EVN-1."""
        kind = message.value("MSH", 9)
        if not kind:
            raise MissingField(where="MSH^1^9")
        if kind not in self._kinds:
            raise UnknownMessage(where="MSH^1^9", hint=f"Received: {', '.join(self._kinds)}.")
        if not message.value("MSH", 10):
            raise MissingField("The message has no control id", where="MSH^1^10")
        version = message.value("MSH", 12)
        if version and not VERSION.fullmatch(version):
            raise UnknownVersion(
                where="MSH^1^12", hint="Versions 2.1 to 2.9 are received here, and messages that name none."
            )
        event = self.events.get(message.value("MSH", 9, 2) or message.value("EVN", 1))
        if event is None or event.message != kind:
            received = (one.name for one in self.events.values() if one.message == kind)
            raise UnknownEvent(where="MSH^1^9", hint=f"Received of {kind}: {', '.join(received)}.")
        return event


def _check_processing(header: Header, source: Source) -> None:
    """Raises UnknownProcessing for a trial (MSH-11: T, D) where the source says nothing but production; what names no
    processing id is production."""
    told = header.part(11).upper() or "P"
    if source.processing and told not in source.processing:
        hint = f"Received of this source: {', '.join(source.processing)} (processing in mappings/sources)."
        raise UnknownProcessing(where="MSH^1^11", hint=hint)


def _statements(work: _Work, made: list[Made], message: str) -> tuple[Statement, ...]:
    said = []
    event, recorded, source = work.event, work.times.recorded, work.env.source.id
    if event.act is Act.REVISE:
        made = planned.settle(work.message, event, work.env, recorded, made)
    of_state = event.verb if event.act is _STATE else _ASSERT
    for number, one in enumerate(made):
        body: Body = one.body
        act, verb, happened = one.act or _STATE, one.verb, one.happened or recorded
        notes: tuple[str, ...] = ()
        if one.kind == "Encounter":
            act, verb, happened, notes = _act(work), event.verb, work.times.happened, work.notes
        elif act is _MEMBER:
            if "id" not in body:
                work.env.findings.append(Finding(one.node.place(4), "a role without a person or unit is left out"))
                continue
            body = {"id": body["id"], "participant": body["participant"][0]}
        verb = verb or (of_state if act is _STATE else _ASSERT)
        at, origin = one.recorded or recorded, f"{message}/{number}"
        # By position, here and in `translate`: arguments with names make a dataclass four times as dear.
        said.append(
            Statement(
                one.kind, one.key, act, verb, happened, at, body, source, origin, one.aliases, one.cleared, "", notes
            )
        )
    return tuple(said)


def _act(work: _Work) -> Act:
    """A discharge of somebody who died (PID-30) is a death."""
    if work.event.act is Act.END and work.event.verb is Verb.ASSERT and work.message.value("PID", 30).upper() == "Y":
        return Act.DIE
    return work.event.act


def _told_by_language(work: _Work) -> list[Row]:
    """What the lifecycle table and the language itself read, as rows of the trace."""
    when, table = work.times, work.event.mark
    rows = [
        Row("Statement.act", ("MSH-9",), ("MSH^1^9",), table),
        Row("Statement.happened", (when.field,), (when.place,), table),
        Row("Statement.recorded", (when.recorded_field,), (), table),
    ]
    rows += [
        Row(f"Translation.{name}", fields, (), "gateway/translate/hl7v2/language.py") for name, fields in _OWN.items()
    ]
    if work.env.timezone is not _zone(work.env.source.timezone):
        rows.append(Row("Translation.timezone", ("MSH-7",), ("MSH^1^7",), "gateway/translate/hl7v2/time.py"))
    for target, ends in planned.told(work.message):
        tied = tuple(planned.number_of(end) for end in ends)
        rows.append(Row(target, tied, tuple(end.place() for end in ends), "gateway/translate/hl7v2/planned.py"))
    if work.event.merge:
        rows.append(Row("Translation.merged", ("MRG-1",), (), table))
    return rows


def _text(latin: str, header: Header) -> str:
    """A header value in the character set that MSH-18 names, as far as it can be read."""
    if latin.isascii():
        return latin
    try:
        return latin.encode("latin-1").decode(charset.codec(header.part(18)))
    except (UnicodeDecodeError, GatewayError):
        return latin


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
