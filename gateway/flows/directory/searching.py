"""Search the directory by the R4 parameters of its types. FHIR R4 3.1.1.

What can be looked up is (tokens, references, beginnings of texts): only that is read, and then every parameter is
tested on what the caller may see, so that nothing hidden counts, and every modifier means what it means elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.directory import number_key
from gateway.domain.municipality import CODES
from gateway.domain.searching.query import Parameter, Query, understand
from gateway.errors import BadRequest
from gateway.flows.directory.including import included
from gateway.flows.directory.showing import Shown, of_tables, record, shown
from gateway.flows.parts import Gateway, Served
from gateway.store import directory, wire
from gateway.store.directory import Narrow, Reader

BATCH = 500
TOTAL = 1000
"""A total is told where no more than these had to be looked at."""

_COMMA = re.compile(r"(?<!\\),")
Body = dict[str, Any]


async def search(gateway: Gateway, caller: Caller, kind: str, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset Bundle. Raises BadRequest for an unknown parameter."""
    params = _in_one_spelling(params)
    query = understand(kind, gateway.search, params)
    _only_what_is_served(query)
    wanted = query.offset + query.count
    found: list[Body] = []
    walked, whole = 0, True
    async for body, matches in _matching(gateway, gateway.database, caller, kind, params, query):
        walked += 1
        found += [body] if matches else []
        if len(found) > wanted and walked >= TOTAL:
            whole = False
            break
    page = found[query.offset : wanted]
    further = await included(gateway, caller, query, page)
    await record(gateway, caller, "search-type", kind, f"GET {kind}?{urlencode(list(params))}", Shown(tuple(page), ()))
    return Served(wire.encode(_bundle(gateway, kind, params, query, page, further, len(found), whole=whole)))


def _only_what_is_served(query: Query) -> None:
    """Raises BadRequest for what would be left out in silence."""
    if query.orders or query.summary or query.elements or (query.wide and not query.includes):
        raise BadRequest(
            "This is not served for the directory",
            where=query.kind,
            hint="Leave out _sort, _summary, _elements and _has.",
        )


async def visible(
    gateway: Gateway, caller: Caller, kind: str, params: Sequence[tuple[str, str]], reader: Reader | None = None,
    most: int = 2,
) -> list[Body]:  # fmt: skip
    """What matches, as far as this caller may see it, at most `most`: for conditional writes, which put it on record
    themselves. `reader` is the writer's own transaction."""
    params = _in_one_spelling(params)
    query = understand(kind, gateway.search, params)
    found: list[Body] = []
    async for body, matches in _matching(gateway, reader or gateway.database, caller, kind, params, query):
        found += [body] if matches else []
        if len(found) >= most:
            break
    return found


async def _matching(
    gateway: Gateway, reader: Reader, caller: Caller, kind: str, params: Sequence[tuple[str, str]], query: Query
) -> AsyncIterator[tuple[Body, bool]]:
    """Everything this caller may see that could match, each with whether it does: first what tables tell, then the
    others by their ids."""
    for body in of_tables(gateway, caller, kind):
        yield body, _meets(body, query)
    narrow = list(_narrowed(gateway.search.get(kind, {}), params))
    after = ""
    while True:
        entries = await directory.found(reader, kind, narrow, query.ids, after, BATCH)
        for body in shown(gateway, caller, entries).bodies:
            yield body, _meets(body, query)
        if len(entries) < BATCH:
            return
        after = entries[-1].id


def _meets(body: Body, query: Query) -> bool:
    return (not query.ids or body["id"] in query.ids) and query.matches(body)


def _in_one_spelling(params: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """A municipality's code is four digits, however it is asked for."""
    return [
        (name, ",".join(_code(one) for one in value.split(",")) if CODES in value else value) for name, value in params
    ]


def _code(token: str) -> str:
    system, bar, code = token.rpartition("|")
    return number_key(system, code) if bar and system == CODES else token


def _narrowed(served: Mapping[str, Parameter], params: Sequence[tuple[str, str]]) -> Iterator[Narrow]:
    """The parameters that can be looked up; the others are only tested."""
    for name, value in params:
        plain, _, modifier = name.partition(":")
        if plain not in served or "\\" in value or not value:
            continue
        values = [one for one in _COMMA.split(value) if one]
        kind = served[plain].kind
        if kind == "token" and not modifier and not any(one.endswith("|") for one in values):
            yield Narrow(plain, exact=tuple(map(_token, values)))
        elif kind == "reference" and not modifier:
            yield Narrow(plain, exact=tuple(one if "/" in one else f"={one}" for one in values))
        elif kind == "reference" and modifier == "identifier" and all("|" in one for one in values):
            yield Narrow(plain, exact=tuple(map(_token, values)))
        elif kind == "string" and not modifier:
            yield Narrow(plain, begins=tuple(one.casefold()[: directory.LONGEST] for one in values))


def _token(value: str) -> str:
    system, bar, code = value.rpartition("|")
    return number_key(system, code) if bar and system else f"={code}"


def keys(served: Mapping[str, Parameter], body: Body) -> Iterator[tuple[str, str]]:
    """What a resource is found by: (parameter, value), spelled as `_narrowed` asks."""
    for name, parameter in served.items():
        for item in parameter.extract(body):
            for value in _KEYS.get(parameter.kind, _none)(item):
                yield name, value


def _none(_: Any) -> Iterator[str]:
    return iter(())


def _tokens(item: Any) -> Iterator[str]:
    if isinstance(item, bool):
        yield "=true" if item else "=false"
    elif isinstance(item, str):
        yield f"={item}"
    elif isinstance(item, dict):
        for one in item.get("coding", [item]):
            code = str(one.get("code", one.get("value", "")))
            yield f"={code}"
            if one.get("system"):
                yield number_key(str(one["system"]), code)


def _references(item: Any) -> Iterator[str]:
    if isinstance(item, dict):
        literal, number = str(item.get("reference", "")), item.get("identifier")
        if literal:
            yield from (literal, f"={literal.rpartition('/')[2]}")
        if isinstance(number, dict) and "value" in number:
            yield number_key(str(number.get("system", "")), str(number["value"]))


def _texts(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item.casefold()
    elif isinstance(item, dict | list):
        for one in item.values() if isinstance(item, dict) else item:
            yield from _texts(one)


_KEYS = {"token": _tokens, "reference": _references, "string": _texts}


def _bundle(
    gateway: Gateway, kind: str, params: Sequence[tuple[str, str]], query: Query, page: Sequence[Body],
    further: Sequence[Body], found: int, *, whole: bool,
) -> Body:  # fmt: skip
    base = f"{gateway.public_url}/fhir/{kind}"
    links = [{"relation": "self", "url": f"{base}?{urlencode(list(params))}" if params else base}]
    if found > query.offset + query.count and query.count:
        kept = [(name, value) for name, value in params if name != "_offset"]
        onwards = urlencode([*kept, ("_offset", str(query.offset + query.count))])
        links.append({"relation": "next", "url": f"{base}?{onwards}"})
    bundle: Body = {"resourceType": "Bundle", "type": "searchset"} | ({"total": found} if whole else {})
    entries = [{"fullUrl": f"{base}/{body['id']}", "resource": body, "search": {"mode": "match"}} for body in page]
    entries += [
        {"fullUrl": f"{gateway.public_url}/fhir/{one['resourceType']}/{one['id']}", "resource": one,
         "search": {"mode": "include"}}
        for one in further
    ]  # fmt: skip
    return bundle | {"link": links} | ({"entry": entries} if entries else {})
