"""Judge what is kept again, after a table in mappings/policy was changed: labels, data classes, all that decisions use.

Each citizen is one commit. Work that was broken off goes on with --after and the id that was told last; begun again it
finds nothing to do for those who are done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from gateway.bootstrap import opened
from gateway.flows.relabel import relabel
from gateway.settings import Settings

_EVERY = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to go on, and how to tell."""
    parser.add_argument("--after", default="", metavar="ID", help="go on after this Patient id")
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a citizen could not be worked out."""
    return asyncio.run(_relabel(args.after, settings, as_json=args.json))


async def _relabel(after: str, settings: Settings, *, as_json: bool) -> int:
    done, changed, failed = 0, 0, 0
    async with opened(settings) as gateway:
        async for one in relabel(gateway, after):
            done += 1
            changed += one.changed
            failed += bool(one.error)
            if one.error:
                print(f"{one.citizen}: {one.error}", file=sys.stderr)
            if done % _EVERY == 0:
                print(f"{done} citizens, {changed} changed; the last was {one.citizen}", file=sys.stderr, flush=True)
    if as_json:
        print(json.dumps({"citizens": done, "changed": changed, "failed": failed}))
    else:
        print(f"{done} citizens judged again, {changed} changed.")
    return 1 if failed else 0
