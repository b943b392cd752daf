"""POST /fhir, a transaction about several citizens and the directory: all of it in one commit, or nothing."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from gateway.domain.identifier import CPR, X_ECPR
from gateway.errors import RuleBroken
from gateway.flows.writing import together
from tests.inbound.http_world import run
from tests.inbound.one_citizen import NUMBER, admission, headers
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_consent_doors import objection
from tests.inbound.test_rest_bundles import ONE, TWO, answers, bundle, entry, statuses

THREE = "urn:uuid:6f1f0f5e-0000-4000-8000-000000000003"
FOUR = "urn:uuid:6f1f0f5e-0000-4000-8000-000000000004"
OTHER = "2512489996"
AUTHORISATION = "https://www.sst.dk/autorisation"
ABSENT = "f" * 32
_TABLES = (
    "message",
    "statement",
    "resource",
    "resource_version",
    "directory",
    "directory_version",
    "identity",
    "citizen",
)


def patient(number: str, name: str = "Ask", system: str = CPR) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": number}], "name": [{"family": name}]}


def practitioner(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "identifier": [{"system": AUTHORISATION, "value": number}], **more}


def placed(told: dict[str, Any]) -> str:
    """`Goal/9f…` of an entry's answer."""
    return "/".join(told["response"]["location"].split("/")[-4:-2])


async def second(here: Rest) -> str:
    """Another citizen, with a case in the municipality and admitted to the hospital; gives the Patient id."""
    other = str((await here.made(patient(OTHER), who="social"))["id"])
    about = {"subject": {"reference": f"Patient/{other}"}}
    await here.made(here.about("CarePlan", status="active", intent="plan", **about), who="social")
    raw = admission("M2").replace(NUMBER.encode(), OTHER.encode()).replace(b"V-17", b"V-18")
    sent = {**await headers(here.http, "epj"), "Content-Type": "application/hl7-v2"}
    told = await here.http.web.post("/messages/hl7v2", headers=sent, content=raw)
    assert told.status_code == 200, told.text
    return other


async def counts(here: Rest) -> list[int]:
    return [await here.count(table) for table in _TABLES]


