"""Try messages in quarantine again, after a rule, a code table or a source was mended.

Without an id all of them are tried, in the order in which they came.
"""

from __future__ import annotations

import argparse
import asyncio
import json

from gateway.bootstrap import opened
from gateway.cli.typed import at_least
from gateway.flows.replay import Replayed, replay
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which message, and how to tell."""
    parser.add_argument("id", type=at_least(1), nargs="?", help="one message in quarantine; all when left out")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a message is still refused."""
    told = asyncio.run(_replay(args.id, settings))
    for one in told:
        if args.json:
            print(json.dumps({"id": one.id, "language": one.language, "error": one.error}, ensure_ascii=False))
        else:
            print(f"{one.id} {one.language}: {one.error or 'understood'}")
    if not told and not args.json:
        print("Nothing is in quarantine." if args.id is None else "It is not in quarantine.")
    return 1 if any(one.error for one in told) else 0


async def _replay(identity: int | None, settings: Settings) -> list[Replayed]:
    async with opened(settings) as gateway:
        return await replay(gateway, identity)
