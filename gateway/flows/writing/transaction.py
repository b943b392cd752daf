"""Transaction: several writes about one citizen, all of them or none. http://hl7.org/fhir/R4/http.html#transaction

Each entry is checked and put on record as if it stood alone; all statements are kept in one commit. What entries make
may be referred to by their fullUrl (urn:uuid), what is there by a search (`Patient?identifier=…`) that finds one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS as DIRECTORY
from gateway.errors import BadRequest, GatewayError, Refused, Unavailable
from gateway.flows import directory
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.writing.again import Again
from gateway.flows.writing.asked import Around, Asked, Criteria, Json, Moved, Standing, Word, Work, begun
from gateway.flows.writing.conditional import found_by, matching, token_for
from gateway.flows.writing.create import place_of
from gateway.flows.writing.saying import say, told
from gateway.flows.writing.single import TRIES, shown, understood
from gateway.flows.writing.whose import numbers_of, source_of

_ORDER = ("delete", "create", "update", "patch")
"""R4 3.1.0.11.2: in which order entries take place."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One write of a transaction: where it stands (`Bundle.entry[2]`), and the name that others refer to it by."""

    place: str
    asked: Asked
    name: str = ""


async def transact(
    gateway: Gateway, caller: Caller, entries: Sequence[Entry], raw: bytes, number: str = ""
) -> Sequence[Served]:
    """Carry out all writes in one commit and give what stands then, in the order of the entries. With a `number`
    (Bundle.identifier) they are carried out once, however often they come.

    Raises what is wrong with the first entry that something is wrong with, with its place: then nothing is kept, and
    the refused entry is on record.
    """
    again = Again.of(gateway, caller, number, raw) if number and entries else None
    for _ in range(TRIES):
        try:
            if again and (came := await again.came(gateway)) is not None:
                return await _told_again(gateway, caller, entries, came)
            return await _carried_out(gateway, caller, entries, raw, again)
        except Moved:
            continue
    raise Unavailable("Others write about the same citizen all the time", hint="Send again.")


async def _told_again(
    gateway: Gateway, caller: Caller, entries: Sequence[Entry], came: Sequence[tuple[str, bool]]
) -> Sequence[Served]:
    """What stands now of what the same Bundle made when it came first."""
    standing = [Standing(*reference.split("/", 1)) for reference, _ in came]
    works = [begun(gateway, caller, entry.asked) for entry in entries]
    await on_record(gateway, *(told(work, one) for work, one in zip(works, standing, strict=True)))
    return [
        Served(b"")
        if entry.asked.interaction == "delete"
        else replace(await shown(gateway, caller, one, kept=False), created=created)
        for entry, one, (_, created) in zip(entries, standing, came, strict=True)
    ]


async def _carried_out(
    gateway: Gateway, caller: Caller, entries: Sequence[Entry], raw: bytes, again: Again | None
) -> Sequence[Served]:
    around = Around()
    tokens = await _promised(gateway, caller, entries, around)
    done: dict[int, tuple[Work, Word | Standing]] = {}
    for number in sorted(range(len(entries)), key=lambda one: _ORDER.index(entries[one].asked.interaction)):
        done[number] = await _one(gateway, caller, entries[number], around, tokens.get(number, ""))
    said = [(work, word) for work, word in done.values() if isinstance(word, Word)]
    try:
        _check_together(entries, done)
        answer = again.answer([done[number][1] for number in range(len(entries))]) if again else b""
        kept = await say(gateway, _in_order(said), raw, again.seen if again else b"", answer) if said else True
    except Unavailable:
        raise
    except GatewayError:
        await on_record(gateway, *(work.record for work, _ in done.values()))
        raise
    await on_record(gateway, *(told(work, word) for work, word in done.values() if isinstance(word, Standing)))
    return [
        Served(b"") if entry.asked.interaction == "delete" else await shown(gateway, caller, done[number][1], kept=kept)
        for number, entry in enumerate(entries)
    ]


async def _promised(gateway: Gateway, caller: Caller, entries: Sequence[Entry], around: Around) -> Mapping[int, str]:
    """The keys of what will be made, and what each name of an entry refers to."""
    places: dict[str, str] = {}
    tokens: dict[int, str] = {}
    for number, entry in enumerate(entries):
        if entry.name in places:
            raise BadRequest("Two entries have this fullUrl", where=f"{entry.place}.fullUrl")
        if entry.asked.interaction == "create":
            try:
                tokens[number] = await token_for(gateway, caller, entry.asked)
                place = await _promise(gateway, caller, entry.asked, tokens[number], around)
            except GatewayError as error:
                await on_record(gateway, begun(gateway, caller, entry.asked).record)
                raise _placed(error, entry) from None
            places |= {entry.name: place} if entry.name else {}
        elif entry.name and entry.asked.identity:
            places[entry.name] = f"{entry.asked.kind}/{entry.asked.identity}"
    around.places = places
    return tokens


