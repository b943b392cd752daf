"""Look into the files beside a message: what their words tell labels the resource that they belong to, however large
they are. Others go on meanwhile: a text of 100 MB takes many seconds."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.domain.correspondence import Attached
from gateway.domain.file_text import text_of
from gateway.domain.words import pieces
from gateway.flows.parts import Gateway
from gateway.store import attachments
from gateway.store.intake import Arrival


async def looked_into(gateway: Gateway, arrival: Arrival) -> Arrival:
    """The message with the labels of its files."""
    if not arrival.attached:
        return arrival
    return replace(arrival, attached=[await _read(gateway, one) for one in arrival.attached])


async def look_again(gateway: Gateway, citizen: str) -> None:
    """The files that are kept of a citizen, by the tables of today."""
    async for file in attachments.of_citizen(gateway.database, citizen):
        found = await _read(gateway, file)
        if found.labels != file.labels:
            await attachments.relabel(gateway.database, found)


async def _read(gateway: Gateway, file: Attached) -> Attached:
    """The file with what its words tell; without labels where it is closed to us."""
    text = text_of(file.content_type, file.body)
    if text is None:
        return replace(file, labels=None)
    found = frozenset[str]()
    for piece in pieces(text):
        found |= gateway.labeller.of_file(piece)
        await asyncio.sleep(0)
    return replace(file, labels=found)
