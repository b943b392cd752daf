"""What happens after a story: the same message again, a late one, a word withdrawn, an override, a year gone by."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.cli.playing.story import joint_plan
from tests.stories.playing import Stage, run, stage

FHIR = "application/fhir+json"
BTG = {"code": "vital-interest", "text": "Bevidstløs; kontaktperson på herberget skal findes"}


def kinds(bundle: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in bundle.get("entry", []):
        kind = entry["resource"]["resourceType"]
        found[kind] = found.get(kind, 0) + 1
    return found


def hospital_stays(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle.get("entry", []) if "serviceProvider" in e["resource"]]


async def stored(here: Stage) -> list[Any]:
    """Everything that is kept, versions and times included."""
    database = here.gateway.database
    rows = await database.fetch("SELECT kind, id, version, updated, digest FROM resource ORDER BY kind, id")
    counts = [
        await database.fetchval(f"SELECT count(*) FROM {name}") for name in ("statement", "message", "resource_version")
    ]
    return [*rows, *counts]


def test_the_same_message_again_gets_the_same_answer_and_changes_nothing(database_url: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with stage("to-ophold", database_url, tmp_path) as here:
            messages = [step for step in here.story.steps if step.door != "consent"]
            first = [await here.send(step) for step in messages]
            before = await stored(here)
            for step, told in zip(messages, first, strict=True):
                assert await here.send(step) == told, step.file.name
            notice = json.loads(here.step("04").file.read_text("utf-8"))
            notice |= {"id": "en-ny-konvolut", "timestamp": "2026-02-25T21:44:00+01:00"}
            again = await here.post("herlev", "/fhir/$process-message", json.dumps(notice).encode(), FHIR)
            assert again.content == first[3].answer, "the envelope is new, the letter is not"
            assert await stored(here) == before

    run(play())


def test_a_late_message_lands_where_it_belongs_and_opens_nothing(database_url: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with stage("herberg", database_url, tmp_path) as here:
            await here.play("01", "02", "05", "06", "07")
            (before,) = hospital_stays((await here.plan("hospital"))[1])
            await here.play("08")
            (after,) = hospital_stays((await here.plan("hospital"))[1])
            assert [one["location"]["identifier"]["value"] for one in after["location"]] == ["812-12-2", "814-3-1"]
            assert after["location"][0]["period"]["end"] == after["location"][1]["period"]["start"]
            untouched = ("status", "statusHistory", "period", "extension")
            assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}

    run(play())


def test_a_withdrawn_consent_is_gone_for_the_very_next_request(database_url: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with stage("herberg", database_url, tmp_path) as here:
            told = await here.play("01", "02", "04")
            consent = json.loads(told[-1].answer)
            before = await here.get("social", f"Patient/{here.patient}/$joint-plan")
            (stay,) = hospital_stays(before.json())
            assert (await here.get("social", f"Encounter/{stay['id']}")).status_code == 200
            headers = await here.bearer("social") | {"Content-Type": FHIR, "If-Match": 'W/"1"'}
            consent["status"] = "inactive"
            answer = await here.doors.http.put(f"/fhir/Consent/{consent['id']}", json=consent, headers=headers)
            assert answer.status_code == 200, answer.text
            after = await here.get("social", f"Patient/{here.patient}/$joint-plan")
            assert hospital_stays(after.json()) == []
            assert after.headers["ETag"] != before.headers["ETag"]
            assert (await here.get("social", f"Encounter/{stay['id']}")).status_code == 404
            found = await here.get("social", f"Encounter?patient={here.patient}")
            assert (found.json()["total"], found.json().get("entry")) == (0, None)
            assert len(hospital_stays((await here.plan("hospital"))[1])) == 1, "treatment needs no consent"

    run(play())


def test_an_override_with_a_reason_opens_what_the_table_lets_it_and_is_on_record(
    database_url: str, tmp_path: Path
) -> None:
    async def play() -> None:
        async with stage("herberg", database_url, tmp_path) as here:
            await here.play("01", "02", "03")
            _, closed = await here.plan("nursing")
            status, opened = await here.plan("nursing", purpose="BTG", override=BTG)
            assert status == 200
            assert kinds(opened)["CarePlan"] == 1 + 6
            assert "CarePlan" in kinds(closed)
            assert kinds(closed)["CarePlan"] == 1, "only the composed one, without any part of it"
            told = json.dumps(opened, ensure_ascii=False)
            assert "Økonomisk situation" not in told, "an override never opens economy"
            assert "Jeg vil have et sted" not in told, "nor the citizen's own words"
            await refused_without_a_reason(here)
            events = (await here.get("auditor", f"AuditEvent?patient={here.patient}&decision=override")).json()
            (event,) = [entry["resource"] for entry in events["entry"]]
            assert BTG["text"] in json.dumps(event, ensure_ascii=False)
            assert here.story.citizen.rpartition("|")[2] not in json.dumps(event)

    run(play())


async def refused_without_a_reason(here: Stage) -> None:
    """BTG without a reason gets no token, and a purpose that the client is not registered for neither."""
    for player, acting in (("nursing", {"purpose": "BTG"}), ("jobcenter", {"purpose": "BTG", "override": BTG})):
        assertion = here.doors.players[player].assertion(str(here.doors.http.base_url), **acting)  # type: ignore[arg-type]
        form = {
            "grant_type": "client_credentials", "client_assertion": assertion, "scope": "system/*.rs",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }  # fmt: skip
        answer = await here.doors.http.post("/oauth/token", data=form)
        assert answer.status_code == 400, player


def test_a_consent_older_than_a_year_opens_no_health_data_to_case_work(database_url: str, tmp_path: Path) -> None:
    """Sundhedsloven § 44, whatever the consent's own period says; what the municipality itself has stays open."""

    async def play() -> None:
        async with stage("herberg", database_url, tmp_path) as here:
            await here.play("01", "02")
            consent = here.step("04").file.read_text("utf-8").replace("2027-03-02", "2036-03-02")
            body = consent.replace("{citizen}", here.patient).encode()
            assert (await here.post("social", "/fhir/Consent", body, FHIR)).status_code == 201
            given = here.story.now.replace(month=3, day=3, hour=0, minute=0)
            for days, stays in ((364, 1), (366, 0)):
                here.clock.ahead = given + timedelta(days=days) - here.story.now
                status, bundle = await here.plan("social")
                assert (status, len(hospital_stays(bundle))) == (200, stays), f"{days} days after it was given"
                assert kinds(bundle)["CarePlan"] == 2

    run(play())