def test_two_citizens_and_the_directory_in_one_commit(database_url: str) -> None:
    """What entries make is referred to by its name across citizens and directory, in whatever order they stand."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            role = {"resourceType": "PractitionerRole", "practitioner": {"reference": ONE},
                    "organization": {"reference": THREE}, "active": True}  # fmt: skip
            goals = [here.goal("Ro", subject={"reference": f"Patient/{who}"}) for who in (here.patient, other)]
            task = here.about("Task", status="requested", intent="order", owner={"reference": TWO},
                              focus={"reference": FOUR})  # fmt: skip
            entries = [
                entry("POST", "Task", task),
                entry("POST", "PractitionerRole", role, TWO),
                entry("POST", "Goal", goals[1]),
                entry("POST", "Practitioner", practitioner("0ABCD"), ONE),
                entry("GET", "Practitioner?identifier=0ABCD"),
                entry("POST", "Goal", goals[0], FOUR),
                entry("POST", "Organization", {"resourceType": "Organization", "name": "Hjemmeplejen"}, THREE),
            ]
            told = await answers(here, "transaction", *entries)
            assert statuses(told) == ["201", "201", "201", "201", "200", "201", "201"]
            shown = (await here.call("GET", f"/{placed(told[0])}")).json()
            assert shown["owner"] == {"reference": placed(told[1])}
            assert shown["focus"] == {"reference": placed(told[5])}
            stands = (await here.call("GET", f"/{placed(told[1])}")).json()
            assert stands["practitioner"] == {"reference": placed(told[3])}
            assert stands["organization"] == {"reference": placed(told[6])}
            assert told[4]["resource"]["total"] == 1, "reads come last"
            theirs = (await here.call("GET", f"/{placed(told[2])}")).json()
            assert theirs["subject"] == {"reference": f"Patient/{other}"}
            records = (await here.records(interaction="create", outcome="0"))[-6:]
            assert {one.citizen for one in records} == {here.patient, other, ""}
            assert {one.resources[0].partition("/_history")[0] for one in records} == {
                placed(one) for number, one in enumerate(told) if number != 4
            }  # fmt: skip

    run(test)


def test_what_came_of_one_citizen_is_kept_with_no_other(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            mine, theirs = here.goal("Første"), here.goal("Anden", subject={"reference": f"Patient/{other}"})
            await answers(here, "transaction", entry("POST", "Goal", mine), entry("POST", "Goal", theirs))
            rows = await here.http.gateway.database.fetch(
                "SELECT citizen, body FROM message WHERE language = 'fhir-rest' AND event = 'Goal' ORDER BY id"
            )
            kept = {row["citizen"]: row["body"].decode() for row in rows}
            assert ("Første" in kept[here.patient], "Anden" in kept[here.patient]) == (True, False)
            assert ("Første" in kept[other], "Anden" in kept[other]) == (False, True)

    run(test)


def test_new_citizens_come_with_what_is_theirs(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            told = await answers(
                here, "transaction",
                entry("POST", "Goal", here.goal("a", subject={"reference": ONE})),
                entry("POST", "Goal", here.goal("b", subject={"reference": TWO})),
                entry("POST", "Patient", patient(OTHER), TWO),
                entry("POST", "Patient", patient("0703921VJ5", system=X_ECPR), ONE),
                who="social",
            )  # fmt: skip
            assert statuses(told) == ["201"] * 4
            for goal, whose in ((0, 3), (1, 2)):
                shown = (await here.call("GET", f"/{placed(told[goal])}", who="social")).json()
                assert shown["subject"] == {"reference": placed(told[whose])}

    run(test)


def test_nothing_of_one_citizen_refers_to_what_is_made_of_another(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            condition = here.about("Condition", code={"text": "Smerter"}, subject={"reference": f"Patient/{other}"})
            goal = here.goal(addresses=[{"reference": ONE}])
            before = await counts(here)
            for entries, place in (
                ([entry("POST", "Goal", goal), entry("POST", "Condition", condition, ONE)], 0),
                ([entry("POST", "Condition", condition, ONE), entry("POST", "Goal", goal)], 1),
                ([entry("POST", "Practitioner", practitioner("0ABCD") | {"photo": [{"url": ONE}]}),
                  entry("POST", "Condition", condition, ONE)], 0),
            ):  # fmt: skip
                told = await here.call("POST", "", bundle("transaction", *entries))
                assert (told.status_code, f"Bundle.entry[{place}]" in told.text) == (422, True), told.text
            assert await counts(here) == before

    run(test)


def test_what_is_taken_back_is_referred_to_no_more(database_url: str) -> None:
    """R4: deletes come first, wherever they stand."""

    async def test() -> None:
        async with rest(database_url) as here:
            old = (await here.made(here.about("Condition", code={"text": "Smerter"})))["id"]
            goal = entry("POST", "Goal", here.goal(addresses=[{"reference": f"Condition/{old}"}]))
            sent = bundle("transaction", goal, entry("DELETE", f"Condition/{old}"))
            told = await here.call("POST", "", sent)
            assert (told.status_code, "Bundle.entry[0].resource.addresses[0]" in told.text) == (422, True)
            assert (await here.call("GET", f"/Condition/{old}")).status_code == 200

    run(test)


def test_a_failure_in_the_last_entry_undoes_all(database_url: str) -> None:
    """Whatever is wrong with it, and wherever it stands: nothing is left behind, and the attempt is on record."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            mine = await here.made(here.goal("Mit"))
            place = (await here.made(practitioner("0OLD1")))["id"]
            theirs = (await here.made(practitioner("0THEM"), who="social"))["id"]
            good = [
                entry("GET", f"Patient/{here.patient}"),
                entry("POST", "Goal", here.goal("a")),
                entry("POST", "Goal", here.goal("b", subject={"reference": f"Patient/{other}"})),
                entry("POST", "Practitioner", practitioner("0ABCD")),
                entry("DELETE", f"Practitioner/{place}"),
            ]
            bad = [
                (entry("PUT", f"Goal/{mine['id']}", here.goal("c"), ifMatch='W/"7"'), 412),
                (entry("PUT", f"Goal/{ABSENT}", here.goal("c"), ifMatch='W/"1"'), 404),
                (entry("PUT", f"Practitioner/{theirs}", practitioner("0X") | {"id": theirs}, ifMatch='W/"1"'), 403),
                (entry("PUT", f"Practitioner/{ABSENT}", practitioner("0X") | {"id": ABSENT}, ifMatch='W/"1"'), 404),
                (entry("POST", "Practitioner", practitioner("0X", gender="unheard-of")), 422),
                (entry("PATCH", f"Goal/{mine['id']}", {"resourceType": "Parameters"}, ifMatch='W/"7"'), 412),
            ]  # fmt: skip
            for one, status in bad:
                before, looks = await counts(here), len(await here.records())
                told = await here.call("POST", "", bundle("transaction", *good, one))
                assert (told.status_code, "Bundle.entry[5]" in told.text) == (status, True), told.text
                assert await counts(here) == before
                records = (await here.records())[looks:]
                assert {one.outcome for one in records} == {"4"}, "nothing took place"
                assert "read" not in {one.interaction for one in records}, "what was not given is on nobody's record"
                assert {here.patient, other} <= {one.citizen for one in records}, "what was looked into is"
            assert (await here.call("GET", f"/Practitioner/{place}")).status_code == 200

    run(test)


