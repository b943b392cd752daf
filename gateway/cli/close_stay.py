"""Close a stay whose discharge never came (MedCom R.BR7), or open it again.

The hospital's word goes before it: a discharge that comes after all, or anything that happened there later. Who closed
it and why stands in the access log.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime

from gateway.bootstrap import opened
from gateway.domain.when import instant
from gateway.errors import BadRequest
from gateway.flows.close_stay import close_stay
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which stay, when it ended, who says so and why."""
    parser.add_argument("id", metavar="ENCOUNTER", help="the id of the Encounter")
    parser.add_argument("--at", required=True, metavar="TIME", help="when it ended, 2026-03-20T12:00:00+01:00 or a day")
    parser.add_argument("--by", required=True, metavar="NAME", help="who says so")
    parser.add_argument("--reason", required=True, help="why")
    parser.add_argument("--undo", action="store_true", help="take it back: the stay goes on")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when there is no such stay."""
    asyncio.run(_close(args, _time(args.at), settings))
    print("The stay is open again." if args.undo else "The stay is closed.")
    return 0


def _time(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError:
        raise BadRequest("--at is no time", hint="Write it as 2026-03-20T12:00:00+01:00, or as a day.") from None


async def _close(args: argparse.Namespace, at: datetime, settings: Settings) -> None:
    async with opened(settings) as gateway:
        await close_stay(gateway, args.id, at, args.by, args.reason, undo=args.undo)
