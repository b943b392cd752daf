"""Revoke every access token that a client was given until now: a key is lost, a system is taken over.

The tokens are dead on every node within a second, and the revocation is on record. The client can ask for new ones for
as long as it is registered: take its file out of the folder of clients, or give it other keys, as well.

    gateway revoke kk-social
"""

from __future__ import annotations

import argparse
import asyncio

from gateway.bootstrap import opened
from gateway.errors import SettingsError
from gateway.flows.tokens import revoke_client
from gateway.inbound.clients import load
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose tokens."""
    parser.add_argument("client", help="client_id")
    parser.add_argument("--unregistered", action="store_true", help="also when no such client is registered (any more)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Durable when it comes back."""
    if not args.unregistered and load(settings.clients).get(args.client) is None:
        raise SettingsError("No client of this id is registered", hint="See the folder of clients, or --unregistered.")
    asyncio.run(_revoke(args.client, settings))
    print(f"{args.client}: every token that it was given until now is dead.")
    return 0


async def _revoke(client: str, settings: Settings) -> None:
    async with opened(settings) as gateway:
        await revoke_client(gateway, client)
