"""Hand a citizen's case over to the municipality that acts now.

A KL Bundle of what the old municipality wrote, with its history. What goes is decided by the law and the citizen's
consents, and is on record before it leaves. It waits in the outbox for the new municipality's system, or is written to
a file. From then on the old municipality sees what it wrote itself, and of the rest nothing that comes after
(docs/municipalities.md). The citizen is named by a Patient id, never by a number.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from gateway.bootstrap import opened
from gateway.errors import BadRequest
from gateway.flows.hand_over import HandedOver, Wish, hand_over
from gateway.settings import Settings
from gateway.translate.handing_over import HandingOver
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose case, to whom, who says so and why."""
    parser.add_argument("--citizen-id", required=True, metavar="ID", help="the id of the Patient")
    parser.add_argument("--to", required=True, metavar="CODE", help="the municipality that acts now, 0147")
    parser.add_argument("--from", dest="old", default="", metavar="CODE", help="who hands over, where several may")
    parser.add_argument("--by", required=True, metavar="NAME", help="who says so")
    parser.add_argument("--reason", required=True, help="why")
    parser.add_argument("--file", type=Path, metavar="FILE", help="write it here (a new file) and send nothing")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 where nothing may go. Raises BadRequest where the file is there already or cannot be written."""
    if not (args.by.strip() and args.reason.strip()):
        raise BadRequest("A case is handed over by somebody, for a reason")
    wish = Wish(args.citizen_id, args.to, args.by, args.reason, args.old, to_file=args.file is not None)
    if args.file is None:
        told(asyncio.run(_hand_over(settings, wish)))
        return 0
    try:
        file = args.file.open("xb")  # before anything is said: the old municipality leaves only with it
    except OSError as error:
        raise BadRequest("The file is there already or cannot be written", hint=f"({type(error).__name__})") from None
    try:
        with file:
            args.file.chmod(0o600)
            found = asyncio.run(_hand_over(settings, wish))
            file.write(found.body)
    except BaseException as error:
        args.file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BadRequest("The file was not written", hint=f"Hand over again. ({type(error).__name__})") from None
        raise
    told(found)
    return 0


def told(found: HandedOver) -> None:
    """What went, without anything of the citizen."""
    where = f"waits for {found.destination}" if found.destination else "is in the file"
    old, new = found.regions
    print(f"{found.parts} parts of the case: the Bundle {where}. {found.withheld} were withheld.")
    if old != new:
        print(f"The region changes: {old or 'none'} to {new or 'none'}.")


async def _hand_over(settings: Settings, wish: Wish) -> HandedOver:
    problems = Problems()
    codes = Codes.read(settings.mappings_folder / "codes", problems)
    problems.check()
    async with opened(settings) as gateway:
        return await hand_over(gateway, HandingOver.of(codes, settings.mappings_folder), wish)
