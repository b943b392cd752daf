"""A file by itself: kept with the document that decides who reads it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.oauth_client import nurse
from tests.inbound.rest_world import Rest, rest

LETTER = b"%PDF-1.7 kort brev"


def binary(document: str, content: bytes = LETTER, **more: Any) -> dict[str, Any]:
    told = {"contentType": "application/pdf", "data": b64encode(content).decode()}
    return {"resourceType": "Binary", "securityContext": {"reference": f"DocumentReference/{document}"}, **told, **more}


async def document(here: Rest, who: str = "epj") -> str:
    note = {"attachment": {"contentType": "text/plain", "data": b64encode(b"note").decode()}}
    sent = here.about("DocumentReference", status="current", content=[note])
    return str((await here.made(sent, who=who))["id"])


async def contents(here: Rest, identity: str) -> list[dict[str, Any]]:
    told = await here.call("GET", f"/DocumentReference/{identity}")
    return [one["attachment"] for one in told.json()["content"]]


def test_a_file_is_added_to_its_document_and_read_by_who_may_see_that(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            identity = await document(here)
            told = await here.call("POST", "/Binary", binary(identity))
            assert (told.status_code, told.content) == (201, b"")
            place = told.headers["location"].partition("/fhir")[2]
            note, added = await contents(here, identity)
            assert note["data"] == b64encode(b"note").decode(), "what was there stays as it was"
            assert (f"/{added['url']}", added["size"], "data" in added) == (place, len(LETTER), False)
            read = await here.call("GET", place, Accept="application/pdf")
            assert (read.status_code, read.content) == (200, LETTER)
            assert read.headers["x-security-context"].endswith(f"/DocumentReference/{identity}")
            again = await here.call("POST", "/Binary", binary(identity))
            assert (again.status_code, again.headers["content-location"].partition("/fhir")[2]) == (200, place)
            assert len(await contents(here, identity)) == 2
            plain = {"Content_Type": "text/plain; charset=utf-8", "X_Security_Context": f"DocumentReference/{identity}"}
            as_it_is = await here.call("POST", "/Binary", b"som den er", **plain)
            assert as_it_is.status_code == 201
            assert [one["contentType"] for one in await contents(here, identity)] == [
                "text/plain", "application/pdf", "text/plain",
            ]  # fmt: skip
            number = place.removeprefix("/Binary/")
            for scope, status in (
                ("system/DocumentReference.rs system/Binary.r", 200),
                ("system/DocumentReference.rs?status=current system/Binary.r", 200),
                ("system/DocumentReference.rs?status=superseded system/Binary.r", 404),
                (f"system/DocumentReference.rs system/Binary.r?_id={number}", 200),
                ("system/DocumentReference.rs system/Binary.r?_id=another", 404),
                ("system/DocumentReference.rs system/Binary.r?_lastUpdated=ge1999", 403),  # that nobody can test
            ):
                bearer = await here.http.bearer(scope, "epj", extensions=nurse())
                told = await here.call("GET", place, **bearer)
                assert told.status_code == status, (scope, told.text)
            assert (await here.call("GET", place, who="jobcenter")).status_code == 404
            assert (await here.call("DELETE", f"/DocumentReference/{identity}")).status_code == 204
            assert (await here.call("GET", place)).status_code == 410
            assert (await here.call("GET", place, who="jobcenter")).status_code == 404

    run(test)


def test_what_is_no_file_of_the_callers_document(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            mine, theirs = await document(here), await document(here, "social")
            before = await here.count("attachment")
            hidden = await here.call("POST", "/Binary", binary(mine), who="jobcenter")
            nowhere = await here.call("POST", "/Binary", binary("nothing"), who="jobcenter")
            assert (hidden.status_code, hidden.json()) == (nowhere.status_code, nowhere.json())
            assert hidden.status_code == 404
            assert (await here.call("POST", "/Binary", binary(theirs))).status_code in (403, 404)
            for body, status in (
                (binary(mine, b""), 422), (binary(mine, data="%%%"), 422), (binary(mine, contentType="no type"), 422),
                (binary(mine, securityContext={"reference": f"Patient/{here.patient}"}), 422),
                (binary(mine, securityContext={"reference": "https://elsewhere.example/DocumentReference/1"}), 422),
                ({"resourceType": "Binary", "contentType": "text/plain", "data": "aGVq"}, 422),
                (here.goal(), 400),
            ):  # fmt: skip
                told = await here.call("POST", "/Binary", body)
                assert told.status_code == status, (body, told.text)
            assert (await here.call("POST", "/Binary", b"x", Content_Type="text/plain")).status_code == 422
            assert (await here.call("POST", "/Binary", binary(mine), If_None_Exist="a=b")).status_code == 400
            assert (await here.call("POST", "/Binary", binary(mine), who="limited")).status_code == 403
            assert (await here.call("PUT", "/Binary/1", binary(mine))).status_code == 405
            alone = {name: value for name, value in binary(mine).items() if name != "securityContext"}
            asked = {"request": {"method": "POST", "url": "Binary"}, "resource": alone}
            for kind in ("batch", "transaction"):
                told = await here.call("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [asked]})
                assert "201" not in told.text
            assert await here.count("attachment") == before
            assert len(await contents(here, mine)) == 1

    run(test)
