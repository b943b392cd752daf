"""Staff and place of a shelter are told to nobody who may not see them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.errors import NotFound
from gateway.flows import directory
from gateway.flows.parts import Gateway
from tests.flows.directory.people import (
    HOSPITAL,
    JOBCENTER,
    KLE,
    NGO,
    SOCIAL,
    body,
    found,
    made,
    raw,
    referred,
)
from tests.inbound.http_world import http, run

SHELTERS: tuple[dict[str, Any], ...] = (
    {"name": "Krisecentret Lunden"},
    {"name": "Lunden", "alias": ["Danners kvindekrisecenter"]},
    {"name": "Huset", "type": [{"coding": [{"system": KLE, "code": "27.57.12"}]}]},
    {"name": "Huset", "type": [{"coding": [{"system": KLE, "code": "27.57.16"}]}]},
    {"name": "Huset", "type": [{"text": "botilbud efter § 110"}]},
    {"name": "Huset", "type": [{"text": "Tilbud efter serviceloven §109"}]},
    {"name": "Huset", "meta": {"security": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}},
    {"name": "Huset", "meta": {"security": [
        {"system": "https://faellesplan.dk/fhir/CodeSystem/data-class", "code": "protected-address"}]}},
)  # fmt: skip


def test_staff_and_place_of_a_shelter_are_not_there_for_who_may_see_no_protected_address(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for shelter in SHELTERS[:-1]:
                identity = await made(here.gateway, SOCIAL, "HealthcareService", **_without_alias(shelter))
                with pytest.raises(NotFound):
                    await directory.read(here.gateway, NGO, "HealthcareService", identity)
            await _hidden(here.gateway, SHELTERS[-1])

    run(test)


def _without_alias(shelter: dict[str, Any]) -> dict[str, Any]:
    """As a HealthcareService says it, which has no alias."""
    said = dict(shelter)
    return said | ({"comment": said.pop("alias")[0]} if "alias" in said else {})


async def _hidden(gateway: Gateway, shelter: dict[str, Any]) -> None:
    """Everybody who may not is told what everybody is told of what is not there, at every door."""
    place = await made(gateway, SOCIAL, "Organization", **shelter, telecom=[{"system": "phone", "value": "33330000"}])
    address = {"line": ["Hemmeligvej 7"], "city": "København"}
    refers = {"reference": f"Organization/{place}"}
    where = await made(gateway, SOCIAL, "Location", name="Hus", address=address, managingOrganization=refers)
    offer = await made(
        gateway, SOCIAL, "HealthcareService", name="Støtte", location=[{"reference": f"Location/{where}"}]
    )
    nurse = await made(gateway, SOCIAL, "Practitioner", name=[{"family": "Ansat"}])
    role = await made(
        gateway, SOCIAL, "PractitionerRole", practitioner={"reference": f"Practitioner/{nurse}"},
        healthcareService=[{"reference": f"HealthcareService/{offer}"}],
    )  # fmt: skip
    for kind, identity in (
        ("Organization", place), ("Location", where), ("HealthcareService", offer), ("PractitionerRole", role),
    ):  # fmt: skip
        for who in (JOBCENTER, NGO, replace(HOSPITAL, purposes=())):
            with pytest.raises(NotFound):
                await directory.read(gateway, who, kind, identity)
            with pytest.raises(NotFound):
                await directory.read(gateway, who, kind, identity, 1)
            with pytest.raises(NotFound):
                await directory.history(gateway, who, kind, identity)
            with pytest.raises(NotFound):
                await directory.update(
                    gateway,
                    who,
                    kind,
                    identity,
                    raw(kind, id=identity, **({"name": "x"} if kind == "Organization" else {})),
                    'W/"1"',
                )
            with pytest.raises(NotFound):
                await directory.withdraw(gateway, who, kind, identity)
            assert await referred(gateway, who, kind, {"reference": f"{kind}/{identity}"}) == []
            every = body(await directory.search(gateway, who, kind, [("_count", "500")]))
            assert identity not in json.dumps(every)
            assert every["total"] == len(every.get("entry", []))
            listed = body(await directory.history(gateway, who, kind))
            assert identity not in json.dumps(listed)
            assert "total" in listed
        for who in (SOCIAL, HOSPITAL):  # who wrote it, and who treats
            assert body(await directory.read(gateway, who, kind, identity))["id"] == identity
            assert identity in found(await directory.search(gateway, who, kind, [("_id", identity)]))
            assert len(await referred(gateway, who, kind, {"reference": f"{kind}/{identity}"})) == 1
    assert body(await directory.read(gateway, NGO, "Practitioner", nurse))["name"]  # works elsewhere too


def test_a_role_that_left_the_shelter_stays_hidden_with_its_past(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            role = await made(
                gateway,
                SOCIAL,
                "PractitionerRole",
                organization={"identifier": {"system": SOR, "value": "111111000016001"}},
            )
            assert body(await directory.read(gateway, NGO, "PractitionerRole", role))
            # The shelter comes after the role that refers to its number.
            await made(
                gateway,
                SOCIAL,
                "Organization",
                name="Krisecenter",
                identifier=[{"system": "urn:oid:1.2.208.176.1.1", "value": "111111000016001"}],
            )
            with pytest.raises(NotFound):
                await directory.read(gateway, NGO, "PractitionerRole", role)
            moved = raw("PractitionerRole", id=role, organization={"display": "Hospital"})
            await directory.update(gateway, SOCIAL, "PractitionerRole", role, moved, "1")
            for version in (0, 1, 2):
                with pytest.raises(NotFound):
                    await directory.read(gateway, NGO, "PractitionerRole", role, version)

    run(test)


def test_a_label_does_not_close_an_organisation_of_the_tables(database_url: str) -> None:
    """A shelter that carries its municipality's number hides nobody of the municipality."""

    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            cvr = {"system": "http://cvr.dk", "value": "64942212"}
            role = await made(gateway, SOCIAL, "PractitionerRole", organization={"identifier": cvr})
            await made(gateway, SOCIAL, "Organization", name="Herberget", identifier=[cvr])
            assert body(await directory.read(gateway, NGO, "PractitionerRole", role))["id"] == role

    run(test)
