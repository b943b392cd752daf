"""Show what waits to go out, what failed and why, receipts that are overdue, and those that match nothing we sent.

The content of messages is not shown. What a receiver wrote into its receipt is, with --told: it may hold anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from gateway.bootstrap import opened
from gateway.cli.typed import at_least
from gateway.domain.record import masked
from gateway.flows.outbox import Notification, Outbox, Row, Unmatched, notify_again, send_again, show
from gateway.flows.parts import Gateway
from gateway.settings import Settings

STATES = ("waiting", "failed", "overdue", "sent", "receipted", "withheld")
_SHOWN = ("waiting", "failed", "overdue")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which states, how to tell, and what to send again."""
    parser.add_argument(
        "--state",
        choices=STATES,
        action="append",
        help="only these; when left out, what waits, what failed and what has no receipt in time",
    )
    parser.add_argument("--again", type=at_least(1), nargs="+", metavar="ID", help="send these again")
    parser.add_argument(
        "--notify-again", type=at_least(1), nargs="+", metavar="ID", help="send these notifications again"
    )
    parser.add_argument("--told", action="store_true", help="show what receivers wrote, and why a try failed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when a message failed or has no receipt in time, or when one that is to be sent again cannot be."""
    if args.again or args.notify_again:
        asked = args.again or args.notify_again
        done = asyncio.run(_again(asked, settings, send_again if args.again else notify_again))
        for identity in asked:
            print(
                f"{identity} {'waits again' if identity in done else 'is not there, waits already, or was receipted'}"
            )
        return 0 if set(done) == set(asked) else 1
    found = asyncio.run(_show(args.state or _SHOWN, settings))
    several: list[Row | Unmatched | Notification] = [*found.messages, *found.unmatched, *found.notifications]
    lines = [_line(one, told=args.told) for one in several]
    for line in lines:
        print(json.dumps(line, ensure_ascii=False) if args.json else _plain(line))
    if not lines and not args.json:
        print("Nothing waits and nothing failed.")
    states = [*(one.state for one in found.messages), *(one.state for one in found.notifications)]
    return 1 if {"failed", "overdue"}.intersection(states) else 0


def _line(one: Row | Unmatched | Notification, *, told: bool) -> dict[str, Any]:
    if isinstance(one, Notification):
        line: dict[str, Any] = {
            "notification": one.place, "state": one.state, "subscription": one.subscription, "client": one.client,
            "event": one.event, "tries": one.tries, "noticed": _time(one.noticed_at),
        }  # fmt: skip
        line |= {"due": _time(one.due)} if one.state == "waiting" else {}
        return line | ({"told": one.reason} if told and one.reason else {})
    if isinstance(one, Row):
        line = {
            "id": one.id, "state": one.state, "destination": one.destination, "language": one.language,
            "message": one.message_id, "tries": one.tries, "made": _time(one.made_at), "changed": _time(one.changed_at),
        }  # fmt: skip
        line |= {"due": _time(one.due)} if one.state == "waiting" else {}
    else:
        line = {
            "receipt": one.id, "state": "unmatched", "source": one.source, "language": one.language,
            "message": masked(one.answered), "outcome": one.outcome, "received": _time(one.received_at),
        }  # fmt: skip
    return line | ({"told": one.told} if told and one.told else {})


def _plain(line: dict[str, Any]) -> str:
    """For a terminal: what others wrote must not steer it, nor look like a line of ours."""
    text = " ".join(f"{name}={value}" for name, value in line.items())
    return "".join(one if one.isprintable() else " " for one in text)


def _time(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


async def _show(states: tuple[str, ...] | list[str], settings: Settings) -> Outbox:
    async with opened(settings) as gateway:
        return await show(gateway, states)


async def _again(
    identities: list[int], settings: Settings, again: Callable[[Gateway, Sequence[int]], Awaitable[list[int]]]
) -> list[int]:
    async with opened(settings) as gateway:
        return await again(gateway, identities)
