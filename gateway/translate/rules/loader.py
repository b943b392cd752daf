"""Rule files: how they are written, and how their YAML is read (text only, every value with its line).

    mappings/<language>/<name>.yaml                one kind of thing that a message makes: encounter.yaml, patient.yaml;
                                                   or several, with `---` between them (documents.py)
    mappings/<language>/<overlay>/<name>.yaml      what one source does differently (`rules: <overlay>` in its source)
    mappings/codes/<table>.csv                     code tables (codes.py)
    mappings/sources/<id>.yaml                     who sends (sources.py)

A rule file:

    make: Encounter                 # the R4 type that is built
    for: PV1                        # one object per occurrence; left out: one per message
    when: PV1-2 IN [I, E, O]        # asked inside `for`; otherwise nothing is made
    key: visit(PV1-19)              # the object's key; an empty one makes nothing (finding), or `policy: refuse`
    aliases: episode(PV1-50)        # optional: other keys of the same object (every text counts)
    act: state                      # optional: a domain.statement.Act, as a word or as a rule with `map`
    verb: assert                    # optional: a Verb, likewise: {from: DG1-21, map: verb, policy: refuse}
    happened: [PV1-44, EVN-6, MSH-7]       # optional: when it became true; first valued, read by the function `moment`
    recorded: EVN-2                 # optional: when it was registered
    carry: [status, intent]         # FHIR languages only: elements taken over exactly as they stand in the `for` node
    rules:
      <target>: <rule>
    skip:
      PID-10: race is not recorded in Denmark     # read by no rule, and why; a rule that reads it is an error

**Target**: an R4 element, dotted, in JSON spelling: `period.start`, `code.coding.system`, `deceasedDateTime`.
A dotted step through a list makes one item (`code.coding.code` and `code.coding.system` share it).
`_birthDate.extension` reaches a primitive's extensions.

**Rule**, short: `target: PV1-44` (a path), `target: = text` (a literal), `target: join(= " ", .2, .3)` (a call).
Long, a mapping with these keys:

- `from`: a path, call or literal, or a list of them. A single target takes the first that is valued, a list all.
- `with`: a named function (functions.py, and the language's own) applied to each value.
- `map`: a table of mappings/codes, asked after `with`; needs `policy`. Into a code: the target code; into a Coding:
  system, code, display; into a CodeableConcept: a coding. A Coding or CodeableConcept that is mapped keeps its
  original codings after the mapped one.
- `system`: with `map`, the path of the code's system, where a table holds codes of several systems.
- `policy`: for what the table does not have: `keep` the original (not where R4 requires one of its own codes),
  `refuse` the message (UnknownCode with the place), `drop` it with a finding. With `with` or a call alone, for what the
  function cannot read: `refuse` (WrongType) or `drop` (default).
- `for`: one object (or value) per node; paths inside may be relative to it (`.4.2`; XML `./Titel`).
- `when`: a condition; asked for each item when there is a `for`.
- `rules`: the elements of the object or of each item, targets relative to it.
- `carry`: FHIR languages: elements taken over as they stand.
- `guide`: the rows of the official guide, as fields with commas between them; read by the conformance table.
- `why`: for the next reader.

A **list** of rules (`identifier: [{for: PID-3, rules: {…}}, {for: PID-18, rules: {…}}]`, `given: [.2, .3]`): a list
target takes what all of them give, in order; a single target takes the first that gives something.

An object that would hold nothing but literals is not made, unless all its rules are literals. Empty objects and
lists are never made. Of a choice (`deceasedBoolean`, `deceasedDateTime`) the first rule that gives something wins.

**Call**: `name(arg, …)`; an argument is a path, `= text` or another call. Quotes keep blanks and commas: `= ", "`.
`concat` gives nothing unless all its arguments are there, which is what a key needs; `join(= ", ", a, b)` leaves out
what is absent.

**When**: `<path> VALUED`, `<path> EMPTY`, `<path> EQUALS text`, `<path> IN [a, b]`, each with `NOT` before the word or
before the path, joined by `AND`. There is no OR: write a list of rules. EQUALS and IN compare the first text.

**Overlay**: `extends: encounter` (a file one folder up, or `./other` beside it) and only what changes: top keys
replace, `rules` and `skip` replace by target, `without: [target, …]` takes rules away, or fields out of `skip`.

**YAML**: every value is text (`.1`, `NO`, `2.5`, `2025-01-01` stay as written). A key twice, an anchor, an alias, a tag
are errors. Inside `{…}` and `[…]` YAML splits at commas: quote calls and conditions there
(`{from: "join(.2, .3)"}`, `{when: ".7 IN [L, D]"}`), or write the mapping on several lines.

**Literal**: `= 1` into an integer becomes a number, `= true` into a boolean a truth value; the text is checked against
the type and the required codes of the element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gateway.translate.rules.problems import Mark, Problems

_DEEPEST = 24
MOST_DOCUMENTS = 64
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, exactly as written."""

    value: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order of the file; `marks` are those of its keys."""

    mark: Mark
    entries: dict[str, Node] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)


Node = Text | Items | Table


class _Wrong(Exception):
    """The file cannot be read any further."""

    def __init__(self, mark: Mark, text: str) -> None:
        self.mark = mark
        self.text = text


def read(path: Path, name: str, problems: Problems) -> Table | None:
    """The file's one mapping; None, with the error noted under `name`, when it cannot be read."""
    text = _text(path, name, problems)
    return None if text is None else parse(text, name, problems)