def test_a_failure_at_the_commit_undoes_all(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first citizen and the directory are written already when the second one is refused."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            goals = [here.goal("x", subject={"reference": f"Patient/{who}"}) for who in (here.patient, other)]
            sent = bundle(
                "transaction", *(entry("POST", "Goal", one) for one in goals),
                entry("POST", "Practitioner", practitioner("0ABCD")),
            )  # fmt: skip
            before, plain, calls = await counts(here), together.kept, 0

            async def failing(*told: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == 2:
                    raise RuleBroken("x", where="Goal")
                return await plain(*told)

            monkeypatch.setattr(together, "kept", failing)
            assert (await here.call("POST", "", sent)).status_code == 422
            assert await counts(here) == before
            assert calls == 2

    run(test)


def test_what_is_hidden_fails_as_what_is_absent(database_url: str) -> None:
    """Of a citizen and of the directory, beside entries that would do."""
    shelter = {"resourceType": "Location", "name": "Krisecenter Solgården", "status": "active"}

    async def test() -> None:
        async with rest(database_url) as here:
            psy = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]
            goal = (await here.made(here.goal("Skjult", meta={"security": psy}), who="social"))["id"]
            place = (await here.made(shelter, who="social"))["id"]
            assert (await here.call("GET", f"/Location/{place}", who="jobcenter")).status_code == 404
            assert (await here.call("GET", f"/Goal/{goal}", who="jobcenter")).status_code == 404
            told: dict[str, list[Any]] = {goal: [], place: [], ABSENT: []}
            for identity, said in told.items():
                kind, body = ("Location", shelter) if identity == place else ("Goal", here.goal())
                for one in (
                    entry("DELETE", f"{kind}/{identity}"), entry("DELETE", f"Goal/{identity}"),
                    entry("PUT", f"{kind}/{identity}", body | {"id": identity}, ifMatch='W/"1"'),
                    entry("DELETE", f"Location/{identity}"), entry("DELETE", f"Location?_id={identity}"),
                ):  # fmt: skip
                    sent = bundle("transaction", entry("POST", "Practitioner", practitioner("0ABCD")), one)
                    answer = await here.call("POST", "", sent, who="jobcenter")
                    said.append((answer.status_code, answer.text.replace(identity, "")))
            assert told[goal] == told[place] == told[ABSENT]
            assert {status for status, _ in told[ABSENT]} == {404}

    run(test)


def test_each_entry_has_its_own_scopes(database_url: str) -> None:
    """L15: a condition is a search and takes the scope of one, in a transaction too."""

    async def test() -> None:
        async with rest(database_url) as here:
            search = f"patient={here.patient}"
            entries = [entry("POST", "Goal", here.goal(), ifNoneExist=search)]
            told = await here.call("POST", "", bundle("transaction", *entries), who="limited")
            assert told.status_code == 200, told.text
            refused = [
                entry("POST", "Practitioner", practitioner("0ABCD")),
                entry("PATCH", f"Goal?{search}", {"resourceType": "Parameters"}),
            ]
            for one in refused:
                told = await here.call("POST", "", bundle("transaction", *entries, one), who="limited")
                assert (told.status_code, "Bundle.entry[1]" in told.text) == (403, True)

    run(test)


def test_of_whom_the_law_lets_nothing_be_kept(database_url: str) -> None:
    """§ 12 c: one citizen has a municipal case, the other has none. Both are answered alike, one is kept."""

    async def test() -> None:
        async with rest(database_url) as here:
            (made,) = await answers(here, "transaction", entry("POST", "Patient", patient(OTHER), TWO), who="social")
            other = placed(made).partition("/")[2]
            goals = [here.goal("x", subject={"reference": who}) for who in (TWO, f"Patient/{here.patient}")]
            before = await here.count("statement")
            sent = [entry("POST", "Patient", patient(OTHER), TWO), *(entry("POST", "Goal", one) for one in goals)]
            told = await answers(here, "transaction", *sent, who="entitled")
            assert statuses(told) == ["201"] * 3
            assert await here.count("statement") == before + 1
            bodies = await here.http.gateway.database.fetch(
                "SELECT state, body FROM message WHERE source = 'regionh-edifact' ORDER BY state"
            )
            assert [(row["state"], row["body"] is None) for row in bodies] == [("kept", False), ("not-entitled", True)]
            records = [one.citizen for one in await here.records(client="entitled", interaction="create")]
            assert sorted(records) == sorted([other, other, here.patient])

    run(test)


def test_names_that_are_addresses(database_url: str) -> None:
    """R4 Bundle, resolving references: a relative one is relative to the address that its entry goes by."""
    base = "https://epj.example/fhir"

    async def test() -> None:
        async with rest(database_url) as here:
            told = await answers(
                here, "transaction",
                entry("POST", "Goal", here.goal(expressedBy={"reference": "Practitioner/1"}), f"{base}/Goal/1"),
                entry("POST", "Goal", here.goal(expressedBy={"reference": f"{base}/Practitioner/1"})),
                entry("POST", "Goal", here.goal(expressedBy={"reference": "Practitioner/1"}), ONE),
                entry("POST", "Practitioner", practitioner("0ABCD"), f"{base}/Practitioner/1"),
            )  # fmt: skip
            shown = [(await here.call("GET", f"/{placed(one)}")).json()["expressedBy"] for one in told[:3]]
            assert shown == [{"reference": placed(told[3])}] * 2 + [{"reference": "Practitioner/1"}]

    run(test)


def test_all_that_a_write_of_the_directory_can_be(database_url: str) -> None:
    """By id and by condition, as a whole and as a patch, beside what is a citizen's."""
    patch = {"resourceType": "Binary", "contentType": "application/json-patch+json",
             "data": b64encode(b'[{"op":"add","path":"/active","value":true}]').decode()}  # fmt: skip

    async def test() -> None:
        async with rest(database_url) as here:
            made = [await here.made(practitioner(f"0P{number}")) for number in range(6)]
            found = [f"Practitioner?identifier={AUTHORISATION}%7C0P{number}" for number in range(6)]
            changed = practitioner("0P1", gender="female")
            told = await answers(
                here, "transaction",
                entry("PATCH", f"Practitioner/{made[0]['id']}", patch, ifMatch='W/"1"'),
                entry("PUT", found[1], changed), entry("PATCH", found[2], patch), entry("DELETE", found[3]),
                entry("DELETE", f"Practitioner/{made[4]['id']}", ifMatch='W/"1"'), entry("POST", "Goal", here.goal()),
                entry("PUT", f"Practitioner/{made[5]['id']}", made[5], ifMatch='W/"1"'),
            )  # fmt: skip
            assert statuses(told) == ["200", "200", "200", "204", "204", "201", "200"]
            tags = [told[number]["response"]["etag"] for number in (0, 1, 2, 6)]
            assert tags == ['W/"2"'] * 3 + ['W/"1"'], "equal content makes no version"
            shown = [await here.call("GET", f"/Practitioner/{one['id']}") for one in made[:5]]
            assert [one.status_code for one in shown] == [200, 200, 200, 410, 410]
            assert [one.json().get("active") for one in shown[:3]] == [True, None, True]
            assert shown[1].json()["gender"] == "female"
            refused = [
                (entry("PATCH", f"Practitioner/{made[0]['id']}", patch), 428),
                (entry("PUT", f"Practitioner/{made[0]['id']}", made[1], ifMatch='W/"2"'), 400),
                (entry("PUT", f"Practitioner/{made[4]['id']}", made[4], ifMatch='W/"2"'), 410),
                (entry("PATCH", "Practitioner?identifier=nobody", patch), 404),
                (entry("PUT", "Practitioner?gender=female,unknown", changed), 200),
                (entry("POST", "Practitioner", changed, ifNoneExist="active=true"), 412),
                (entry("POST", "Practitioner", practitioner("0X"), ifNoneExist="patient=1"), 400),
            ]
            for one, status in refused:
                answer = await here.call("POST", "", bundle("transaction", entry("POST", "Goal", here.goal()), one))
                assert answer.status_code == status, (one, answer.text)

    run(test)


def test_an_entry_is_as_large_as_it_may_be_alone(database_url: str) -> None:
    """Every look at a citizen reads the consents: none of them comes in larger because it comes in a Bundle."""

    async def test() -> None:
        async with rest(database_url) as here:
            consent = objection(
                here.patient, contained=[{"resourceType": "Basic", "id": "b", "language": "x" * 262_144}]
            )
            for one in (consent, here.goal("x" * 2_097_152)):
                answer = await here.call("POST", "", bundle("transaction", entry("POST", one["resourceType"], one)))
                assert (answer.status_code, "Bundle.entry[0]" in answer.text) == (413, True)

    run(test)
