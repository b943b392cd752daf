"""Which event means what: mappings/hl7v2/lifecycle.csv, read once at start.

| column | holds |
|---|---|
| `message` | MSH-9.1, table 0076: the message type that this event comes in |
| `event` | MSH-9.2, table 0003 |
| `act` | what it tells of the stay (domain.statement.Act); `state` when it tells of something else |
| `verb` | assert; withdraw for a cancellation. With `state`: the verb of what a rule file makes and names no verb for |
| `cancels` | the event whose word a cancellation takes back, for the reader of the table |
| `files` | the rule files it runs, in order; `encounter` among them makes PV1 required. None: acknowledged, not kept |
| `happened` | the fields that say when it happened, the first valued one counts; EVN-2 and MSH-7 follow by themselves |
| `note` | why |
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gateway.domain.statement import Act, Verb
from gateway.translate.hl7v2 import standard
from gateway.translate.hl7v2.parse import FIELDS
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.rules.reader import PathError

COLUMNS = ("message", "event", "act", "verb", "cancels", "files", "happened", "note")
_OF_STAYS = frozenset({"encounter", "condition"})  # rule files that make something of a visit
_MESSAGE = re.compile(r"[A-Z]{3}")
_EVENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_FIELD = re.compile(r"([A-Z][A-Z0-9]{2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Event:
    """One row. `happened` are (segment, field) pairs, `mark` is the file and line."""

    message: str
    name: str
    act: Act
    verb: Verb
    cancels: str
    files: tuple[str, ...]
    happened: tuple[tuple[str, int], ...]
    note: str
    mark: str

    @property
    def kept(self) -> bool:
        """Whether anything of it is kept: an event without rule files is acknowledged and no more."""
        return bool(self.files)

    @property
    def visit(self) -> bool:
        """Whether it tells of a stay, so that PV1 must name one."""
        return "encounter" in self.files

    @property
    def link(self) -> bool:
        """Whether it is about two records that may be of one person: the second PID is the other."""
        return "link" in self.files

    @property
    def merge(self) -> bool:
        """Whether it says that two identities are one person: MRG is required."""
        return self.act is Act.IDENTITY


@cache
def of_person(event: Event) -> Event:
    """The event without its stay: what it tells of the person alone."""
    return replace(event, act=Act.STATE, files=tuple(file for file in event.files if file not in _OF_STAYS))


def read(path: Path, name: str, files: Collection[str], problems: Problems) -> Mapping[str, Event]:
    """The table by event; every error is noted with file and line. `files` are the rule files there are."""
    events: dict[str, Event] = {}
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.add(Mark(name, 0), "cannot be read as UTF-8")
        return events
    reader = csv.reader(io.StringIO(text))
    if tuple(next(reader, [])) != COLUMNS:
        problems.add(Mark(name, 1), f"the header must be {','.join(COLUMNS)}")
        return events
    for cells in reader:
        mark = Mark(name, reader.line_num)
        if not any(cells):
            continue
        event = _row(cells, mark, files, problems)
        if event is not None and event.name in events:
            problems.add(mark, f"{event.name} stands here twice")
        elif event is not None:
            events[event.name] = event
    for event in events.values():
        if event.cancels and event.cancels not in events:
            problems.unknown(Mark(name, 1), "event", event.cancels, events)
    return events


def _row(cells: list[str], mark: Mark, files: Collection[str], problems: Problems) -> Event | None:
    before = len(problems.found)
    if len(cells) != len(COLUMNS):
        problems.add(mark, f"has {len(cells)} columns instead of {len(COLUMNS)}")
        return None
    message, name, act, verb, cancels, run, happened, note = (cell.strip() for cell in cells)
    if not _MESSAGE.fullmatch(message):
        problems.add(mark, "message must be a message type such as ADT")
    if not _EVENT.fullmatch(name):
        problems.add(mark, "event must be a trigger event such as A01")
    if act not in set(Act):
        problems.unknown(mark, "act", act, tuple(Act))
    if verb not in set(Verb):
        problems.unknown(mark, "verb", verb, tuple(Verb))
    if (verb == Verb.WITHDRAW) != bool(cancels):
        problems.add(mark, "a withdrawal, and nothing else, names in cancels what it takes back")
    for file in run.split():
        if file not in files:
            problems.unknown(mark, "rule file", file, files)
    times = _happened(happened, mark, problems)
    if len(problems.found) > before:
        return None
    return Event(message, name, Act(act), Verb(verb), cancels, tuple(run.split()), times, note, str(mark))


def _happened(text: str, mark: Mark, problems: Problems) -> tuple[tuple[str, int], ...]:
    """The fields of a cell: those that the standard has, and those of Z-segments."""
    found = [_FIELD.fullmatch(field) for field in text.split()]
    if not all(field and 0 < int(field[2]) < FIELDS for field in found):
        problems.add(mark, "happened must hold fields such as PV1-44, with blanks between them")
    fields = [(field[1], int(field[2])) for field in found if field]
    for segment, number in fields:
        try:
            standard.check(f"{segment}-{number}", segment, number)
        except PathError as error:
            problems.add(mark, error.text, error.suggestion)
    return tuple(fields)
