"""What the directory finds by its index is what matches: nothing that matches is left out, however it is asked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from gateway.domain.searching.matching.texts import strings
from gateway.domain.searching.parameter import Parameter
from gateway.domain.searching.query import understand
from tests.inbound.http_world import ISSUER, http, run
from tests.inbound.one_citizen import headers
from tests.inbound.rest_world import WRITERS
from tests.inbound.test_search_beyond import put
from tests.inbound.test_search_door import found

OWN = f"{ISSUER}/fhir/"
KINDS = ("Practitioner", "PractitionerRole", "Organization", "Location")
EACH = 8  # so many ways of asking by one parameter
ELSEWHERE = ("_id", "_content", "_text", "phonetic", "_filter", "_profile", "_security", "_source", "_tag")
COMPANY = {"system": "urn:oid:1.3.184", "value": "DK64942212"}
NURSE = {"system": "https://www.sst.dk/autorisation", "value": "0XYZ1"}
CODES: dict[str, Any] = {
    "coding": [{"system": "urn:roles", "code": "nurse"}, {"code": "a|b"}, {"system": "urn:x,y", "code": "c$d"}],
    "text": "Sygeplejerske",
}
PERSON: dict[str, Any] = {
    "active": True, "gender": "female", "identifier": [NURSE, {"value": "Løs-1"}],
    "name": [{"family": "Åkjær-Nielsen", "given": ["René", "Bo"], "text": "Dr. René Åkjær"}],
    "telecom": [{"system": "phone", "value": "+45 12 34"}, {"system": "email", "value": "A@x.dk"}],
    "address": [{"line": ["Vej 1"], "city": "Rønne", "use": "work", "type": "postal"}],
}  # fmt: skip


def escaped(value: str) -> str:
    for mark in "\\,|$":
        value = value.replace(mark, f"\\{mark}")
    return value


def asked_by(parameter: Parameter, item: Any) -> Iterator[tuple[str, str]]:
    """(modifier, value) in which somebody may ask for what a parameter finds here."""
    match parameter.kind:
        case "token":
            for one in item.get("coding", [item]) if isinstance(item, dict) else [item]:
                yield from (("", value) for value in _tokens(one))
        case "reference" if isinstance(item, dict):
            yield from _references(item)
        case "string":
            for text in strings(item):
                plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
                yield from (("", escaped(value)) for value in (text[:3].upper(), plain.lower()))


def _tokens(one: Any) -> Iterator[str]:
    system, code = ("", str(one).lower() if isinstance(one, bool) else one) if not isinstance(one, dict) else (
        one.get("system", ""), str(one.get("code", one.get("value", "")))
    )  # fmt: skip
    yield from (escaped(code), code.lower(), f"|{escaped(code)}", f"{escaped(system)}|{escaped(code)}", f"{system}|")
    if isinstance(one, str):
        yield from (f"http://hl7.org/fhir/x|{code}", "http://hl7.org/fhir/x|")
    if one == COMPANY:
        yield from ("http://cvr.dk|64942212", "urn:oio:cvr-nr|64942212", "http://cvr.dk|")


def _references(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if literal := item.get("reference", "").removeprefix(OWN):
        for value in (literal, literal.partition("/")[2], f"{OWN}{literal}", f"{literal}/_history/2"):
            yield "", value
    if number := item.get("identifier"):
        for value in (number["value"], f"{number['system']}|{number['value']}", f"{number['system']}|"):
            yield ":identifier", value


def test_the_index_leaves_nothing_out(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WRITERS) as here:
            social, looked = await headers(here, "social"), 0
            await put(here, social, "Practitioner", **PERSON)
            home = await put(here, social, "Organization", name="Østre Plejehjem", alias=["ØP"], type=[CODES],
                             identifier=[COMPANY, {"value": "plain7"}], address=PERSON["address"])  # fmt: skip
            await put(
                here,
                social,
                "Organization",
                name="vestre",
                active=False,
                partOf={"reference": f"{OWN}Organization/{home}"},
            )
            room = await put(
                here, social, "Location", name="Stue 1", status="active", managingOrganization={"identifier": COMPANY}
            )
            works = {
                "organization": {"reference": f"Organization/{home}"},
                "location": [{"reference": f"Location/{room}"}],
            }
            await put(
                here, social, "PractitionerRole", active=True, practitioner={"identifier": NURSE}, code=[CODES], **works
            )
            for kind in KINDS:
                every = [one["resource"] for one in (await found(here, social, f"{kind}?_count=500"))["entry"]]
                stored = [one for one in every if len(one["id"]) == 32 and "versionId" in one.get("meta", {})]
                assert stored
                for name, parameter in here.gateway.search[kind].items():
                    asked = {
                        (f"{name}{modifier}", value)
                        for body in stored
                        for item in parameter.extract(body)
                        for modifier, value in asked_by(parameter, item)
                        if value.strip("|") and name not in ELSEWHERE
                    }
                    for one in sorted(asked)[:: 1 + len(asked) // EACH]:
                        query = understand(kind, here.gateway.search, [one], here.gateway.here)
                        answer = await here.web.get(
                            f"/fhir/{kind}", params={one[0]: one[1], "_count": "500"}, headers=social
                        )
                        there = {entry["resource"]["id"] for entry in answer.json().get("entry", ())}
                        assert there == {body["id"] for body in every if query.matches(body)}, (kind, one)
                        looked += 1
            assert looked > 100

    run(test)
