"""From what the destination may see to the entry that it gets: the words are those of mappings/outgoing-texts.csv.

A text holds fields in braces. A line of which a field has nothing to say is left out; a title says the rest.

| event | fields |
|---|---|
| discharge | `{hospital}` `{begin}` `{end}` `{disposition}` (where to) |
| goal | `{hospital}` `{goal}` `{status}` `{begin}` `{due}` |

Codes are told in the words of mappings/outgoing-words.csv beside it, else in those of whoever sent them.

Every event has a title for each word: `told`, `changed` (a correction of what was told) and `void` (it does not hold).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from gateway.domain.identifier import Identifier, best_first, normal
from gateway.domain.journal import JournalEntry, sensitivity_of
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.domain.telling import KINDS, Case, Notice, Telling, Word
from gateway.domain.when import DANISH, instant
from gateway.errors import NoCitizen
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Mark, Problems

WORDS = "outgoing-words.csv"
_COLUMNS = ("event", "word", "part", "text")
_WORDS: tuple[Word, ...] = ("told", "changed", "void")
_EVENTS = tuple(KINDS.values())
_FIELDS = {
    "discharge": frozenset({"hospital", "begin", "end", "disposition"}),
    "goal": frozenset({"hospital", "goal", "status", "begin", "due"}),
}
# Nothing that a reader cannot see, and nothing that XML cannot hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of each event: a title and lines."""

    titles: Mapping[tuple[str, str], str]
    texts: Mapping[tuple[str, str], tuple[str, ...]]
    words: Mapping[tuple[str, str], str] = field(default_factory=dict)  # by system and code

    def said(self, concept: Mapping[str, Any]) -> str:
        """A coded concept in words."""
        codings = concept.get("coding", ())
        known = (self.words.get((one.get("system", ""), one.get("code", ""))) for one in codings)
        own = (one["display"] for one in codings if one.get("display"))
        return next(filter(None, known), "") or str(concept.get("text") or next(own, ""))

    def of(self, event: str, word: Word, fields: Mapping[str, str]) -> tuple[str, str]:
        """Title and text, lines parted by a line feed."""
        said = [one for line in self.texts.get((event, word), ()) if (one := _said(line, fields))]
        title = self.titles[event, word].format_map({name: fields.get(name, "") for name in _FIELDS[event]})
        return " ".join(title.split()), "\n".join(said)


NO_TEXTS = Texts({}, {})


@dataclass(frozen=True, slots=True)
class Told:
    """What the entry is made of: the resources as the destination may see them, and who wrote what is told."""

    patient: Body
    resource: Body
    case: Case
    author: Source


def read(file: Path, problems: Problems) -> Texts:
    """The words; every fault is noted with its line."""
    name = f"{file.parent.name}/{file.name}"
    titles: dict[tuple[str, str], str] = {}
    texts: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in lines(file, name, _COLUMNS, problems):
        key = (line.one("event", _EVENTS), line.one("word", _WORDS))
        part = line.one("part", ("title", "line"))
        _check_fields(line, key[0])
        if part == "title" and titles.setdefault(key, line.cells["text"]) != line.cells["text"]:
            problems.add(line.mark, "there is one title for each event and word")
        if part == "line":
            texts[key] = (*texts.get(key, ()), line.cells["text"])
    for event in _EVENTS:
        for word in _WORDS:
            if not titles.get((event, word)):
                problems.add(Mark(name, 0), f"{event} {word} has no title")
    return Texts(titles, texts, _words(file.with_name(WORDS), problems))


def _words(file: Path, problems: Problems) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    if file.exists():
        for line in lines(file, f"{file.parent.name}/{file.name}", ("system", "code", "word"), problems):
            key = (line.cells["system"], line.cells["code"])
            if not all(line.cells.values()) or key in found:
                problems.add(line.mark, "a code needs one line, with its word")
            found[key] = line.cells["word"]
    return found


