"""Chains and includes are followed in what one statement brought. That is all there is to follow: with the whole
directory at hand they lead to the same, in directories of any shape."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.domain.searching.query import understand
from gateway.errors import BadRequest
from gateway.flows import directory
from gateway.flows.directory.chains import answers_of, asked_of, further_of
from gateway.flows.parts import Gateway
from gateway.store import searching
from gateway.store.directory import Entry
from tests.flows.directory.people import AUTHORISATION, HOSPITAL, NGO, SOCIAL, made
from tests.inbound.http_world import http, run

SOURCES = (HOSPITAL, HOSPITAL, SOCIAL)
CODES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
CHAINS = (
    ("Encounter", "service-provider.name", "klinik"), ("Encounter", "service-provider.partof.name", "klinik"),
    ("Encounter", "service-provider:Organization.name:contains", "inik"), ("Encounter", "location.name", "klinik"),
    ("Encounter", "location.organization.name", "klinik"), ("CareTeam", "participant.name", "klinik"),
    ("CareTeam", "participant:PractitionerRole.organization.name", "klinik"),
    ("CareTeam", "participant:PractitionerRole.practitioner.name", "klinik"),
    ("CareTeam", "participant:Organization._has:PractitionerRole:organization:active", "true"),
    ("CareTeam", "participant:Practitioner._has:PractitionerRole:practitioner:active", "true"),
    ("Encounter", "service-provider.name:missing", "true"), ("Encounter", "service-provider.name", "københavn"),
    ("CareTeam", "participant:PractitionerRole.organization.name", "københavn"),
)  # fmt: skip
RULES = (
    "_include=*", "_revinclude=*", "_include:iterate=*", "_revinclude:iterate=*", "_include=Encounter:service-provider",
    "_include=Encounter:location", "_include=CareTeam:participant:PractitionerRole", "_include=CareTeam:participant",
    "_include:iterate=PractitionerRole:organization", "_include:iterate=PractitionerRole:practitioner",
    "_include:iterate=Organization:partof", "_include:iterate=Location:organization",
    "_revinclude:iterate=PractitionerRole:organization", "_revinclude:iterate=PractitionerRole:practitioner",
    "_revinclude:iterate=Location:organization", "_revinclude:iterate=Organization:partof",
)  # fmt: skip


async def furnished(gateway: Gateway, pick: random.Random) -> list[dict[str, Any]]:
    """A directory whose entries refer to each other by id and by number; gives references to them."""
    there: dict[str, list[dict[str, Any]]] = {
        "Organization": [{"identifier": {"system": CODES, "value": "0101"}}], "Practitioner": [], "Location": [],
        "PractitionerRole": [],
    }  # fmt: skip

    def some(kind: str) -> dict[str, Any]:
        return pick.choice(there[kind])

    for number in range(32):
        kind = pick.choice(["Organization", "Practitioner", "Location", "PractitionerRole"])
        name = pick.choice(["Klinik", "Krisecenter", "Afsnit"]) + f" {number}"
        system = AUTHORISATION if kind == "Practitioner" else SOR
        said: dict[str, Any] = {"identifier": [{"system": system, "value": f"{number}1000016009"}]}
        if kind in ("Organization", "Location"):
            said["name"] = name
        if kind == "Practitioner":
            said["name"] = [{"family": name}]
        if kind == "Organization" and pick.random() < 0.7:
            said["partOf"] = some("Organization")
        if kind == "Location" and pick.random() < 0.7:
            said["managingOrganization"] = some("Organization")
        if kind == "PractitionerRole":
            said |= {"active": pick.random() < 0.5, "organization": some("Organization")}
            said |= {"practitioner": some("Practitioner")} if there["Practitioner"] else {}
        identity = await made(gateway, pick.choice(SOURCES), kind, **said)
        by_id = {"reference": f"{kind}/{identity}"}
        there[kind].append(by_id if pick.random() < 0.5 else {"identifier": said["identifier"][0]})
    return [one for these in there.values() for one in these]


async def everything(gateway: Gateway) -> list[Entry]:
    rows = await gateway.database.fetch(
        "SELECT kind, id, version, updated, source, withdrawn, protected, body FROM directory ORDER BY id"
    )
    return [Entry(*row) for row in rows]


def of_citizens(pick: random.Random, references: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Resources of a citizen that refer to some of them."""
    stay = {"resourceType": "Encounter", "id": "1", "serviceProvider": pick.choice(references),
            "location": [{"location": pick.choice(references)}]}  # fmt: skip
    team = {"resourceType": "CareTeam", "id": "2", "participant": [
        {"member": pick.choice(references)} for _ in range(2)]}  # fmt: skip
    return [stay, team]


def test_what_came_is_all_there_is_to_follow(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway, pick = here.gateway, random.Random(7)
            references = await furnished(gateway, pick)
            whole, led = await everything(gateway), 0
            for turn in range(120):
                caller = (NGO, SOCIAL, HOSPITAL)[turn % 3]
                params = [tuple(one.split("=")) for one in pick.sample(RULES, 4)]
                query = understand("Encounter", gateway.search, params, gateway.here)  # type: ignore[arg-type]
                matches, beside = of_citizens(pick, references), of_citizens(pick, references)
                reach = directory.reach(gateway, caller, query, matches, beside)
                came = await searching.reached(
                    gateway.database, reach, directory.allowed(gateway, caller), (), gateway.ids
                )
                found = directory.included(gateway, caller, query, matches, beside, came.entries)
                assert found == directory.included(gateway, caller, query, matches, beside, whole), params
                led += bool(found)
            assert led > 60, "most lead somewhere"

    run(test)


def test_what_could_answer_a_chain_is_all_that_does(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway, pick = here.gateway, random.Random(11)
            references = await furnished(gateway, pick)
            whole, led = await everything(gateway), 0
            organisations = [one["reference"] for one in references if "Organization" in one.get("reference", "")]
            climbs = [
                ("Encounter", f"service-provider:{way}", one)
                for way in ("below", "above")
                for one in (*organisations, f"Organization/{gateway.ids('Organization', f'{CODES}|0101')}")
            ]
            for caller in (NGO, SOCIAL, HOSPITAL):
                for kind, name, value in (*CHAINS, *climbs):
                    query = understand(kind, gateway.search, [(name, value)], gateway.here)
                    wanted = asked_of(gateway, caller, query.beyond)
                    came = await searching.of_directory(gateway.database, further_of(gateway, caller, wanted))
                    every = {
                        place: [one for one in whole if one.kind == wanted.wants[place].kind]
                        for place in range(len(wanted.wants))
                    }
                    told = answers_of(gateway, caller, query.beyond, wanted, came)
                    assert told == answers_of(gateway, caller, query.beyond, wanted, every), (name, value)
                    led += any(told.values())
            assert led > 60

    run(test)


def test_includes_that_lead_to_too_much_are_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.directory.including.MOST", 1)

    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            top = await made(gateway, HOSPITAL, "Organization", name="Klinik")
            for _ in range(7):
                await made(gateway, HOSPITAL, "Location", managingOrganization={"reference": f"Organization/{top}"})
            asked = [("_id", top), ("_revinclude", "Location:organization")]
            for params in (asked, [*asked, ("_revinclude:iterate", "*"), ("_include:iterate", "*")]):
                with pytest.raises(BadRequest, match="too much"):
                    await directory.search(gateway, NGO, "Organization", params)

    run(test)
