"""Paths and methods: one spelling, right statuses, right Allow, nothing that goes around the table."""

from __future__ import annotations

import re

import pytest

from gateway.inbound.door import Bearer, template
from gateway.inbound.doors import DOORS
from tests.inbound.http_world import http, run
from tests.inbound.oauth_client import nurse

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
PATIENT = "a" * 32


def filled(path: str, kind: str = "Consent") -> str:
    return re.sub(r"\{\w+\}", "1", path.replace("{kind}", kind).replace("{id}", PATIENT))


def test_every_door_says_what_is_allowed_on_it(database_url: str) -> None:
    """405 with exactly the methods that the table has for this path: every path, every method."""
    offered: dict[str, set[str]] = {}
    for door in DOORS:
        for kind in door.kinds or ("Consent",):
            methods = {"GET", "HEAD"} if door.method == "GET" else {door.method}
            offered.setdefault(filled(template(door), kind), set()).update(methods)

    async def test() -> None:
        async with http(database_url) as here:
            for path, methods in offered.items():
                for method in METHODS:
                    answer = await here.web.request(method, path)
                    if method in methods:
                        assert answer.status_code != 405, (method, path)
                        continue
                    assert answer.status_code == 405, (method, path, answer.status_code)
                    assert set(answer.headers["allow"].split(", ")) == methods, (method, path)

    run(test)


def test_only_open_doors_answer_without_a_token(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for door in DOORS:
                if isinstance(door, Bearer) and not door.language:
                    answer = await here.web.request(door.method, filled(template(door)))
                    assert answer.status_code == 401, door.path
                    assert answer.headers["www-authenticate"] == 'Bearer realm="faellesplan"'
                    assert answer.json()["issue"][0]["code"] == "login"

    run(test)


NO_SUCH_PATH = [
    "/",
    "/FHIR/Patient/1",
    "/fhir/patient/1",
    "/fhir/PATIENT2/1",
    "/fhir/$joint-plan",
    "/fhir/Patient/1/$everything",
    "/fhir/Patient/1/$joint-plan/x",
    "/fhir/Patient/1/_history",
    "/fhir/Patient/1/joint-plan",
    "/fhir/Patient/_search/x",
    "/fhir/Patient/under_score",
    "/fhir/Patient/" + "a" * 65,
    "/messages",
    "/docs",
    "/redoc",
    "/.well-known/openid-configuration",
    "/oauth",
    "/health",
]
NOT_PLAIN = [
    "/fhir/Patient/1//",
    "/fhir//",
    "/fhir///",
    "/console/login/",
    "//fhir/Patient/1",
    "/fhir//Patient/1",
    "/fhir/Patient/%31",
    "/fhir/%50atient/1",
    "/fhir/Patient%2F1",
    "/fhir/Patient/1%00",
    "/fhir/%2e%2e/fhir/Patient/1",
    "/fhir/../fhir/Patient/1",
    "/fhir/./Patient/1",
    "/fhir/Patient/..",
    "/fhir/Patient;x=1/1",
    "/fhir/Patient\\1",
    "/fhir/Patient/1%20",
    "/fhir/Patient/1%0d%0aSet-Cookie:%20a=b",
    "/fhir/Pati%C3%A6nt/1",
]


@pytest.mark.parametrize(("paths", "status"), [(NO_SUCH_PATH, 404), (NOT_PLAIN, 400)])
def test_one_spelling_of_every_path(database_url: str, paths: list[str], status: int) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = await here.bearer(extensions=nurse())
            for path in paths:
                answer = await here.raw("GET", path, headers)
                assert answer.status == status, (path, answer.status)
                assert answer.json()["resourceType"] == "OperationOutcome", path

    run(test)


def test_an_escaped_dollar_is_a_dollar(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = await here.bearer(extensions=nurse())
            answer = await here.raw("POST", "/fhir/%24process-message", headers)
            assert answer.status == 415

    run(test)


def test_a_closing_slash_is_no_other_path(database_url: str) -> None:
    """FHIR clients send Bundles to `[base]/`."""

    async def test() -> None:
        async with http(database_url) as here:
            headers = await here.bearer(extensions=nurse())
            for method, path in (
                ("GET", "/fhir/Patient/1"),
                ("POST", "/fhir"),
                ("GET", "/fhir/metadata"),
                ("GET", "/fhir"),
            ):
                plain, closed = [await here.raw(method, one, headers) for one in (path, f"{path}/")]
                assert closed.status == plain.status != 400, path
            answer = await here.raw("GET", "/fhir/Patient/?_count=1", headers)
            assert answer.json()["type"] == "searchset"

    run(test)


def test_nothing_overrides_the_method(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
                answer = await here.web.get(f"/fhir/Consent/{PATIENT}", headers={name: "PUT"})
                assert answer.status_code == 401
                answer = await here.web.post(f"/fhir/Goal/{PATIENT}", headers={name: "GET"})
                assert answer.status_code == 405
            answer = await here.web.post(f"/fhir/Goal/{PATIENT}?_method=GET")
            assert answer.status_code == 405
            for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"):
                assert (await here.web.get("/health/live", headers={name: "/metrics"})).text == "live\n"

    run(test)


def test_types_that_are_not_served(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = await here.bearer(extensions=nurse())
            for path in ("/fhir/Medication/1", "/fhir/Medication?patient=1", "/fhir/Bundle/1"):
                answer = await here.web.get(path, headers=headers)
                assert answer.status_code == 404
                assert "Served here: Patient" in answer.json()["issue"][0]["diagnostics"]
            inside = await here.web.get("/fhir/Patient/1/Task", headers=headers)
            assert inside.status_code == 404, "Task is in no compartment of R4"
            served = inside.json()["issue"][0]["diagnostics"]
            assert "CarePlan" in served
            assert "Task" not in served
            assert (await here.web.get("/fhir/AuditEvent/1/_history/1", headers=headers)).status_code == 404
            assert (await here.web.post("/fhir/AuditEvent", headers=headers)).status_code == 405

    run(test)


def test_the_table_reads_as_the_api() -> None:
    """Every path in the table is a plain path, and no two rows are the same."""
    assert len({(door.method, door.path) for door in DOORS}) == len(DOORS)
    for door in DOORS:
        assert re.fullmatch(r"(/[A-Za-z0-9$_.-]+|/\{[a-z]+\}|/\*)+", template(door)), door.path
        if isinstance(door, Bearer):
            # The entries of a Bundle and the types of an export have needs of their own.
            assert door.needs or door.path == "/fhir" or door.path.startswith("/bulk/"), door.path
