"""A file of an export is fetched: NDJSON, each line as the caller may read the resource at this moment."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from gateway.domain.caller import Caller
from gateway.errors import Forbidden, NotFound
from gateway.flows.bulk.asked import exporting, own_job
from gateway.flows.looking import NOTHING, Seen, look, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway
from gateway.store import bulk, population
from gateway.store.bulk import Lines

BATCH = 32
"""Citizens at a time: so much of an export is in memory."""

_FILE = re.compile(r"([A-Z][A-Za-z]{2,63})-(\d{1,9})")


async def taken(gateway: Gateway, caller: Caller, id: str, file: str) -> AsyncIterator[bytes]:
    """The lines of a file, citizen by citizen; the record of each is durable before their lines are spoken. A resource
    that may not be had any more, by a consent or label of after the export or by another token, is left out. Raises
    NotFound for anybody else's, Forbidden where this token does not cover the type."""
    job = await own_job(gateway, caller, id)
    named = _FILE.fullmatch(file)
    lines = await bulk.lines(gateway.database, job.id, named[1], int(named[2])) if named else None
    if named is None or lines is None or not job.manifest:
        raise NotFound
    kind, about = named[1], f"GET bulk/{job.id}/{file}"
    mine = exporting(caller)
    if caller.override is not None or not mine.covers(kind):
        refused = record_of(gateway, caller, "export", kind, "", NOTHING, query=about, operation="export")
        await on_record(gateway, refused)
        raise Forbidden(hint=f"It takes system/{kind}.rs.")
    return _written(gateway, mine, kind, lines, about)


async def _written(gateway: Gateway, caller: Caller, kind: str, lines: Lines, about: str) -> AsyncIterator[bytes]:
    for begin in range(0, len(lines), BATCH):
        looks = await _looks(gateway, caller, kind, lines[begin : begin + BATCH])
        await on_record(gateway, *(
            record_of(gateway, caller, "export", kind, citizen, seen, query=about, operation="export")
            for citizen, seen in looks
        ))  # fmt: skip
        told = [line for _, seen in looks for line in opened(seen)]
        if told:
            yield b"\n".join(told) + b"\n"


async def _looks(gateway: Gateway, caller: Caller, kind: str, lines: Lines) -> Sequence[tuple[str, Seen]]:
    """What of these citizens' named resources the caller may see now."""
    found = await population.parts_of(gateway.database, [citizen for citizen, _ in lines])
    looks = []
    for citizen, ids in lines:
        if citizen in found:
            parts, ground = found[citizen]
            seen = (await look(gateway, caller, parts, ground, persons_of(parts))).of({kind})
            looks.append((citizen, _only(seen, frozenset(ids))))
    return looks


def _only(seen: Seen, ids: frozenset[str]) -> Seen:
    return Seen(
        tuple(one for one in seen.permitted if one[0].facts.id in ids),
        tuple(one for one in seen.withheld if one[0].facts.id in ids),
        seen.hidden,
    )