async def _promise(gateway: Gateway, caller: Caller, asked: Asked, token: str, around: Around) -> str:
    """What others refer to when they name this create."""
    kind, identity = place_of(gateway, caller, asked, token)
    if asked.criteria is not None and (there := await matching(gateway, caller, kind, asked.criteria)):
        return f"{kind}/{there[0]}"
    if kind == "Patient":
        told_of = {"identifier": asked.body.get("identifier")}
        around.citizens[identity] = numbers_of(source_of(gateway, caller), caller, told_of, token)
    around.promised.add(f"{kind}/{identity}")
    return f"{kind}/{identity}"


async def _one(
    gateway: Gateway, caller: Caller, entry: Entry, around: Around, token: str
) -> tuple[Work, Word | Standing]:
    """What an entry comes to. A failure tells its place, and is on record."""
    work = begun(gateway, caller, entry.asked)
    try:
        if not caller.purposes:
            raise no_purpose()
        body = await _resolved(gateway, caller, entry.asked.body, around)
        work = await found_by(gateway, caller, Work(replace(entry.asked, body=body), work.record))
        return work, await understood(gateway, caller, work, around, token)
    except Unavailable:
        raise
    except GatewayError as error:
        await on_record(gateway, work.record)
        raise _placed(error, entry) from None


def _placed(error: GatewayError, entry: Entry) -> GatewayError:
    """The same failure, with its place in the Bundle."""
    kind, _, rest = error.where.partition(".")
    inside = f".resource.{rest}" if kind == entry.asked.kind and rest else ""
    error.where = f"{entry.place}{inside or '.resource'}"
    return error


async def _resolved(gateway: Gateway, caller: Caller, body: Json, around: Around) -> Json:
    """The resource with final references in the place of names of entries and of searches."""
    found: dict[str, str] = dict(around.places)
    for literal in sorted(_conditional(body)):
        kind, _, text = literal.partition("?")
        found[literal] = await _looked_up(gateway, caller, kind, parse_qsl(text, keep_blank_values=True))
    made: Json = _renamed(body, found)
    return made


async def _looked_up(gateway: Gateway, caller: Caller, kind: str, criteria: Criteria) -> str:
    """What a conditional reference leads to, as far as this caller may see. Raises Refused, SeveralMatch."""
    if kind in DIRECTORY:
        there = [one["id"] for one in await directory.visible(gateway, caller, kind, criteria)]
    elif kind in gateway.search:
        found = await matching(gateway, caller, kind, criteria)
        there = [found[0]] if found else []
    else:
        there = []
    if len(there) != 1:
        raise Refused("A conditional reference does not find exactly one", hint="Narrow it, or name the resource.")
    return f"{kind}/{there[0]}"


def _conditional(node: Any) -> set[str]:
    if isinstance(node, list):
        return {one for item in node for one in _conditional(item)}
    if not isinstance(node, dict):
        return set()
    own = node.get("reference")
    here = {own} if isinstance(own, str) and "?" in own and ":" not in own.partition("?")[0] else set()
    return here | {one for value in node.values() for one in _conditional(value)}


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, str):
        return names.get(node, node)
    if isinstance(node, list):
        return [_renamed(item, names) for item in node]
    if isinstance(node, dict):
        return {name: _renamed(value, names) for name, value in node.items()}
    return node


def _check_together(entries: Sequence[Entry], done: Mapping[int, tuple[Work, Word | Standing]]) -> None:
    """One citizen, one source, each resource once. Raises Refused with the place of the entry that differs."""
    first: Word | None = None
    seen: set[str] = set()
    for number, (_, word) in sorted(done.items()):
        if word.reference in seen:
            raise Refused("Two entries write the same resource", where=entries[number].place)
        seen.add(word.reference)
        if not isinstance(word, Word):
            continue
        first = first or word
        if word.citizen != first.citizen or word.source != first.source:
            raise Refused(
                "A transaction is about one citizen", where=entries[number].place,
                hint="Send one for each citizen; a batch may be about several.",
            )  # fmt: skip


def _in_order(said: Sequence[tuple[Work, Word]]) -> list[tuple[Work, Word]]:
    """With all numbers of the citizen in front, where the transaction makes the Patient."""
    numbers = max((word.numbers for _, word in said), key=len)
    return [(work, replace(word, numbers=numbers)) for work, word in said]
