"""Ask a system that does not send by itself (KMD Nexus, KMD Momentum) for what is new.

Everybody known here with a case of the source's municipality is asked for, or the citizens named with --citizen: by the
id of their Patient, by CPR number, or `-` to read numbers from standard input, one a line, so that they stand neither
in the list of processes nor in a shell's history. Prints how many looks there were by what became of them, and nothing
of a citizen. `gateway serve` does the same again and again. With --state: how it stands with every source.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from gateway.bootstrap import opened
from gateway.errors import BadRequest, SettingsError
from gateway.flows import fetch
from gateway.flows.fetch import OUTCOMES, Round, Systems
from gateway.flows.parts import Gateway
from gateway.outbound import secrets
from gateway.outbound.lines import caller_context
from gateway.outbound.vendors import systems
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which source, and whom to ask for."""
    parser.add_argument("--source", metavar="ID", help="a file of mappings/sources with `fetch:`, without its suffix")
    parser.add_argument(
        "--citizen", nargs="+", metavar="CITIZEN", help="Patient ids, CPR numbers, or - for standard input"
    )
    parser.add_argument("--state", action="store_true", help="only show how it stands with every source")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a look failed, an answer was refused, a letter was left or the system is away."""
    if args.state:
        return _tell_states(asyncio.run(_states(settings)), as_json=args.json)
    if not args.source:
        raise BadRequest("Say which source to ask", hint="--source ID; --state shows those that were asked.")
    citizens = _citizens(args.citizen) if args.citizen else None
    done = asyncio.run(_fetch(args.source, citizens, settings))
    told: dict[str, Any] = {name: done.looks[name] for name in OUTCOMES}
    told |= {"letters": done.letters, "letters_left": done.left}
    if args.json:
        print(json.dumps({"source": done.source} | told | {"failure": done.failure}, ensure_ascii=False))
    else:
        print(f"{done.source}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in told.items()))
        if done.failure:
            print(f"The round ended early: {done.failure}")
    return 1 if done.failure or done.left or done.looks["failed"] or done.looks["refused"] else 0


def opened_systems(gateway: Gateway, settings: Settings) -> Systems:
    """How systems are opened by this node. Raises SettingsError where a secret that is needed is not there."""
    secrets.check(gateway.sources.values())
    tls = caller_context(settings.tls_certificate, settings.tls_key, settings.tls_ca)
    return systems(gateway.languages, tls)


def _citizens(given: Sequence[str]) -> list[str]:
    lines = [line for one in given for line in (sys.stdin.read().splitlines() if one == "-" else [one])]
    return [line.strip() for line in lines if line.strip()]


async def _fetch(name: str, citizens: Sequence[str] | None, settings: Settings) -> Round:
    async with opened(settings) as gateway:
        source = gateway.sources.get(name)
        if source is None or source.fetch is None:
            raise SettingsError(
                "There is no such source, or it has no fetch", hint="Look into mappings/sources and docs/vendors.md."
            )
        numbers: list[str] | None = None
        if citizens is not None:
            numbers = [number for one in citizens for number in await fetch.numbers_of(gateway, one)]
            if not numbers:
                raise BadRequest("Nobody named here has a CPR number that is known", hint="Give the CPR number itself.")
        return await fetch.fetch(gateway, opened_systems(gateway, settings), source, numbers)


async def _states(settings: Settings) -> list[fetch.State]:
    async with opened(settings) as gateway:
        return await fetch.states(gateway)


def _tell_states(states: Sequence[fetch.State], *, as_json: bool) -> int:
    for one in states:
        begun = one.round.isoformat(timespec="seconds") if one.round else ""
        if as_json:
            line = {"source": one.source, "round": begun, "citizens": one.citizens, "failing": one.failing}
            print(json.dumps(line | {"failure": one.failure, "reasons": dict(one.reasons)}, ensure_ascii=False))
        else:
            away = f"; it ended early: {one.failure}" if one.failure else ""
            print(f"{one.source}: {one.citizens} citizens, {one.failing} failing; last round {begun or 'never'}{away}")
            for reason, count in one.reasons:
                print(f"  {count}: {reason}")
    if not states and not as_json:
        print("Nothing was ever fetched.")
    return 1 if any(one.failing or one.failure for one in states) else 0
