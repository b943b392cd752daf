"""Bring the database's tables to this version; safe to run on every node at once."""

from __future__ import annotations

import argparse
import asyncio

from gateway.bootstrap import opened
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options: the database is a setting."""


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Migrate and say so."""
    asyncio.run(_migrate(settings))
    print("The tables are up to date.")
    return 0


async def _migrate(settings: Settings) -> None:
    async with opened(settings):
        pass
