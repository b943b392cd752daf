"""Search: one citizen's plan among many citizens against among a hundredth of them; and the statements of a page."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import asyncpg

from gateway.bootstrap import gateway_of
from gateway.cli.benching import population
from gateway.cli.benching.figure import Figure, in_turns, say
from gateway.cli.benching.http_lane import request
from gateway.cli.benching.second import second_gateway
from gateway.cli.benching.stage import Stage
from gateway.domain.caller import Caller
from gateway.domain.identifier import CPR
from gateway.flows.search import search
from gateway.inbound import clients
from gateway.settings import Settings
from gateway.store.pool import Database

CONNECTIONS = 8
SEARCH_GOAL = 0.5
STATEMENTS = 3
"""A page of fifty with what it includes is made of so many statements at most."""

_SEARCHES = "SELECT count(*) FROM access_record WHERE interaction = 'search-type' AND decision <> 'deny'"
_FORM = "application/x-www-form-urlencoded"
_PAGE = (("_include", "Encounter:patient"), ("_revinclude", "Condition:encounter"), ("_count", "50"))
# The same with whatever else a page may ask: staff, places, again and again; who said it; a chain to the directory.
_PAGES = (
    _PAGE,
    (*_PAGE, ("_include", "Encounter:service-provider"), ("_include:iterate", "Organization:partof"),
     ("_revinclude:iterate", "PractitionerRole:organization"), ("_revinclude", "Provenance:target")),
    (*_PAGE, ("service-provider.name:missing", "false"), ("_include", "Encounter:service-provider"),
     ("_revinclude", "Provenance:target")),
)  # fmt: skip
# Copies of the first citizen under other numbers: nobody asks for them, they only stand in the way.
_FILL = """
CREATE TEMP TABLE one AS SELECT citizen, key FROM identity WHERE key = $1;
INSERT INTO citizen (id, revision) SELECT md5(o.citizen || n), 1 FROM one o, generate_series(1, $1::int) AS n;
INSERT INTO identity (key, citizen, identifiers)
 SELECT i.key || 'x' || n, md5(i.citizen || n), ARRAY(SELECT e || 'x' || n FROM unnest(i.identifiers) AS e)
   FROM one o JOIN identity i USING (citizen), generate_series(1, $1::int) AS n;
INSERT INTO message
  (language, source, message_id, event, fingerprint, received_at, state, accepted, citizen, answer)
 SELECT m.language, m.source, m.message_id || n, m.event, sha256((m.id || '/' || n)::bytea), m.received_at, m.state,
        m.accepted, md5(m.citizen || n), m.answer
   FROM one o JOIN message m USING (citizen), generate_series(1, $1::int) AS n;
INSERT INTO resource (kind, id, citizen, version, updated, sector, withdrawn, facts, body, digest)
 SELECT r.kind, CASE WHEN r.kind = 'Patient' THEN md5(r.citizen || n) ELSE md5(r.id || n) END, md5(r.citizen || n),
        r.version, r.updated, r.sector, r.withdrawn, r.facts, r.body, r.digest
   FROM one o JOIN resource r USING (citizen), generate_series(1, $1::int) AS n
"""


def growth(stage: Stage, rounds: int, searches: int, citizens: int, numbers: Sequence[int]) -> Figure:
    """Both gateways serve these citizens, each among its own number of others: in a run of all figures the fewer are
    those of the figures behind."""
    serving, load = stage.serving, stage.load
    there = stage.number("SELECT count(*) FROM citizen")
    few = max(citizens // 100, there)
    many = max(citizens, few)
    for url, count in ((serving.settings.database_url, few), (stage.floor_url, many)):
        say(f"search: {count:,} citizens are in the store")
        asyncio.run(_fill(url, count - there, f"{CPR}|{population.cpr(numbers[0])}"))

    def rate(host: str, port: int, number: int) -> float:
        pick = random.Random(number)  # noqa: S311 - a benchmark
        headers = {**stage.bearer("social"), "Content-Type": _FORM}
        asked = (population.cpr(pick.choice(numbers)) for _ in range(searches + CONNECTIONS))
        jobs = [request("POST", "/fhir/CarePlan/_search", headers, _form(cpr)) for cpr in asked]
        return searches / load.http(host, port, jobs, CONNECTIONS)

    with second_gateway(serving.settings, stage.floor_url, serving.url) as port:
        rate("127.0.0.1", port, -1)
        rate(serving.host, serving.http_port, -1)
        found = in_turns(
            "search", rounds, lambda number: rate("127.0.0.1", port, number),
            lambda number: rate(serving.host, serving.http_port, number),
        )  # fmt: skip
    stage.grown(_SEARCHES, 0, (rounds + 1) * (searches + CONNECTIONS))
    how = (
        f"POST /fhir/CarePlan/_search by a citizen's number, {searches} a round over {CONNECTIONS} connections, among "
        f"{many:,} citizens against among {few:,}; the same citizens are asked for on both sides, each on record"
    )
    return Figure("search", SEARCH_GOAL, "searches/s", how, found)


def _form(cpr: str) -> bytes:
    return urlencode({"patient.identifier": f"{CPR}|{cpr}"}).encode()


async def _fill(url: str, copies: int, key: str) -> None:
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        async with connection.transaction():
            first, *others = _FILL.split(";")
            await connection.execute(first, key)
            for sql in others:
                await connection.execute(sql, copies)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def page(stage: Stage) -> Figure:
    """The statements that one page of the hospital's stays takes, with citizens and diagnoses included; and with staff,
    places and who said it; the most of them."""
    counted, matches = asyncio.run(_counted(stage))
    each = ", ".join(map(str, counted))
    how = (
        f"a page of {matches} stays of the hospital's circle, with citizens and diagnoses, the same with staff, places "
        f"and Provenance, and with a chain: {each} statements to the database, among them the access records; "
        f"{STATEMENTS} are allowed"
    )
    say(f"page: round 1 of 1: {max(counted)} statements")
    return Figure("page", 1.0, "statements", how, ((float(STATEMENTS), float(max(counted))),))


async def _counted(stage: Stage) -> tuple[list[int], int]:
    settings = replace(stage.serving.settings, public_url=stage.serving.url)
    told: list[object] = []
    counts, matches = list[int](), 0
    database = await Database.open(settings.database_url, size=1)
    try:
        gateway = gateway_of(settings, database)
        async with database.connection() as connection:
            connection.add_query_logger(told.append)
        for params in _PAGES:
            await search(gateway, _hospital(settings), "Encounter", params)  # the driver asks once what types there are
            told.clear()
            served = await search(gateway, _hospital(settings), "Encounter", params)
            counts.append(len(told))
            matches = max(matches, served.body.count(b'"mode":"match"'))
    finally:
        await database.close()
    return counts, matches


def _hospital(settings: Settings) -> Caller:
    client = next(one for one in clients.load(settings.clients) if one.id == "hospital")
    return Caller(
        client=client.id, client_name=client.name, organisation=client.organisation,
        organisation_name=client.organisation_name, sector=client.sector, role=client.role, user="urn:bench|1",
        user_name="Ib", user_role="", purposes=("TREAT",), scopes=("system/*.rs",), sends=client.sends,
        member_of=client.member_of,
    )  # fmt: skip
