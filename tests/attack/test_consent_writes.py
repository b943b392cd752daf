"""Consents written by whom they are not, with what is not theirs to say, at the wrong time, or twice at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.domain.identifier import X_ECPR
from gateway.inbound.rest.writing import CONSENT_BYTES
from tests.attack.test_history import UNKNOWN, merged, unknown
from tests.attack.world import (
    ASK,
    REASON,
    SARAH,
    Doors,
    about,
    bodies,
    consent,
    doors,
    kl_id,
    order,
    patient_of,
    plan,
    stay,
)
from tests.inbound.http_world import run

STAYS = about("Encounter") | {"purpose": [{"system": REASON, "code": "COC"}]}
TREAT = {"purpose": [{"system": REASON, "code": "TREAT"}]}


async def stays(here: Doors, who: str = "social") -> int:
    return int((await here.get(who, f"Encounter?patient={patient_of(SARAH)}")).json()["total"])


def test_what_the_server_owns_and_what_others_wrote_is_not_for_the_writer_to_say(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("social", order(ASK, plan("b"), number="2")))
            mine = (await here.write("social", consent(patient_of(SARAH), "permit"))).json()["id"]
            meta = {
                "versionId": "77",
                "lastUpdated": "1999-01-01T00:00:00Z",
                "source": "urn:evil",
                "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "U"}],
            }
            for method, identity in (("POST", ""), ("PUT", mine)):
                said = consent(patient_of(SARAH), "permit", meta=meta, **({"id": "x" * 9} if not identity else {}))
                told = await here.write("social", said, identity)
                assert told.status in (200, 201), method
                body = told.json()
                assert body["id"] != "x" * 9
                assert body["meta"]["versionId"] in ("1", "2")
                assert body["meta"]["lastUpdated"].startswith("2025-03-14")
                assert "U" not in [label["code"] for label in body["meta"]["security"]]
                assert "source" not in body["meta"]
            moved = await here.write("social", consent(patient_of(ASK), "permit", id=mine), mine)
            assert moved.status == 422, "a Consent does not go over to another citizen"
            assert (
                (await here.get("social", f"Consent/{mine}")).json()["patient"]["reference"].endswith(patient_of(SARAH))
            )
            other = await here.write("social", consent(patient_of(SARAH), "permit", id="f" * 32), mine)
            assert other.status == 400
            assert (await here.write("social", consent(patient_of(SARAH)), "a-new-one")).status == 404

    run(test)


def test_a_withdrawal_withdraws_whatever_another_clock_said(database_url: str) -> None:
    """The order that brought the consent was written by a system whose clock is a day ahead."""

    async def test() -> None:
        async with doors(database_url) as here:
            word = {name: value for name, value in consent("x", "permit", provision=STAYS).items() if name != "patient"}
            ahead = order(SARAH, plan(), word | {"id": "w"}, sent="2025-03-16T09:00:00+01:00")
            await here.arrive(("social", ahead), ("psyk", stay(SARAH)))
            assert await stays(here) == 1
            identity = kl_id("Consent", "w")
            stopped = consent(patient_of(SARAH), "permit", provision=STAYS, status="inactive")
            told = await here.write("social", stopped, identity)
            assert (told.status, told.json()["status"]) == (200, "inactive")
            assert await stays(here) == 0
            for status, shown in (("active", 1), ("inactive", 0), ("active", 1), ("entered-in-error", 0)):
                await here.write("social", stopped | {"status": status}, identity)
                assert await stays(here) == shown, "in the order of the requests, though no time went by"

    run(test)


def test_who_objects_is_heard_by_whatever_name_the_citizen_goes(database_url: str) -> None:
    """The hospital still knows the citizen by the id from before a merge: its withdrawal must not be lost."""
    number = {"identifier": [{"system": X_ECPR, "value": "0703921VJ5"}]}

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(
                ("social", order(SARAH, plan(), patient=number)),
                ("psyk", unknown(stay(SARAH))),
            )
            mine = (await here.write("psyk", consent(UNKNOWN, provision=TREAT | about("Goal")))).json()["id"]
            await here.arrive(("psyk", merged(7)))
            told = await here.write("psyk", consent(UNKNOWN, provision=TREAT | about("Encounter")), mine)
            assert told.status == 200
            assert told.json()["patient"]["reference"] == f"Patient/{patient_of(SARAH)}"
            assert await stays(here, "psyk") == 0
            assert (await here.write("psyk", consent(UNKNOWN, "permit"))).status == 201

    run(test)


@pytest.mark.parametrize("tag", ['W/"7"', '"0"', "*", '"6", "7"', "1.0", "W/1x", '"\\"', "latin-\u00e6"])
def test_if_match_is_met_or_nothing_is_written(database_url: str, tag: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            mine = (await here.write("social", consent(patient_of(SARAH), "permit"))).json()["id"]
            stopped = consent(patient_of(SARAH), "permit", status="inactive")
            headers = {"If-Match": tag.encode("latin-1").decode("latin-1")}
            told = await here.write("social", stopped, mine, headers=headers)
            assert told.status == (428 if tag == "*" else 412), "a star names no version"
            assert (await here.get("social", f"Consent/{mine}")).json()["status"] == "active"

    run(test)


def test_writers_at_once_lose_no_word_of_the_citizen(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            said = consent(patient_of(SARAH), provision=TREAT | about("Goal"))
            made = await asyncio.gather(*(here.write(who, said) for who in ("psyk", "social", "psyk", "psyk")))
            assert [one.status for one in made] == [201] * 4
            assert len(bodies(await here.get("psyk", f"Consent?patient={patient_of(SARAH)}"))) == 4

    run(test)


def test_wrong_scopes_sizes_and_types(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            good = consent(patient_of(SARAH), "permit")
            before = await here.http.gateway.database.fetchval("SELECT count(*) FROM statement")
            mine = "f" * 32
            for scope in ("system/Consent.rs", "system/Consent.u", "system/Bundle.c", "system/Goal.cruds"):
                assert (await here.write("social", good, scope=scope)).status == 403
            assert (await here.write("social", good, mine, scope="system/Consent.c")).status == 403
            for who in ("nursing", "jobcenter"):
                assert (await here.write(who, good)).status == 403
            large = json.dumps(good | {"policyRule": {"text": "x" * CONSENT_BYTES}}).encode()
            assert (await here.write("social", large)).status == 413
            deep: Any = {"type": "deny"}
            for _ in range(100):
                deep = {"type": "deny", "provision": [deep]}
            assert (await here.write("social", good | {"provision": deep})).status == 400
            for kind in (
                "text/json;charset=utf-16",
                "application/json-patch+json",
                "multipart/form-data",
                "text/plain",
                "",
            ):
                assert (await here.write("social", good, headers={"Content-Type": kind})).status in (400, 415), kind
            raw = json.dumps(good).encode()
            for body in (
                raw.decode().encode("utf-16"), b"\xef\xbb\xbf" + raw, raw[:-1], raw + raw, b"[" + raw + b"]",
                raw.replace(b'"active"', b'"active","status":"inactive"'), raw.replace(b"Consent", b"consent"), b"null",
            ):  # fmt: skip
                assert (await here.write("social", body)).status in (400, 422)
            xml = {"Content-Type": "application/fhir+xml"}
            bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><Consent xmlns="http://hl7.org/fhir"/>'
            assert (await here.write("social", bomb, headers=xml)).status == 400
            for path, status in (("Patient", 403), ("CarePlan", 403), ("CareTeam", 403), ("AuditEvent", 405)):
                told = await here.http.raw("POST", f"/fhir/{path}", await here.bearer("social"), raw)
                assert told.status == status, path
            assert (await here.http.raw("POST", "/fhir", await here.bearer("social"), raw)).status == 415
            for method, status in (("PATCH", 415), ("DELETE", 403), ("POST", 405)):
                told = await here.http.raw(method, f"/fhir/Consent/{mine}", await here.bearer("social"), raw)
                assert told.status == status, method
            after = await here.http.gateway.database.fetchval("SELECT count(*) FROM statement")
            assert after == before

    run(test)


def test_a_denial_by_date_hits_what_was_written_inside_it(database_url: str) -> None:
    """Consent-semantics 6: a deny by dataPeriod hits when the last update lies inside, whenever the stay was."""
    within = {"dataPeriod": {"start": "2025-03-14", "end": "2025-03-14"}}
    old = stay(SARAH).replace(b"20260302", b"20250102")

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", old))
            assert await stays(here, "psyk") == 1
            said = consent(patient_of(SARAH), provision=TREAT | about("Encounter") | within)
            assert (await here.write("psyk", said)).status == 201
            here.http.world.clock.forward(1)
            assert await stays(here, "psyk") == 0
            (identity,) = await here.http.gateway.database.fetch("SELECT id FROM resource WHERE kind = 'Encounter'")
            for path in (f"Encounter/{identity['id']}", f"Encounter/{identity['id']}/_history/1"):
                assert (await here.get("psyk", path)).status == 404

    run(test)
