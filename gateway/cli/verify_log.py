"""Verify the access log: an export, one citizen's list, or the database itself, and name what was done to it.

An export is a file of export-log, or one of the three that the console's page Udtræk gives (then with --key).
Nothing in an export is believed but signatures. Keep the log's key (vkey) and a checkpoint (/log/checkpoint) from
time to time, outside the gateway: with --key a log that was signed again by somebody else is noticed, with
--checkpoint one that was rolled back or written anew, with --witness one that the other sector has not seen.
docs/verify_log.py, verify_list.py and verify_export.py there do the same without this program.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

from gateway.cli import exported
from gateway.cli.export_log import beside, progress
from gateway.cli.typed import day, seconds
from gateway.domain.checkpoint import COSIGNATURE, NoteKey, note_key
from gateway.domain.export_proof import ExportReport
from gateway.domain.list_proof import MOST, ListReport, is_list, verify_list
from gateway.domain.verify_log import TOLERANCE, Report, Verification
from gateway.errors import SettingsError
from gateway.settings import Settings
from gateway.store import keys
from gateway.store.log_agreement import misfiled
from gateway.store.log_reading import export


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to verify, and against what."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("export", type=Path, nargs="?", help="a file of export-log, of /log/lists/, or of the console")
    what.add_argument("--live", action="store_true", help="the database that the settings name")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="who may sign: name+id+key")
    parser.add_argument("--witness", action="append", default=[], metavar="VKEY", help="who must have cosigned it")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="FILE", help="a checkpoint kept from before"
    )
    parser.add_argument(
        "--tolerance",
        type=seconds,
        default=TOLERANCE,
        metavar="SECONDS",
        help="how far clocks may differ",
    )
    parser.add_argument(
        "--kept-since", type=day, metavar="DATE", help="contents signed before this day may be gone (retention)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 0 when nothing is wrong, 1 when something is."""
    options = {
        "trusted": [_read(path) for path in args.checkpoint],
        "tolerance": args.tolerance,
        "kept_since": args.kept_since,
        "witnesses": [note_key(text, COSIGNATURE) for text in args.witness],
    }
    trusted_keys = [note_key(text) for text in args.key]
    if not args.live and exported.is_exported(args.export):
        _only_a_whole_log(args, "--witness")
        return _three_files(exported.verified(args.export, trusted_keys), as_json=args.json)
    if not args.live and (raw := _list(args.export)):
        _only_a_whole_log(args)
        return _one_list(verify_list(raw, keys.verify, trusted_keys, options["witnesses"]), as_json=args.json)
    report = (
        asyncio.run(_live(settings, trusted_keys, options)) if args.live else _file(args.export, trusted_keys, options)
    )
    print(json.dumps(_told(report), ensure_ascii=False, indent=1) if args.json else _spoken(report))
    return 0 if report.ok else 1


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unread(path, error) from None
    except ValueError:
        raise SettingsError("This file is not text", where=str(path)) from None


def _unread(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"This file cannot be read ({error.strerror})", where=str(path))


def _only_a_whole_log(args: argparse.Namespace, *more: str) -> None:
    """Raises SettingsError for options that would say nothing here: nobody is to believe that they were looked at."""
    given = {"--checkpoint": args.checkpoint, "--kept-since": args.kept_since, "--witness": args.witness}
    idle = [name for name in ("--checkpoint", "--kept-since", *more) if given[name]]
    if idle:
        raise SettingsError(f"{', '.join(idle)} can be compared with an export of the whole log (export-log) alone")


def _three_files(report: ExportReport, *, as_json: bool) -> int:
    if as_json:
        told = dataclasses.asdict(report) | {"ok": report.ok}
        if report.manifest:
            told["manifest"]["root"] = report.manifest.root.hex()
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print(exported.spoken(report))
    return 0 if report.ok else 1


def _list(path: Path) -> bytes:
    """The file, when it is one citizen's list."""
    try:
        with path.open("rb") as file:
            line = file.readline(MOST)
    except OSError:
        return b""
    return line if is_list(line) else b""


def _one_list(report: ListReport, *, as_json: bool) -> int:
    told = [{"citizen": citizen, "entries": count, "without_content": gone} for citizen, count, gone in report.lists]
    if as_json:
        faults = [dataclasses.asdict(fault) for fault in report.faults]
        print(json.dumps({"ok": report.ok, "lists": told, "faults": faults}, ensure_ascii=False, indent=1))
        return 0 if report.ok else 1
    for one in told:
        print(f"Patient/{one['citizen']}: {one['entries']} entries, {one['without_content']} of them without content.")
    if report.checkpoint and report.checkpoint.time:
        print(
            f"Signed {report.checkpoint.time.isoformat(timespec='seconds')}, {report.checkpoint.size} records in all."
        )
    if report.own_key:
        print("The key came from the list itself; give --key to rely on it.")
    for fault in report.faults:
        print(f"{fault.kind.upper()}: {fault.text}")
    print("Nothing was left out, changed or put in." if report.ok else "This is NOT the list that was signed.")
    return 0 if report.ok else 1


def _file(path: Path, trusted_keys: list[NoteKey], options: dict[str, Any]) -> Report:
    verification = Verification(keys.verify, trusted_keys, **options)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                verification.feed(line)
                progress(number)
    except OSError as error:
        raise _unread(path, error) from None
    return verification.finish()


async def _live(settings: Settings, trusted_keys: list[NoteKey], options: dict[str, Any]) -> Report:
    """The database, and what only its tables can tell."""
    async with beside(settings) as (connection, key):
        verification = Verification(keys.verify, trusted_keys or [key.public], **options)
        number = 0
        async for line in export(connection, key.vkey):
            verification.feed(line)
            number += 1
            progress(number)
        report = verification.finish()
        async for fault in misfiled(connection):
            report.add(fault)
    return report


def _told(report: Report) -> dict[str, Any]:
    told = dataclasses.asdict(report)
    told |= {
        "ok": report.ok,
        "root": report.root.hex(),
        "signed_at": report.signed_at.isoformat() if report.signed_at else None,
        "forgotten": report.forgotten.isoformat() if report.forgotten else None,
    }
    return told


def _spoken(report: Report) -> str:
    signed = f", signed {report.signed_at.isoformat(timespec='seconds')}" if report.signed_at else ""
    lines = [
        f"{report.records} records, {report.without_body} of them without content.",
        f"{report.checkpoints} checkpoints fit, the last over {report.size} records{signed}.",
        *(f"Key {key}" for key in report.keys),
    ]
    if report.lists is not None:
        lines.append(f"The lists of {report.lists} citizens are complete.")
    if report.forgotten:
        lines.append(f"Contents from before {report.forgotten.isoformat()} were deleted when their time was over.")
    lines += [f"Witnessed by {key.partition('+')[0]} up to {size} records." for key, size in report.witnessed.items()]
    if report.own_key:
        lines.append("The key came from the export itself; give --key to rely on it.")
    lines += [f"{fault.kind.upper()}: {fault.text}" for fault in report.faults]
    if report.more:
        lines.append(f"... and {report.more} more.")
    lines.append(
        "Nothing was changed, removed, swapped or put in." if report.ok else "The log is NOT as it was signed."
    )
    return "\n".join(lines)
