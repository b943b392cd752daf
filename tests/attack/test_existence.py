"""Is somebody there, is something hidden? Every question that might tell it, asked about hidden and about absent."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.domain.identifier import CPR
from tests.attack.world import (
    ASK,
    NOBODY,
    REASON,
    SARAH,
    TYPES,
    Doors,
    Raw,
    about,
    bodies,
    case,
    consent,
    doors,
    kl_id,
    order,
    patient_of,
    plan,
    stay,
)
from tests.inbound.http_world import run

NUMBER = f"{CPR}%7C"
PSYCHIATRY = "DG1|1||DF200^Skizofreni^SKS||20250301|A"


def told(answer: Raw, *names: str) -> tuple[Any, ...]:
    """The whole answer, with what the asker asked with in one spelling."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    text = json.dumps([answer.status, headers, answer.body.decode()])
    for name in names:
        text = text.replace(name, "X")
    return tuple(json.loads(text))


async def same(ask: Callable[[str], Awaitable[Raw]], hidden: str, absent: str) -> None:
    first, second = await ask(hidden), await ask(absent)
    assert told(first, hidden) == told(second, absent)


def test_hidden_and_absent_are_one_answer_whatever_is_asked(database_url: str) -> None:
    paths = (
        "Patient/{}", "Patient/{}/_history/1", "Patient/{}/_history/99", "Patient/{}/$joint-plan", "CarePlan/joint-{}",
        "Patient/{}/$joint-plan?at=2025-03-01",
        "CareTeam/joint-{}", "CarePlan/joint-{}/_history/1", "Patient?_id={}", "Patient?_id={}&_count=0",
        "CarePlan?_id=joint-{}", "CareTeam?patient={}", "Encounter?patient={}&_count=1",
        "Condition?subject=Patient/{}&code:not=x", "Goal?subject:Patient={}&_count=0", "Consent?patient=Patient/{}",
        "Patient/{}/Encounter", "Patient/{}/*", "Patient/{}/CarePlan?_sort=-date&_count=1", "Patient/{}/Provenance",
        "Encounter?patient={}&service-provider.name:missing=false", "Encounter?patient={}&part-of:below={}",
        "RelatedPerson?patient={}&name:contains=a", "Encounter?patient={}&date=ge2000&_format=xml",
    )  # fmt: skip
    asked_with: tuple[dict[str, str], ...] = (
        {}, {"If-None-Match": '*, W/"1"'}, {"If-Modified-Since": "Sun, 01 Jan 2090 00:00:00 GMT"},
        {"Accept": "*/*;q=0"}, {"Accept": "application/fhir+xml"}, {"X-HTTP-Method-Override": "PUT"},
    )  # fmt: skip

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            for who in ("jobcenter", "elsewhere"):
                for headers in asked_with:

                    async def ask(one: str, who: str = who, path: str = "", headers: dict[str, str] = headers) -> Raw:
                        return await here.get(who, path.replace("{}", one), headers=headers)

                    for path in paths if not headers else paths[:6]:
                        await same(lambda one, path=path: ask(one, path=path), patient_of(SARAH), patient_of(NOBODY))

    run(test)


def test_resources_of_a_citizen_whom_the_caller_does_see(database_url: str) -> None:
    """The social authority has a case about her: what psychiatry wrote is for it what never was."""

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH, more=PSYCHIATRY)))
            rows = await here.http.gateway.database.fetch("SELECT kind, id FROM resource WHERE sector = 'region'")
            hidden = [(row["kind"], row["id"]) for row in rows]
            assert {kind for kind, _ in hidden} >= {"Encounter", "Condition"}
            for kind, identity in hidden:
                for path in (f"{kind}/{{}}", f"{kind}/{{}}/_history/1", f"{kind}?_id={{}}&patient={patient_of(SARAH)}"):
                    await same(lambda one, path=path: here.get("social", path.format(one)), identity, "f" * 32)  # type: ignore[misc]
                for other in ("Goal", "Patient"):
                    await same(lambda one, other=other: here.get("social", f"{other}/{one}"), identity, "f" * 32)  # type: ignore[misc]

    run(test)


def test_identifiers_of_the_hidden_and_of_nobody(database_url: str) -> None:
    """One search may name several citizens; that one of them is there shows nowhere: not in the links to the next
    page, and not in the number of records by which the open checkpoint grows."""

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(
                ("social", order(SARAH, plan(), plan("more"))),
                ("social", order(ASK, plan("his"), number="2")),
                ("elsewhere", case(ASK, owner="11259979")),
            )
            forms = (
                "patient.identifier={0}{1}", "patient.identifier={0}{1},{0}{2}&_count=1", "patient:identifier={0}{1}",
                "patient.identifier={0}{1}&patient.identifier={0}{2}&_count=1",
                "subject.identifier={0}{2},{0}{1}&_count=1",
            )  # fmt: skip
            for form in forms:

                async def ask(number: str, form: str = form) -> tuple[Any, ...]:
                    before = len(await here.records())
                    found = await here.search("elsewhere", "CarePlan", form.format(NUMBER, number, ASK))
                    return told(found, number), len(await here.records()) - before

                assert await ask(SARAH) == await ask(NOBODY), form
            await same(
                lambda number: here.search(
                    "elsewhere", "Patient", f"identifier={NUMBER}{number},{NUMBER}{ASK}&_count=1"
                ),
                SARAH,
                NOBODY,
            )

    run(test)


