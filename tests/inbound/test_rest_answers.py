"""What a writer asks the answer to be, conditions on what is nobody's, and the forms in which a file is read."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import rest
from tests.inbound.test_rest_binary import LETTER, binary, document
from tests.inbound.test_rest_bundles import bundle, entry

SYSTEM = "https://epj.example/place"


def place(number: str, name: str = "Herberget") -> dict[str, Any]:
    return {"resourceType": "Location", "status": "active", "name": name,
            "identifier": [{"system": SYSTEM, "value": number}]}  # fmt: skip


def test_an_outcome_instead_of_the_resource_with_the_same_head(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            plain = await here.call("POST", "/Goal", here.goal("En"))
            told = await here.call("POST", "/Goal", here.goal("To"), Prefer="return=OperationOutcome")
            assert (plain.status_code, told.status_code) == (201, 201)
            assert told.json()["resourceType"] == "OperationOutcome"
            assert {one["severity"] for one in told.json()["issue"]} == {"information"}
            assert told.headers["etag"] == 'W/"1"'
            where = told.headers["location"].partition("/fhir")[2].partition("/_history")[0]
            stands = (await here.call("GET", where)).json()
            assert stands["description"]["text"] == "To", "what is left out of the answer is kept all the same"
            for method, wish, status in (("PUT", "return=minimal", 200), ("PUT", "return=OperationOutcome", 200)):
                stands["description"]["text"] += "!"
                version = (await here.call("GET", where)).headers["etag"]
                written = await here.call(method, where, stands, Prefer=wish, If_Match=version)
                assert written.status_code == status, written.text
                assert written.headers["etag"] == f'W/"{int(version[3:-1]) + 1}"'
                kept = (await here.call("GET", where)).json()["description"]["text"]
                assert kept == stands["description"]["text"]
                assert kept not in written.text
            refused = await here.call("POST", "/Goal", {**here.goal(), "lifecycleStatus": "x"}, Prefer="return=minimal")
            assert refused.json()["issue"][0]["severity"] == "error", "a refusal is told, whatever was asked for"

    run(test)


def test_conditions_on_places(database_url: str) -> None:
    """Nobody's data, and the same rules: none found, one, several; and no condition that is not understood."""

    async def test() -> None:
        async with rest(database_url) as here:
            found = f"/Location?identifier={SYSTEM}%7C"
            for method, body in (("DELETE", None), ("PATCH", [{"op": "test", "path": "/id", "value": "x"}])):
                more = {"Content_Type": "application/json-patch+json"} if method == "PATCH" else {}
                none = await here.call(method, f"{found}L1", body, **more)
                assert none.status_code == 404, (method, none.text)
            assert (await here.call("PUT", f"{found}L1", place("L1"))).status_code == 201, "none: it is made"
            changed = await here.call("PUT", f"{found}L1", place("L1", "Natherberget"))
            assert changed.status_code == 200, changed.text
            other = await here.call("PUT", f"{found}L1", {**place("L1"), "id": "0" * 32})
            assert other.status_code == 400, "the id of another one"
            assert (await here.call("GET", f"{found}L1")).json()["entry"][0]["resource"]["name"] == "Natherberget"
            body = [{"op": "replace", "path": "/name", "value": "Varmestuen"}]
            patched = await here.call("PATCH", f"{found}L1", body, Content_Type="application/json-patch+json")
            assert (patched.status_code, patched.json()["name"]) == (200, "Varmestuen")
            await here.made(place("L2", "Varmestuen"))
            for method in ("PUT", "DELETE"):
                several = await here.call(method, "/Location?name=Varmestuen", place("L1"))
                assert (several.status_code, several.json()["issue"][0]["code"]) == (412, "multiple-matches"), method
                for condition in ("banana=1", f"patient={here.patient}", "_count=1", "identifier:banana=x"):
                    unknown = await here.call(method, f"/Location?{condition}", place("L1"))
                    assert unknown.status_code == 400, (method, condition, unknown.text)
            for condition in (f"patient={here.patient}", f"subject=Patient/{here.patient}", "patient.identifier=x%7C1"):
                assert (await here.call("GET", f"/Location?{condition}")).status_code == 400, "not everything, either"
            before = (await here.call("GET", "/Location?name=Varmestuen")).json()["total"]
            assert before == 2, "nothing of that was done to anything"
            assert (await here.call("DELETE", f"{found}L1")).status_code == 204
            assert (await here.call("DELETE", f"{found}L1")).status_code == 404, "twice"
            assert (await here.call("GET", "/Location?name=Varmestuen")).json()["total"] == 1

    run(test)


