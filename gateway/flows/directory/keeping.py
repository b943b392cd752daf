"""Create, update and delete in the directory. A source changes only what it wrote. FHIR R4 3.1.0.3 to 3.1.0.5.

Each is a transaction of its own, in which nobody else writes to the directory (changing.py); a write together with
others is flows/writing/together.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import parse_qsl

from gateway.domain.caller import Caller
from gateway.domain.source import written_as
from gateway.errors import GatewayError, Unavailable
from gateway.flows.directory import changing
from gateway.flows.directory.changing import Changed
from gateway.flows.directory.showing import Shown, record, recorded
from gateway.flows.directory.wholes import check_whole
from gateway.flows.parts import Gateway, Served
from gateway.flows.units import hear_units
from gateway.store import directory
from gateway.store.log import append
from gateway.store.pool import Connection
from gateway.translate.fhir import parse

Write = Callable[[Connection], Awaitable[Changed]]
"""What is done where nobody else writes."""


async def create(gateway: Gateway, caller: Caller, kind: str, raw: bytes, if_none_exist: str = "") -> Served:
    """Keep a new one and give it back. With `if_none_exist` (a search), what this caller sees of it already is given
    back instead. Raises SeveralMatch where that is several."""

    async def write() -> Write:
        source = written_as(caller.sends, gateway.sources)
        body = await changing.checked(parse(raw, ""), kind)
        params = parse_qsl(if_none_exist.partition("?")[2] or if_none_exist, keep_blank_values=True)
        key = changing.new_key(source, kind)
        return lambda connection: changing.create(gateway, connection, caller, body, params, key)

    return (await _written(gateway, caller, "create", kind, f"POST {kind}", write)).served(gateway)


async def update(gateway: Gateway, caller: Caller, kind: str, identity: str, raw: bytes, if_match: str) -> Served:
    """Keep the next version of one. Raises NeedsVersion without `if_match`, Conflict when it names another version,
    Forbidden when another source wrote it. A content that is there already makes no version."""

    async def write() -> Write:
        written_as(caller.sends, gateway.sources)
        body = await changing.checked(parse(raw, ""), kind, identity)  # before others wait for it

        async def change(_: changing.Body) -> changing.Body:
            return body

        return lambda connection: changing.update(gateway, connection, caller, kind, identity, if_match, change)

    return (await _written(gateway, caller, "update", kind, f"PUT {kind}/{identity}", write)).served(gateway)


async def withdraw(gateway: Gateway, caller: Caller, kind: str, identity: str, if_match: str = "") -> None:
    """Take one back: it is Gone from now on, its versions stay. What is gone already stays so."""

    async def write() -> Write:
        return lambda connection: changing.withdraw(gateway, connection, caller, kind, identity, if_match)

    await _written(gateway, caller, "delete", kind, f"DELETE {kind}/{identity}", write)


async def _written(
    gateway: Gateway, caller: Caller, interaction: str, kind: str, asked: str,
    write: Callable[[], Awaitable[Write]],
) -> Changed:  # fmt: skip
    """Carried out and on record in one commit; a refused write is on record like a refused look. `write` understands
    what is asked, and gives what is done where nobody else writes."""
    try:
        do = await write()
        async with directory.writing(gateway.database) as connection:
            changed = await do(connection)
            if interaction != "delete":
                await check_whole(gateway, connection, caller, changed.body, {})
            await append(connection, [recorded(gateway, caller, interaction, kind, asked, changed.look)])
    except Unavailable:
        raise
    except GatewayError as error:
        await record(gateway, caller, interaction, kind, asked, Shown((), ()), text=error.text)
        raise
    await heard(gateway, kind)
    return changed


async def heard(gateway: Gateway, kind: str) -> None:
    """A consent that names a place with its sub-units goes by what stands here now. It is kept already: where the
    database is away just now, the next beat hears it, as on every other node, and nobody is told to send it again."""
    if kind == "Organization":
        with suppress(Unavailable):
            await hear_units(gateway)
