"""Measure what the gateway does most, each against a floor of its own run: translate, decide, search, read, the log …

Starts a gateway in a process of its own on a durable embedded PostgreSQL in a temporary folder, and makes the load from
another process. Rounds of both sides take turns; what counts is the ratio. Takes about two minutes; progress goes
to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.cli.benching import (
    auditing,
    deciding,
    intake,
    languages,
    proving,
    reading,
    searching,
    sharing,
    translating,
    watching,
)
from gateway.cli.benching.figure import Figure, Memory, say
from gateway.cli.benching.stage import Stage, stage
from gateway.cli.benching.watching import Detection
from gateway.cli.typed import at_least
from gateway.settings import Settings

FIGURES = (
    "translate", "languages", "decision", "verify", "auditor", "search", "intake", "read", "share", "page", "record",
    "tree", "suspicion", "memory",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done: rounds of each figure, and what one side does in a round."""

    rounds: int
    parses: int
    translations: int
    decisions: int
    messages: int
    reads: int
    readable: int  # citizens whose plans are read
    leaves: int  # of the log's tree
    commits: int  # of one record each
    records: int  # among which an auditor looks, and among a hundredth of them
    employees: int  # of the made-up town that is watched
    days: int
    citizens: int  # among whom one is searched for, and among a hundredth of them
    searches: int


FULL = Effort(
    rounds=5, parses=10, translations=800, decisions=5000, messages=400, reads=2500, readable=200,
    leaves=1_000_000, commits=2000, records=200_000, employees=100, days=150, citizens=5000, searches=500,
)  # fmt: skip
QUICK = Effort(
    rounds=1, parses=1, translations=20, decisions=20, messages=16, reads=64, readable=32,
    leaves=5000, commits=32, records=1000, employees=48, days=60, citizens=200, searches=16,
)  # fmt: skip
LARGE = 50_000
"""Citizens of a whole region, for `--large`."""
_SOUGHT = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, and how to tell it."""
    parser.add_argument("--json", action="store_true", help="the figures as JSON on standard output")
    parser.add_argument("--only", choices=FIGURES, help="measure this figure alone")
    parser.add_argument(
        "--records",
        type=at_least(auditing.LISTED),
        metavar="N",
        help="auditor: among so many records, and a hundredth of them",
    )
    parser.add_argument(
        "--large", action="store_true", help=f"search: among {LARGE:,} citizens, and a hundredth of them"
    )
    parser.add_argument("--quick", action="store_true", help="tiny rounds: shows that it works, measures nothing")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 0 when everything was measured, whatever came out."""
    effort = QUICK if args.quick else FULL
    if args.records:
        effort = replace(effort, records=args.records)
    if args.large:
        effort = replace(effort, citizens=LARGE)
    wanted = (args.only,) if args.only else FIGURES
    found: list[Figure | Memory | Detection] = []
    if "translate" in wanted:
        found.append(translating.measure(settings, effort.rounds, effort.translations, effort.parses))
    if "languages" in wanted:
        found += languages.measure(settings, effort.rounds, effort.translations // 4)
    if "decision" in wanted:
        found.append(deciding.measure(settings, effort.rounds, effort.decisions))
    if "verify" in wanted:
        found.append(proving.verify(effort.rounds, effort.leaves))
    if "auditor" in wanted:
        found.append(auditing.measure(effort.rounds, effort.records, effort.commits // 8))
    if "suspicion" in wanted:
        found.append(watching.measure(settings, effort.employees, effort.days))
    if set(wanted) - {"translate", "languages", "decision", "verify", "auditor", "suspicion"}:
        found += _served(settings, wanted, effort)
    if args.json:
        print(json.dumps({"machine": _machine(), "figures": {one.name: one.told() for one in found}}, indent=2))
    else:
        _show(found)
    return 0


def _served(settings: Settings, wanted: Sequence[str], effort: Effort) -> list[Figure | Memory]:
    """What needs a gateway that is serving. Memory is that of the load of both, so it needs both."""
    admitted = effort.rounds * (effort.messages + intake.CONNECTIONS) if {"intake", "memory"} & set(wanted) else 0
    looked_up = effort.readable if {"read", "share", "page", "record", "memory"} & set(wanted) else 0
    sought = min(_SOUGHT, effort.searches) if "search" in wanted else 0
    numbers = range(1, admitted + looked_up + sought + 1)
    found: list[Figure | Memory] = []
    with stage(settings, len(numbers)) as here:
        before = here.serving.resident(peak=False)
        if sought:
            found.append(searching.growth(here, effort.rounds, effort.searches, effort.citizens, numbers[-sought:]))
        if admitted:
            found.append(intake.measure(here, effort.rounds, effort.messages, numbers[:admitted]))
        if looked_up:
            found.append(reading.measure(here, effort.rounds, effort.reads, numbers[admitted : admitted + looked_up]))
        load = " and ".join(one.name for one in found)
        if "share" in wanted:
            found.append(sharing.measure(here, effort.rounds, effort.reads))
        if "page" in wanted:
            found.append(searching.page(here))
        found += _log(here, wanted, effort, found)
        peak = here.serving.resident(peak=True)
        if before and peak:
            how = f"the most that the gateway and its keeper of the log held under {load}; before it {before:.0f} MiB"
            found.append(Memory(peak, before, how))
        elif "memory" in wanted:
            say("memory: this system does not tell what a process holds")
    return [one for one in found if one.name in wanted]


def _log(here: Stage, wanted: Sequence[str], effort: Effort, found: Sequence[Figure | Memory]) -> list[Figure]:
    """What is measured of the log, which the reads before have a part in."""
    told = []
    reads = [one for one in found if isinstance(one, Figure) and one.name == "read"]
    if "record" in wanted:
        told.append(proving.record(here, reads[0], effort.rounds, effort.commits, reading.CONNECTIONS))
    if "tree" in wanted:
        told.append(proving.tree(here, effort.rounds, effort.leaves, effort.commits, reading.CONNECTIONS))
    return told


def _machine() -> dict[str, object]:
    return {"processor": platform.machine(), "processors": os.cpu_count(), "python": platform.python_version()}


def _show(found: Sequence[Figure | Memory | Detection]) -> None:
    for one in found:
        if isinstance(one, Figure):
            low, high = one.spread
            goal = f"goal {one.goal:.3g}; " if one.goal else ""
            print(f"{one.name:10} {one.ratio:,.3g} of the floor ({goal}rounds {low:,.3g} to {high:,.3g})")
            print(f"{'':10} {one.ours:,.0f} {one.unit} against {one.floor:,.0f}")
        elif isinstance(one, Detection):
            print(f"{one.name:10} {one.line()}")
        else:
            print(f"{one.name:10} {one.mebibytes:,.0f} MiB")
        print(textwrap.fill(one.how, 110, initial_indent=" " * 11, subsequent_indent=" " * 11))