def test_the_forms_of_a_file(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            identity = await document(here)
            made = await here.call("POST", "/Binary", binary(identity))
            where = made.headers["location"].partition("/fhir")[2].partition("/_history")[0]
            data = b64encode(LETTER).decode()
            for accept in ("application/pdf", "*/*", "application/*", "image/png, application/pdf", ""):
                told = await here.call("GET", where, Accept=accept)
                assert (told.status_code, told.content) == (200, LETTER), accept
                assert told.headers["content-disposition"] == "attachment", "never a page of ours"
                assert told.headers["content-length"] == str(len(LETTER))
            for accept in ("application/fhir+json", "application/fhir+json, application/pdf"):
                told = await here.call("GET", where, Accept=accept)
                assert told.headers["content-type"] == "application/fhir+json; charset=utf-8"
                shown = told.json()
                assert (shown["contentType"], shown["data"]) == ("application/pdf", data)
                assert shown["securityContext"] == {"reference": f"DocumentReference/{identity}"}
            for asked in ({"Accept": "application/fhir+xml"}, {"Accept": "application/pdf"}):
                told = await here.call("GET", where + ("?_format=xml" if "pdf" in asked["Accept"] else ""), **asked)
                assert told.content.startswith(b'<Binary xmlns="http://hl7.org/fhir"><id value=')
                assert f'<data value="{data}"/>'.encode() in told.content
            assert (await here.call("GET", where, Accept="image/png")).status_code == 406
            assert (await here.call("GET", f"{where}?_summary=true", Accept="*/*")).status_code == 400

    run(test)


def test_what_is_no_file(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            good = binary(await document(here))
            cases: list[tuple[dict[str, Any], int, str]] = [
                ({"data": "Tangmose!"}, 422, "Binary.data"),
                ({"data": "QUJ"}, 422, "Binary.data"),
                ({"data": ""}, 422, ""),
                ({"contentType": "pdf"}, 422, ""),
                ({"securityContext": {"reference": "Patient/x"}}, 422, "Binary.securityContext"),
                ({"securityContext": {"reference": "DocumentReference/../x"}}, 422, ""),
                ({"resourceType": "Goal"}, 400, ""),
            ]
            before = await here.count("attachment")
            for changed, status, where in cases:
                told = await here.call("POST", "/Binary", {**good, **changed})
                assert told.status_code == status, (changed, told.text)
                assert not where or told.json()["issue"][0]["expression"] == [where], changed
                assert "Tangmose" not in told.text
            once = await here.call("POST", "/Binary", good, If_None_Exist="_id=x")
            assert once.status_code == 400
            assert (await here.call("POST", "/Binary", good, who="limited")).status_code == 403
            assert await here.count("attachment") == before
            spaced = {**good, "data": "\n ".join(good["data"])}
            assert (await here.call("POST", "/Binary", spaced)).status_code == 201, "white space is no content"

    run(test)


def test_how_prefer_is_spelled(database_url: str) -> None:
    """RFC 7240: names in any case, values quoted or not, beside others; the first counts."""

    async def test() -> None:
        async with rest(database_url) as here:
            for told, kind in (
                ("return=minimal", ""), ("RETURN=minimal", ""), ('return="minimal"', ""), ("Return = minimal", ""),
                ("handling=strict; return=minimal", ""), ("wait=5, return=minimal", ""),
                ("return=minimal, return=representation", ""), ("return=representation, return=minimal", "Goal"),
                ("return=OperationOutcome", "OperationOutcome"), ("return=anything", "Goal"), ("", "Goal"),
                ("x-return=minimal", "Goal"),
            ):  # fmt: skip
                made = await here.call("POST", "/Goal", here.goal(), Prefer=told)
                assert made.status_code == 201
                assert (made.json()["resourceType"] if made.content else "") == kind, told
                sent = bundle("batch", entry("POST", "Goal", here.goal()))
                (one,) = (await here.call("POST", "", sent, Prefer=told)).json()["entry"]
                named = told in ("return=representation, return=minimal", "return=anything")
                assert ("resource" in one) == (named and kind == "Goal"), told

    run(test)
