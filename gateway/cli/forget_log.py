"""Delete the contents of the access log from before a day; their proof stays, and so does that they were deleted.

What is less than half a year old is kept. A deleted record goes with its salt: the log no longer tells anybody whom it
was about. How many there were, when they were signed and that none is missing still shows (docs/log.md).
GATEWAY_LOG_DAYS does the same every day.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime

from gateway.bootstrap import opened
from gateway.cli.export_log import OPERATOR, operator
from gateway.cli.typed import day
from gateway.flows.forget_log import forget_log
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Up to when."""
    parser.add_argument("--before", type=day, required=True, metavar="DATE", help="records from before this day go")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 0 when they are gone."""
    gone = asyncio.run(_forget(settings, args.before))
    print(f"{gone} records were deleted; their proofs stay.")
    return 0


async def _forget(settings: Settings, before: datetime) -> int:
    async with opened(settings) as gateway:
        return await forget_log(gateway, before, user=f"{OPERATOR}|{operator()}", client="gateway forget-log")
