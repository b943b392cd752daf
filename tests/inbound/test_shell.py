"""What surrounds every request: headers, trace ids, log lines, limits, and failures that tell nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.inbound import bodies
from gateway.translate.fhir import parse
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse

CPR_LIKE = "251248-9996"


def test_every_answer_has_the_security_headers(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for method, path in [
                ("GET", "/fhir/metadata"),
                ("GET", "/fhir/Patient/1"),
                ("GET", "/nowhere"),
                ("DELETE", "/fhir/Patient/1"),
                ("GET", "/fhir//Patient"),
                ("POST", "/oauth/token"),
                ("GET", "/console/login"),
                ("GET", "/health/ready"),
                ("POST", "/messages/hl7v2"),
            ]:
                answer = await here.web.request(method, path)
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert answer.headers["strict-transport-security"].startswith("max-age=")
                assert "default-src 'none'" in answer.headers["content-security-policy"]
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
                assert answer.headers["cache-control"] == "no-store"
                assert "server" not in answer.headers
                assert "access-control-allow-origin" not in answer.headers

    run(test)


def test_no_cross_origin_reading(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
            answer = await here.web.options("/fhir/Patient/1", headers=headers)
            assert answer.status_code == 405
            answer = await here.web.get("/fhir/metadata", headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]

    run(test)


@pytest.mark.parametrize("given", ["epj-123.a_b", "a" * 64, "6c1f0e5e-7a86-4c54-9d42-bd3b0d6f4a0f", "265161000016000"])
def test_a_trace_id_is_taken_over(database_url: str, given: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            answer = await here.web.get("/health/live", headers={"X-Request-Id": given})
            assert answer.headers["x-request-id"] == given

    run(test)


@pytest.mark.parametrize(
    "given", ["", "a" * 65, "two words", "2512489996", "2512489996x", "t.251248-9996", CPR_LIKE, "line\tbreak", "æ"]
)
def test_a_trace_id_that_is_none_is_replaced(database_url: str, given: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            answer = await here.raw("GET", "/health/live", {"X-Request-Id": given})
            assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])

    run(test)


def test_log_lines_hold_routes_and_never_paths_or_queries(database_url: str) -> None:
    secret = "a" * 31 + "7"

    async def test() -> None:
        async with http(database_url) as here:
            headers = {**await here.bearer(extensions=nurse()), "X-Request-Id": "trace-1"}
            await here.web.get(f"/fhir/Patient/{secret}", headers=headers)
            await here.web.get(f"/fhir/Patient?identifier=urn:oid:1.2.208.176.1.2|{CPR_LIKE}", headers=headers)
            await here.web.get(f"/fhir/Nonsense-{CPR_LIKE}/%41", headers=headers)
            await here.web.request(f"GET{CPR_LIKE}", "/fhir/Patient/1")

    with capture_logs() as logs:
        run(test)
    text = json.dumps(logs)
    assert secret not in text
    assert CPR_LIKE not in text
    assert "Karla" not in text
    lines = [entry for entry in logs if entry["event"] == "request"]
    assert [line["route"] for line in lines] == ["/oauth/token", "/fhir/{kind}/{id}", "/fhir/{kind}", "none", "none"]
    read = lines[1]
    assert (read["method"], read["status"], read["client"], read["trace"]) == ("GET", 404, "rh-epj", "trace-1")
    assert read["ms"] >= 0


def test_metrics_count_routes(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            await here.web.get("/fhir/Patient/" + "b" * 32)
            text = (await here.web.get("/metrics")).text
            assert 'gateway_http_requests_total{method="GET",route="/fhir/{kind}/{id}",status="401"}' in text
            assert "gateway_http_request_seconds_bucket" in text
            assert "b" * 32 not in text

    run(test)


# Bodies


async def in_chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


def test_a_body_that_is_too_large(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, message_bytes=10_000, large_message_bytes=10_000) as here:
            headers = await here.bearer("system/Bundle.c")
            fhir = {**headers, "Content-Type": "application/fhir+json"}
            for content in (b"x" * 10_001, in_chunks(1000, 11)):  # with a length, and chunked without one
                answer = await here.web.post("/fhir/$process-message", headers=fhir, content=content)
                assert answer.status_code == 413
                assert answer.headers["connection"] == "close"
                assert answer.json()["issue"][0]["code"] == "too-long"
            er7 = {**headers, "Content-Type": "application/hl7-v2"}
            answer = await here.web.post("/messages/hl7v2", headers=er7, content=b"MSH|^~\\&|A|B\r" + b"x" * 10_001)
            assert answer.status_code == 413
            assert b"\rMSA|A" in answer.content
            huge = {**er7, "Content-Length": "99999999999999999999"}
            assert (await here.raw("POST", "/messages/hl7v2", huge)).status == 413

    run(test)


def test_a_body_that_never_comes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.1)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.02)

    async def test() -> None:
        async with http(database_url) as here:
            fhir = {**await here.bearer("system/Bundle.c"), "Content-Type": "application/fhir+json"}
            answer = await here.web.post("/fhir/$process-message", headers=fhir, content=drip())
            assert answer.status_code == 408
            assert answer.json()["issue"][0]["code"] == "timeout"

    run(test)


@pytest.mark.parametrize(
    ("path", "content_type", "status"),
    [
        ("/fhir/$process-message", "text/plain", 415),
        ("/fhir/$process-message", "", 415),
        ("/fhir/$process-message", "application/hl7-v2", 415),
        ("/fhir/$process-message", "application/fhir+json; charset=latin1", 400),
        ("/fhir/$process-message", "application/fhir+xml", 400),  # the content is JSON
        ("/messages/hl7v2", "application/fhir+json", 415),
        ("/messages/hl7v2", "text/plain", 415),
        ("/cases/oio", "application/json", 415),
    ],
)
def test_content_of_the_wrong_kind(database_url: str, path: str, content_type: str, status: int) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = {**await here.bearer("system/Bundle.c"), "Content-Type": content_type}
            answer = await here.web.post(path, headers=headers, content=b'{"resourceType":"Bundle"}')
            assert answer.status_code == status

    run(test)


def test_compressed_content_is_not_unpacked(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = {**await here.bearer("system/Bundle.c"), "Content-Type": "application/fhir+json"}
            for encoding in ("gzip", "br", "deflate"):
                answer = await here.web.post(
                    "/fhir/$process-message", headers={**headers, "Content-Encoding": encoding}, content=b"\x1f\x8b"
                )
                assert answer.status_code == 415

    run(test)


# Failures


def test_the_database_gone(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = await here.bearer(extensions=nurse())
            await here.gateway.database.close()
            for path in ("/fhir/Patient/1", "/fhir/Patient?_id=1", "/health/ready"):
                answer = await here.web.get(path, headers=headers)
                assert answer.status_code == 503
                assert answer.headers["retry-after"] == "5"
            outcome = (await here.web.get("/fhir/Patient/1", headers=headers)).json()
            assert (outcome["issue"][0]["code"], outcome["issue"][0]["severity"]) == ("transient", "fatal")
            token = await here.web.post("/oauth/token", data=dict(here.world.form(here.world.assertion())))
            assert (token.status_code, token.json()["error"]) == (503, "temporarily_unavailable")
            assert (await here.web.get("/health/live")).status_code == 200

    run(test)


class Exploding:
    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError(f"Nancy Berggren {CPR_LIKE}")


def test_a_bug_tells_nothing(database_url: str) -> None:
    async def test(here: Http) -> None:
        headers = await here.bearer(extensions=nurse())
        object.__setattr__(here.gateway, "database", Exploding())
        answer = await here.web.get("/fhir/Patient/1", headers=headers)
        assert answer.status_code == 500
        assert CPR_LIKE not in answer.text
        assert answer.json()["issue"][0]["code"] == "exception"

    async def wrapped() -> None:
        async with http(database_url) as here:
            database = here.gateway.database
            try:
                await test(here)
            finally:
                object.__setattr__(here.gateway, "database", database)

    with capture_logs() as logs:
        run(wrapped)
    bug = next(entry for entry in logs if entry["event"] == "bug")
    assert bug["error"] == "ZeroDivisionError"
    assert "test_shell.py" in bug["at"]
    assert CPR_LIKE not in json.dumps(logs)


def test_outcomes_in_xml(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for path, headers in [
                ("/fhir/Patient/1", {"Accept": "application/fhir+xml"}),
                ("/fhir/Patient/1?_format=xml", {}),
                ("/nowhere", {"Accept": "text/xml"}),
            ]:
                answer = await here.web.get(path, headers=headers)
                assert answer.headers["content-type"] == "application/fhir+xml; charset=utf-8"
                assert parse(answer.content)["resourceType"] == "OperationOutcome"

    run(test)


def test_what_cannot_be_written_is_told_in_json(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = {**await here.bearer(extensions=nurse()), "Accept": "text/html"}
            answer = await here.web.get("/fhir/Patient/1", headers=headers)
            assert answer.status_code == 406
            assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
            answer = await here.web.get("/fhir/metadata?_format=html")
            assert answer.status_code == 406

    run(test)
