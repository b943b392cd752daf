"""Show which rule made which element of which field, and which fields nothing read.

Three parts: every FHIR element that a message makes, with the fields it came from and the rule as `file:line`; the
fields that no rule read, with the reason where a rule file skips them; and what was not carried over faithfully.
No value of the message is shown.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from gateway.cli.together import told_of
from gateway.cli.translate import content, rules_for, strangers, tell_stranger
from gateway.settings import Settings
from gateway.translate.door import door_of
from gateway.translate.rules.trace import Explanation, holds
from gateway.translate.terms.noticing import remarks

_LITERAL = "(literal)"
_QUALIFIER = re.compile(r"\[[^]]*\]")  # EDIFACT: which of several segments, `NAD` of `S01[SEQ-2=1]/NAD-2.1`


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which message, and how to tell."""
    parser.add_argument("file", metavar="FILE", help="a message; - reads standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object for each message, every place on its own")
    strangers(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when the message cannot be understood."""
    rules = rules_for(args, settings)
    whole = content(args.file)
    with told_of(args.file):
        door = door_of(whole)
        language, messages = rules.languages.of(door), list(rules.languages.messages(door, whole))
    for raw in messages:
        with told_of(args.file), rules.languages.placing(door, raw):
            found, understood = language.explain(raw), language.translate(raw)
        source = understood.source
        found = replace(found, findings=(*found.findings, *remarks(rules.terms, understood)))
        if args.json:
            print(json.dumps(asdict(found), ensure_ascii=False, indent=2))
        else:
            _print(found)
            print(f"\nRead as the source {source.id} ({source.name}).")
        tell_stranger(rules, args.file, source)
    return 0


def _print(found: Explanation) -> None:
    _table(("element", "field", "rule"), [(r.target, ", ".join(r.fields) or _LITERAL, r.rule) for r in found.rows])
    print(f"\n{len(found.rows)} elements made.")
    left = list(_by_field(found))
    if left:
        print("\nFields that no rule read:\n")
        _table(("field", "why"), left)
    if found.findings:
        print("\nFound on the way:\n")
        _table(("place", "what", "rule"), [(f.where, f.text, f.rule) for f in found.findings])


def _by_field(found: Explanation) -> Iterable[tuple[str, str]]:
    """Components and sub-components with one reason in one line: `PID-18.1`, `PID-18.4.2` as `PID-18`. Each is named
    where a rule read another part of the field."""
    read = {_QUALIFIER.sub("", field) for row in found.rows for field in row.fields}
    lines: dict[tuple[str, str], list[str]] = {}
    for one in found.unread:
        head, dash, rest = one.field.rpartition("-")
        field = f"{head}-{rest.partition('.')[0]}" if dash and "/" not in rest else one.field
        lines.setdefault((field, one.reason), []).append(one.field)
    for (field, reason), parts in lines.items():
        yield ", ".join(parts) if any(holds(field, other) for other in read) else field, reason


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
