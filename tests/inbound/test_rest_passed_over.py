"""What a writer asks for and nobody would hear of is refused, in words: conditions of another interaction, members that
R4 does not have, references by a search where nothing is looked up."""

from __future__ import annotations

from typing import Any

from tests.inbound.http_world import run
from tests.inbound.one_citizen import headers
from tests.inbound.rest_world import JSON, Rest, rest
from tests.inbound.test_consent_doors import objection
from tests.inbound.test_rest_bundles import ONE, bundle, entry
from tests.inbound.test_rest_transactions import counts, practitioner

XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">Ro</div>'


async def refused(here: Rest, method: str, path: str, body: Any = None, **more: str) -> str:
    """The whole answer to what must be refused before anything is kept."""
    before = await counts(here)
    told = await here.call(method, path, body, **more)
    assert told.status_code in (400, 422), (method, path, told.status_code, told.text)
    issue = told.json()["issue"][0]
    assert issue.get("expression") or issue.get("diagnostics"), "where it is"
    assert await counts(here) == before
    return told.text


async def in_bundles(here: Rest, one: dict[str, Any]) -> str:
    """The same in a transaction, with its place; in a batch the entry alone is refused."""
    told = await refused(here, "POST", "", bundle("transaction", one))
    assert "Bundle.entry[0]" in told
    batch = await here.call("POST", "", bundle("batch", one))
    assert batch.json()["entry"][0]["response"]["status"] in ("400", "422"), batch.text
    return told


