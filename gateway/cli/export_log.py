"""Write the whole access log to a file that anyone can verify offline (verify-log, docs/verify_log.py).

The file holds every record of who looked at whom: keep it like the log itself. It is readable by its owner only.
That it was written is put on record, under the name of whoever is logged in.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from gateway.domain.record import AccessRecord, Decision
from gateway.errors import SettingsError
from gateway.settings import Settings
from gateway.store import keys
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.keys import LogKey
from gateway.store.log import Connection, append
from gateway.store.log_reading import export
from gateway.store.pool import Database

OPERATOR = "https://faellesplan.dk/id/operator"
_EVERY = 50_000  # lines between two words of progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("file", type=Path, help="a file that is not there yet; - for the standard output")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Export; exit status 1 when there is nothing to export or nowhere to write it."""
    if str(args.file) == "-":
        count = asyncio.run(_export(settings, sys.stdout.buffer))
    else:
        count = _to_file(settings, args.file)
    print(f"{count} line{'' if count == 1 else 's'} written.", file=sys.stderr)
    return 0


def _to_file(settings: Settings, path: Path) -> int:
    part = path.with_name(path.name + ".part")
    try:
        if path.exists():
            raise FileExistsError
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        text = f"The export cannot be written there ({error.strerror or 'File exists'})"
        raise SettingsError(text, where=str(path), hint="Name a new file in a folder that is there.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            count = asyncio.run(_export(settings, file))
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return count


async def _export(settings: Settings, file: BinaryIO) -> int:
    count = 0
    async with beside(settings) as (connection, key):
        await append(connection, [_record()])
        async for line in export(connection, key.vkey):
            file.write(line)
            count += 1
            progress(count)
    return count


def progress(count: int) -> None:
    """One word now and then to whoever is watching."""
    if count % _EVERY == 0 and sys.stderr.isatty():
        print(f"{count} lines", file=sys.stderr)


def _record() -> AccessRecord:
    return AccessRecord(
        time=datetime.now(UTC),
        interaction="export",
        decision=Decision.PERMIT,
        kind="AuditEvent",
        user=f"{OPERATOR}|{operator()}",
        client="gateway export-log",
        purposes=("HSYSADMIN",),
    )


def operator() -> str:
    """Who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator[tuple[Connection, LogKey]]:
    """The database and the key of a gateway that may be running at this moment, and goes on running."""
    key = keys.load(settings.data_folder / "log-key.pem", settings.log_origin)
    server = None if settings.database_url else EmbeddedPostgres(settings.data_folder / "postgres")
    url = await asyncio.to_thread(server.start) if server else settings.database_url
    try:
        database = await Database.open(url, size=1, seconds=3600)
        try:
            async with database.connection() as connection:
                yield connection, key
        finally:
            await database.close()
    finally:
        if server and not server.adopted:
            await asyncio.to_thread(server.stop)
