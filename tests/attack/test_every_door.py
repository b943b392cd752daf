"""Every door of the routing table that touches a citizen leaves one record for each citizen, and each refusal one.

The table itself is walked: a door that is added is tried here without anybody thinking of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from gateway.domain.audit_event import Server, audit_event
from gateway.domain.record import AccessRecord, Decision, Outcome, from_bytes
from gateway.flows.log import integrate
from gateway.inbound import definitions
from gateway.inbound.door import Bearer
from gateway.inbound.doors import DOORS
from gateway.inbound.rest.kinds import CLINICAL, DIRECTORY
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS, admission, arrive, headers
from tests.thorough.domain.test_audit_event import Balp

# Doors whose answers hold nothing of a citizen: codes, validation, the way to the console (a session's looks have
# records of their own). An entry of a transaction goes through its own door, and is on record there.
NOBODY = ("CodeSystem.r", "ValueSet.r", "ConceptMap.r")
OF_CITIZENS = [door for door in DOORS if isinstance(door, Bearer) and "/Subscription/" not in door.path]
TOUCHING = [door for door in OF_CITIZENS if door.needs and not set(door.needs) & set(NOBODY)]
NOT_UNDERSTOOD = (400, 413, 415, 422)
OF_NOBODY = {*definitions.KINDS, *DIRECTORY, "Subscription"}  # types that are no citizen's
BY_NOBODY = [door for door in DOORS if isinstance(door, Bearer) and door not in TOUCHING]


def test_the_doors_that_touch_nobody_are_few_and_known() -> None:
    exported = ("/bulk/{id:id}", "/bulk/{id:id}/{file:id}")  # whose they are is decided there (test_bulk_export.py)
    others = [door.path for door in BY_NOBODY if door.path not in exported]
    paths = {path.replace("{kind:kind}", "").replace("{id:id}", "") for path in others}
    known = (
        "/$status",
        "$lookup",
        "$validate-code",
        "$subsumes",
        "$translate",
        "$validate",
        "/fhir",
        "/console/tickets",
    )
    assert not [path for path in paths if not path.endswith(known)]
    assert len(TOUCHING) > 15


def tries() -> list[tuple[Bearer, str]]:
    """Each door, for each type that it is there for."""
    return [(door, kind) for door in TOUCHING for kind in (door.kinds or ("",)) if kind not in OF_NOBODY]


def path_of(door: Bearer, kind: str, patient: str) -> str:
    path = door.path.replace("{kind:kind}", kind).replace("{version}", "1").replace("{id:id}", patient)
    assert "{" not in path, path
    return path


async def told(here: Http, trace: str) -> list[AccessRecord]:
    rows = await here.gateway.database.fetch("SELECT body FROM access_record WHERE trace = $1 ORDER BY id", trace)
    return [from_bytes(row["body"]) for row in rows]


async def knock(here: Http, door: Bearer, kind: str, patient: str, given: dict[str, str], trace: str) -> Any:
    body = {"message": admission("X" + trace[-8:])}.get("message") if door.path == "/messages/hl7v2" else b"{}"
    types = {"PATCH": "application/json-patch+json"}
    sent = given | {"X-Request-Id": trace, "Content-Type": types.get(door.method, "application/fhir+json")}
    if door.path == "/messages/hl7v2":
        sent["Content-Type"] = "application/hl7-v2"
    if door.path.endswith("_search"):
        sent["Content-Type"], body = "application/x-www-form-urlencoded", f"patient={patient}".encode()
    query = (
        f"?patient={patient}" if door.interaction in ("search-type", "history-type") and door.method == "GET" else ""
    )
    content = None if door.method in ("GET", "DELETE") else body
    return await here.web.request(door.method, path_of(door, kind, patient) + query, headers=sent, content=content)


def test_a_token_without_the_scope_is_refused_and_on_record_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            poor = await here.bearer("system/Substance.r", "epj", extensions=nurse())
            for number, (door, kind) in enumerate(tries()):
                answer = await knock(here, door, kind, "a" * 32, poor, f"poor-{number}")
                assert answer.status_code == 403, (door.method, door.path, kind, answer.text[:300])
                (record,) = await told(here, f"poor-{number}")
                assert (record.decision, record.outcome) == (Decision.DENY, Outcome.MINOR)
                assert "does not hold" in record.outcome_text

    run(test)


@pytest.mark.parametrize("client", ["epj", "social", "jobcenter", "auditor"])
def test_whatever_a_door_answers_it_is_on_record_once(database_url: str, client: str) -> None:
    """A look at somebody who is there, one at nobody, a write that is refused: each is one record, of the citizen where
    one was found, with everything that a look has to tell."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            await integrate(here.gateway)
            purpose = "TREAT" if client in ("epj", "social") else "HOPERAT"
            given = await headers(here, client, purpose)
            wrong, decisions = [], set()
            for number, (door, kind) in enumerate(tries()):
                for who in (patient, "f" * 32):
                    trace = f"{client}-{number}-{who[:1]}"
                    answer = await knock(here, door, kind, who, given, trace)
                    found = await told(here, trace)
                    where = f"{door.method} {door.path} {kind} {answer.status_code}"
                    wrong += [f"{where}: {fault}" for fault in counted(found, answer.status_code)]
                    wrong += [f"{where}: {lack}" for record in found for lack in lacks(record, answer.status_code)]
                    decisions |= {record.decision for record in found}
            assert not wrong, "\n".join(wrong)
            assert Decision.DENY in decisions
            if client in ("epj", "social"):
                assert decisions & {Decision.PERMIT, Decision.FILTERED}

    run(test)


