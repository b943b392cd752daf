"""An Account by REST: whose it is stands in a list of subjects, and it is nobody else's to see than benefits are."""

from __future__ import annotations

from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import rest

NUMBER = {"system": "urn:faellesplan:source:koebenhavn-ffb:konto", "value": "K-1"}

ACCOUNT = {"resourceType": "Account", "status": "active"}
WRITER = "social"


def named(subject: Any) -> dict[str, Any]:
    return {} if subject is None else {"subject": subject}


def test_the_life_of_an_account(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            whose = [{"reference": f"Patient/{here.patient}"}]
            sent = {"resourceType": "Account", "status": "active", "name": "Kontanthjælp", "subject": whose}
            made = await here.made(sent | {"identifier": [NUMBER]}, who=WRITER)
            assert made["subject"] == whose
            path = f"/Account/{made['id']}"
            same = await here.call("PUT", path, made, who=WRITER, If_Match='W/"1"')
            assert (same.status_code, same.headers["etag"]) == (200, 'W/"1"')
            changed = await here.call("PUT", path, made | {"name": "Ledighedsydelse"}, who=WRITER, If_Match='W/"1"')
            assert (changed.status_code, changed.json()["name"]) == (200, "Ledighedsydelse")
            operations = [{"op": "replace", "path": "/status", "value": "inactive"}]
            patched = await here.call(
                "PATCH", path, operations, who=WRITER, If_Match='W/"2"', Content_Type="application/json-patch+json"
            )
            assert (patched.status_code, patched.json()["status"], patched.json()["subject"]) == (
                200,
                "inactive",
                whose,
            )
            found = await here.call("GET", f"/Account?patient={here.patient}&status=inactive", who=WRITER)
            assert found.json()["total"] == 1
            assert (await here.call("GET", path)).status_code == 404, "a hospital needs a consent"
            assert (await here.call("PUT", path, made, If_Match='W/"3"')).status_code == 404
            assert (await here.call("DELETE", path, who=WRITER)).status_code == 204
            assert (await here.call("GET", path, who=WRITER)).status_code == 410

    run(test)


def test_it_is_one_citizens(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            whose = {"reference": f"Patient/{here.patient}"}
            for subject, status in (
                ([], 422), (None, 422), ([{"reference": "Patient/nobody"}], 404),
                ([whose, {"reference": "Patient/nobody"}], 404), ([{"reference": "Organization/1"}], 422),
                ([{"display": "X"}], 422),
            ):  # fmt: skip
                sent = {"resourceType": "Account", "status": "active"} | (
                    {} if subject is None else {"subject": subject}
                )
                told = await here.call("POST", "/Account", sent, who=WRITER)
                assert told.status_code == status, (subject, told.text)
            made = await here.made(
                {"resourceType": "Account", "status": "active", "subject": [whose, whose]}, who=WRITER
            )
            assert made["subject"] == [whose]
            moved = made | {"subject": [{"reference": "Patient/nobody"}]}
            told = await here.call("PUT", f"/Account/{made['id']}", moved, who=WRITER, If_Match='W/"1"')
            assert told.status_code == 404

    run(test)
