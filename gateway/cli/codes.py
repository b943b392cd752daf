"""List the code tables of the mappings, each with its owner, version and date; or print one as a FHIR ConceptMap.

The tables are mappings/codes/*.csv; mappings/code-tables.csv says who owns each. With `--systems`, the code systems
that are known (mappings/term-systems.csv); with `--lookup`, what one code of them means.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date

from gateway.errors import BadRequest, NotFound
from gateway.settings import Settings
from gateway.translate.rules.codes import Codes, concept_map
from gateway.translate.rules.problems import Problems
from gateway.translate.terms.system import Found, System
from gateway.translate.terms.terms import MAPS, Terms, retired


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which table or code, and as of when."""
    one = parser.add_mutually_exclusive_group()
    one.add_argument("table", nargs="?", metavar="TABLE", help="print this one as a ConceptMap")
    one.add_argument("--systems", action="store_true", help="list the code systems")
    one.add_argument("--lookup", nargs=2, metavar=("SYSTEM", "CODE"), help="a code of a system (its name or its URL)")
    parser.add_argument("--on", type=_day, metavar="DAY", help="as of a day (2026-01-31)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Raises SettingsError when a table has errors, BadRequest or NotFound when there is none of the name."""
    problems, on = Problems(), args.on or ""
    found = Codes.read(settings.mappings_folder / "codes", problems)
    terms = Terms.read(settings.mappings_folder, found, problems)
    problems.check()
    if args.lookup:
        name, code = args.lookup
        system = _named(terms, name)
        for line in _told(system, terms.lookup(system, code, on), on):
            print(line)
    elif args.systems:
        for name, system in terms.systems.items():
            about = system.about
            print(f"{name:20} {len(system.codes):4} concepts  {about.url}  {about.owner}, version {about.version}")
    elif args.table:
        if args.table not in found.tables:
            raise BadRequest(f"There is no table {args.table}", hint="`gateway codes` lists them.")
        made = concept_map(found.tables[args.table], f"{MAPS}/{args.table}", on, found.about.get(args.table))
        print(json.dumps(made, ensure_ascii=False, indent=2))
    else:
        _list(found)
    return 0


def _list(found: Codes) -> None:
    for name, table in found.tables.items():
        about = found.about.get(name)
        owner = f"{about.owner}, version {about.version} of {about.date}: {about.source}" if about else "owner not told"
        print(f"{name:30} {len(table.rows):4} rows  {owner}")


def _named(terms: Terms, name: str) -> System:
    """A system by its id here, its name or any spelling of its URL."""
    called = {one.about.name.lower(): one for one in terms.systems.values()}
    system = terms.systems.get(name) or called.get(name.lower()) or terms.system(name)
    if system is None:
        raise NotFound("This code system is not known here", hint="`gateway codes --systems` lists them.")
    return system


def _told(system: System, found: Found, on: str) -> Iterator[str]:
    """What a code means, line by line."""
    concept = found.concept
    yield f"{found.code}  {concept.display}  ({system.about.name}, version {system.about.version})"
    above = [one.display for one in system.above(concept.code)]
    below = [system.concept(code).display for code in system.children(concept.code)]
    others = [code for code in system.all_codes(concept) if code != found.code]
    facts = {
        "other displays": "; ".join(concept.also),
        "other codes": ", ".join(others),
        "above it": " < ".join(above),
        "below it": "; ".join(below),
        "retired": f"from {concept.retired_from}" if concept.valid_to else "",
        "on that day": retired(concept, on),
        "note": concept.note,
        "table": str(concept.mark),
    }
    yield from (f"  {name}: {text}" for name, text in facts.items() if text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day (2026-01-31)") from None
