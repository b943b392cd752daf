"""What stands on record: every look, under the right citizen, with what really was decided; and nobody's number."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import structlog

from gateway.domain.identifier import CPR
from gateway.domain.record import Decision
from tests.attack.world import (
    ASK,
    NOBODY,
    REASON,
    SARAH,
    Doors,
    about,
    bodies,
    case,
    consent,
    doors,
    order,
    patient_of,
    plan,
    stay,
)
from tests.inbound.http_world import run

NUMBER = f"{CPR}%7C"


def test_every_answer_of_a_look_has_its_record_and_the_record_says_what_was_shown(database_url: str) -> None:
    patient, absent = patient_of(SARAH), "f" * 32
    looks = [
        f"Patient/{patient}", f"Patient/{absent}", f"Patient/{patient}/$joint-plan", f"Patient/{absent}/$joint-plan",
        f"CarePlan/joint-{patient}", f"CareTeam/joint-{patient}", f"CarePlan?patient={patient}",
        f"CareTeam?patient={patient}", f"Encounter?patient={patient}", f"Goal?patient={patient}&_count=0",
        f"Patient/{patient}/_history/1", f"Patient/{patient}/_history/9", f"Patient?_id={patient}",
    ]  # fmt: skip

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            for who, purpose in (("psyk", None), ("social", None), ("jobcenter", None), ("psyk", ""), ("psyk", "BTG")):
                for path in looks:
                    before = len(await here.records())
                    answer = await here.get(who, path, purpose=purpose)
                    (made,) = (await here.records())[before:]
                    shown = answer.status == 200 and (b'"total"' not in answer.body or answer.json()["total"] > 0)
                    assert (made.decision is not Decision.DENY) == shown, (who, path, answer.status)
                    assert bool(made.resources) == shown, (who, path)
                    assert made.client == who
                    there = "f" * 32 not in path and purpose != "" and not path.endswith("/9")
                    assert made.citizen == (patient if there else ""), (who, path)
                    body = json.loads(answer.body)
                    named = {f"{b['resourceType']}/{b['id']}" for b in entries(body) if "joint-" not in b["id"]}
                    assert named <= {one.partition("/_history")[0] for one in made.resources}, (who, path)

    run(test)


def entries(body: dict[str, Any]) -> list[dict[str, Any]]:
    if body["resourceType"] == "OperationOutcome":
        return []
    return [e["resource"] for e in body.get("entry", [])] if body["resourceType"] == "Bundle" else [body]


def test_withheld_is_counted_by_the_rule_that_withheld(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Ro"}}
            await here.arrive(("social", order(SARAH, plan(), plan("b"), goal)), ("psyk", stay(SARAH)))
            patient = patient_of(SARAH)
            said = await here.write("social", consent(patient, provision=about("Encounter")))
            here.http.world.clock.forward(1)
            await here.get("psyk", f"Patient/{patient}/$joint-plan")
            made = (await here.records())[-1]
            assert made.decision is Decision.FILTERED
            assert made.withheld_count == 4, "two plans, a goal, a stay"
            assert dict(made.withheld)[f"consent:{said.json()['id']}"] == 1
            assert sum(count for rule, count in made.withheld if rule.startswith("mappings/policy/access.csv:")) == 3

    run(test)


def test_refused_writes_are_on_the_record_of_the_citizen_they_were_about(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            patient = patient_of(SARAH)
            for body, identity, status in (
                (consent(patient), "", 404),
                (consent(patient), "f" * 32, 404),
                (consent("f" * 32), "", 404),
                (consent(patient, status="bananas"), "", 422),
            ):
                before = len(await here.records())
                assert (await here.write("elsewhere", body, identity)).status == status
                (made,) = (await here.records())[before:]
                assert made.decision is Decision.DENY
                assert made.interaction == ("update" if identity else "create")
                # A PUT to what is not there is about nobody: whom the body names is not looked at.
                assert made.citizen == (patient if body == consent(patient) and not identity else "")
            before = len(await here.records())
            assert (await here.write("elsewhere", b"{")).status == 400
            assert len(await here.records()) == before, "what cannot be read is about nobody, and nothing was looked at"
            mine = (await here.write("social", consent(patient, "permit"))).json()["id"]
            await here.write("social", consent(patient, "permit", status="inactive"), mine)
            first, second = (await here.records(client="social"))[-2:]
            assert (first.interaction, second.interaction) == ("create", "update")
            assert first.resources == second.resources == (f"Consent/{mine}",)

    run(test)


ASKED = (
    f"Goal?patient={SARAH}", f"Goal?patient=Patient/{SARAH}", f"Goal?patient=Patient/{NUMBER}{SARAH}",
    f"Patient?_id={SARAH}", f"CarePlan?_id=joint-{SARAH}", f"Patient/{SARAH}", f"CarePlan/joint-{SARAH}",
    f"Patient/{SARAH}/$joint-plan", f"Patient/{SARAH}/_history/1", "Goal?patient=%00", "Patient?_id=%00",
    f"Patient?identifier={NUMBER}{SARAH}", f"Patient?identifier={NUMBER}{SARAH}%00", "Patient?identifier=%00",
    f"CarePlan?patient={patient_of(SARAH)}&instantiates-uri=150282%E2%80%934933",
    f"CarePlan?patient={patient_of(SARAH)}&identifier=150282%2F4933", f"Goal?patient={SARAH[:6]}-{SARAH[6:]}",
    f"AuditEvent?patient={SARAH}", f"AuditEvent?patient=Patient/{NUMBER}{SARAH}",
    f"AuditEvent?agent.identifier={SARAH}",
    f"AuditEvent?patient.identifier={NUMBER}{SARAH}", f"AuditEvent/{SARAH}", f"AuditEvent?trace={SARAH}",
)  # fmt: skip


def test_no_number_of_anybody_in_records_logs_or_errors(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    spellings = (SARAH, f"{SARAH[:6]}-{SARAH[6:]}", f"{SARAH[:6]}\u2013{SARAH[6:]}", f"{SARAH[:6]}/{SARAH[6:]}")

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            with structlog.testing.capture_logs() as lines:
                for who in ("psyk", "jobcenter", "auditor"):
                    for path in ASKED:
                        headers = {"X-Request-Id": f"trace-{SARAH}.1"}
                        answer = await here.get(who, path, headers=headers)
                        assert answer.status < 500, (who, path)
                        assert not any(SARAH in f"{name}{value}" for name, value in answer.headers.items())
                        if answer.status != 200:
                            assert SARAH not in answer.body.decode()
                for claimed in (SARAH, f"{CPR}|{SARAH}", f"urn:other|{SARAH}", f"{SARAH[:6]}-{SARAH[6:]}"):
                    who_else = {"subject_id": claimed, "subject_name": f"Karla {SARAH}", "subject_role": SARAH}
                    await here.get("psyk", f"Patient/{patient_of(SARAH)}", **who_else)
                    await here.get("psyk", f"Patient/{patient_of(SARAH)}", on_behalf_of=claimed)
            told = json.dumps(lines, default=str, ensure_ascii=False) + caplog.text
            rows = await here.http.gateway.database.fetch("SELECT * FROM access_record")
            kept = " ".join(value.decode() if isinstance(value, bytes) else str(value) for row in rows
                            for name, value in row.items() if name not in ("salt", "leaf"))  # fmt: skip
            for spelling in spellings:
                assert spelling not in told
                assert spelling not in kept

    run(test)


def test_a_person_is_found_by_the_number_under_which_they_stand(database_url: str) -> None:
    """Whoever is named by a CPR number, told as one or not, is one pseudonym: the auditor finds both looks."""

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            for claimed in (ASK, f"{CPR}|{ASK}"):
                await here.get("psyk", f"Patient/{patient_of(SARAH)}", subject_id=claimed)
            for spelled in (f"{NUMBER}{ASK}", f"{NUMBER}{ASK[:6]}-{ASK[6:]}"):
                found = await here.search("auditor", "AuditEvent", f"agent.identifier={spelled}")
                assert len(bodies(found)) == 2

    run(test)


def test_the_auditors_look_is_on_the_record_of_each_citizen_it_is_about(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("social", order(ASK, plan(), number="2")))
            both = (patient_of(SARAH), patient_of(ASK))
            await here.get("social", f"Patient/{both[0]}")
            for form in (
                f"patient={both[0]},Patient/{both[1]}",
                f"patient={both[0]}&patient={both[1]}",
                f"patient.identifier={NUMBER}{SARAH},{NUMBER}{ASK},{NUMBER}{NOBODY}",
            ):
                before = len(await here.records())
                assert (await here.search("auditor", "AuditEvent", form)).status == 200
                made = (await here.records())[before:]
                assert {one.citizen for one in made} - {""} == set(both), form
            event = bodies(await here.search("auditor", "AuditEvent", f"patient={both[0]}&client=social"))[0]
            await here.get("auditor", f"AuditEvent/{event['id']}")
            assert (await here.records())[-1].citizen == both[0]

    run(test)


def test_looks_before_a_merge_are_found_after_it(database_url: str) -> None:
    from tests.attack.test_history import UNKNOWN, X_ECPR, merged, unknown

    number = {"identifier": [{"system": X_ECPR, "value": "0703921VJ5"}]}

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan(), patient=number)), ("psyk", unknown(stay(SARAH))))
            await here.get("nursing", f"Patient/{UNKNOWN}")
            await here.arrive(("psyk", merged(7)))
            for form in (f"patient={patient_of(SARAH)}", f"patient={UNKNOWN}", f"patient.identifier={NUMBER}{SARAH}"):
                found = await here.search("auditor", "AuditEvent", f"{form}&client=nursing")
                assert len(bodies(found)) == 1, form

    run(test)


def test_an_auditor_sees_no_content_and_says_why_he_looks(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan(title="Bostøtte"))), ("psyk", stay(SARAH)))
            await here.get("social", f"CarePlan?patient={patient_of(SARAH)}")
            patient = patient_of(SARAH)
            for path in (f"Patient/{patient}", f"CarePlan?patient={patient}", f"Patient/{patient}/$joint-plan"):
                assert (await here.get("auditor", path)).status == 403
            for who in ("psyk", "social", "jobcenter"):
                refused = [await here.get(who, path) for path in ("AuditEvent", "AuditEvent/1", "AuditEvent/999999")]
                assert {one.status for one in refused} == {403}
            assert (await here.get("auditor", "AuditEvent", purpose="")).status == 403
            found = await here.get("auditor", f"AuditEvent?patient={patient}")
            assert found.status == 200
            assert "Bostøtte" not in found.body.decode()
            assert "Lind" not in found.body.decode()

    run(test)


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "2025-01-01_1",
        "2025-01-01T00:00:00+00:00_99999999999999999999",
        "_",
        "2025-01-01T00:00:00_1",
        "\u0661_\u0661",
    ],
)
def test_links_that_were_never_given_out(database_url: str, value: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            found = await here.http.web.get(
                "/fhir/AuditEvent", params={"_page": value}, headers=await here.bearer("auditor")
            )
            assert found.status_code == 404

    run(test)


def test_one_search_is_not_a_thousand_looks(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            many = [f"{n:032x}" for n in range(21)]
            for kind, form in (
                ("Goal", "patient=" + ",".join(many)),
                ("Goal", "&".join(f"patient={one}" for one in many)),
                ("Patient", "_id=" + ",".join(many)),
                ("Patient", "identifier=" + ",".join(f"{NUMBER}{n}" for n in range(21))),
            ):
                before = len(await here.records())
                assert (await here.search("psyk", kind, form)).status == 400
                assert len(await here.records()) == before
            assert (await here.search("psyk", "Goal", "patient=" + ",".join(many[:20]))).status == 200

    run(test)


def test_a_withdrawn_consent_and_a_lapsed_one_are_no_ground_for_the_next_look(database_url: str) -> None:
    stays = about("Encounter") | {"purpose": [{"system": REASON, "code": "COC"}]}

    async def shown(here: Doors) -> int:
        found = await here.get("social", f"Encounter?patient={patient_of(SARAH)}")
        return int(found.json()["total"])

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", case(SARAH)), ("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            assert await shown(here) == 0
            given = consent(patient_of(SARAH), "permit", provision=stays)
            mine = (await here.write("social", given)).json()["id"]
            here.http.world.clock.forward(1)
            assert await shown(here) == 1
            assert mine in (await here.records())[-1].consents
            await here.write("social", given | {"status": "inactive"}, mine)
            assert await shown(here) == 0
            await here.write("social", given, mine)
            here.http.world.clock.forward(1)
            assert await shown(here) == 1
            here.http.world.clock.forward(timedelta(days=360).total_seconds())
            assert await shown(here) == 0, "a year after it was given"

    run(test)
