"""mappings/edifact/*.yaml: which segment fills which element of the letter, read once at start.

    letter: D2030C                    # UNH-2.5; several of them as a list. A file without it is there to be extended
    extends: notification             # what it takes over from another file; `segments`, `rules`, `skip` key by key
    becomes: NotificationOfAdmission  # the letter's element in OIOXML
    namespace: http://…/2005/08/07/
    segments:                         # groups in their order and what may stand in them; `!` must be there,
      UNH: BGM! DTM                   # `*` may stand several times
      S01!*: NAD! SEQ! CON* RFF*
    rules:                            # element: place (paths.py); `?` may be absent, everything else must be there
      Letter:
        Identifier: S02/RFF[SRI]-1.2
        StatusCode: {from: S02/GIS-1, map: edifact-status}
        Authorisation: {Date: {from: "S02/DTM[182]-1", with: date}, …}
      OriginalLetter?: {for: UCM, rules: {OriginalLetterIdentifier: "./UCM-1", …}}
    skip:                             # read by no rule, with the reason
      BGM: says only that this is a letter
    writes: …                         # how it is written, see templates.py

`from` may be a list: the first place that holds something counts; with `all` instead of it every one makes an element.
`else` is what stands there when no place holds anything. `map` names a table of mappings/codes; a code that
it does not have is an error, or with `policy: drop` leaves the element out. `with` names a function of words.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as File

from gateway.translate.edifact import templates
from gateway.translate.edifact.groups import HEAD, GroupShape
from gateway.translate.edifact.paths import Path, WrongPath, group_path, path
from gateway.translate.edifact.templates import ELEMENTS, Each, Line
from gateway.translate.edifact.words import FORMATTED, FUNCTIONS
from gateway.translate.rules.codes import Codes, CodeTable
from gateway.translate.rules.loader import Items, Node, Table, Text, read
from gateway.translate.rules.overlay import Folder
from gateway.translate.rules.problems import Mark, Problems

_KEYS = ("letter", "extends", "becomes", "namespace", "segments", "rules", "skip", "writes", "why")
_VALUE = ("from", "all", "else", "with", "map", "policy", "why")
_POLICIES = ("refuse", "drop")
_MARKS = "!*"
_FRAME = "UNB"
_AROUND = (_FRAME, "UNT", "UNZ")


@dataclass(frozen=True, slots=True)
class Rule:
    """One element. A value has `sources`; an element with others in it has `rules`, repeated for each of `each`."""

    name: str
    mark: Mark
    must: bool
    sources: tuple[Path, ...] = ()
    function: str = ""
    table: CodeTable | None = None
    drop: bool = False
    every: bool = False
    otherwise: str = ""
    each: Path | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterTable:
    """One file, for the letters of these versions."""

    name: str
    mark: Mark
    versions: tuple[str, ...]
    becomes: str
    namespace: str
    shapes: Mapping[str, GroupShape]
    rules: tuple[Rule, ...]
    skip: Mapping[str, str]
    writes: tuple[Line | Each, ...] = ()


def load(mappings: File, codes: Codes, problems: Problems) -> dict[str, LetterTable]:
    """Every letter by version; errors are noted, all of them."""
    folder = mappings / "edifact"
    files: dict[str, Table] = {}
    for path_ in sorted(folder.glob("*.yaml")):
        if table := read(path_, f"{mappings.name}/edifact/{path_.name}", problems):
            files[path_.stem] = table
    every = Folder(files)
    found: dict[str, LetterTable] = {}
    for name, file in files.items():
        if "letter" not in file.entries:
            continue
        merged = every.merged(name, problems)
        if merged is None:
            continue
        letter = _letter(name, merged, codes, problems)
        for version in letter.versions:
            if version in found:
                problems.add(letter.mark, f"{version} stands in {found[version].mark.file} as well")
            found[version] = letter
    return found


def _letter(name: str, table: Table, codes: Codes, problems: Problems) -> LetterTable:
    for key in table.entries:
        if key not in _KEYS:
            problems.unknown(table.marks[key], "key", key, _KEYS)
    rules = table.entries.get("rules")
    if not isinstance(rules, Table):
        problems.add(table.mark, "rules must be a mapping from elements to places")
        rules = Table(table.mark)
    shapes = _shapes(table, problems)
    compiler = _Compiler(shapes, codes, problems)
    return LetterTable(
        name=name,
        mark=table.marks.get("letter", table.mark),
        versions=_texts(table, "letter", problems),
        becomes="".join(_texts(table, "becomes", problems)),
        namespace="".join(_texts(table, "namespace", problems)),
        shapes=shapes,
        rules=compiler.rules(rules, None),
        skip=_skip(table, shapes, problems),
        writes=templates.read(_items(table.entries.get("writes")), codes, problems),
    )


def _texts(table: Table, key: str, problems: Problems) -> tuple[str, ...]:
    found = tuple(one.value.strip() for one in _items(table.entries.get(key)) if isinstance(one, Text))
    if not found or not all(found):
        problems.add(table.marks.get(key, table.mark), f"{key} is missing")
    return found


def _items(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Items) else (node,)


def _shapes(table: Table, problems: Problems) -> dict[str, GroupShape]:
    node = table.entries.get("segments")
    if not isinstance(node, Table) or next(iter(node.entries), "") != HEAD:
        problems.add(table.marks.get("segments", table.mark), f"segments must be a mapping that begins with {HEAD}")
        return {HEAD: GroupShape(HEAD, ())}
    found: dict[str, GroupShape] = {}
    for key, value in node.entries.items():
        name = key.rstrip(_MARKS)
        words = value.value.split() if isinstance(value, Text) else []
        tags = tuple(word.rstrip(_MARKS) for word in words)
        if not all(len(tag) == 3 and tag.isalnum() and tag.isupper() for tag in (name, *tags)):
            problems.add(node.marks[key], f"{key}: segment tags are three capitals, parted by blanks")
        needed, often = (tuple(word.rstrip(_MARKS) for word in words if mark in word) for mark in _MARKS)
        found[name] = GroupShape(name, tags, needed, often, must="!" in key, repeats="*" in key)
    return found


def _skip(table: Table, shapes: Mapping[str, GroupShape], problems: Problems) -> dict[str, str]:
    node = table.entries.get("skip")
    if node is None:
        return {}
    if not isinstance(node, Table):
        problems.add(table.marks["skip"], "skip must be a mapping from segments to reasons")
        return {}
    known = {*_AROUND, *shapes, *(tag for shape in shapes.values() for tag in shape.tags)}
    for key, reason in node.entries.items():
        if not isinstance(reason, Text) or not reason.value.strip():
            problems.add(node.marks[key], f"{key}: say why it is not read")
        for name in re.split(r"[-/\[.]", key.partition("-")[0])[:2]:
            if name not in known:
                problems.unknown(node.marks[key], "segment", name, known)
    return {key: reason.value for key, reason in node.entries.items() if isinstance(reason, Text)}


class _Compiler:
    """Reads the rules of one file."""

    def __init__(self, shapes: Mapping[str, GroupShape], codes: Codes, problems: Problems) -> None:
        self.shapes = shapes
        self.codes = codes
        self.problems = problems

    def rules(self, table: Table, within: Path | None) -> tuple[Rule, ...]:
        """Every element of a mapping; `within` is the `for` around it."""
        found = [self._rule(key, node, table.marks[key], within) for key, node in table.entries.items()]
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, key: str, node: Node, mark: Mark, within: Path | None) -> Rule | None:
        name, must = key.removesuffix("?"), not key.endswith("?")
        if name not in ELEMENTS:
            self.problems.unknown(mark, "element", name, ELEMENTS)
        if isinstance(node, Table) and "for" in node.entries:
            return self._each(name, must, node, mark)
        if isinstance(node, Table) and not node.entries.keys() & {"from", "all"}:
            return Rule(name, mark, must, rules=self.rules(node, within))
        return self._value(name, must, node, mark, within)

    def _each(self, name: str, must: bool, node: Table, mark: Mark) -> Rule | None:
        for key in node.entries:
            if key not in ("for", "rules", "why"):
                self.problems.unknown(node.marks[key], "key", key, ("for", "rules", "why"))
        rules, each = node.entries.get("rules"), node.entries["for"]
        if not isinstance(rules, Table) or not isinstance(each, Text):
            self.problems.add(mark, "for needs a place, and rules for each of them")
            return None
        found = self._path(each.value, each.mark, None, groups=True)
        return Rule(name, mark, must, each=found, rules=self.rules(rules, found)) if found else None

    def _value(self, name: str, must: bool, node: Node, mark: Mark, within: Path | None) -> Rule | None:
        long = node if isinstance(node, Table) else Table(mark, {"from": node}, {"from": mark})
        for key in long.entries:
            if key not in _VALUE:
                self.problems.unknown(long.marks[key], "key", key, _VALUE)
        words = {key: value.value.strip() for key, value in long.entries.items() if isinstance(value, Text)}
        every = "all" in long.entries
        texts = [one for one in _items(long.entries["all" if every else "from"]) if isinstance(one, Text)]
        sources = tuple(filter(None, (self._path(one.value, one.mark, within) for one in texts)))
        function, wanted, policy = words.get("with", ""), words.get("map", ""), words.get("policy", "")
        if function and function not in FUNCTIONS and function != FORMATTED:
            self.problems.unknown(long.marks["with"], "function", function, (*FUNCTIONS, FORMATTED))
        if wanted and wanted not in self.codes.tables:
            self.problems.unknown(long.marks["map"], "code table", wanted, self.codes.tables)
        if policy and policy not in _POLICIES:
            self.problems.unknown(long.marks["policy"], "policy", policy, _POLICIES)
        if function == FORMATTED and any(one.element for one in sources):
            self.problems.add(mark, "formatted takes whole segments, as in S14/FTX[NC]")
        if not sources:
            return None
        table, otherwise = self.codes.tables.get(wanted), words.get("else", "")
        return Rule(name, mark, must, sources, function, table, policy == "drop", every, otherwise)

    def _path(self, text: str, mark: Mark, within: Path | None, *, groups: bool = False) -> Path | None:
        try:
            found = (group_path(text) if groups else None) or path(text)
        except WrongPath as wrong:
            self.problems.add(mark, str(wrong))
            return None
        if found.relative and within is None:
            self.problems.add(mark, f"{text} is relative, but no `for` stands around it")
            return None
        if found.relative and within is not None:
            self._known(found.tag, within.tag or within.group, mark)
            return replace(found, text=within.text + found.text.removeprefix("."))
        if found.group and found.group not in self.shapes:
            self.problems.unknown(mark, "group", found.group, self.shapes)
        elif found.group or found.tag != _FRAME:
            self._known(found.tag, found.group or HEAD, mark)
            self._known(found.test.tag if found.test else "", found.group, mark)
        return found

    def _known(self, tag: str, group: str, mark: Mark) -> None:
        """Notes a segment that does not stand in this group (or is not the one segment that `for` gives)."""
        tags = self.shapes[group].tags if group in self.shapes else ()
        if tag and tag not in (group, *tags):
            self.problems.unknown(mark, f"segment in {group}", tag, (group, *tags))
