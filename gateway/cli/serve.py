"""Run the gateway until it is told to stop.

HTTP and MLLP doors, and the work that delivers what goes out, answers requests for the report of admission, tells
municipalities, asks the systems that do not send by themselves, and empties the quarantine. The access log is signed,
indexed and looked through by a process of its own, which is started here (keep-log).

All settings are environment variables (README.md). Without GATEWAY_DATABASE_URL an embedded PostgreSQL is started in
the data folder. A gateway may run on several nodes against one database; they need the same secret, log-key.pem and
token-key.pem.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import structlog
import uvloop
from fastapi import FastAPI

from gateway.bootstrap import Clock, now, opened
from gateway.cli.admitting import admission
from gateway.cli.again import Work, at_work
from gateway.cli.certifying import DoorTls, Renewal, door_tls
from gateway.cli.fetch import opened_systems
from gateway.cli.keep_log import kept_here
from gateway.cli.listening import Server, bound, taken
from gateway.cli.log_keeper import kept_beside
from gateway.cli.notifying import notifies
from gateway.cli.settling import settle
from gateway.errors import GatewayError
from gateway.flows.admission_report import answer_requests
from gateway.flows.bulk import make_bulk
from gateway.flows.deliver import Lines
from gateway.flows.forget import forget
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive, sources_of
from gateway.flows.registered import settle_what_is_left
from gateway.flows.registrations import note_registrations
from gateway.flows.tell_municipality import tell_municipalities
from gateway.flows.units import hear_units
from gateway.inbound import clients
from gateway.inbound.app import make_app
from gateway.inbound.keys import new_signing_key
from gateway.inbound.mllp import Limits, MllpListener, Peer
from gateway.inbound.operations import write_logs
from gateway.inbound.rest.subscribing import standing
from gateway.outbound.courier import Courier
from gateway.outbound.lines import caller_context, lines, own_contexts
from gateway.outbound.vendors import fetch_due
from gateway.settings import Settings
from gateway.store.secret import kept

log = structlog.get_logger("gateway")

FORGETS_EVERY = 3600.0
"""Seconds between two looks at what has been in quarantine for too long."""
REPORTS_EVERY = 15.0
"""Seconds between two looks at the reports of admission that hospitals ask for."""
SETTLES_EVERY = 60.0
"""Seconds between two looks whether a case still stands with a citizen whose it is no more: a node may have died."""
FETCHES_EVERY = 15.0
"""Seconds between two looks whether it is time to ask a system that does not send by itself."""

CERTIFICATES_EVERY = 60.0
"""Seconds between two looks whether the doors have a new certificate."""

BULK_EVERY = 1.0
"""Seconds between two looks at the exports in bulk that were asked for."""

TELLS_EVERY = 2.0
"""Seconds between two looks at what municipalities are to be told of."""

HEARS_EVERY = 15.0
"""Seconds between two looks at what the directory tells of which organisation is a part of which: another node may
have kept it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options: everything is a setting."""


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Serve until interrupted."""
    write_logs(debug=settings.debug)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    async with running(settings, keeper=kept_beside) as here:
        print(f"HTTP  {here.url}")
        print(f"MLLP  {settings.mllp_host}:{here.mllp_port}", flush=True)
        settle()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, here.stop)
        await here.stopped


