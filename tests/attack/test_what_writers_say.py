"""What a writer may not say: what the server owns, whatever way it comes in (T3); addresses that somebody shall go to
(T9); texts that would run in a reader (T17); texts that are slow to check (T27)."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any

from gateway.translate.fhir import write_xml
from tests.attack.world import SARAH, doors, order, patient_of, plan
from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest

PATCH = "application/json-patch+json"
OWNED = {
    "versionId": "99", "lastUpdated": "1999-01-01T00:00:00Z", "source": "urn:evil",
    "tag": [{"system": "urn:evil", "code": "owner"}],
}  # fmt: skip
XHTML = "http://www.w3.org/1999/xhtml"
SCRIPT = "<script>alert(1)</script>"


def owned(told: dict[str, Any]) -> None:
    """Nothing of what the writer said of the server's own stands in it."""
    assert not {"source", "tag"} & told["meta"].keys()
    assert told["meta"]["versionId"] != "99"
    assert not told["meta"]["lastUpdated"].startswith("1999")


def test_what_the_server_owns_is_not_assigned(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal(meta=OWNED, id="mine"))
            owned(made)
            assert made["id"] != "mine"
            path = f"/Goal/{made['id']}"
            told = await here.call("PUT", path, made | {"meta": OWNED}, If_Match='W/"1"')
            owned(told.json())
            told = await here.call(
                "POST", "/Goal", write_xml(here.goal(meta=OWNED)), Content_Type="application/fhir+xml"
            )
            owned(told.json())
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"request": {"method": "POST", "url": "Goal"}, "resource": here.goal(meta=OWNED)}]}  # fmt: skip
            answer = await here.call("POST", "", bundle)
            assert answer.status_code == 200, answer.text
            where = answer.json()["entry"][0]["response"]["location"].partition("/fhir")[2].partition("/_history")[0]
            owned((await here.call("GET", where)).json())
            await _patched(here, path)

    run(test)


async def _patched(here: Rest, path: str) -> None:
    before = (await here.call("GET", path)).json()
    other = {"reference": "Patient/" + "f" * 32}
    for operations in (
        [{"op": "replace", "path": "/meta/versionId", "value": "99"}], [{"op": "add", "path": "/meta", "value": OWNED}],
        [{"op": "replace", "path": "/id", "value": "mine"}],
        [{"op": "replace", "path": "/resourceType", "value": "Task"}],
        [{"op": "replace", "path": "/subject", "value": other}], [{"op": "remove", "path": "/subject"}],
        [{"op": "remove", "path": "/meta"}], [{"op": "replace", "path": "", "value": {"resourceType": "Goal"}}],
        [{"op": "copy", "from": "/id", "path": "/meta/source"}], [{"op": "add", "path": "/__proto__", "value": {}}],
    ):  # fmt: skip
        tag = (await here.call("GET", path)).headers["etag"]
        body = json.dumps(operations).encode()
        told = await here.call("PATCH", path, body, Content_Type=PATCH, If_Match=tag)
        assert told.status_code in (200, 400, 403, 404, 422), (operations, told.text)
        after = (await here.call("GET", path)).json()
        owned(after)
        for name in ("id", "resourceType", "subject"):
            assert after[name] == before[name], operations
        labels = before["meta"].get("security", [])
        assert all(one in after["meta"].get("security", []) for one in labels), operations


