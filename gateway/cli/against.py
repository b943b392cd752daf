"""Compare what messages become by two mappings folders: `gateway check --against OLD FILES`.

For an integrator who changes a rule and wants to see all that it changes. Without files, the examples beside the rules
are compared. Every difference is an element of a statement, with the rule that makes it now and the one that made it
before; values are not told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway import bootstrap
from gateway.cli.differing import differences, plain
from gateway.cli.translate import SECRET, content
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.translate.door import door_of
from gateway.translate.rules.trace import Row, holds

_EXAMPLES = (".hl7", ".json", ".xml", ".edi")


@dataclass(frozen=True, slots=True)
class Change:
    """One element that differs: its place, and the rules (`file:line`) that make it now and made it before; "" where
    none does."""

    file: str
    place: str
    now: str = ""
    before: str = ""

    def __str__(self) -> str:
        rules = self.now if self.now == self.before else f"{self.now or 'no rule'}, before {self.before or 'no rule'}"
        return f"{self.file}: {self.place}" + (f"  ({rules})" if self.now or self.before else "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """One message by one set of rules: what it says, or why it is refused, and which rule made what."""

    said: dict[str, Any]
    rows: Sequence[Row] = ()


def run(old: Path, files: Sequence[Path], settings: Settings, *, as_json: bool) -> int:
    """Exit status 0 whether anything differs or not. Raises SettingsError when either folder cannot be read."""
    chosen = files or sorted(_examples(settings.mappings_folder))
    before = bootstrap.read_rules(old, SECRET, strangers=True)
    messages = [one for file in chosen for one in _messages(file, before)]
    # All by the old folder first: the names of identifier systems that a folder tells hold for the whole process.
    was = [_reading(before, raw) for _, raw in messages]
    now = bootstrap.read_rules(settings.mappings_folder, SECRET, strangers=True)
    read = zip(messages, was, strict=True)
    found = [change for (name, raw), one in read for change in _changes(name, one, _reading(now, raw))]
    if as_json:
        print(json.dumps([asdict(change) for change in found], ensure_ascii=False, indent=2))
        return 0
    for change in found:
        print(change)
    noun = "difference" if len(found) == 1 else "differences"
    print(f"{len(found)} {noun} in {len({change.file for change in found})} of {len(chosen)} files.")
    return 0


def _examples(mappings: Path) -> Iterator[Path]:
    for file in mappings.glob("*/examples/*"):
        if file.suffix in _EXAMPLES and not file.name.endswith(".expected.json"):
            yield file


def _messages(file: Path, rules: bootstrap.Rules) -> Iterator[tuple[str, bytes]]:
    """What is in a file, each message with its name."""
    whole = content(str(file))
    messages = rules.languages.messages(door_of(whole), whole)
    for number, raw in enumerate(messages, 1):
        yield str(file) if len(messages) == 1 else f"{file}[{number}]", raw


def _changes(name: str, was: _Reading, now: _Reading) -> Iterator[Change]:
    for place in differences(was.said, now.said, ""):
        yield Change(name, place, _rule(place, now.rows), _rule(place, was.rows))


def _reading(rules: bootstrap.Rules, raw: bytes) -> _Reading:
    try:
        door = door_of(raw)
        language = rules.languages.of(door)
        with rules.languages.placing(door, raw):
            said = plain(language.translate(raw))
            rows = language.explain(raw).rows
    except GatewayError as error:
        return _Reading({f"refused: {error.text.rstrip('.')}" + (f" at {error.where}" if error.where else ""): True})
    return _Reading(_named(said), rows)


def _named(said: dict[str, Any]) -> dict[str, Any]:
    """The statements by the names that a trace gives them: `Patient`, `Condition[0]`, `Condition[1]`; an element of one
    is then `Condition[1].code`."""
    statements = said.pop("statements")
    kinds = [one["kind"] for one in statements]
    for number, one in enumerate(statements):
        kind = one.pop("kind")
        body = one.pop("body")
        name = kind if kinds.count(kind) == 1 else f"{kind}[{kinds[:number].count(kind)}]"
        said[name] = body | {f"({what})": value for what, value in one.items()}
    return said


def _rule(place: str, rows: Iterable[Row]) -> str:
    """The rule of the element there, or of the closest one around or inside it."""
    element = place.partition(" (")[0]
    near = [row for row in rows if holds(row.target, element) or holds(element, row.target)]
    return max(near, key=lambda row: len(row.target)).rule if near else ""
