"""Check mappings, policy tables, profiles, clients, users, issuers, certificates, and whether messages are understood.

Without files: everything that the gateway reads at start, and the examples beside the rules (mappings/*/examples: a
message `name.hl7`, `.json`, `.xml` or `.edi` and what it must become, `name.expected.json`). With files: the messages
in them as well. With `--against OLD`, what the messages become by these rules and by those in the folder OLD is
compared, element by element. Every error is told, one a line, as `file:line: text`. Nothing is stored or sent.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway import bootstrap
from gateway.cli import against
from gateway.cli.admitting import admission
from gateway.cli.certifying import door_tls
from gateway.cli.differing import differences, plain
from gateway.errors import GatewayError, SettingsError
from gateway.inbound import clients
from gateway.settings import Settings
from gateway.translate import conformance, r4
from gateway.translate.door import door_of
from gateway.translate.kl.write.tables import Tables as KlTables
from gateway.translate.oio.write.tables import Tables as OioTables
from gateway.translate.rules.problems import MappingError, nearest
from gateway.translate.terms.noticing import noticed

_SECRET = b"references in examples must not change from one installation to the next"
_SETTINGS = Path("settings")
_EXPECTED = ".expected.json"
_MOST_DIFFERENCES = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """One error. `line` is 0 and `place` (which `text` tells too) is empty where there is none."""

    file: str
    text: str
    line: int = 0
    place: str = ""

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.text}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which messages, and how to tell."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a message to translate")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--against", type=Path, metavar="OLD", help="an older mappings folder to compare with")
    one.add_argument("--accept", action="store_true", help="from now on the examples must become what they become")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when anything is wrong."""
    if args.against:
        return against.run(args.against, args.files, settings, as_json=args.json)
    faults, rules = _start(settings)
    understood: list[dict[str, Any]] = []
    if rules is not None:
        examples = [] if args.files else sorted(_examples(settings.mappings_folder))
        for file in examples:
            faults += _example(rules, file, args.accept)
        for file in args.files:
            faults += _message(rules, file, understood)
    if args.json:
        told = {"ok": not faults, "faults": [asdict(fault) for fault in faults], "messages": understood}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 1 if faults else 0
    for one in understood:
        print(f"{one['file']}: {one['event']}, {one['statements']} statements, {len(one['findings'])} findings")
        for finding in one["findings"]:
            rule = f" ({finding['rule']})" if finding["rule"] else ""
            print(f"  {finding['where']}: {finding['text']}{rule}")
    for fault in faults:
        print(fault)
    print(f"{len(faults)} error{'' if len(faults) == 1 else 's'}" if faults else "No errors.")
    return 1 if faults else 0


def _start(settings: Settings, folder: Path = r4.FILE.parent) -> tuple[list[Fault], bootstrap.Rules | None]:
    """Everything that is read at start; the rules when they are good. `folder` holds the R4 facts and our profiles."""
    if not settings.mappings_folder.is_dir():
        return [Fault(str(settings.mappings_folder), "there is no such mappings folder")], None
    faults: list[Fault] = []
    made: list[bootstrap.Rules] = []
    facts, definitions, profiles = folder / r4.FILE.name, folder / r4.DEFINITIONS.name, folder / "compiled"
    parts: list[tuple[Path, Callable[[], Any]]] = [
        (facts, lambda: r4.Facts.read(facts)),
        (definitions, lambda: r4.Definitions.read(facts, definitions)),
        (profiles, lambda: conformance.Profiles.read(profiles)),
        (settings.mappings_folder, lambda: made.append(bootstrap.read_rules(settings.mappings_folder, _SECRET))),
        (settings.mappings_folder, lambda: OioTables.read(settings.mappings_folder)),
        (settings.mappings_folder, lambda: KlTables.read(settings.mappings_folder)),
    ]
    parts += [
        (_SETTINGS, lambda: admission(settings, clients.load(settings.clients))),
        (_SETTINGS, lambda: door_tls(settings)),
    ]
    for where, read in parts:
        try:
            read()
        except MappingError as error:
            faults += [Fault(p.mark.file, p.text, p.mark.line) for p in error.problems]
        except SettingsError as error:
            faults += [Fault(str(where), line) for line in error.told().splitlines()]
        except (OSError, ValueError, KeyError) as error:
            faults.append(Fault(str(where), f"cannot be read: {type(error).__name__}"))
    if made and not faults:
        faults = _unknown_sources(settings, made[0])
    return faults, made[0] if made else None


def _unknown_sources(settings: Settings, rules: bootstrap.Rules) -> list[Fault]:
    """A client may be registered before its source is, so the start lets it pass; what it sends is refused."""
    known = [source.id for source in rules.sources]
    return [
        Fault(
            f"{settings.clients.name}/{client.id}.yaml",
            f"sends names {one}, which is no source{_meant(nearest(one, known))}",
        )
        for client in clients.load(settings.clients)
        for one in client.sends
        if one not in known
    ]


def _meant(name: str) -> str:
    return f" (did you mean {name}?)" if name else ""


def _message(rules: bootstrap.Rules, file: Path, understood: list[dict[str, Any]]) -> list[Fault]:
    """One message of the command line."""
    try:
        raw = file.read_bytes()
        door = door_of(raw)
        spoken = rules.languages.of(door)
        translations = []
        for one in rules.languages.messages(door, raw):
            with rules.languages.placing(door, one):
                translations.append(noticed(rules.terms, spoken.translate(one)))
    except OSError as error:
        return [Fault(str(file), f"cannot be read: {error.strerror}")]
    except GatewayError as error:
        return [Fault(str(file), error.told(), place=error.where)]
    understood += [
        {
            "file": str(file),
            "door": door,
            "event": f"{found.language} {found.event}",
            "source": found.source.id,
            "statements": len(found.statements),
            "findings": [asdict(finding) for finding in found.findings],
        }
        for found in translations
    ]
    return []


def _examples(mappings: Path) -> Iterator[Path]:
    for file in mappings.glob("*/examples/*"):
        if file.is_file() and not file.name.endswith(_EXPECTED) and file.suffix in (".hl7", ".json", ".xml", ".edi"):
            yield file


def _example(rules: bootstrap.Rules, file: Path, accept: bool) -> list[Fault]:
    """One example against what it must become."""
    expected = file.with_name(file.stem + _EXPECTED)
    try:
        raw = file.read_bytes()
        got = plain(rules.languages.of(door_of(raw)).translate(raw))
    except GatewayError as error:
        return [Fault(str(file), error.told(), place=error.where)]
    if accept:
        expected.write_text(json.dumps(got, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if not expected.is_file():
        return [Fault(str(file), f"{expected.name} is missing: `gateway check --accept` writes it")]
    try:
        wanted = json.loads(expected.read_bytes())
    except ValueError:
        return [Fault(str(expected), "is not JSON")]
    found = list(differences(wanted, got, ""))
    return [Fault(str(expected), f"differs at {place}") for place in found[:_MOST_DIFFERENCES]]