def test_writing_tells_no_more_than_reading(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(
                ("social", order(SARAH, plan())),
                ("social", order(ASK, plan("his"), number="2")),
                ("elsewhere", case(ASK, owner="11259979")),
            )
            await same(lambda one: here.write("elsewhere", consent(one)), patient_of(SARAH), patient_of(NOBODY))
            his = (await here.write("social", consent(patient_of(ASK), "permit", provision=about("Goal")))).json()["id"]
            assert (await here.get("elsewhere", f"Consent/{his}")).status == 404
            for headers in ({}, {"If-Match": 'W/"1"'}, {"If-Match": 'W/"2"'}, {"If-Match": "*"}):
                await same(
                    lambda one, headers=headers: here.write(  # type: ignore[misc]
                        "elsewhere", consent(patient_of(ASK)), one, headers=headers
                    ),
                    his,
                    "f" * 32,
                )

    run(test)


def test_what_a_visible_resource_refers_to_is_left_out_where_it_is_hidden(database_url: str) -> None:
    """A reference tells that something is there. The jobcenter may see the stay, not what she was treated for."""

    async def test() -> None:
        async with doors(database_url) as here:
            goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Ro"}}
            ill = {"resourceType": "Condition", "id": "c", "code": {"text": "Angst"}}
            first = plan(
                "a", goal=[{"reference": "Goal/g"}], addresses=[{"reference": "Condition/c", "display": "Angst"}]
            )
            await here.arrive(
                ("social", order(SARAH, first, goal, ill)),
                ("psyk", stay(SARAH, more=PSYCHIATRY)),
            )
            patient = patient_of(SARAH)
            shown = {
                "class": [{"system": TYPES, "code": kind} for kind in ("Encounter", "CarePlan")],
                "purpose": [{"system": REASON, "code": "ELIGDTRM"}],
            }
            assert (await here.write("social", consent(patient, "permit", provision=shown))).status == 201
            answers = [await here.get("jobcenter", f"Patient/{patient}/$joint-plan")]
            for kind in ("Encounter", "CarePlan"):
                found = await here.get("jobcenter", f"{kind}?patient={patient}")
                answers.append(found)
                ids = [body["id"] for body in bodies(found)]
                assert ids
                answers += [await here.get("jobcenter", f"{kind}/{one}") for one in ids]
                answers += [
                    await here.get("jobcenter", f"{kind}/{one}/_history/1") for one in ids if "joint" not in one
                ]
            for answer in answers:
                for word in ("Condition/", "Goal/", "diagnosis", "Angst", "DF200", "Skizofreni"):
                    assert word not in answer.body.decode(), (word, answer.body)
            for who, field in (("psyk", "diagnosis"), ("social", "addresses")):
                seen = await here.get(who, f"Patient/{patient}/$joint-plan")
                assert field in seen.body.decode(), "who may see it is told of it"
            asked = await here.get(
                "jobcenter", f"CarePlan?patient={patient}&condition=Condition/{kl_id('Condition', 'c')}"
            )
            assert asked.json()["total"] == 0, "a search is no way around"

    run(test)


def test_a_token_for_plans_tells_nothing_of_stays(database_url: str) -> None:
    """The joint plan refers to stays, conditions and goals: it is made of what the token's scopes cover alone."""

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH, more=PSYCHIATRY)))
            patient = patient_of(SARAH)
            whole = await here.get("psyk", f"CarePlan/joint-{patient}")
            assert b"Encounter/" in whole.body
            for scope in ("system/CarePlan.rs", "system/CarePlan.rs system/CareTeam.rs", "system/CareTeam.rs"):
                for path in (f"CarePlan/joint-{patient}", f"CareTeam/joint-{patient}", f"CarePlan?patient={patient}"):
                    answer = await here.get("psyk", path, scope=scope)
                    assert b"Encounter/" not in answer.body
                    assert b"Condition/" not in answer.body
                    assert answer.status in (200, 403, 404)

    run(test)


async def scoped(here: Doors, scope: str) -> list[int]:
    patient = patient_of(SARAH)
    return [
        (await here.get("social", path, scope=scope)).status
        for path in (f"Goal/{kl_id('Goal', 'g')}", f"Goal?patient={patient}", f"Patient/{patient}/$joint-plan")
    ]


def test_wrong_scopes_open_nothing(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Ro"}}
            await here.arrive(("social", order(SARAH, plan(), goal)))
            assert await scoped(here, "system/*.rs") == [200, 200, 200]
            assert await scoped(here, "system/Goal.r") == [200, 403, 403]
            assert await scoped(here, "system/Goal.s") == [403, 200, 403]
            assert await scoped(here, "system/Patient.rs") == [403, 403, 403]
            assert await scoped(here, "system/Consent.cu system/Bundle.c") == [403, 403, 403]

    run(test)


def test_no_version_tells_that_somebody_else_wrote_about_the_citizen(database_url: str) -> None:
    """A second hospital says of her what the first said. Decisions know that it did, and nobody is shown it."""
    elsewhere = stay(SARAH, number=5, sender="SP|HGH", visit="V78")

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            patient = patient_of(SARAH)
            paths = (f"Patient/{patient}", f"Patient?_id={patient}", f"Patient/{patient}/$joint-plan")
            paths += (f"Patient/{patient}/_history/2", f"Patient/{patient}/_history/3")
            before = [told(await here.get("social", path)) for path in paths]
            await here.arrive(("herlev", elsewhere))
            assert (await here.get("psyk", f"Encounter?patient={patient}")).json()["total"] == 2
            assert [told(await here.get("social", path)) for path in paths] == before
            assert before[0][0] == before[3][0] == 200

    run(test)
