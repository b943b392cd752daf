"""A second gateway beside the one that is measured: the same doors, server and keys, in a process of its own.

`bare` leaves a read without what it is to be compared by: each resource is decided about once, with its consents and
labels, and remembered; nothing is put on record. Nothing but a benchmark can make such a thing: it is cut out of the
running process here, for there is no switch.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import uvloop

from gateway.bootstrap import opened
from gateway.cli.listening import Server
from gateway.cli.settling import settle, unhurried
from gateway.flows import read
from gateway.flows.looking import Seen
from gateway.inbound import clients
from gateway.inbound.app import make_app
from gateway.inbound.keys import new_signing_key
from gateway.inbound.operations import write_logs
from gateway.settings import Settings
from gateway.store.secret import kept


@contextmanager
def second_gateway(settings: Settings, database_url: str, public_url: str, *, bare: bool = False) -> Iterator[int]:
    """Serve this database under the public URL of the first gateway, whose tokens it takes; gives the port."""
    told = replace(settings, database_url=database_url, public_url=public_url)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = get_context("spawn").Process(target=_serve, args=(listening, told, bare), daemon=True)
        server.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.terminate()
            server.join()


def _serve(listening: socket.socket, settings: Settings, bare: bool) -> None:
    with (settings.data_folder / "second.log").open("ab") as log:
        os.dup2(log.fileno(), 2)  # it writes as much as the first one
        write_logs()
        unhurried()
        if bare:
            _without_look(read)
        uvloop.run(_serving(listening, settings))


async def _serving(listening: socket.socket, settings: Settings) -> None:
    async with opened(settings) as gateway:
        key = kept(settings.data_folder / "token-key.pem", new_signing_key)
        app = make_app(gateway, clients.load(settings.clients), [key])
        settle()
        await Server(app, None).serve(sockets=[listening])


def _without_look(flow: Any) -> None:
    """What the flow of reading calls, replaced: the decision by one that was made before, the record by nothing."""
    known: dict[tuple[str, str], Seen] = {}
    flow.look_at_one = partial(_remembered, flow.look_at_one, known)
    flow.record_of = _nothing
    flow.on_record = _recorded


async def _remembered(
    look: Any, known: dict[tuple[str, str], Seen], gateway: Any, database: Any, caller: Any, found: Any
) -> Seen:
    key = (found.sealed.facts.kind, found.sealed.facts.id)
    if key not in known:
        known[key] = await look(gateway, database, caller, found)
    (_, permit), *_ = known[key].permitted
    return replace(known[key], permitted=((found.sealed, permit),))


def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _recorded(*_: Any) -> None:
    return None