def read_all(path: Path, name: str, problems: Problems) -> list[Table]:
    """The mappings in a file that may hold several YAML documents; errors are noted under `name`."""
    text = _text(path, name, problems)
    return [] if text is None else parse_all(text, name, problems)


def parse(text: str, name: str, problems: Problems) -> Table | None:
    """The one mapping in a text of YAML; None, with the error noted, when there is none."""
    found = parse_all(text, name, problems, most=1)
    return found[0] if found else None


def parse_all(text: str, name: str, problems: Problems, most: int = MOST_DOCUMENTS) -> list[Table]:
    """The mappings in a text of YAML, one per document; none, with the error noted, when one cannot be read."""
    builder = _Builder(name, problems)
    try:
        trees = builder.documents(yaml.parse(text, Loader=_LOADER), most)
    except _Wrong as wrong:
        problems.add(wrong.mark, wrong.text)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        problems.add(Mark(name, getattr(at, "line", -1) + 1), f"is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        problems.add(Mark(name, 0), f"is not YAML: {str(error).splitlines()[0]}")
    else:
        tables = [tree for tree in trees if isinstance(tree, Table)]
        wrong_marks = [tree.mark for tree in trees if not isinstance(tree, Table)] or [Mark(name, 1)]
        if len(tables) == len(trees) > 0:
            return tables
        for mark in wrong_marks:
            problems.add(mark, "must be a mapping (key: value)")
    return []


def _text(path: Path, name: str, problems: Problems) -> str | None:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        problems.add(Mark(name, 0), "is not UTF-8")
    except OSError as error:
        problems.add(Mark(name, 0), f"cannot be read: {error.strerror}")
    return None


class _Builder:
    """Makes the tree from the parser's events. No tag is ever resolved, so nothing but text can come out."""

    def __init__(self, name: str, problems: Problems) -> None:
        self.name = name
        self.problems = problems
        self.depth = 0

    def mark(self, event: yaml.Event) -> Mark:
        return Mark(self.name, getattr(event.start_mark, "line", -1) + 1)

    def documents(self, events: Iterator[yaml.Event], most: int) -> list[Node]:
        trees: list[Node] = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and len(trees) == most:
                held = "more than one document" if most == 1 else f"more than {most} documents"
                raise _Wrong(self.mark(event), f"holds {held}")
            if isinstance(event, yaml.NodeEvent):
                trees.append(self.node(event, events))
        return trees

    def node(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Node:
        mark = self.mark(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Wrong(mark, "anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise _Wrong(mark, "tags are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            return Text(event.value, mark)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Wrong(mark, "is nested too deep")
        node = self.items(mark, events) if isinstance(event, yaml.SequenceStartEvent) else self.table(mark, events)
        self.depth -= 1
        return node

    def items(self, mark: Mark, events: Iterator[yaml.Event]) -> Items:
        found: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self.node(event, events))
        return Items(tuple(found), mark)

    def table(self, mark: Mark, events: Iterator[yaml.Event]) -> Table:
        table = Table(mark)
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events)
            value = self.node(next(events), events)
            if not isinstance(key, Text):
                raise _Wrong(key.mark, "a key must be text")
            if key.value in table.entries:
                first = table.marks[key.value].line
                self.problems.add(key.mark, f"{key.value} stands here twice, first in line {first}")
                continue
            table.entries[key.value] = value
            table.marks[key.value] = key.mark
        return table
