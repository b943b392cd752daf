"""A shelter that is written into the directory changes no byte of what is answered to who may see no shelter: whatever
is searched, ordered, counted or chained through, in the directory and in citizens' resources."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gateway.inbound.rest.kinds import DIRECTORY
from gateway.inbound.scopes import Scope
from tests.attack.world import CAST, SARAH, Doors, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.inbound.oauth_client import hospital
from tests.inbound.one_citizen import JOBCENTER, SOCIAL

UNITS, WARD, TEAM = "urn:test:units", "W1", "T1"  # none of the tables
POINT = {"latitude": 55.6761, "longitude": 12.5683}
NURSE = {"system": "https://www.sst.dk/autorisation", "value": "0ABCD"}
WORDS = ("krisecenter", "lunden", "huset", "afsnit", "asta", WARD, TEAM, "0ABCD", "true", "nurse", "2026", "x")
ALL = (Scope("*", "cruds"),)
WRITER = hospital(id="writer", role="social", sector="municipality", organisation=SOCIAL.organisation, scopes=ALL,
                  purposes=("TREAT", "HOPERAT"), sends=SOCIAL.sends)  # fmt: skip
READER = hospital(id="reader", role="jobcenter", sector="municipality", organisation=JOBCENTER.organisation, scopes=ALL,
                  purposes=("HOPERAT",), sends=())  # fmt: skip
BEARER = {"extensions": {"ihe_iua": {"subject_id": "urn:test:staff|1", "purpose_of_use": ["HOPERAT"]}}}


def questions(dice: random.Random, here: Doors, known: list[str]) -> Iterator[str]:
    """Searches of the directory by everything that is served, and chains into it."""
    served = here.http.gateway.search
    for kind in DIRECTORY:
        for name, one in sorted(served[kind].items()):
            value = "55.68|12.57|9|km" if one.kind == "special" else dice.choice((*WORDS, *known))
            yield f"{kind}?{name}={quote(value)}&_sort=-_lastUpdated"
            yield f"{kind}?{name}:missing={dice.choice(('true', 'false'))}&_total=accurate&_count=2"
            for target in set(one.targets) & set(DIRECTORY):
                inner = dice.choice(sorted(served[target]))
                yield f"{kind}?{name}:{target}.{inner}={quote(dice.choice(WORDS))}"
                yield f"{kind}?{name}:{target}.name:missing=false&_include={kind}:{name}"
                yield f"{target}?_has:{kind}:{name}:_id:missing=false&_revinclude={kind}:{name}"
        for cut in ("_count=1", "_summary=count", "_sort=_lastUpdated&_count=2", "_elements=name&_include=*"):
            yield f"{kind}?{cut}"
    for name in ("partof:below", "partof:above"):
        yield from (f"{kind}?{name}={one}" for kind in ("Location", "Organization") for one in known)
    citizen = f"patient={patient_of(SARAH)}"
    for chain in ("service-provider.name", "service-provider.identifier", "location.name", "participant.name"):
        yield from (f"Encounter?{citizen}&{chain}={quote(word)}" for word in WORDS)
    yield from (f"Encounter?{citizen}&service-provider:below={one}&_include=*" for one in known)


async def put(here: Doors, bearer: dict[str, str], kind: str, **said: Any) -> str:
    told = await here.http.web.post(f"/fhir/{kind}", headers=bearer, json={"resourceType": kind, **said})
    assert told.status_code == 201, told.text
    return str(told.json()["id"])


async def everybodys(here: Doors, bearer: dict[str, str]) -> list[str]:
    ward = await put(here, bearer, "Organization", name="Afsnit 1", identifier=[{"system": UNITS, "value": WARD}])
    nurse = await put(here, bearer, "Practitioner", name=[{"family": "Asta"}], identifier=[NURSE])
    place = await put(here, bearer, "Location", name="Afsnit 1", position=POINT)
    role = await put(here, bearer, "PractitionerRole", practitioner={"identifier": NURSE}, active=True,
                     organization={"reference": f"Organization/{ward}"})  # fmt: skip
    return [ward, nurse, place, role]


async def hidden(here: Doors, bearer: dict[str, str], ward: str) -> list[str]:
    above = {"reference": f"Organization/{ward}"}
    house = await put(here, bearer, "Organization", name="Krisecenter Lunden", partOf=above,
                      identifier=[{"system": UNITS, "value": TEAM}])  # fmt: skip
    below = await put(here, bearer, "Organization", name="Afsnit 2", partOf={"reference": f"Organization/{house}"})
    place = await put(here, bearer, "Location", name="Krisecenter", position=POINT,
                      managingOrganization={"reference": f"Organization/{house}"})  # fmt: skip
    room = await put(here, bearer, "Location", name="Afsnit 3", partOf={"reference": f"Location/{place}"})
    role = await put(here, bearer, "PractitionerRole", practitioner={"identifier": NURSE}, active=True,
                     organization={"identifier": {"system": UNITS, "value": TEAM}})  # fmt: skip
    offer = await put(here, bearer, "HealthcareService", name="Krisecenter", active=True, location=[
        {"reference": f"Location/{room}"}])  # fmt: skip
    return [house, below, place, room, role, offer]


def test_a_shelter_changes_no_byte_of_any_answer(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url, *CAST, WRITER, READER) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            writer = await here.http.bearer("system/*.cruds", "writer", **BEARER)
            reader = await here.http.bearer("system/*.cruds", "reader", **BEARER) | {"X-Request-Id": "the-same"}
            known = await everybodys(here, writer)
            dice, nothing = random.Random(5), here.http.gateway.ids("Organization", "x")
            asked = dice.sample(list(questions(dice, here, [*known, nothing])), 300)

            async def answers() -> list[tuple[str, int, bytes]]:
                told = [await here.http.raw("GET", f"/fhir/{one}", reader) for one in asked]
                return [(path, one.status, one.body) for path, one in zip(asked, told, strict=True)]

            before = await answers()
            secret = await hidden(here, writer, known[0])
            differ = [one[0] for one, other in zip(before, await answers(), strict=True) if one != other]
            assert not differ
            assert {status for _, status, _ in before} == {200, 400}
            assert sum(b'"entry"' in body for _, _, body in before) > 50
            staffed = "/fhir/Organization?_has:PractitionerRole:organization:active=true"
            seen = await here.http.raw("GET", staffed, writer)
            assert secret[0].encode() in seen.body  # whose source wrote it does see it
            for one in secret:
                told = await here.http.raw("GET", f"/fhir/Location?partof:below={one}", reader)
                gone = await here.http.raw("GET", f"/fhir/Location?partof:below={'f' * 32}", reader)
                assert (told.status, told.body) == (gone.status, gone.body)

    run(test)
