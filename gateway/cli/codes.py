"""List the code tables of the mappings, each with its owner, version and date; or print one as a FHIR ConceptMap.

The tables are mappings/codes/*.csv; mappings/code-tables.csv says who owns each.
"""

from __future__ import annotations

import argparse
import json

from gateway.errors import BadRequest
from gateway.settings import Settings
from gateway.translate.rules.codes import Codes, concept_map
from gateway.translate.rules.problems import Problems

_URL = "https://faellesplan.dk/fhir/ConceptMap"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which table, and as of when."""
    parser.add_argument("table", nargs="?", metavar="TABLE", help="print this one as a ConceptMap")
    parser.add_argument("--on", default="", metavar="DAY", help="only rows that hold on a day (2026-01-31)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Raises SettingsError when a table has errors, BadRequest when there is none of the name."""
    problems = Problems()
    found = Codes.read(settings.mappings_folder / "codes", problems)
    problems.check()
    if args.table:
        if args.table not in found.tables:
            raise BadRequest(f"There is no table {args.table}", hint="`gateway codes` lists them.")
        about = found.about.get(args.table)
        made = concept_map(found.tables[args.table], f"{_URL}/{args.table}", args.on, about)
        print(json.dumps(made, ensure_ascii=False, indent=2))
        return 0
    for name, table in found.tables.items():
        about = found.about.get(name)
        owner = f"{about.owner}, version {about.version} of {about.date}: {about.source}" if about else "owner not told"
        print(f"{name:30} {len(table.rows):4} rows  {owner}")
    return 0
