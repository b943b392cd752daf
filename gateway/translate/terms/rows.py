"""The tables of the code systems, read once at start. All errors at once, with `file:line` and a suggestion.

| file | what |
|---|---|
| mappings/term-systems.csv | one line for each code system: its URL, what else it is called, version, date and source |
| mappings/codes/terms/<table>.csv | its codes; two lines may hold one code when their days do not overlap |
| mappings/term-sets.csv | value sets: codes of a system, chosen by where they stand in it; lines with one URL add up |

`also` holds further spellings of the URL with blanks between them. `complete` is `*` when every code of the system is
there, else the beginnings of codes of which all are there (`27. 29.`), or nothing. `displays` is `official`, or `ours`
where the words are our own. `spelled` is how else people write the codes: `exact` (not at all), `uuid` (capitals and
underscores), `digits` (without the zeros in front), `prefix` (a longer code lies below the shorter one that it begins
with; dots do not count, and SKS's D before a code of ICD-10 may be missing).

`also` of a code holds its other displays, `;` between them; `same_as` the other codes of the same concept, with blanks
between them. `valid_from` and `valid_to` (both included) are days: a code outside of them is retired, and not unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gateway.domain.when import in_force
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Mark, Problems

SPELLED = ("exact", "uuid", "digits", "prefix")
ALL = "*"

_SYSTEM = (
    "table", "name", "title", "url", "also", "version", "date", "owner", "source", "complete", "displays", "spelled",
)  # fmt: skip
_CODE = ("code", "display", "also", "parent", "valid_from", "valid_to", "same_as", "note")
_SET = ("url", "also", "name", "title", "table", "choose", "of", "note")
_CHOICES = ("all", "below", "leaves", "these")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]+")
_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,254}")


@dataclass(frozen=True, slots=True)
class About:
    """One code system: what it is called and where its table comes from. `table` is its id here."""

    mark: Mark
    table: str
    name: str
    title: str
    url: str
    also: tuple[str, ...]
    version: str
    date: str
    owner: str
    source: str
    complete: tuple[str, ...] = (ALL,)
    official: bool = True
    spelled: str = "exact"


@dataclass(frozen=True, slots=True)
class Concept:
    """One line of a table: a code with what it means, from day to day."""

    mark: Mark
    code: str
    display: str
    also: tuple[str, ...] = ()
    parent: str = ""
    valid_from: str = ""
    valid_to: str = ""
    same_as: tuple[str, ...] = ()
    note: str = ""

    def valid(self, on: str) -> bool:
        """Whether the code is in use on a day."""
        return in_force(on, self.valid_from, self.valid_to)

    @property
    def words(self) -> str:
        """What people call it: FSIII's levels have a digit for a display, and words besides."""
        return self.also[0] if self.display.isdigit() and self.also else self.display

    @property
    def retired_from(self) -> str:
        """The first day on which the code is retired, "" when it is not."""
        return (date.fromisoformat(self.valid_to) + timedelta(days=1)).isoformat() if self.valid_to else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Codes that a value set takes of a system: `all` of them, those `below` a code, the `leaves` below it, or
    `these`. `of` are the codes that it is said of."""

    mark: Mark
    table: str
    choose: str
    of: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class SetAbout:
    """One value set, as the first of its lines names it."""

    mark: Mark
    url: str
    also: tuple[str, ...]
    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def id(self) -> str:
        """Its id here: the last part of its URL."""
        return re.split(r"[/:]", self.url)[-1]


def systems(mappings: Path, problems: Problems) -> list[About]:
    """The lines of term-systems.csv; nothing where there is no such file."""
    file = mappings / "term-systems.csv"
    found = [_system(line) for line in _lines(file, _SYSTEM, problems)] if file.is_file() else []
    for stray in {path.stem for path in (mappings / "codes" / "terms").glob("*.csv")} - {one.table for one in found}:
        problems.add(Mark(f"mappings/codes/terms/{stray}.csv", 0), "mappings/term-systems.csv does not name this table")
    return found


def concepts(mappings: Path, table: str, problems: Problems) -> list[Concept]:
    """The codes of one system, in the order of the file."""
    file = mappings / "codes" / "terms" / f"{table}.csv"
    name = f"{mappings.name}/codes/terms/{table}.csv"
    return [_concept(line) for line in lines(file, name, _CODE, problems)]


def sets(mappings: Path, problems: Problems) -> list[SetAbout]:
    """The value sets of term-sets.csv."""
    file = mappings / "term-sets.csv"
    found: dict[str, SetAbout] = {}
    for line in _lines(file, _SET, problems) if file.is_file() else ():
        cells = line.cells
        choice = Choice(
            line.mark, cells["table"], line.one("choose", _CHOICES), tuple(cells["of"].split()), cells["note"]
        )
        if bool(choice.of) != (choice.choose != "all"):
            problems.add(line.mark, "`of` names the codes that below, leaves and these are said of, and only those")
        first = found.get(cells["url"])
        _uri(line, cells["url"])
        if first is None and not _NAME.fullmatch(cells["name"]):
            problems.add(line.mark, "name must be one word with a capital (KLGoalTypeCodes)")
        about = first or SetAbout(
            line.mark, cells["url"], tuple(cells["also"].split()), cells["name"], cells["title"], ()
        )
        found[about.url] = SetAbout(
            about.mark, about.url, about.also, about.name, about.title, (*about.choices, choice)
        )
    return list(found.values())


def _lines(file: Path, columns: tuple[str, ...], problems: Problems) -> Iterator[Line]:
    return lines(file, f"{file.parent.name}/{file.name}", columns, problems)


def _system(line: Line) -> About:
    cells = line.cells
    for name in ("table", "title", "version", "owner", "source"):
        if not cells[name]:
            line.problems.add(line.mark, f"{name} is empty")
    if not _NAME.fullmatch(cells["name"]):
        line.problems.add(line.mark, "name must be one word with a capital (FFB)")
    for url in (cells["url"], *cells["also"].split()):
        _uri(line, url)
    return About(
        line.mark,
        cells["table"],
        cells["name"],
        cells["title"],
        cells["url"],
        tuple(cells["also"].split()),
        cells["version"],
        line.day("date"),
        cells["owner"],
        cells["source"],
        tuple(cells["complete"].split()),
        line.one("displays", ("official", "ours")) == "official",
        line.one("spelled", SPELLED),
    )


def _concept(line: Line) -> Concept:
    cells = line.cells
    for name in ("code", "display"):
        if not cells[name]:
            line.problems.add(line.mark, f"{name} is empty")
    if " " in cells["code"]:
        line.problems.add(line.mark, "a code has no blanks")
    also = tuple(filter(None, (one.strip() for one in cells["also"].split(";"))))
    same = tuple(cells["same_as"].split())
    return Concept(
        line.mark, cells["code"], cells["display"], also, cells["parent"], *line.days(), same, cells["note"]
    )  # fmt: skip


def _uri(line: Line, text: str) -> None:
    if not _URI.fullmatch(text):
        line.problems.add(line.mark, "a url is missing or is none (https://…, urn:oid:…)")
