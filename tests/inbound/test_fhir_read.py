"""FHIR read, vread, search and the joint plan over HTTP, on a citizen whose messages came through the doors."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from fhir.resources.R4B.auditevent import AuditEvent

from gateway.domain.identifier import CPR
from gateway.translate.fhir import parse
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS, NUMBER, arrive, headers

JSON = "application/fhir+json; charset=utf-8"
XML = "application/fhir+xml; charset=utf-8"
ABSENT = "f" * 32


async def looks(here: Http) -> int:
    return int(await here.gateway.database.fetchval("SELECT count(*) FROM access_record"))


async def first_stay(here: Http, patient: str, bearer: dict[str, str]) -> dict[str, Any]:
    answer = await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=bearer)
    return dict(answer.json()["entry"][0]["resource"])


def test_read(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            answer = await here.web.get(f"/fhir/Patient/{patient}", headers=epj)
            assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
            body = answer.json()
            assert (body["resourceType"], body["id"]) == ("Patient", patient)
            version = body["meta"]["versionId"]
            assert answer.headers["etag"] == f'W/"{version}"'
            assert answer.headers["content-location"].endswith(f"/fhir/Patient/{patient}/_history/{version}")
            assert parsedate_to_datetime(answer.headers["last-modified"]) == here.world.clock()
            assert answer.headers["vary"] == "Accept, Authorization"
            assert answer.headers["cache-control"] == "no-store"
            old = await here.web.get(f"/fhir/Patient/{patient}/_history/1", headers=epj)
            assert old.json()["meta"]["versionId"] == "1"
            for version in ("0", "01", "-1", "99", "x", "1234567890", "٣"):
                assert (await here.raw("GET", f"/fhir/Patient/{patient}/_history/{version}", epj)).status in (400, 404)

    run(test)


def test_formats(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            for path in (f"/fhir/Patient/{patient}", f"/fhir/Patient/{patient}/$joint-plan"):
                plain = await here.web.get(path, headers=epj)
                xml = await here.web.get(path, headers={**epj, "Accept": "application/fhir+xml"})
                assert xml.headers["content-type"] == XML
                assert parse(xml.content) == parse(plain.content)
                by_format = await here.web.get(
                    path, params={"_format": "xml"}, headers={**epj, "Accept": "application/json"}
                )
                assert by_format.content == xml.content
                pretty = await here.web.get(path, params={"_pretty": "true"}, headers=epj)
                assert parse(pretty.content) == parse(plain.content)
                assert b'\n  "resourceType"' in pretty.content
                both = await here.web.get(path, params={"_pretty": "true", "_format": "xml"}, headers=epj)
                assert parse(both.content) == parse(plain.content)
                assert b"\n  <id value=" in both.content or b"\n  <type value=" in both.content
                assert len(both.content.splitlines()) > 10 > len(xml.content.splitlines())
            found = {"patient": patient, "_format": "xml"}
            bundle = await here.web.get("/fhir/Encounter", params=found, headers=epj)
            assert (bundle.headers["content-type"], parse(bundle.content)["type"]) == (XML, "searchset")
            refused = await here.web.get(f"/fhir/Patient/{patient}", params={"_sort": "name"}, headers=epj)
            assert refused.status_code == 400

    run(test)


def test_what_the_caller_has_already(database_url: str) -> None:
    """304 needs the decision and the record like any answer, and holds no body."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            path = f"/fhir/Patient/{patient}"
            full = await here.web.get(path, headers=epj)
            tag, date = full.headers["etag"], full.headers["last-modified"]
            for extra in (
                {"If-None-Match": tag},
                {"If-None-Match": tag.removeprefix("W/")},
                {"If-None-Match": f'"x", {tag}'},
                {"If-None-Match": "*"},
                {"If-Modified-Since": date},
            ):
                before = await looks(here)
                answer = await here.web.get(path, headers={**epj, **extra})
                assert (answer.status_code, answer.content) == (304, b""), extra
                assert answer.headers["etag"] == tag
                assert await looks(here) == before + 1
            earlier = format_datetime(here.world.clock() - timedelta(days=1), usegmt=True)
            for extra in (
                {"If-None-Match": '"other"'},
                {"If-None-Match": '"other"', "If-Modified-Since": date},
                {"If-Modified-Since": earlier},
                {"If-Modified-Since": "not a date"},
                {"If-Modified-Since": f"Mon, 02 Mar 2026 11:30:00 +{'9' * 30}"},
                {"If-Modified-Since": f"Mon, 02 Mar {'2' * 30} 11:30:00 GMT"},
            ):
                assert (await here.web.get(path, headers={**epj, **extra})).status_code == 200, extra
            plan = await here.web.get(f"{path}/$joint-plan", headers=epj)
            again = await here.web.get(f"{path}/$joint-plan", headers={**epj, "If-None-Match": plan.headers["etag"]})
            assert again.status_code == 304
            hidden = {**await headers(here, "jobcenter", "HOPERAT"), "If-None-Match": tag}
            assert (await here.web.get(path, headers=hidden)).status_code == 404

    run(test)


