"""The CapabilityStatement and the doors say the same, in both directions."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from gateway.inbound.definitions import KINDS
from gateway.inbound.door import Bearer
from gateway.inbound.doors import DOORS
from gateway.inbound.rest.kinds import DIRECTORY
from gateway.translate.fhir import parse
from gateway.translate.r4 import definitions, facts
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS

# Every interaction of R4 on a type, and how it is asked for. http://hl7.org/fhir/R4/http.html#summary
INTERACTIONS = {
    "read": ("GET", "/fhir/{kind}/1"),
    "vread": ("GET", "/fhir/{kind}/1/_history/1"),
    "search-type": ("GET", "/fhir/{kind}?_id=1"),
    "create": ("POST", "/fhir/{kind}"),
    "update": ("PUT", "/fhir/{kind}/1"),
    "delete": ("DELETE", "/fhir/{kind}/1"),
    "patch": ("PATCH", "/fhir/{kind}/1"),
    "history-instance": ("GET", "/fhir/{kind}/1/_history"),
    "history-type": ("GET", "/fhir/{kind}/_history"),
}
CONDITIONAL = {
    "conditionalUpdate": ("PUT", "/fhir/{kind}?identifier=1"),
    "conditionalDelete": ("DELETE", "/fhir/{kind}?identifier=1"),
}
OF_SYSTEM = {
    "transaction": ("POST", "/fhir"),
    "batch": ("POST", "/fhir"),
    "search-system": ("GET", "/fhir?_type=Patient"),
    "history-system": ("GET", "/fhir/_history"),
}
R4_KINDS = sorted(name for name in definitions().facts.names if definitions().facts.kind(name) == "resource")


KINDS_SERVED = {kind for door in DOORS for kind in door.kinds}


async def statement(here: Http) -> dict[str, Any]:
    answer = await here.web.get("/fhir/metadata")
    assert answer.status_code == 200
    return dict(answer.json())


def test_it_is_a_capability_statement(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            body = await statement(here)
            CapabilityStatement.model_validate(body)
            assert body["fhirVersion"] == "4.0.1"
            assert body["implementation"]["url"] == "https://gateway.example/fhir"
            answer = await here.web.get("/fhir/metadata", headers={"Accept": "application/fhir+xml"})
            assert parse(answer.content) == body
            assert (await here.web.head("/fhir/metadata")).status_code == 200
            pretty = await here.web.get("/fhir/metadata?_pretty=true&mode=full")
            assert b'\n  "resourceType"' in pretty.content
            assert pretty.json() == body
            short = (await here.web.get("/fhir/metadata?_elements=fhirVersion")).json()
            assert "SUBSETTED" in str(short["meta"])
            assert "rest" not in short
            CapabilityStatement.model_validate((await here.web.get("/fhir/metadata?_summary=true")).json())
            assert (await here.web.get("/fhir/metadata?_summary=maybe")).status_code == 400

    run(test)


async def is_a_door(here: Http, method: str, path: str) -> bool:
    """Whether a caller without a token is told so, or in the end to wait: what is no door is told that it is none."""
    answer = await here.web.request(method, path)
    assert answer.status_code in (401, 429, 404, 405), (method, path, answer.text)
    return answer.status_code in (401, 429)


def test_what_is_stated_is_there_and_what_is_there_is_stated(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            rest = (await statement(here))["rest"][0]
            resources = {resource["type"]: resource for resource in rest["resource"]}
            assert set(resources) == {kind for door in DOORS for kind in door.kinds}
            for kind, resource in resources.items():
                codes = {one["code"] for one in resource["interaction"]}
                assert codes <= INTERACTIONS.keys()
                for code, (method, path) in INTERACTIONS.items():
                    assert await is_a_door(here, method, path.replace("{kind}", kind)) == (code in codes), (kind, code)
                for name, (method, path) in CONDITIONAL.items():
                    stated = resource[name] not in (False, "not-supported")
                    assert await is_a_door(here, method, path.replace("{kind}", kind)) == stated, (kind, name)
            of_system = {one["code"] for one in rest["interaction"]}
            for code, (method, path) in OF_SYSTEM.items():
                assert await is_a_door(here, method, path) == (code in of_system), code
            for kind in R4_KINDS:
                if kind not in resources:
                    assert not await is_a_door(here, "GET", f"/fhir/{kind}/1"), kind
                    assert not await is_a_door(here, "PUT", f"/fhir/{kind}/1"), kind

    run(test)


def test_operations_and_the_table(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            rest = (await statement(here))["rest"][0]
            stated = {f"/fhir/${one['name']}" for one in rest["operation"]}
            for resource in rest["resource"]:
                operations = [f"/fhir/{resource['type']}/${one['name']}" for one in resource.get("operation", [])]
                assert len(operations) == len(set(operations))
                stated |= set(operations)
            served = {
                d.path.replace("/{id:id}", "").replace("{kind:kind}", kind)
                for d in DOORS
                if isinstance(d, Bearer) and "/fhir/" in d.path and "$" in d.path
                for kind in (KINDS_SERVED if "{kind:kind}" in d.path else ("",))
            }
            assert stated == served

    run(test)


def unserved() -> set[tuple[str, str]]:
    """(type, parameter) of what docs/searching.md says is not served, "" for every type."""
    text = (
        (Path(__file__).parents[2] / "docs" / "searching.md").read_text("utf-8").partition("## What is not served")[2]
    )
    rows = [line.split("|")[1:3] for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    assert all(why.strip() for _, why in rows)
    return {
        (told.strip().partition("`")[0].strip(), name) for told, _ in rows for name in re.findall(r"`([^`]+)`", told)
    }


def test_every_parameter_of_r4_is_stated_or_has_its_reason_in_the_docs(database_url: str, examples: Path) -> None:
    """For every type that is served, by the public list of all parameters."""
    rows = list(csv.DictReader((examples / "fhir" / "r4-searchparameters.csv").read_text("utf-8").splitlines()))
    everywhere = {row["code"] for row in rows if row["resource"] in ("Resource", "DomainResource")}

    async def test() -> None:
        async with http(database_url) as here:
            resources = (await statement(here))["rest"][0]["resource"]
            stated = {one["type"]: {each["name"] for each in one.get("searchParam", ())} for one in resources}
            told, looked = unserved(), 0
            for kind in {row["resource"] for row in rows} & stated.keys():
                for name in everywhere | {row["code"] for row in rows if row["resource"] == kind}:
                    reasoned = not told.isdisjoint({("", name), (kind, name)})
                    assert (name in stated[kind]) is not reasoned, (kind, name)
                    looked += 1
            assert looked > 500

    run(test)


def test_parameters_are_those_of_r4_by_their_url(database_url: str) -> None:
    """What bears the URL of one is of its type and for this type; ours bear none."""

    async def test() -> None:
        async with http(database_url) as here:
            known, without = definitions().searches, set[str]()
            for resource in (await statement(here))["rest"][0]["resource"]:
                for one in resource.get("searchParam", ()):
                    if "definition" not in one:
                        without.add(one["name"])
                        continue
                    row = known[one["definition"]]
                    assert row["type"] == one["type"], one
                    assert {resource["type"], "Resource", "DomainResource"} & set(row["base"]), one
            assert without <= {
                "client", "decision", "organization", "purpose", "trace", "age", "birthOrderBoolean",
                "mothersMaidenName", "amino-acid-change", "gene-amino-acid-change", "dna-variant", "gene-dnavariant",
                "gene-identifier", "_id", "url", "name", "title", "status", "version", "date", "publisher",
                "description",
            }, without  # fmt: skip

    run(test)


VALUES = {
    "token": "x",
    "reference": f"Patient/{'0' * 32}",
    "date": "2025",
    "string": "x",
    "uri": "urn:x",
    "number": "1",
    "quantity": "1",
    "special": "55.6|12.5",
}
TOGETHER = 15  # parameters of one request: it takes 20 includes
ALONE = ("AuditEvent", *DIRECTORY, *KINDS)
"""Types that a search asks for without naming a citizen."""


def value_of(here: Http, kind: str, parameter: dict[str, Any]) -> str:
    """Something that may be asked for by a parameter: of a composite, one value for each of its parts."""
    if parameter["name"] == "_filter":
        return "_id pr true"
    if parameter["type"] != "composite":
        return VALUES[parameter["type"]]
    return "$".join(VALUES[part.kind] for part in here.gateway.search[kind][parameter["name"]].components)


def test_search_parameters_that_are_stated_are_served(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            person = nurse(iua={"purpose_of_use": ["HOPERAT"]})
            stated = (await statement(here))["rest"][0]["resource"]
            for resource in stated:
                kind = resource["type"]
                client = "auditor" if kind == "AuditEvent" else "social"
                headers = await here.bearer(client=client, extensions=person)
                named = {} if kind in ALONE else {"_id": "1"} if kind == "Patient" else {"_id": "1", "patient": "1"}

                async def status(*params: tuple[str, str]) -> int:
                    asked = [*named.items(), *params]  # noqa: B023 - asked at once
                    return (await here.web.get(f"/fhir/{kind}", params=asked, headers=headers)).status_code  # noqa: B023

                wanted = [(one["name"], value_of(here, kind, one)) for one in resource.get("searchParam", [])]
                for name in ("Include", "RevInclude"):
                    wanted += [(f"_{name.lower()}", value) for value in resource.get(f"search{name}", [])]
                for begin in range(0, len(wanted), TOGETHER):
                    assert await status(*wanted[begin : begin + TOGETHER]) == 200, (kind, wanted[begin:])
                unsearched = 405 if kind == "Binary" else 404  # a Binary is made there, and never searched for
                assert await status(("banana", "1")) == (400 if "searchParam" in resource else unsearched), kind
                assert await status(("_include", f"{kind}:banana")) in (400, unsearched), kind

    run(test)


def test_modifiers_that_are_stated_are_served(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            headers = await here.bearer(client="social", extensions=nurse(iua={"purpose_of_use": ["HOPERAT"]}))
            own = {"missing": "true", "in": "ValueSet/KLEncounterTypes", "not-in": "ValueSet/KLEncounterTypes",
                   "below": KLE, "above": KLE, "of-type": "urn:x|a|1", "identifier": "urn:x|1"}  # fmt: skip
            for kind in ("Encounter", "Patient", "Location", "DocumentReference"):
                (stated,) = [one for one in (await statement(here))["rest"][0]["resource"] if one["type"] == kind]
                for one in stated["searchParam"]:
                    _, _, told = one.get("documentation", "").partition("Modifiers: ")
                    asked = {f"{one['name']}:{name}": own.get(name, "x") for name in filter(None, told.split(", "))}
                    answer = await here.web.get(f"/fhir/{kind}", params={"_id": "1"} | asked, headers=headers)
                    assert answer.status_code == 200, (kind, asked, answer.text)
                    wrong = {f"{one['name']}:banana": "x"}
                    answer = await here.web.get(f"/fhir/{kind}", params={"_id": "1"} | wrong, headers=headers)
                    assert answer.status_code == 400, (kind, wrong)

    run(test)


KLE = "https://data.gov.dk/id/classification/KLE|27.36"


def test_parameters_of_r4_that_are_not_stated_are_refused(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            headers = await here.bearer(client="social", extensions=nurse(iua={"purpose_of_use": ["HOPERAT"]}))
            refused = 0
            for resource in (await statement(here))["rest"][0]["resource"]:
                kind, names = resource["type"], {one["name"] for one in resource.get("searchParam", [])}
                for name in facts().search.get(kind, {}).keys() - names if names and kind != "AuditEvent" else ():
                    answer = await here.web.get(f"/fhir/{kind}", params={name: "1"}, headers=headers)
                    assert answer.status_code == 400, (kind, name)
                    refused += 1
            assert refused

    run(test)


def test_the_security_that_is_stated(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            security = (await statement(here))["rest"][0]["security"]
            assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
            assert security["cors"] is False
            uri, *others = security["extension"][0]["extension"]
            assert [one["url"] for one in others] == ["revoke", "introspect"]
            assert uri == {"url": "token", "valueUri": "https://gateway.example/oauth/token"}

    run(test)


def test_operations_and_profiles_of_our_own_are_served(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            headers = await here.bearer(client="social", extensions=nurse(iua={"purpose_of_use": ["HOPERAT"]}))
            stated = await statement(here)
            rest = stated["rest"][0]
            rows = [one for resource in (rest, *rest["resource"]) for one in resource.get("operation", [])]
            urls = {one["definition"] for one in rows} | {
                p for r in rest["resource"] for p in r.get("supportedProfile", [])
            }
            ours = {url for url in urls if url.startswith("https://faellesplan.dk/fhir/")}
            assert len(ours) > 3
            for url in ours:
                kind, identity = url.split("/")[-2:]
                answer = await here.web.get(f"/fhir/{kind}/{identity}", headers=headers)
                assert (answer.status_code, answer.json()["url"]) == (200, url)
                found = await here.web.get(f"/fhir/{kind}", params={"url": url}, headers=headers)
                assert [entry["resource"]["id"] for entry in found.json()["entry"]] == [identity]
                answer = await here.web.get(f"/fhir/{kind}/{identity}?_format=xml", headers=headers)
                assert parse(answer.content, known=definitions().facts)["url"] == url
            assert (await here.web.get("/fhir/OperationDefinition/none", headers=headers)).status_code == 404

    run(test)
