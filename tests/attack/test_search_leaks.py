"""Search, history and $everything tell of nothing hidden: each channel by name (leak-channels L01 to L14, L23)."""

from __future__ import annotations

from typing import Any

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
from tests.inbound.rest_world import rest

TREAT = {"purpose": [{"system": REASON, "code": "TREAT"}]}


async def names(here: Doors, who: str, path: str) -> list[str]:
    told = await here.get(who, path)
    assert told.status == 200, (path, told.body)
    return [f"{one['resourceType']}/{one['id']}" for one in bodies(told)]


def goal(name: str, text: str) -> dict[str, Any]:
    return {"resourceType": "Goal", "id": name, "lifecycleStatus": "active", "description": {"text": text}}


async def two_citizens(here: Doors) -> tuple[str, str]:
    """Both are in the hospital's circle; Ask objects to whatever the hospital would see of stays."""
    sarah, ask = patient_of(SARAH), patient_of(ASK)
    await here.arrive(
        ("social", order(SARAH, plan(goal=[{"reference": "Goal/g"}]), goal("g", "Egen bolig"))),
        ("social", order(ASK, plan("his", goal=[{"reference": "Goal/h"}]), goal("h", "Hjem igen"), number="2")),
        ("psyk", stay(SARAH)),
        ("psyk", stay(ASK, "A01", 2, visit="V2")),
        ("psyk", stay(ASK, "A21", 3, visit="V2")),
    )
    told = await here.write("psyk", consent(ask, provision=TREAT | about("Encounter")))
    assert told.status == 201, told.body
    here.http.world.clock.forward(1)
    return sarah, ask


