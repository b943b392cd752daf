"""What is hidden takes the gateway as much work as what is not there (L24, T23): statements to the database are
counted, as clocks differ from machine to machine. `make bench` measures the times."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from gateway.domain.identifier import CPR
from gateway.inbound.clients import Client
from gateway.inbound.door import Bearer, template
from gateway.inbound.doors import DOORS
from tests.attack.twins import CITIZEN
from tests.attack.twins import CLIENTS as WRITERS
from tests.attack.world import (
    ASK,
    CAST,
    FORM,
    JSON,
    NOBODY,
    SARAH,
    Doors,
    Raw,
    consent,
    doors,
    order,
    patient_of,
    plan,
    stay,
)
from tests.inbound.http_world import run
from tests.inbound.statements import counted


@pytest.fixture
def statements(database_url: str) -> Iterator[list[str]]:
    with counted(database_url) as told:
        yield told


_HER = {"reference": "Patient/{id}"}
_ABOUT: tuple[dict[str, Any], ...] = (
    {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Mål"}, "subject": _HER},
    {"resourceType": "Condition", "code": {"text": "Uro"}, "subject": _HER},
    consent("{id}"),
)


def _bundle(method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    entry = {"request": {"method": method, "url": url}} | ({"resource": body} if body else {})
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


def questions(kind: str) -> Iterator[tuple[str, str, bytes]]:
    """Method, path and body of every door that takes the id of a resource of this type, `{id}` left open."""
    body = b'{"resourceType":"%s","id":"{id}"}' % kind.encode()
    for door in DOORS:
        path = template(door)
        if isinstance(door, Bearer) and "{id}" in path and (not door.kinds or kind in door.kinds):
            if not door.kinds and f"/{kind}/" not in path:
                continue
            yield door.method, re.sub(r"\{(?!id)\w+\}", "1", path.replace("{kind}", kind)), body
    named = "_id" if kind == "Patient" else "patient"
    if kind == "Patient":
        yield "GET", "/fhir/Goal/_history?patient={id}", b""
        yield "GET", "/fhir/Patient/{id}/$joint-plan?at=2025-03-01", b""
        yield "GET", "/fhir/Encounter/_history?patient={id}", b""
        yield "GET", "/fhir/Provenance?target=Patient/{id}", b""
        for other in ("Patient", "Goal", "Encounter"):
            asked = named if other == "Patient" else "patient"
            for more in ("", "&_count=0", "&_include=*", "&_revinclude=*", "&_sort=-_lastUpdated", "&_total=accurate"):
                yield "GET", f"/fhir/{other}?{asked}={{id}}{more}", b""
        for told in _ABOUT:
            yield "POST", f"/fhir/{told['resourceType']}", json.dumps(told).encode()
            yield "POST", "/fhir", json.dumps(_bundle("POST", told["resourceType"], told)).encode()
        for method in ("PUT", "PATCH", "DELETE"):
            yield method, "/fhir/Goal?patient={id}&lifecycle-status=active", json.dumps(_ABOUT[0]).encode()
    else:
        yield "POST", "/fhir", json.dumps(_bundle("DELETE", f"{kind}/{{id}}")).encode()
        yield "POST", "/fhir", json.dumps(_bundle("GET", f"{kind}/{{id}}")).encode()
        yield "GET", f"/fhir/{kind}?_id={{id}}", b""
        yield "GET", f"/fhir/{kind}?patient={patient_of(SARAH)}&_id={{id}}", b""


@pytest.mark.parametrize("clients", [(*CAST, CITIZEN), WRITERS], ids=["readers", "writers"])
@pytest.mark.parametrize("who", ["jobcenter", "social", "citizen"])
def test_the_hidden_takes_as_many_statements_as_the_absent(
    who: str, clients: Sequence[Client], database_url: str, statements: list[str]
) -> None:
    """For the job centre and for another citizen nothing of her is there, for the social authority not the stay."""

    async def test() -> None:
        async with doors(database_url, *clients) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            (hidden,) = [
                row["id"]
                for row in await here.http.gateway.database.fetch("SELECT id FROM resource WHERE kind = 'Encounter'")
            ]
            asked = [("Encounter", hidden, "f" * 32)]
            if who != "social":
                asked.append(("Patient", patient_of(SARAH), patient_of(NOBODY)))
            as_citizen = {"purpose": "PATRQT", "subject_id": f"{CPR}|{ASK}"} if who == "citizen" else {}
            headers = await here.bearer(who, **as_citizen) | {
                "Content-Type": JSON,
                "If-Match": 'W/"1"',
                "X-Request-Id": "same",
            }
            differ, counted = [], 0
            for kind, one, other in asked:
                for method, path, body in questions(kind):
                    first = await work(here, method, path, headers, body, one, statements)
                    second = await work(here, method, path, headers, body, other, statements)
                    counted += len(first[1])
                    if first != second:
                        differ.append((method, path, first[0], len(first[1]), len(second[1])))
            assert counted, "statements are counted at all"
            assert not differ, "\n".join(map(str, differ))

    run(test)


def test_a_number_of_somebody_hidden_takes_as_many_as_nobodys(database_url: str, statements: list[str]) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            headers = await here.bearer("jobcenter") | {"Content-Type": FORM}
            for kind in ("Patient", "Goal", "Encounter", "CarePlan"):
                named = "identifier" if kind == "Patient" else "patient.identifier"
                for more in ("", "&_include=*&_revinclude=*", "&_total=accurate&_sort=_id", "&_summary=count"):
                    told = []
                    for number in (SARAH, NOBODY):
                        statements.clear()
                        form = f"{named}={CPR}|{number}{more}".encode()
                        answer = await here.http.raw("POST", f"/fhir/{kind}/_search", headers, form)
                        assert answer.status == 200, answer.body
                        told.append([sql.strip()[:60] for sql in statements])
                    assert told[0] == told[1], (kind, more)

    run(test)


async def work(
    here: Doors, method: str, path: str, headers: dict[str, str], body: bytes, identity: str, statements: list[str]
) -> tuple[int, list[str]]:
    """The status and the statements that one request takes."""
    statements.clear()
    sent = body.replace(b"{id}", identity.encode()) if method in ("POST", "PUT", "PATCH") else b""
    told: Raw = await here.http.raw(method, path.replace("{id}", identity), headers, sent)
    assert told.status < 500, (method, path, told.body)
    return told.status, [sql.strip()[:60] for sql in statements]