def _check_fields(line: Line, event: str) -> None:
    try:
        parsed = [part[1:] for part in Formatter().parse(line.cells["text"]) if part[1] is not None]
    except ValueError:
        line.problems.add(line.mark, "a brace stands alone")
        return
    for name, form, turned in parsed:
        if name not in _FIELDS.get(event, ()):
            line.unknown("field", name or "", _FIELDS.get(event, ()))
        elif form or turned:
            line.problems.add(line.mark, "a field is its name alone, without a format")


def _said(line: str, fields: Mapping[str, str]) -> str:
    named = [field for _, field, _, _ in Formatter().parse(line) if field]
    return "" if any(not fields.get(name) for name in named) else line.format_map(fields)


@dataclass(frozen=True, slots=True)
class Sending:
    """How it is told: as which message, in which word, correcting which one, by which row and to whom."""

    id: str
    notice: Notice
    word: Word
    corrects: str
    telling: Telling
    destination: Source


def entry(told: Told, sending: Sending, texts: Texts) -> JournalEntry:
    """The entry that tells it. Raises NoCitizen where the destination may see no number of the citizen."""
    notice, telling, destination = sending.notice, sending.telling, sending.destination
    numbers = best_first(
        [normal(one.get("system", ""), one.get("value", "")) for one in told.patient.get("identifier", ())]
    )
    if not numbers:
        raise NoCitizen(where="Patient.identifier")
    hospital = _organisation(told)
    fields = _fields(told, hospital[1], texts)
    title, text = texts.of(notice.event, sending.word, {name: _visible(value) for name, value in fields.items()})
    return JournalEntry(
        id=sending.id,
        form=telling.form,
        title=title,
        text=text,
        written=notice.at,
        citizen=numbers[0],
        authority=destination.organisation,
        authority_name=destination.name,
        author=hospital[0],
        author_name=_visible(hospital[1]),
        case=told.case.number,
        subject=told.case.subject or telling.subject,
        facet=told.case.facet or telling.facet,
        citizen_name=_visible(name_of(told.patient)),
        corrects=sending.corrects,
        sensitivity=sensitivity_of(told.patient, told.resource, told.case.body),
    )


def name_of(patient: Body) -> str:
    """The citizen's name as one text, "" where none is told."""
    for name in patient.get("name", ()):
        if text := name.get("text") or " ".join([*name.get("given", ()), name.get("family", "")]).strip():
            return str(text)
    return ""


def _organisation(told: Told) -> tuple[Identifier, str]:
    """Who provides the stay, or else the system's owner."""
    provider = told.resource.get("serviceProvider", {})
    number = provider.get("identifier", {})
    if number.get("value"):
        return normal(number.get("system", ""), number["value"]), provider.get("display") or told.author.name
    return told.author.organisation, provider.get("display") or told.author.name


def _fields(told: Told, hospital: str, texts: Texts) -> dict[str, str]:
    body = told.resource
    if body["resourceType"] == "Goal":
        due = next((one["dueDate"] for one in body.get("target", ()) if "dueDate" in one), "")
        return {
            "hospital": hospital,
            "goal": texts.said(body.get("description", {})),
            "status": texts.said(body.get("achievementStatus", {})),
            "begin": _day(body.get("startDate", "")),
            "due": _day(due),
        }
    period = body.get("period", {})
    return {
        "hospital": hospital,
        "begin": _time(period.get("start", "")),
        "end": _time(period.get("end", "")),
        "disposition": texts.said(body.get("hospitalization", {}).get("dischargeDisposition", {})),
    }


def _time(text: str) -> str:
    """A FHIR dateTime as Danes write it; a day stays a day."""
    if len(text) <= len("2026-01-31"):
        return _day(text)
    return instant(text).astimezone(DANISH).strftime("%d.%m.%Y kl. %H.%M")


def _day(text: str) -> str:
    return ".".join(reversed(text.split("-")))


def _visible(text: str) -> str:
    return " ".join(_UNSEEN.sub(" ", text).split())
