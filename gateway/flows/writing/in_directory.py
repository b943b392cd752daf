"""Writes in the directory that are made of its own create, update and delete: patches and conditional forms.

Between the look and the write stands the version: when somebody else was faster the write is refused (412), never
made on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.errors import NeedsVersion, NotFound, SeveralMatch
from gateway.flows import directory
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing.asked import Asked
from gateway.store import wire


async def write(gateway: Gateway, caller: Caller, asked: Asked) -> Served:
    """One write of a practitioner, organisation, service or place; nothing to show for a delete."""
    kind, identity, tag = asked.kind, asked.identity, asked.if_match
    if asked.interaction == "create":
        return await directory.create(gateway, caller, kind, asked.raw, urlencode(asked.criteria or ()))
    if asked.criteria is not None:
        identity, version = await _found(gateway, caller, kind, asked.criteria)
        if not identity and asked.interaction == "update":
            return await directory.create(gateway, caller, kind, asked.raw, urlencode(asked.criteria))
        if not identity:
            raise NotFound
        tag = tag or f'W/"{version}"'
    if asked.interaction == "delete":
        await directory.withdraw(gateway, caller, kind, identity, tag)
        return Served(b"")
    if asked.interaction == "update":
        return await directory.update(gateway, caller, kind, identity, _named(asked, identity), tag)
    return await _patched(gateway, caller, asked, identity, tag)


def _named(asked: Asked, identity: str) -> bytes:
    """Who updates by a condition need not know the id of what it finds. http://hl7.org/fhir/R4/http.html#cond-update"""
    if asked.criteria is None or "id" in asked.body:
        return asked.raw
    return wire.encode({**asked.body, "id": identity})


async def _patched(gateway: Gateway, caller: Caller, asked: Asked, identity: str, tag: str) -> Served:
    if not tag:
        raise NeedsVersion(where="If-Match", hint="Read the resource and send its ETag as If-Match.")
    stands = await directory.read(gateway, caller, asked.kind, identity)
    assert asked.change is not None  # noqa: S101 - for mypy: every patch has a change
    made = asked.change(wire.decode(stands.body))
    return await directory.update(gateway, caller, asked.kind, identity, wire.encode(made), tag)


async def _found(gateway: Gateway, caller: Caller, kind: str, criteria: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The id and version of the one that the search finds, as far as this caller may see; "" where it finds none."""
    there = await directory.visible(gateway, caller, kind, criteria)
    if len(there) > 1:
        raise SeveralMatch(hint="Narrow the condition.")
    return (there[0]["id"], there[0]["meta"]["versionId"]) if there else ("", "")