def test_without_a_municipal_case_nothing_of_the_citizen_is_anywhere(database_url: str, tmp_path: Path) -> None:
    """Retssikkerhedsloven § 12 c: a positive answer, a row that a message came, and no content in any column."""

    async def play() -> None:
        async with stage("doed-paa-orlov", database_url, tmp_path) as here:
            assert all(told.accepted for told in await here.play("02", "03", "04"))
            psychiatry = STORY_OF_ANOTHER.read_bytes().replace(b"\n", b"\r")
            answer = await here.post("hospital", "/messages/hl7v2", psychiatry, "x-application/hl7-v2+er7")
            assert (answer.status_code, b"MSA|AA|" in answer.content) == (200, True)
            rows = await here.gateway.database.fetch("SELECT state, body, citizen, event FROM message ORDER BY id")
            assert [(r["state"], r["body"], r["citizen"]) for r in rows] == [("not-entitled", None, None)] * 4
            assert [r["event"] for r in rows] == ["STIN", "STOR", "MORS", "A01"]
            for word in ("2509479989", "Sandholt", "1502824933", "Ravnsborg", "Prøvevej", "DF200", "PS770214"):
                assert await places(here, word) == [], word
            assert (await here.get("hospital", f"Patient/{here.patient}")).status_code == 404

    run(play())


STORY_OF_ANOTHER = Path(__file__).parents[2] / "fixtures" / "stories" / "herberg" / "02-indlagt.hl7"


async def places(here: Stage, word: str) -> list[str]:
    """The tables in which a word stands, in any column, as text or as bytes."""
    database = here.gateway.database
    tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = []
    for table in (row["tablename"] for row in tables):
        sql = f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE $1 OR t::text ILIKE $2'
        if await database.fetchval(sql, f"%{word}%", f"%{word.encode().hex()}%"):
            found.append(table)
    return found


def test_the_search_for_words_would_find_them(database_url: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with stage("herberg", database_url, tmp_path) as here:
            await here.play("01", "02")
            told = await places(here, "1502824933")
            assert {"identity", "message", "resource", "resource_version", "statement"} <= set(told)
            assert not {"access_record", "log_leaf"} & set(told), "no CPR in the log"

    run(play())


def test_a_citizen_who_is_not_there_and_one_who_is_hidden_get_the_same(database_url: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with stage("herberg", database_url, tmp_path) as here:
            await here.play()
            hidden, absent = [
                await here.get("jobcenter", f"Patient/{one}/$joint-plan") for one in (here.patient, "f" * 32)
            ]
            assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content) == (404, absent.content)
            varying = {"date", "x-request-id", "traceparent"}
            assert {n: v for n, v in hidden.headers.items() if n not in varying} == {
                n: v for n, v in absent.headers.items() if n not in varying
            }
            status, _ = await joint_plan(here.doors, "auditor", here.patient)
            assert status in (403, 404), "an auditor sees the looks, never the plan"

    run(play())


def test_after_a_merge_the_auditor_finds_what_was_done_under_either_number(database_url: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with stage("uden-cpr", database_url, tmp_path) as here:
            await here.play("01", "02", "03", "04", "05", "06")
            before = [await looks(here, number) for number in (CPR, X_ECPR)]
            assert not before[0] & before[1]
            assert len(before[1]) >= 4, "three messages and a consent"
            await here.play("07", "08")
            for asked in (CPR, X_ECPR):
                assert await looks(here, asked) > before[0] | before[1], asked

    run(play())


CPR, X_ECPR = "urn:oid:1.2.208.176.1.2|0201609995", "urn:oid:1.2.208.176.1.6.1.1|0201601VJ5"


async def looks(here: Stage, number: str) -> set[str]:
    """The records about the citizen with this number, by their ids."""
    found = await here.get("auditor", f"AuditEvent?patient.identifier={number}")
    assert found.status_code == 200
    return {entry["resource"]["id"] for entry in found.json().get("entry", [])}
