"""What an export is of: types, since when, for whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from gateway.domain.caller import Caller
from gateway.domain.scope import read
from gateway.domain.searching.hops import shown
from gateway.domain.searching.matching import dates
from gateway.domain.searching.query import once
from gateway.domain.when import BEGINNING
from gateway.errors import BadRequest, NotFound
from gateway.flows.bulk.narrowing import WHERE, compiled, split
from gateway.flows.parts import Gateway
from gateway.flows.search.paging import Params, bound
from gateway.store import bulk, wire
from gateway.store.exports import Job
from gateway.store.sealing import sealed, unsealed

WHAT = "Patient/$export"
"""Whose a job is is the same for every address by which one is asked for."""
FORMATS = frozenset({"application/fhir+ndjson", "application/ndjson", "ndjson"})
_PARAMETERS = ("_outputFormat", "_type", "_since", WHERE)
_PURPOSE = b"bulk-export"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, at `what`. `types` are those that were named; none for all that the token covers. `filters` are the
    queries of `_typeFilter`."""

    caller: Caller
    query: str
    types: tuple[str, ...] = ()
    since: datetime = BEGINNING
    filters: tuple[str, ...] = ()
    what: str = WHAT

    def seal(self, gateway: Gateway) -> bytes:
        """As it stands in the job: who asks may be named by a number."""
        told = {
            "query": self.query, "types": self.types, "since": self.since.isoformat(), "filters": self.filters,
            "what": self.what,
        }  # fmt: skip
        return sealed(gateway.secret, _PURPOSE, wire.encode([told, self.caller]))

    @property
    def url(self) -> str:
        """The request below the address of the gateway."""
        return f"/fhir/{self.what}?{self.query}".rstrip("?")

    @property
    def told(self) -> str:
        """The request as the access record names it: without the values of filters."""
        given = parse_qsl(self.query, keep_blank_values=True)
        named = [(name, value.partition("?")[0] if name == WHERE else value) for name, value in given]
        return f"GET /fhir/{self.what}?{urlencode(named, safe='/:,+')}".rstrip("?")


def understood(gateway: Gateway, caller: Caller, what: str, params: Params, kinds: Collection[str]) -> Asked:
    """The parameters of a kick-off. `kinds` are the types that can be exported. Raises BadRequest: a parameter that is
    left alone would give more than was asked for."""
    types: list[str] = []
    filters: list[str] = []
    told = once(params, "_since")
    since = dates.exactly("_since", told["_since"])[0] if told else BEGINNING
    for name, value in params:
        if name == "_outputFormat":
            if value.replace(" ", "+") not in FORMATS:  # a bare + arrives as a blank
                raise BadRequest("Exports are written as application/fhir+ndjson alone", where=name)
        elif name == "_type":
            types += _types(value, kinds)
        elif name == WHERE:
            filters += split(value)
        elif name not in _PARAMETERS:
            hint = f"Served: {', '.join(_PARAMETERS)}."
            raise BadRequest("This is not asked of an export", where=shown(name), hint=hint)
    query = urlencode([(name, value) for name, value in params], safe="/:,+")
    beside = compiled(gateway, filters).keys() - set(types or kinds)
    if beside:
        raise BadRequest("A filter is of a type that is exported", where=WHERE, hint="Name it in _type.")
    return Asked(caller, query, tuple(sorted(set(types))), since, tuple(filters), what)


def _types(value: str, kinds: Collection[str]) -> list[str]:
    wanted = value.split(",")
    if not set(wanted) <= set(kinds):
        raise BadRequest("Not all of these types are exported", where="_type", hint=f"Exported: {', '.join(kinds)}.")
    return wanted


def of_job(gateway: Gateway, job: Job) -> Asked:
    """The request of a job."""
    told: list[Any] = wire.decode(unsealed(gateway.secret, _PURPOSE, job.request))
    since = datetime.fromisoformat(told[0]["since"])
    asked = told[0]
    return Asked(
        wire.caller(wire.encode(told[1])), asked["query"], tuple(asked["types"]), since,
        tuple(asked.get("filters", ())), asked.get("what", WHAT),
    )  # fmt: skip


def owner_of(gateway: Gateway, caller: Caller) -> bytes:
    """Whose a job is, as a keyed hash: client, organisation, role, person, and the purposes."""
    return gateway.fingerprint(b"bulk", bound(caller, WHAT))


async def own_job(gateway: Gateway, caller: Caller, id: str) -> Job:
    """A job of this caller. Raises NotFound for anybody else's, as for one that never was or is kept no longer."""
    job = await bulk.find(gateway.database, owner_of(gateway, caller), id, gateway.clock())
    if job is None:
        raise NotFound
    return job


def exporting(caller: Caller) -> Caller:
    """The caller with the scopes that an export takes: those that may both read and search."""
    scopes = ((text, read(text)) for text in caller.scopes)
    return replace(caller, scopes=tuple(text for text, one in scopes if one is not None and {"r", "s"} <= {*one.may}))
