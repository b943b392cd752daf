"""Unusual looks: look the access log through now, and say who works where and whom everybody knows.

STAFF is a CSV file of an employer's list, one line for each person and shift: user_system, user_value (as in the access
tokens), name, cpr, unit, address, postal_code, days (mo tu we th fr sa su), begins, ends (07:00). KNOWN has one CPR
number a line. Both replace what was there; numbers and addresses are kept as keyed hashes alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from gateway.bootstrap import opened
from gateway.errors import BadRequest
from gateway.flows.staff import take_staff, take_well_known
from gateway.flows.suspicion import watch
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do; without any option, look through."""
    parser.add_argument("--staff", type=Path, metavar="FILE", help="who works where")
    parser.add_argument("--well-known", type=Path, metavar="FILE", help="whom everybody has heard of")
    parser.add_argument("--json", action="store_true", help="what was done as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a file cannot be read."""
    done = asyncio.run(_do(args, settings))
    print(json.dumps(done) if args.json else "\n".join(f"{what}: {count}" for what, count in done.items()))
    return 0


async def _do(args: argparse.Namespace, settings: Settings) -> dict[str, int]:
    done: dict[str, int] = {}
    async with opened(settings) as gateway:
        if args.staff:
            done["staff"] = await take_staff(gateway, _text(args.staff))
        if args.well_known:
            done["well-known"] = await take_well_known(gateway, _text(args.well_known))
        if not done:
            done["new findings"] = await watch(gateway)
    return done


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("The list is not UTF-8", where=file.name, hint="Save it as UTF-8 and take it again.") from None
