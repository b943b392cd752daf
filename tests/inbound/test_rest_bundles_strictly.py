"""What R4 says of entries, word by word: links, conditions in the request, versions. http://hl7.org/fhir/R4/http.html"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_rest_bundles import ONE, answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import counts, placed, practitioner

WHOLE = {"Prefer": "return=representation"}
JSON_PATCH = "application/json-patch+json"


def condition(here: Rest, name: str = ONE) -> dict[str, Any]:
    return entry("POST", "Condition", here.about("Condition", code={"text": "Smerter"}), name)


def fhirpath_patch(value: dict[str, Any]) -> dict[str, Any]:
    parts = [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Goal"},
             {"name": "name", "valueString": "addresses"}, {"name": "value", **value}]  # fmt: skip
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def test_links_to_entries_are_replaced_and_nothing_else(database_url: str) -> None:
    """References, uri, url, and href in the narrative; no canonical, and no words."""

    async def test() -> None:
        async with rest(database_url) as here:
            div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="{}">{}</a></div>'
            types = ("valueUri", "valueUrl", "valueCanonical", "valueString", "valueCode", "valueUuid")
            told = [{"url": f"urn:x:{name}", name: ONE} for name in types]
            goal = here.goal(
                ONE, addresses=[{"reference": ONE, "display": ONE}], extension=told,
                text={"status": "generated", "div": div.format(ONE, ONE)}, note=[{"text": ONE}],
                _startDate={"extension": [{"url": "urn:x:a", "valueUri": ONE}]},
                identifier=[{"system": "urn:ietf:rfc:3986", "value": ONE}],
            )  # fmt: skip
            made = await answers(here, "transaction", condition(here), entry("POST", "Goal", goal), **WHOLE)
            where, shown = placed(made[0]), made[1]["resource"]
            assert shown["addresses"] == [{"reference": where, "display": ONE}]
            assert [one[name] for one in shown["extension"] for name in one if name != "url"] == [
                where, where, ONE, ONE, ONE, ONE,
            ]  # fmt: skip
            assert shown["text"]["div"] == div.format(where, ONE)
            assert (shown["description"], shown["note"]) == ({"text": ONE}, [{"text": ONE}])
            assert shown["_startDate"]["extension"][0]["valueUri"] == where
            assert shown["identifier"][0]["value"] == ONE
            named = [entry("POST", "Goal", here.goal("active"), "active"), entry("POST", "Goal", here.goal())]
            assert statuses(await answers(here, "transaction", *named)) == ["201", "201"], "a name is no word"

    run(test)


def test_a_fhirpath_patch_refers_to_other_entries(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            goal = await here.made(here.goal())
            change = fhirpath_patch({"valueReference": {"reference": ONE}})
            told = await answers(
                here, "transaction", entry("PATCH", f"Goal/{goal['id']}", change, ifMatch='W/"1"'), condition(here),
                **WHOLE,
            )  # fmt: skip
            assert told[0]["resource"]["addresses"] == [{"reference": placed(told[1])}]
            location = await here.made({"resourceType": "Location", "name": "Herberget"})
            part = fhirpath_patch({"valueReference": {"reference": ONE}})
            for one, value in zip(part["parameter"][0]["part"][1:3], ("Location", "managingOrganization"), strict=True):
                one["valueString"] = value
            house = entry("POST", "Organization", {"resourceType": "Organization", "name": "Huset"}, ONE)
            told = await answers(
                here, "transaction", entry("PATCH", f"Location/{location['id']}", part, ifMatch='W/"1"'), house, **WHOLE
            )
            assert told[0]["resource"]["managingOrganization"] == {"reference": placed(told[1])}

    run(test)


def test_no_parameters_beside_an_id_or_a_create(database_url: str) -> None:
    """A condition beside an id took its place: another resource was changed, and without a version."""

    async def test() -> None:
        async with rest(database_url) as here:
            number = [{"system": "urn:x", "value": "B"}]
            one, other = [await here.made(here.goal(identifier=told)) for told in ([{"value": "A"}], number)]
            place, before = f"Goal/{one['id']}?identifier=urn:x|B", await counts(here)
            ops = json.dumps([{"op": "remove", "path": "/description"}]).encode()
            patch = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": b64encode(ops).decode()}
            for asked in (
                entry("PUT", place, here.goal("Nyt")), entry("DELETE", place), entry("PATCH", place, patch),
                entry("POST", "Goal?identifier=urn:x|B", here.goal()),
                entry("PUT", f"Goal/{one['id']}", here.goal("Nyt"), ifMatch='W/"1"', ifNoneMatch="*"),
            ):  # fmt: skip
                told = await here.call("POST", "", bundle("transaction", asked))
                assert told.status_code == 400, told.text
                assert await counts(here) == before
            stands = (await here.call("GET", f"/Goal/{other['id']}")).json()
            assert stands["meta"]["versionId"] == "1"

    run(test)


def test_when_it_has_changed_since_is_an_instant_in_a_bundle(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            path = f"Goal/{(await here.made(here.goal()))['id']}"
            since = ("2025-03-14T10:00:00+01:00", "2025-03-14T08:59:59Z", "2025-03-14T09:00:01.5Z", "yesterday")
            for kind in ("batch", "transaction"):
                told = await answers(here, kind, *(entry("GET", path, ifModifiedSince=one) for one in since))
                assert statuses(told)[1:] == ["200", "304", "200"]

    run(test)


def test_the_versions_that_if_match_names(database_url: str) -> None:
    """RFC 9110 13.1.1: any of them. Who names none names no version."""

    async def test() -> None:
        async with rest(database_url) as here:
            goal, staff = await here.made(here.goal()), await here.made(practitioner("0A"))
            for made, change in ((goal, lambda n: here.goal(f"Nr. {n}")), (staff, lambda n: practitioner(f"0{n}"))):
                path, version = f"/{made['resourceType']}/{made['id']}", 1
                for form, status in (
                    ('W/"{v}"', 200), ('"{v}"', 200), ("{v}", 200), ('W/"77", W/"{v}"', 200), ('"{v}","77"', 200),
                    ("*", 428), (" ", 428), ("", 428), ('W/"77"', 412), ('W/"77", W/"78"', 412), ('""', 412),
                    ('W/"0{v}"', 412),
                ):  # fmt: skip
                    sent = change(version) | {"id": made["id"]}
                    told = await here.call("PUT", path, sent, If_Match=form.format(v=version))
                    assert told.status_code == status, (form, told.text)
                    version += status == 200
                fresh = await here.call("PUT", path, sent, If_Match=f'W/"{version}"', If_None_Match="*")
                assert fresh.status_code == 400, "a condition that is not asked is not passed over"
                assert (await here.call("DELETE", path, If_Match='W/"77"')).status_code == 412
                assert (await here.call("DELETE", path, If_Match="*")).status_code == 204

    run(test)


def test_an_update_holds_its_id(database_url: str) -> None:
    """R4 3.1.0.3: 400 without. Who updates by a condition need not know it."""

    async def test() -> None:
        async with rest(database_url) as here:
            number = [{"system": "urn:x", "value": "1"}]
            goal, staff = await here.made(here.goal(identifier=number)), await here.made(practitioner("0A"))
            for made, sent in ((goal, here.goal("Ro")), (staff, practitioner("0B"))):
                where = f"{made['resourceType']}/{made['id']}"
                for body in (sent, sent | {"id": "f" * 32}):
                    told = await here.call("PUT", f"/{where}", json.dumps(body).encode(), If_Match='W/"1"')
                    assert (told.status_code, told.json()["issue"][0]["expression"]) == (
                        400, [f"{made['resourceType']}.id"]
                    )  # fmt: skip
                    one = entry("PUT", where, body, ifMatch='W/"1"')
                    one["resource"] = body
                    told = await here.call("POST", "", bundle("transaction", one))
                    assert (told.status_code, told.json()["issue"][0]["expression"]) == (
                        400, ["Bundle.entry[0].resource.id"]
                    )  # fmt: skip
            assert (await here.call("PUT", "/Goal?identifier=urn:x|1", here.goal("Ro"))).status_code == 200

    run(test)


def test_entries_are_a_list(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            for kind in ("batch", "transaction"):
                for odd in ("x", 7, {}, None):
                    told = await here.call("POST", "", {"resourceType": "Bundle", "type": kind, "entry": odd})
                    assert (told.status_code, told.json()["issue"][0]["expression"]) == (400, ["Bundle.entry"])

    run(test)