def test_what_is_on_record_is_told_by_the_profiles(database_url: str, examples: Path) -> None:
    """The AuditEvent of every record that the doors make is sound R4, and by the profiles that it names."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, balp = await arrive(here), Balp(examples)
            for client in ("epj", "jobcenter"):
                given = await headers(here, client, "TREAT" if client == "epj" else "HOPERAT")
                for number, (door, kind) in enumerate(tries()):
                    await knock(here, door, kind, patient, given, f"{client}-{number}")
            server = Server("gateway.example.dk", "https://gateway.example.dk/fhir")
            rows = await here.gateway.database.fetch("SELECT id, body FROM access_record")
            told = [audit_event(from_bytes(row["body"]), str(row["id"]), server) for row in rows]
            wrong = {problem for event in told for problem in balp.problems(event)}
            assert not wrong
            for event in told:
                AuditEvent.model_validate(event)
            assert len({profile for event in told for profile in event["meta"]["profile"]}) > 5

    run(test)


def counted(found: list[AccessRecord], status: int) -> Iterator[str]:
    """One record for each citizen, and one for the search itself where nobody is named; none for what could not be
    understood, since nothing was looked at then."""
    if status == 500:
        yield "a bug"
    if not found and status not in NOT_UNDERSTOOD:
        yield "nothing on record"
    if len({record.citizen for record in found}) != len(found):
        yield f"{len(found)} records"


def lacks(record: AccessRecord, status: int) -> Iterator[str]:
    """What should stand there and does not, of the fields that are known at a door."""
    empty = {field.name for field in dataclasses.fields(record) if not getattr(record, field.name)}
    needed = {"time", "interaction", "decision", "client", "client_name", "organisation", "sector", "trace", "outcome"}
    needed |= {"address", "token"}
    if record.interaction != "import":
        needed |= {"user", "user_name", "user_role", "purposes"}
    if empty & needed:
        yield f"without {sorted(empty & needed)}"
    refused = record.decision is Decision.DENY  # also where a search is answered with nothing
    if (record.outcome is Outcome.SUCCESS) is (refused or status >= 400):
        yield f"outcome {record.outcome}"


def test_all_types_of_the_plan_are_tried() -> None:
    assert {kind for door, kind in tries() if door.interaction == "read"} >= set(CLINICAL)
