"""Whole messages over HTTP: taken once, answered in the sender's own language, kept when not understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse, write_xml
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital

FIXTURES = Path(__file__).parents[2] / "fixtures" / "messages"
ER7 = "application/hl7-v2"
SENDER = hospital(
    scopes=(Scope("Bundle", "c"),),
    sends=("regionh-somatik-adt", "regionh-medcom", "koebenhavn-ffb", "frederiksberg-sag"),
)


def admission(control: str = "M1", name: str = "Berggren^Nancy", event: str = "A01") -> bytes:
    return "\r".join(
        (
            rf"MSH|^~\&|SP|HGH|FAELLESPLAN|KK|20250314101500||ADT^{event}|{control}|P|2.5||||||8859/1",
            f"EVN|{event}|20250314101500",
            f"PID|1||2512489996^^^CPR||{name}||19481225|F",
            "|".join(["PV1", "1", "I", "M1^^^HGH", *[""] * 15, "V-17^^^REGH", *[""] * 24, "20250314100000"]),
            "",
        )
    ).encode("latin-1")


async def send(here: Http, path: str, content_type: str, content: bytes) -> tuple[int, str, bytes]:
    headers = {**await here.bearer("system/Bundle.c"), "Content-Type": content_type}
    answer = await here.web.post(path, headers=headers, content=content)
    return answer.status_code, answer.headers["content-type"], answer.content


async def count(here: Http, table: str, where: str = "true") -> int:
    return int(await here.gateway.database.fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))


def test_hl7_v2_is_taken_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            first = await send(here, "/messages/hl7v2", ER7, admission())
            assert first[0] == 200
            assert first[1] == "application/hl7-v2; charset=iso-8859-1"
            assert b"\rMSA|AA|M1" in first[2]
            again = await send(here, "/messages/hl7v2", "application/hl7-v2; charset=utf-8", admission())
            assert again[0] == 200
            assert b"\rMSA|AA|M1" in again[2]
            assert await count(here, "message") == 1

    run(test)


def test_hl7_v2_that_is_not_understood_is_kept(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            status, kind, body = await send(here, "/messages/hl7v2", ER7, admission(event="Z99"))
            assert (status, kind) == (422, "application/hl7-v2; charset=iso-8859-1")
            assert b"\rMSA|AR|M1" in body
            assert b"201^" in body
            assert b"Berggren" not in body
            assert await count(here, "statement") == 0
            for garbage in (b"", b"\x00\xff", b"GET / HTTP/1.1\r\n\r\n", b"MSH", b"MSH|^~\\&\r"):
                status, _, body = await send(here, "/messages/hl7v2", ER7, garbage)
                assert 400 <= status < 500
                assert b"MSA|A" in body

    run(test)


def test_a_sender_that_the_client_is_not(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, hospital(sends=("regionh-medcom",), scopes=SENDER.scopes)) as here:
            status, _, body = await send(here, "/messages/hl7v2", ER7, admission())
            assert status == 403
            assert b"\rMSA|A" in body
            assert await count(here, "statement") == 0
            assert await count(here, "message", "body IS NOT NULL") == 0

    run(test)


@pytest.mark.parametrize(
    ("path", "form"), [("medcom/stin.json", "json"), ("medcom/stin.json", "xml"), ("kl/order.json", "json")]
)
def test_fhir_messages_are_answered_in_the_format_they_came_in(database_url: str, path: str, form: str) -> None:
    raw = (FIXTURES / path).read_bytes()
    content = raw if form == "json" else write_xml(parse(raw))

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for _ in range(2):
                status, kind, body = await send(here, "/fhir/$process-message", f"application/fhir+{form}", content)
                assert (status, kind) == (200, f"application/fhir+{form}; charset=utf-8"), body
                answer = parse(body, kind)
                header = answer["entry"][0]["resource"]
                assert (answer["type"], header["resourceType"]) == ("message", "MessageHeader")
                assert header["response"]["code"] == "ok"
            assert await count(here, "message") == 1

    run(test)


BAD_FHIR = {
    "truncated": b'{"resourceType":"Bundle",',
    "duplicate keys": b'{"resourceType":"Bundle","type":"message","type":"batch"}',
    "not a number": b'{"resourceType":"Bundle","total":NaN}',
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "header points nowhere": b'{"resourceType":"Bundle","type":"message","entry":[]}',
    "no bundle": b'{"resourceType":"Patient"}',
    "a list": b"[]",
    "empty": b"",
    "not UTF-8": b'{"resourceType":"\xff"}',
}
BAD_XML = {
    "bomb": b'<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;">]><Bundle xmlns="http://hl7.org/fhir">&c;</Bundle>',
    "reads a file": b'<!DOCTYPE b [<!ENTITY f SYSTEM "file:///etc/passwd">]><Bundle xmlns="http://hl7.org/fhir">&f;</Bundle>',
    "truncated": b'<Bundle xmlns="http://hl7.org/fhir"><type',
    "deep": b'<Bundle xmlns="http://hl7.org/fhir">' + b"<entry>" * 5000,
    "another namespace": b"<Bundle/>",
}


def test_fhir_messages_that_are_not_understood(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for cases, form in ((BAD_FHIR, "json"), (BAD_XML, "xml")):
                for name, content in cases.items():
                    status, kind, body = await send(here, "/fhir/$process-message", f"application/fhir+{form}", content)
                    assert 400 <= status < 500, name
                    assert kind == f"application/fhir+{form}; charset=utf-8"
                    assert b"passwd" not in body
                    assert b"root:" not in body
            assert await count(here, "statement") == 0

    run(test)


def test_oio_cases(database_url: str) -> None:
    raw = (FIXTURES / "oio" / "sag.xml").read_bytes()

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for content_type in ("application/xml", "text/xml; charset=utf-8"):
                status, kind, body = await send(here, "/cases/oio", content_type, raw)
                assert (status, kind) == (200, "application/xml"), body
            assert await count(here, "message") == 1
            for bad in (b"", b"<Sag>", b"{}", *BAD_XML.values()):
                status, kind, body = await send(here, "/cases/oio", "application/xml", bad)
                assert 400 <= status < 500
                assert kind == "application/xml"
                assert b"root:" not in body

    run(test)


def test_a_database_that_is_away_is_transient(database_url: str) -> None:
    stin = (FIXTURES / "medcom" / "stin.json").read_bytes()

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            headers = await here.bearer("system/Bundle.c")
            await here.gateway.database.close()
            er7 = await here.web.post("/messages/hl7v2", headers={**headers, "Content-Type": ER7}, content=admission())
            assert (er7.status_code, er7.headers["retry-after"]) == (503, "5")
            assert b"\rMSA|AR|M1" in er7.content
            fhir = {**headers, "Content-Type": "application/fhir+json"}
            told = await here.web.post("/fhir/$process-message", headers=fhir, content=stin)
            assert (told.status_code, told.headers["retry-after"]) == (503, "5")
            assert json.loads(told.content)["entry"][0]["resource"]["response"]["code"] == "transient-error"

    run(test)