Keeper = Callable[[Gateway, Settings], AbstractAsyncContextManager[None]]
"""Who keeps the access log: this process (keep_log.py), or one beside it (log_keeper.py)."""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway with its doors open. `stopped` ends when the HTTP server was told to stop."""

    gateway: Gateway
    app: FastAPI
    url: str
    mllp_port: int
    stopped: asyncio.Task[None]
    stop: Callable[[], None]


@asynccontextmanager
async def running(settings: Settings, *, clock: Clock = now, keeper: Keeper = kept_here) -> AsyncIterator[Running]:
    """Open all doors; on leaving, take nothing more, answer what was taken, sign the log's last records, close. The
    keeper keeps the log meanwhile."""
    tls = door_tls(settings)
    listening = bound(settings.http_host, settings.http_port)
    url = settings.url(listening.getsockname()[1])
    with listening:
        async with _doors(listening, tls, replace(settings, public_url=url), clock, keeper) as here:
            yield here


@asynccontextmanager
async def _doors(
    listening: socket.socket, tls: DoorTls, settings: Settings, clock: Clock, keeper: Keeper
) -> AsyncIterator[Running]:
    url = settings.public_url
    async with opened(settings, clock=clock) as gateway, keeper(gateway, settings):
        token_key = kept(settings.data_folder / "token-key.pem", new_signing_key)
        registered = clients.load(settings.clients)
        await note_registrations(gateway, clients.registered(registered))
        await hear_units(gateway)  # before any door opens: by it denies reach further
        app = make_app(
            gateway, registered, [token_key], message_bytes=settings.message_bytes,
            large_message_bytes=settings.large_message_bytes, admission=admission(settings, registered),
        )  # fmt: skip
        server = Server(app, tls.http)
        mllp = _mllp(gateway, settings, tls.mllp)
        courier = Courier(gateway, _lines(gateway, settings), settings.delivery_seconds, settings.delivery_tries)
        beside = _work(gateway, settings)  # what is wrong with its settings is told before any door opens
        beside.append((CERTIFICATES_EVERY, Renewal(tls, settings).renew, "reading new certificates"))
        try:
            port = await mllp.start(settings.mllp_host, settings.mllp_port)
        except OSError as error:
            raise taken("MLLP", f"{settings.mllp_host}:{settings.mllp_port}", error) from None
        stopped = asyncio.create_task(server.serve(sockets=[listening]))
        async with at_work(beside):
            delivering = asyncio.create_task(courier.run())
            try:
                await server.ready.wait()
                yield Running(gateway, app, url, port, stopped, server.stop)
            finally:
                await mllp.stop()
                server.stop()
                await stopped
                delivering.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await delivering


def _mllp(gateway: Gateway, settings: Settings, tls: ssl.SSLContext | None) -> MllpListener:
    certified = tls is not None and tls.verify_mode is ssl.CERT_REQUIRED

    async def answer(payload: bytes, peer: Peer) -> bytes:
        sends = sources_of(gateway, "hl7v2", peer.names) if certified else None
        return (await receive(gateway, "hl7v2", payload, sends=sends)).body

    def refuse(payload: bytes, error: GatewayError) -> bytes:
        return gateway.languages.of("hl7v2").refuse(payload, error, gateway.clock())

    limits = Limits(
        message_bytes=settings.message_bytes,
        connections=settings.mllp_connections,
        idle_seconds=settings.mllp_idle_seconds,
    )
    return MllpListener(answer, refuse, limits=limits, tls=tls)


def _lines(gateway: Gateway, settings: Settings) -> Lines:
    """Receivers are shown the same certificate as the MLLP door's senders, where they have none of their own."""
    node = (settings.tls_certificate, settings.tls_key, settings.tls_ca)
    return lines(caller_context(*node), own_contexts(gateway.sources.values(), *node))


def _work(gateway: Gateway, settings: Settings) -> list[Work]:
    """What is done again and again beside the doors."""
    return [
        (FORGETS_EVERY, partial(_forget, gateway, settings.quarantine_days), "forgetting"),
        (REPORTS_EVERY, partial(answer_requests, gateway, set()), "reports of admission"),
        (TELLS_EVERY, partial(tell_municipalities, gateway), "telling municipalities"),
        (FETCHES_EVERY, partial(fetch_due, gateway, opened_systems(gateway, settings)), "fetching"),
        (BULK_EVERY, partial(make_bulk, gateway, standing(clients.load(settings.clients))), "making exports in bulk"),
        (SETTLES_EVERY, partial(settle_what_is_left, gateway), "settling registered cases"),
        (HEARS_EVERY, partial(hear_units, gateway), "asking the directory what is a part of what"),
        *notifies(gateway, settings),
    ]


async def _forget(gateway: Gateway, days: int) -> None:
    """Delete the content of what has been in quarantine for too long."""
    if gone := await forget(gateway, days):
        log.info("content in quarantine was deleted", messages=gone)
