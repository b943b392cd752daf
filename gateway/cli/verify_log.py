"""Verify the access log: an export, or the database itself, and name what was done to it.

Nothing in an export is believed but signatures. Keep the log's key (vkey) and a checkpoint (/log/checkpoint) from
time to time, outside the gateway: with --key a log that was signed again by somebody else is noticed, with
--checkpoint one that was rolled back or written anew. docs/verify_log.py does the same without this program.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.cli.export_log import beside, progress
from gateway.domain.checkpoint import NoteKey, note_key
from gateway.domain.verify_log import TOLERANCE, Report, Verification
from gateway.errors import SettingsError
from gateway.settings import Settings
from gateway.store import keys
from gateway.store.log_reading import export, misfiled


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to verify, and against what."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("export", type=Path, nargs="?", help="a file that export-log wrote")
    what.add_argument("--live", action="store_true", help="the database that the settings name")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="who may sign: name+id+key")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="FILE", help="a checkpoint kept from before"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=TOLERANCE.total_seconds(),
        metavar="SECONDS",
        help="how far clocks may differ",
    )
    parser.add_argument(
        "--kept-since", type=_day, metavar="DATE", help="contents signed before this day may be gone (retention)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 0 when nothing is wrong, 1 when something is."""
    options = {
        "trusted": [_read(path) for path in args.checkpoint],
        "tolerance": timedelta(seconds=args.tolerance),
        "kept_since": args.kept_since,
    }
    trusted_keys = [note_key(text) for text in args.key]
    report = (
        asyncio.run(_live(settings, trusted_keys, options)) if args.live else _file(args.export, trusted_keys, options)
    )
    print(json.dumps(_told(report), ensure_ascii=False, indent=1) if args.json else _spoken(report))
    return 0 if report.ok else 1


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise SettingsError("This file cannot be read", where=str(path)) from None


def _file(path: Path, trusted_keys: list[NoteKey], options: dict[str, Any]) -> Report:
    verification = Verification(keys.verify, trusted_keys, **options)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                verification.feed(line)
                progress(number)
    except OSError:
        raise SettingsError("This file cannot be read", where=str(path)) from None
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
    }
    return told


def _spoken(report: Report) -> str:
    signed = f", signed {report.signed_at.isoformat(timespec='seconds')}" if report.signed_at else ""
    lines = [
        f"{report.records} records, {report.without_body} of them without content.",
        f"{report.checkpoints} checkpoints fit, the last over {report.size} records{signed}.",
        *(f"Key {key}" for key in report.keys),
    ]
    if report.own_key:
        lines.append("The key came from the export itself; give --key to rely on it.")
    lines += [f"{fault.kind.upper()}: {fault.text}" for fault in report.faults]
    if report.more:
        lines.append(f"... and {report.more} more.")
    lines.append(
        "Nothing was changed, removed, swapped or put in." if report.ok else "The log is NOT as it was signed."
    )
    return "\n".join(lines)
