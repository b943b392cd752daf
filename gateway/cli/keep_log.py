"""Keep the access log: sign it, have it witnessed, make it searchable, make exports of it, look it through.

`gateway serve` starts this beside itself, so that no caller waits for it. It goes on until it is told to stop, or until
its standard input ends: whoever started it has gone. Several may run against one database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Thread

import structlog
import uvloop

from gateway.bootstrap import opened
from gateway.cli.again import Work, at_work
from gateway.cli.settling import settle
from gateway.errors import GatewayError
from gateway.flows.export_looks import make_exports
from gateway.flows.find_looks import make_findable
from gateway.flows.forget_log import forget_log
from gateway.flows.log import integrate
from gateway.flows.parts import Gateway
from gateway.flows.suspicion import watch_when_asked, watch_when_due
from gateway.flows.witness import ask_witnesses
from gateway.inbound.operations import write_logs
from gateway.outbound.witnesses import ask
from gateway.settings import Settings

log = structlog.get_logger("gateway")

CONNECTIONS = 4
"""To the database: each work takes one at a time, and most of them wait for their time."""

FORGETS_EVERY = 3600.0
"""Seconds between two looks at the contents of the log whose time is over."""
FINDABLE_EVERY = 1.0
"""Seconds between two looks at what came into the log and has no terms yet to be searched by."""
ASKED_EVERY = 1.0
"""Seconds between two looks at what auditors asked for: exports, looking for unusual looks."""
WATCHES_EVERY = 600.0
"""Seconds between two looks whether it is time to look the log through: once in a night, on one node."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options: everything is a setting."""


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Keep the log until interrupted, or until standard input ends."""
    write_logs(debug=settings.debug)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_keep(settings))
    return 0


async def _keep(settings: Settings) -> None:
    async with opened(replace(settings, database_connections=CONNECTIONS)) as gateway, kept_here(gateway, settings):
        settle()
        await _told_to_stop()


async def _told_to_stop() -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    Thread(target=_read_to_the_end, args=(loop, stopped), daemon=True).start()
    await stopped.wait()


def _read_to_the_end(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Not by the loop: standard input may be anything, a file too, and it cannot wait for each of them."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(stopped.set)


@asynccontextmanager
async def kept_here(gateway: Gateway, settings: Settings) -> AsyncIterator[None]:
    """The log is kept by this process; at the end its last records are signed."""
    try:
        async with at_work(_works(gateway, settings)):
            yield
    finally:
        with contextlib.suppress(GatewayError):
            await integrate(gateway)


def _works(gateway: Gateway, settings: Settings) -> list[Work]:
    return [
        (settings.checkpoint_seconds, partial(integrate, gateway), "signing the log"),
        (settings.witness_seconds, partial(_witnessed, gateway), "asking the witnesses"),
        (FORGETS_EVERY, partial(_forget_log, gateway, settings.log_days), "forgetting of the access log"),
        (FINDABLE_EVERY, partial(make_findable, gateway), "making the log searchable"),
        (ASKED_EVERY, partial(make_exports, gateway), "making exports of the log"),
        (WATCHES_EVERY, partial(watch_when_due, gateway), "looking for unusual looks"),
        (ASKED_EVERY, partial(watch_when_asked, gateway), "looking for unusual looks when asked"),
    ]


async def _witnessed(gateway: Gateway) -> None:
    """Have the newest checkpoint cosigned."""
    for asked in await ask_witnesses(gateway, ask):
        if asked.refused:
            log.error("a witness does not cosign", witness=asked.witness.partition("+")[0], reason=asked.refused)


async def _forget_log(gateway: Gateway, days: int) -> None:
    """Delete the contents of the access log whose time is over."""
    before = gateway.clock() - timedelta(days=days)
    if days and (gone := await forget_log(gateway, before, user="", client="gateway serve")):
        log.info("contents of the access log were deleted", records=gone)
