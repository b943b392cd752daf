"""Print how the HL7 v2 rules stand to the official guide, as the page docs/conformance-hl7v2.md.

Every row of HL7/v2-to-fhir about the segments that come to us: what our rules make of it and where (`file:line`), which
of the examples beside the rules (mappings/hl7v2/examples) go through that rule, or why it is not used.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from gateway import bootstrap
from gateway.cli.translate import SECRET
from gateway.domain.resource import ids
from gateway.settings import Settings
from gateway.translate.guide import State, Verdict, official_rows, verdicts
from gateway.translate.hl7v2.language import Hl7v2

_GUIDE = "HL7/v2-to-fhir (`hl7.fhir.uv.v2mappings` 1.0.0, STU 1, at 8c9b414 of 2025-10-01)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there instead of printing it")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Raises SettingsError when the rules cannot be read."""
    page = page_of(settings.mappings_folder)
    if args.write:
        args.write.write_text(page, "utf-8")
    else:
        print(page, end="")
    return 0


def page_of(mappings: Path) -> str:
    """The whole page, as Markdown."""
    spoken = Hl7v2(mappings, bootstrap.read_rules(mappings, SECRET).sources, ids(SECRET))
    rows = official_rows(mappings / "hl7v2" / "guide.csv")
    used = {row.map for row in rows if row.row}
    unused = [row for row in rows if row.map not in used]
    found = verdicts(rows, spoken.guides(), spoken.skipped, _covered(spoken, mappings / "hl7v2" / "examples"))
    counted = Counter(one.state for one in found)
    lines = [
        "# Our HL7 v2 rules and the official guide",
        "",
        "*For builders of adapters at a hospital.*",
        "",
        f"Written by `gateway conformance`. The guide is {_GUIDE}; a row is a field and the element it becomes.",
        "",
        "| | rows |",
        "|---|---|",
        *(f"| {state.value} | {counted[state]} |" for state in State),
        f"| all, in {len(used)} maps | {len(found)} |",
        "",
        f"Besides, {len(unused)} maps of the guide are not used as a whole; they are listed at the end.",
    ]
    for name, group in groupby(found, key=lambda one: one.official.map):
        lines += ["", f"## {name}", "", *_table(list(group))]
    lines += ["", "## Maps that are not used", "", "| map | why |", "|---|---|"]
    lines += [f"| {row.map} | {row.why} |" for row in unused]
    return "\n".join(lines) + "\n"


def _covered(spoken: Hl7v2, examples: Path) -> dict[str, set[str]]:
    """By rule, the examples that go through it."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted(examples.glob("*.hl7")):
        for row in spoken.explain(file.read_bytes()).rows:
            found[row.rule].add(file.stem)
    return found


def _table(found: Sequence[Verdict]) -> Iterable[str]:
    yield "| row | the guide | ours | rules | examples |"
    yield "|---|---|---|---|---|"
    for one in found:
        yield f"| {one.official.row} | {one.official.element} | {_ours(one)} | {_rules(one)} | {_examples(one)} |"


def _ours(one: Verdict) -> str:
    why = f": {one.why}" if one.why else ""
    makes = (
        ", ".join(dict.fromkeys(target.split("[")[0] for target in one.makes)) if one.state is State.DEVIATES else ""
    )
    return f"{one.state.value}{f' ({makes})' if makes else ''}{why}".replace("|", "\\|")


def _rules(one: Verdict) -> str:
    return ", ".join(f"{Path(mark.file).name}:{mark.line}" for mark in one.rules)


def _examples(one: Verdict) -> str:
    return ", ".join(one.examples)