def test_a_condition_of_another_interaction(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            staff = await here.made(practitioner("0A"))
            tag: dict[str, str] = {"If_Match": 'W/"1"'}
            for place, body in ((f"Goal/{made['id']}", here.goal("x")), (f"Practitioner/{staff['id']}", staff)):
                kind = place.partition("/")[0]
                for header in ("If_None_Exist", "If_None_Match"):
                    assert "If-None" in await refused(here, "PUT", f"/{place}", body, **tag, **{header: "_id=x"})
                    await refused(here, "DELETE", f"/{place}", **{header: "_id=x"})
                assert "If-None-Exist" in await refused(here, "POST", f"/{kind}", body, If_Match='W/"1"')
                await refused(here, "POST", f"/{kind}", body, If_None_Match="*")
                twice = [*(await headers(here.http)).items(), *[("If-None-Exist", f"_id={one}") for one in "xy"]]
                told = await here.http.web.post(f"/fhir/{kind}", headers=[*twice, ("Content-Type", JSON)], json=body)
                assert (told.status_code, "If-None-Exist" in told.text) == (400, True)
                for one in (
                    entry("PUT", place, body, ifMatch='W/"1"', ifNoneExist="_id=x"),
                    entry("DELETE", place, ifNoneExist="_id=x"),
                    entry("POST", kind, body, ifMatch='W/"1"'),
                    entry("POST", kind, body, ifNoneMatch="*"),
                    entry("PUT", kind, body, ifMatch='W/"1"'),
                    entry("DELETE", kind),
                ):
                    await in_bundles(here, one)

    run(test)


def test_members_that_a_bundle_does_not_have(database_url: str) -> None:
    """A condition that is misspelt made what was there already; one that modifies an entry is not understood."""

    async def test() -> None:
        async with rest(database_url) as here:
            plain = entry("POST", "Goal", here.goal())
            assert "ifNoneExist" in await in_bundles(here, entry("POST", "Goal", here.goal(), ifNonExist="_id=x"))
            modifies = [{"url": "https://epj.example/x", "valueBoolean": True}]
            for more in ({"fullURL": ONE}, {"ressource": here.goal()}, {"modifierExtension": modifies}):
                await in_bundles(here, plain | more)
            told = await here.call("POST", "", bundle("batch", plain | {"id": "a", "link": [], "extension": []}))
            assert told.json()["entry"][0]["response"]["status"] == "201", "what R4 has is taken"

    run(test)


def test_a_number_of_a_transaction_that_is_none(database_url: str) -> None:
    """It would be carried out each time that it comes."""

    async def test() -> None:
        async with rest(database_url) as here:
            for number in ("x", [], {}, {"value": "1"}, {"system": "urn:b"}, {"system": "urn:b", "value": 1},
                           [{"system": "urn:b", "value": "1"}]):  # fmt: skip
                sent = bundle("transaction", entry("POST", "Goal", here.goal())) | {"identifier": number}
                assert "Bundle.identifier" in await refused(here, "POST", "", sent)

    run(test)


def test_a_full_url_of_another_resource(database_url: str) -> None:
    """References to that one would lead to what the entry writes."""

    async def test() -> None:
        async with rest(database_url) as here:
            one, other = [await here.made(here.goal()) for _ in range(2)]
            url = "https://gateway.example/fhir/Goal/"
            body, tag = here.goal("x"), {"ifMatch": 'W/"1"'}
            sent = bundle("transaction", entry("PUT", f"Goal/{one['id']}", body, f"{url}{other['id']}", **tag))
            assert "Bundle.entry[0].fullUrl" in await refused(here, "POST", "", sent)
            sent = bundle("transaction", entry("PUT", f"Goal/{one['id']}", body, f"{url}{one['id']}", **tag))
            assert (await here.call("POST", "", sent)).status_code == 200

    run(test)


def test_a_reference_by_a_search_alone(database_url: str) -> None:
    """A transaction looks it up; kept as it is it would lead nowhere."""

    async def test() -> None:
        async with rest(database_url) as here:
            staff = await here.made(practitioner("0A"))
            by_search = {"reference": "Practitioner?identifier=0A"}
            role = {"resourceType": "PractitionerRole", "practitioner": by_search}
            for body in (here.goal(expressedBy=by_search), role):
                kind = body["resourceType"]
                assert "transaction" in await refused(here, "POST", f"/{kind}", body)
                told = await here.call("POST", "", bundle("batch", entry("POST", kind, body)))
                assert told.json()["entry"][0]["response"]["status"] == "422"
                told = await here.call(
                    "POST", "", bundle("transaction", entry("POST", kind, body)), Prefer="return=representation"
                )
                assert f"Practitioner/{staff['id']}" in told.text

    run(test)


def test_instructions_in_a_narrative(database_url: str) -> None:
    """They may name a style sheet from elsewhere, or a charset by which words become others."""

    async def test() -> None:
        async with rest(database_url) as here:
            for div in (
                f'<?xml version="1.0" encoding="latin1"?>{XHTML}', f"{XHTML}<?x y?>", XHTML.replace("Ro", "<?x?>Ro"),
            ):  # fmt: skip
                told = await refused(here, "POST", "/Goal", here.goal(text={"status": "generated", "div": div}))
                assert "Goal.text.div" in told
            await here.made(here.goal(text={"status": "generated", "div": XHTML}))

    run(test)


def test_what_changes_the_meaning_of_what_it_stands_in(database_url: str) -> None:
    """R4 2.4.0.2: who does not know it does not go by the resource. The joint plan would show a task that is not to be
    done as one that is. A Consent is kept: what is not understood of it can only narrow."""
    modifier = {"modifierExtension": [{"url": "https://epj.example/not-to-be-done", "valueBoolean": True}]}
    rules = {"implicitRules": "https://epj.example/rules"}

    async def test() -> None:
        async with rest(database_url) as here:
            task = here.about("Task", status="requested", intent="order")
            nested = {"restriction": {"repetitions": 1, **modifier}}
            held = {
                "contained": [{"resourceType": "Practitioner", "id": "p", **modifier}],
                "owner": {"reference": "#p"},
            }
            for body, place in (
                (task | modifier, "Task.modifierExtension"), (task | rules, "Task.implicitRules"),
                (task | nested, "Task.restriction.modifierExtension"),
                (task | held, "Task.contained[0].modifierExtension"),
                (practitioner("0A") | modifier, "Practitioner.modifierExtension"),
            ):  # fmt: skip
                kind = body["resourceType"]
                assert place in await refused(here, "POST", f"/{kind}", body)
                assert place in (await here.call("POST", f"/{kind}/$validate?mode=create", body)).text
                assert '"error"' not in (await here.call("POST", f"/{kind}/$validate", body)).text, "it is sound R4"
            made = await here.made(task)
            patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in modifier.items()]
            json_patch = {"Content_Type": "application/json-patch+json", "If_Match": 'W/"1"'}
            await refused(here, "PATCH", f"/Task/{made['id']}", patch, **json_patch)
            await here.made(objection(here.patient) | modifier)

    run(test)