def test_what_is_hidden_is_in_no_match_hop_total_order_or_history(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            sarah, ask = await two_citizens(here)
            (seen,) = await names(here, "psyk", f"Encounter?patient={sarah}")
            (hidden,) = [
                f"Encounter/{row['id']}" for row in await here.http.gateway.database.fetch(
                    "SELECT id FROM resource WHERE kind = 'Encounter' AND citizen = $1", ask
                )
            ]  # fmt: skip
            for query in (
                "Encounter?_sort=-date", "Encounter?status:not=planned", "Encounter?class:missing=false&_count=1",
                "Encounter?patient:Patient.family:missing=false", "Encounter?_content=inpatient,IMP,imp",
                f"Encounter?patient={sarah},{ask}", "Encounter?service-provider.name:missing=false",
                f"Patient/{ask}/Encounter", f"Patient/{ask}/*?_type=Encounter",
                f"Encounter?part-of:below={hidden[10:]}", f"Encounter?part-of:above={hidden[10:]}",
                "Encounter?type:not-in=ValueSet/KLEncounterTypes",
            ):  # fmt: skip
                assert set(await names(here, "psyk", query)) <= {seen}, query
            for counted in (
                "Encounter?_summary=count",
                "Encounter?_total=accurate",
                f"Encounter?patient={ask},{sarah}",
            ):
                assert (await here.get("psyk", counted)).json()["total"] == 1, counted
            reached = await names(here, "psyk", "Patient?_has:Encounter:patient:status:not=planned")
            assert reached == [f"Patient/{sarah}"]
            for included in ("Patient?_revinclude=Encounter:patient", f"Patient?_id={ask}&_revinclude=*",
                             f"Patient?_id={ask}&_revinclude:iterate=*&_include:iterate=*"):  # fmt: skip
                assert hidden not in await names(here, "psyk", included), included
            assert hidden not in await names(here, "psyk", f"Patient/{ask}/$everything")
            assert await names(here, "psyk", f"Encounter/_history?patient={ask}") == []
            assert hidden not in await names(here, "psyk", "Encounter/_history")
            assert (await here.get("psyk", f"{hidden}/_history")).status == 404
            assert await names(here, "psyk", f"Encounter?_id={hidden.partition('/')[2]}") == []

    run(test)


def test_a_page_is_full_of_what_is_permitted(database_url: str) -> None:
    """Hidden candidates eat no page and stop no walk."""

    async def test() -> None:
        async with doors(database_url) as here:
            sarah, ask = await two_citizens(here)
            told = (await here.get("psyk", "Encounter?_count=1")).json()
            assert [one["resource"]["subject"]["reference"] for one in told["entry"]] == [f"Patient/{sarah}"]
            assert [one["relation"] for one in told["link"]] == ["self"]
            own = await here.get("social", "Goal?_count=1&_sort=_id")
            assert len(own.json()["entry"]) == 1
            assert {sarah, ask} == {
                one["subject"]["reference"].partition("/")[2]
                for one in bodies(await here.get("social", "Goal?_count=9"))
            }

    run(test)


def test_a_consent_that_came_between_two_pages_holds_on_the_second(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(
                ("social", order(SARAH, plan(), number="1")),
                ("psyk", stay(SARAH)),
                ("psyk", stay(SARAH, "A03", 2)),
                ("psyk", stay(SARAH, "A01", 3, visit="V3")),
            )
            first = (await here.get("psyk", f"Encounter?patient={patient_of(SARAH)}&_count=1")).json()
            link = next(one["url"] for one in first["link"] if one["relation"] == "next").partition("/fhir/")[2]
            assert len(bodies(await here.get("psyk", link))) == 1
            told = await here.write("psyk", consent(patient_of(SARAH), provision=TREAT | about("Encounter")))
            assert told.status == 201
            here.http.world.clock.forward(1)
            assert bodies(await here.get("psyk", link)) == []

    run(test)


def test_the_circle_is_of_the_own_legal_world(database_url: str) -> None:
    """One CVR number is several: the nurses' circle is not that of the social authority."""

    async def test() -> None:
        async with doors(database_url) as here:
            await two_citizens(here)
            assert len(await names(here, "social", "Patient")) == 2
            assert await names(here, "nursing", "Patient") == []
            assert await names(here, "herlev", "Patient") == []
            assert len(await names(here, "psyk", "Patient")) == 2

    run(test)


def test_a_deletion_is_told_to_who_could_read_what_was_deleted(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(
                {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Egen bolig"},
                 "subject": {"reference": f"Patient/{here.patient}"}},
                who="social",
            )  # fmt: skip
            path = f"/Goal/{made['id']}"
            gone = await here.call("DELETE", path, who="social")
            assert gone.status_code in (200, 204), gone.text
            told = (await here.call("GET", f"{path}/_history", who="social")).json()
            assert [one["request"]["method"] for one in told["entry"]] == ["DELETE", "POST"]
            assert "resource" not in told["entry"][0]
            assert told["entry"][1]["resource"]["description"] == {"text": "Egen bolig"}
            of_type = (await here.call("GET", f"/Goal/_history?patient={here.patient}", who="social")).json()
            assert [one["fullUrl"] for one in of_type["entry"]][:2] == [told["entry"][0]["fullUrl"]] * 2
            assert (await here.call("GET", f"{path}/_history", who="jobcenter")).status_code == 404
            others = await here.call("GET", f"/Goal/_history?patient={here.patient}", who="jobcenter")
            assert made["id"] not in others.text
            found = await here.call("GET", f"/Goal?patient={here.patient}", who="social")
            assert made["id"] not in found.text

    run(test)


def test_parts_of_a_resource_are_cut_after_the_decision(database_url: str) -> None:
    """What is blacked out for a caller is found by no parameter and shown by no choice of elements."""

    async def test() -> None:
        async with doors(database_url) as here:
            sarah, _ = await two_citizens(here)
            for who in ("psyk", "social", "jobcenter", "elsewhere"):
                whole = {one["id"]: one for one in bodies(await here.get(who, f"Patient?_id={sarah}"))}
                for cut in ("_elements=address,name", "_summary=true", "_summary=data"):
                    for one in bodies(await here.get(who, f"Patient?_id={sarah}&{cut}")):
                        assert all(one[name] == whole[one["id"]][name] for name in one.keys() - {"meta"}), (who, cut)

    run(test)


def test_the_parameter_of_a_scope_is_no_question_about_what_is_hidden(database_url: str) -> None:
    """L05: the job centre may see the plan and not its goal. A token for the plan with that goal is one for nothing, as
    one for a plan with any other goal is."""
    let = {"purpose": [{"system": REASON, "code": "ELIGDTRM"}]} | about("CarePlan")

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan(goal=[{"reference": "Goal/g"}]), goal("g", "Egen bolig"))))
            sarah, own = patient_of(SARAH), kl_id("CarePlan", "plan")
            assert (await here.write("social", consent(sarah, "permit", provision=let))).status == 201
            here.http.world.clock.forward(1)
            paths = (f"CarePlan/{own}", f"CarePlan/{own}/_history/1", f"CarePlan?patient={sarah}&_id={own}")
            assert [len((await here.get("jobcenter", path)).body) > 200 for path in paths] == [True] * 3
            for who, told in (("jobcenter", False), ("social", True)):
                answers = []
                for identity in (kl_id("Goal", "g"), "f" * 32):
                    scope = f"system/CarePlan.rs?goal=Goal/{identity} system/Goal.rs"
                    answers.append([(one.status, one.body) for path in paths
                                    for one in [await here.get(who, path, scope=scope)]])  # fmt: skip
                assert (answers[0] != answers[1]) == told, who

    run(test)