def test_who_looked_and_who_wrote_is_not_for_a_client_to_write(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            for kind in ("Provenance", "AuditEvent", "Bundle"):
                body = {"resourceType": kind, "id": made["id"], "target": [{"reference": f"Goal/{made['id']}"}]}
                for method, path in (("POST", f"/{kind}"), ("PUT", f"/{kind}/{made['id']}"),
                                     ("DELETE", f"/{kind}/{made['id']}")):  # fmt: skip
                    told = await here.call(method, path, body, If_Match='W/"1"')
                    assert told.status_code in (404, 405), (method, kind, told.text)

    run(test)


def test_no_address_that_a_caller_gives_is_gone_to(database_url: str) -> None:
    """A server that counts who comes: nobody does, whatever is written, validated or asked with its address in it."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(100))
        writer.close()

    async def test() -> None:
        server = await asyncio.start_server(take, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/evil"
        async with server, rest(database_url) as here:
            goal = here.goal(
                meta={"profile": [url]}, implicitRules=url, instantiatesUri=[url],
                extension=[{"url": url, "valueUri": url}], identifier=[{"system": url, "value": "1"}],
                note=[{"text": f"![x]({url})"}],
                text={"status": "generated", "div": f'<div xmlns="{XHTML}"><img src="{url}"/></div>'},
            )  # fmt: skip
            document = here.about(
                "DocumentReference", status="current",
                content=[{"attachment": {"contentType": "text/plain", "url": url}}],
            )  # fmt: skip
            task = here.about("Task", status="requested", intent="order", focus={"reference": f"{url}/Goal/1"})
            subscription = {
                "resourceType": "Subscription", "status": "requested", "reason": "x",
                "criteria": "https://faellesplan.dk/fhir/SubscriptionTopic/leave",
                "channel": {"type": "rest-hook", "endpoint": url, "payload": "application/fhir+json"},
            }  # fmt: skip
            for body in (goal, document, task, subscription):
                kind = body["resourceType"]
                for path in (f"/{kind}", f"/{kind}/$validate", f"/{kind}/$validate?profile={url}", "/$validate"):
                    told = await here.call("POST", path, body)
                    assert told.status_code < 500, (path, told.text)
                entry = [{"fullUrl": url, "request": {"method": "POST", "url": kind}, "resource": body}]
                await here.call("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entry})
                entry = [{"request": {"method": "POST", "url": url}, "resource": body}]
                await here.call("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entry})
            for path in (f"/Goal?patient={here.patient}&_profile={url}", f"/Task?focus={url}/Goal/1",
                         f"/ValueSet/$validate-code?url={url}&code=a", f"/CodeSystem/$lookup?system={url}&code=a",
                         f"/ConceptMap/$translate?url={url}&code=a&system={url}"):  # fmt: skip
                told = await here.call("GET", path)
                assert told.status_code < 500, (path, told.text)
            claims = {"jku": url, "x5u": url, "iss": url}
            for header in (claims, claims | {"alg": "ES384", "kid": "k"}):
                forged = ".".join(b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (header, claims))
                told = await here.http.web.get("/fhir/Goal", headers={"Authorization": f"Bearer {forged}.AAAA"})
                assert told.status_code == 401
                form = {"grant_type": "client_credentials", "client_assertion": f"{forged}.AAAA"}
                form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                assert (await here.http.web.post("/oauth/token", data=form)).status_code in (400, 401)
            await asyncio.sleep(0.05)
        assert came == []

    run(test)


def test_nothing_that_was_written_runs_in_a_reader(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            for div in (f"{SCRIPT}", '<a href="javascript:alert(1)">x</a>', '<img src="x" onerror="alert(1)"/>',
                        "<iframe></iframe>", '<form action="x"></form>', "<object></object>"):  # fmt: skip
                text = {"status": "generated", "div": f'<div xmlns="{XHTML}">{div}</div>'}
                told = await here.call("POST", "/Goal", here.goal(text=text))
                assert told.status_code == 422, (div, told.text)
            page = f"<html>{SCRIPT}</html>".encode() * 3000
            file = {
                "contentType": "text/html",
                "title": f'"{SCRIPT}\r\nX-Evil: 1.html',
                "data": b64encode(page).decode(),
            }
            body = here.about("DocumentReference", status="current", content=[{"attachment": file}])
            told = await here.call("POST", "/DocumentReference", body)
            assert told.status_code in (201, 422)
            if told.status_code == 201:
                (attachment,) = [one["attachment"] for one in told.json()["content"]]
                for accept in ("*/*", "text/html"):
                    shown = await here.call("GET", f"/Binary/{attachment['url'].rpartition('/')[2]}", Accept=accept)
                    assert shown.status_code == 200
                    assert shown.headers["content-disposition"].startswith("attachment"), "saved, not shown"
                    assert "x-evil" not in shown.headers
                    assert SCRIPT not in shown.headers["content-disposition"]
                    assert shown.headers["x-content-type-options"] == "nosniff"
                    assert "default-src 'none'" in shown.headers["content-security-policy"]
            evil = file | {"contentType": "text/html\r\nX-Evil: 1"}
            body = here.about("DocumentReference", status="current", content=[{"attachment": evil}])
            assert (await here.call("POST", "/DocumentReference", body)).status_code == 422

    run(test)


def test_the_page_shows_markup_as_text(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": SCRIPT}}
            name = {"name": [{"family": SCRIPT, "given": ['"><img src=x onerror=alert(1)>']}]}
            await here.arrive(("social", order(SARAH, plan(title=SCRIPT), goal, patient=name)))
            web, bearer = here.http.web, await here.bearer("social")
            made = await web.post("/console/tickets", headers=bearer, data={"patient": patient_of(SARAH)})
            ticket = made.json()["url"].partition("ticket=")[2]
            entered = await web.post("/console/login", data={"ticket": ticket})
            shown = await web.get(entered.headers["location"])
            assert shown.status_code == 200
            assert "&lt;script&gt;alert(1)" in shown.text
            assert "<script" not in shown.text
            assert "<img src=x" not in shown.text

    run(test)


LONG = 300_000
SLOW = {
    "id": "a" * 63 + "!", "language": "a-" * LONG, "implicitRules": "http://" + "a." * LONG + "!",
    "startDate": "2" * LONG, "statusDate": "2024-" * 20_000,
    "meta": {"lastUpdated": "2024-01-01T00:00:00." + "0" * LONG},
    "description": {"text": " " * LONG + "\t" * LONG + "x"},
    "text": {"status": "generated", "div": f'<div xmlns="{XHTML}">' + "<b>" * 200 + "</b>" * 200 + "</div>"},
    "note": [{"text": "\\" * LONG, "time": "T" * LONG}],
    "target": [{"detailQuantity": {"value": 1, "code": " a" * LONG}}],
    "identifier": [{"system": "urn:oid:" + "1." * LONG + "x", "value": "1"}],
}  # fmt: skip
SLOW_QUERIES = (
    "_profile:above=" + "http://a/" * 1000, "description:contains=" + "a" * 4000 + "!", "_content=" + "(a+)+$" * 500,
    "_text=" + "a " * 2000, "target-date=" + "2024-" * 800, "lifecycle-status=" + "|" * 3000, "category=" + "\\" * 3000,
    "_lastUpdated=" + "0" * 3000, "subject:identifier=" + "|a" * 1500, "_id=" + "-" * 3000,
)  # fmt: skip


def test_what_is_made_to_be_slow_to_check_is_not(database_url: str) -> None:
    """Nothing is timed: what takes long in such checks takes hours, and a test may take a minute."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            path = f"/Goal/{made['id']}"
            for name, value in SLOW.items():
                for where in ("/Goal", "/Goal/$validate"):
                    told = await here.call("POST", where, here.goal() | {name: value})
                    assert told.status_code in (200, 201, 400, 413, 422), (name, told.status_code)
            for query in SLOW_QUERIES:
                told = await here.call("GET", f"/Goal?patient={here.patient}&{query.replace('|', '%7C')}")
                assert told.status_code in (200, 400, 414), (query[:30], told.status_code)
            for operations in (
                [{"op": "replace", "path": "/" + "a/" * 5000, "value": 1}],
                [{"op": "test", "path": "/description/text", "value": "~0" * 100_000}],
                [{"op": "add", "path": "/note/" + "9" * 5000, "value": {"text": "x"}}],
            ):
                body = json.dumps(operations).encode()
                told = await here.call("PATCH", path, body, Content_Type=PATCH, If_Match='W/"1"')
                assert told.status_code in (400, 409, 412, 413, 422), told.text[:200]
            for place in ("(" * 5000, "Goal.where(description.text.matches('(a+)+$'))", "Goal" + ".note" * 3000,
                          "Goal.repeat(children())", "Goal.note[" + "9" * 4000 + "]"):  # fmt: skip
                parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": place}]
                body = json.dumps({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]})
                told = await here.call("PATCH", path, body.encode(), If_Match='W/"1"')
                assert told.status_code in (200, 400, 413, 422), (place[:40], told.text[:200])

    run(test)