def test_head_is_get_without_a_body(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            before = await looks(here)
            answer = await here.web.head(f"/fhir/Patient/{patient}", headers=epj)
            assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
            assert await looks(here) == before + 1

    run(test)


def test_absent_and_hidden_are_the_same(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            stay = await first_stay(here, patient, epj)
            jobcenter = {**await headers(here, "jobcenter", "HOPERAT"), "X-Request-Id": "same"}
            for hidden, absent in (
                (f"/fhir/Patient/{patient}", f"/fhir/Patient/{ABSENT}"),
                (f"/fhir/Encounter/{stay['id']}", f"/fhir/Encounter/{ABSENT}"),
                (f"/fhir/Encounter/{stay['id']}/_history/1", f"/fhir/Encounter/{ABSENT}/_history/1"),
                (f"/fhir/Patient/{patient}/$joint-plan", f"/fhir/Patient/{ABSENT}/$joint-plan"),
                (f"/fhir/CarePlan/joint-{patient}", f"/fhir/CarePlan/joint-{ABSENT}"),
                (f"/fhir/Encounter?patient={patient}", f"/fhir/Encounter?patient={ABSENT}"),
                (f"/fhir/Patient?_id={patient}", f"/fhir/Patient?_id={ABSENT}"),
            ):
                one, other = (
                    await here.web.get(hidden, headers=jobcenter),
                    await here.web.get(absent, headers=jobcenter),
                )
                assert one.status_code == other.status_code
                assert one.headers == other.headers
                assert one.content == other.content, hidden

    run(test)


def test_search_by_url_and_by_form(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            wanted = {"patient.identifier": f"{CPR}|{NUMBER}", "status": "in-progress"}
            by_form = await here.web.post("/fhir/Encounter/_search", headers=epj, data=wanted)
            by_url = await here.web.get("/fhir/Encounter", headers=epj, params=wanted)
            mixed = await here.web.post(
                "/fhir/Encounter/_search?status=in-progress", headers=epj, data={"patient": patient}
            )
            assert by_form.content == by_url.content == mixed.content
            assert by_form.json()["total"] == 1
            assert NUMBER not in str(by_form.json()["link"])

    run(test)


def test_searches_that_are_refused(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            before = await here.gateway.database.fetchval("SELECT count(*) FROM message")
            for query in (
                f"patient={patient}&banana=1",
                f"patient={patient}&Status=in-progress",
                f"patient={patient}&_include=Encounter:banana",
                f"patient={patient}&_revinclude=Banana:patient",
                f"patient={patient}&status:nonsense=x",
                "patient=%ff%fe",
                "&".join(f"a{n}=b" for n in range(101)),
            ):
                answer = await here.raw("GET", f"/fhir/Encounter?{query}", epj)
                assert answer.status == 400, query
                assert answer.json()["issue"][0]["code"] in ("invalid", "value")
            unknown = await here.web.get("/fhir/Encounter", params={"patient": patient, "banana": "1"}, headers=epj)
            told = unknown.json()["issue"][0]["diagnostics"]
            assert "banana" in told
            assert "status" in told
            form = {**epj, "Content-Type": "application/json"}
            assert (await here.web.post("/fhir/Encounter/_search", headers=form, content=b"{}")).status_code == 415
            assert await here.gateway.database.fetchval("SELECT count(*) FROM message") == before

    run(test)


def test_no_purpose_no_look(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            nobody = await headers(here, purpose="")
            for path in (
                f"/fhir/Patient/{patient}",
                f"/fhir/Patient/{ABSENT}",
                f"/fhir/Encounter?patient={patient}",
                f"/fhir/Patient/{patient}/$joint-plan",
            ):
                before = await looks(here)
                answer = await here.web.get(path, headers=nobody)
                assert answer.status_code == 403
                assert "purpose" in answer.text
                assert await looks(here) == before + 1, "the refusal is on record"

    run(test)


def test_the_auditor_reads_looks_and_nothing_else(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            await here.web.get(f"/fhir/Patient/{patient}", headers={**epj, "X-Request-Id": "trace-of-the-nurse"})
            await here.web.get(f"/fhir/Patient/{patient}", headers=await headers(here, "jobcenter", "HOPERAT"))
            why = nurse(iua={"purpose_of_use": ["HOPERAT"]})
            bearer = await here.bearer("system/AuditEvent.rs", "auditor", extensions=why)
            found = await here.web.get("/fhir/AuditEvent", params={"patient": patient}, headers=bearer)
            events = [entry["resource"] for entry in found.json()["entry"]]
            assert {event["resourceType"] for event in events} == {"AuditEvent"}
            assert NUMBER not in found.text
            assert any("trace-of-the-nurse" in str(event) for event in events)
            assert any(event["outcome"] == "4" for event in events), "the refused look is there too"
            one = await here.web.get(f"/fhir/AuditEvent/{events[0]['id']}", headers=bearer)
            assert one.json()["id"] == events[0]["id"]
            form = await here.web.post("/fhir/AuditEvent/_search", headers=bearer, data={"patient": patient})
            assert form.status_code == 200
            xml = await here.web.get(f"/fhir/AuditEvent/{events[0]['id']}?_format=xml", headers=bearer)
            assert parse(xml.content)["resourceType"] == "AuditEvent"
            assert (await here.web.get(f"/fhir/Patient/{patient}", headers=bearer)).status_code == 403
            for client in ("epj", "social"):
                refused = await here.web.get("/fhir/AuditEvent", headers=await headers(here, client))
                assert refused.status_code == 403

    run(test)


def test_refused_scopes_are_there_for_the_auditor(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            poor = await here.bearer("system/Goal.s", "epj", extensions=nurse())
            for method, path in (
                ("GET", "/fhir/Patient/1"),
                ("GET", "/fhir/Patient/1/$joint-plan"),
                ("POST", "/fhir/$process-message"),
                ("POST", "/messages/hl7v2"),
                ("POST", "/console/tickets"),
                ("PUT", "/fhir/Consent/1"),
            ):
                form = {"patient": "1"} if path == "/console/tickets" else None
                assert (await here.web.request(method, path, headers=poor, data=form)).status_code == 403
            why = nurse(iua={"purpose_of_use": ["HOPERAT"]})
            bearer = await here.bearer("system/AuditEvent.rs", "auditor", extensions=why)
            found = await here.web.get("/fhir/AuditEvent", params={"client": "epj", "decision": "deny"}, headers=bearer)
            told = [entry["resource"] for entry in found.json()["entry"]]
            codes = [event["subtype"][0]["code"] for event in told]
            assert codes == ["update", "operation", "disclose", "disclose", "operation", "read"]
            assert all("does not hold" in event["outcomeDesc"] for event in told)
            for event in told:
                AuditEvent.model_validate(event)

    run(test)


def test_a_withdrawn_client_is_out_at_once(database_url: str) -> None:
    """A token outlives its client by nothing: the registry is asked, not the token alone."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here, http(database_url, *CLIENTS[1:]) as later:
            token = await here.token("system/*.rs", "epj")
            later.inbound.tokens._keys = here.inbound.tokens._keys
            answer = await later.web.get(f"/fhir/Patient/{ABSENT}", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]

    run(test)
