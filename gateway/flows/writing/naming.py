"""What the entries of a transaction are called, and what their conditions find, before any of them is worked out.

What an entry makes may be referred to by its fullUrl (urn:uuid), by entries about any citizen and of the directory;
what is there by a search (`Patient?identifier=…`) that finds one. http://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS as DIRECTORY
from gateway.errors import BadRequest, Refused
from gateway.flows.directory.searching import SEARCH
from gateway.flows.parts import Gateway
from gateway.flows.read import no_purpose
from gateway.flows.search.worlds import searchable, searching
from gateway.flows.subscriptions.showing import KIND as SUBSCRIPTION
from gateway.flows.writing import in_directory, in_subscriptions
from gateway.flows.writing.asked import Around, Asked, Criteria, Entry, Json, Moved, Work
from gateway.flows.writing.conditional import found_by, matching, token_for
from gateway.flows.writing.create import place_of
from gateway.flows.writing.in_directory import Amid
from gateway.flows.writing.whose import check_few, numbers_of, source_of
from gateway.store import population
from gateway.translate.fhir.links import links, relinked, searches
from gateway.translate.fhir.patching import fhirpath_patch

MESSAGE = "Communication"
_HERE = re.compile(r"([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/.*)?", re.ASCII)
_RESTFUL = re.compile(r"(https?://.+/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}", re.ASCII)


async def settled(gateway: Gateway, entry: Entry, work: Work, around: Around) -> tuple[Work, str, str]:
    """The write with its condition looked up, what the key of a new resource is made of ("" where none is), and the
    resource that the entry is about (`Goal/9f…`), which goes by the entry's name from now on.

    Raises what is wrong with the condition or the name, Forbidden without a purpose of use.
    """
    if entry.asked.kind in DIRECTORY:
        token = secrets.token_hex(16)
        place = await in_directory.place_of(gateway, entry.caller, entry.asked, token, Amid(around.gone, around.effort))
    elif entry.asked.kind == SUBSCRIPTION:
        token = entry.asked.identity or in_subscriptions.new_id(gateway)
        place = f"{SUBSCRIPTION}/{token}"
    elif entry.asked.kind == MESSAGE:
        if entry.asked.criteria is not None:
            raise BadRequest("A message is sent each time", where="If-None-Exist")
        return work, "", ""  # its number is given when it is written
    else:
        work, token, place = await _of_citizen(gateway, entry, work, around)
    name(entry, place, around, f"{gateway.public_url}/fhir/")
    if entry.asked.interaction == "delete":
        around.gone.add(place)
    return work, token, place


def name(entry: Entry, place: str, around: Around, here: str) -> None:
    """The entry's name stands for this from now on. Raises BadRequest where it stands for something already, or is the
    address of something else than what the entry changes."""
    if entry.name and entry.name in around.places:
        raise BadRequest("Two entries have this fullUrl", where=f"{entry.place}.fullUrl")
    named = _HERE.fullmatch(entry.name.removeprefix(here))
    if entry.name.startswith(here) and named and entry.asked.identity and named[1] != place:
        raise BadRequest("This fullUrl is that of another resource", where=f"{entry.place}.fullUrl")
    around.places |= {entry.name: place} if entry.name else {}


async def _owner(gateway: Gateway, asked: Asked) -> str:
    """Whose it is that a condition found. Raises Moved where it is gone by now: merged, or taken back."""
    owners = await population.owners_of(gateway.database, asked.kind, [asked.identity])
    if asked.identity not in owners:
        raise Moved
    return owners[asked.identity]


async def _of_citizen(gateway: Gateway, entry: Entry, work: Work, around: Around) -> tuple[Work, str, str]:
    caller = entry.caller
    if not caller.purposes:
        raise no_purpose()
    work = await found_by(gateway, caller, work, around.effort)
    asked = work.asked
    if asked.interaction != "create":
        if asked.criteria is not None:  # whom the condition led to is on record, also where another entry fails
            work.about(await _owner(gateway, asked))
        return work, "", f"{asked.kind}/{asked.identity}"
    token = await token_for(gateway, caller, asked)
    kind, identity = place_of(gateway, caller, asked, token)
    if asked.criteria is not None and (
        there := await matching(gateway, caller, kind, asked.criteria, work.looks, around.effort, around.gone)
    ):
        return work, token, f"{kind}/{there[0]}"
    if kind == "Patient":
        told_of = {"identifier": asked.body.get("identifier")}
        around.citizens[identity] = numbers_of(source_of(gateway, caller), caller, told_of, token)
    around.promised.add(f"{kind}/{identity}")
    return work, token, f"{kind}/{identity}"


def twins(entries: Sequence[Entry]) -> dict[int, int]:
    """Creates of one type under one condition: each but the first finds what the first one made."""
    first: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
    found: dict[int, int] = {}
    for number, entry in enumerate(entries):
        if entry.asked.interaction == "create" and entry.asked.criteria is not None:
            known = first.setdefault((entry.asked.kind, tuple(sorted(entry.asked.criteria))), number)
            found |= {number: known} if known != number else {}
    return found


async def resolved(gateway: Gateway, entry: Entry, work: Work, around: Around) -> Json:
    """The resource with final references in the place of names of entries and of searches. Raises Refused, and
    RuleBroken for too many of them."""
    body = entry.asked.body
    found = around.places | _beside(entry, around)
    searched = searches(body)
    check_few(entry.asked.kind, len(searched))
    for literal in sorted(searched):
        kind, _, text = literal.partition("?")
        criteria = parse_qsl(text, keep_blank_values=True)
        found[literal] = await _looked_up(gateway, entry.caller, kind, criteria, work, around)
    if entry.asked.kind in DIRECTORY:
        citizens = {name for name, place in found.items() if place.partition("/")[0] not in DIRECTORY}
        if citizens.intersection(links(body)):
            raise Refused("What stands in the directory refers to no citizen", hint="Leave the reference out.")
    made: Json = relinked(body, found)
    return made


def linked(asked: Asked, body: Json) -> Asked:
    """The write with final references; a FHIRPath Patch stands in the body too, and changes what it says now."""
    if asked.interaction != "patch" or not body:
        return replace(asked, body=body)
    return replace(asked, body={}, change=lambda stands: fhirpath_patch.patched(stands, body))


def _beside(entry: Entry, around: Around) -> dict[str, str]:
    """`Patient/1` in an entry whose fullUrl is `https://a.example/fhir/Goal/2` is the entry that goes by
    `https://a.example/fhir/Patient/1`. http://hl7.org/fhir/R4/bundle.html#references"""
    found = _RESTFUL.fullmatch(entry.name)
    if found is None:
        return {}
    return {name.removeprefix(found[1]): place for name, place in around.places.items() if name.startswith(found[1])}


async def _looked_up(
    gateway: Gateway, caller: Caller, kind: str, criteria: Criteria, work: Work, around: Around
) -> str:
    """What a conditional reference leads to, as far as this caller may see and search it. Raises Refused, SeveralMatch.
    What the transaction takes back is there no more."""
    there: list[str] = []
    around.effort.add(SEARCH, kind)
    searched = searchable(caller)(kind)
    if searched and kind in DIRECTORY:
        there = await in_directory.found(gateway, caller, kind, criteria, Amid(around.gone, around.effort))
    elif searched and kind in gateway.search:
        one = await matching(gateway, searching(caller), kind, criteria, work.looks, around.effort, around.gone)
        there = [one[0]] if one else []
    if len(there) != 1:
        raise Refused("A conditional reference does not find exactly one", hint="Narrow it, or name the resource.")
    return f"{kind}/{there[0]}"
