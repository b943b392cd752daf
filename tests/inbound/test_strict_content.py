"""What two readers would understand differently is refused at the doors, and formats are negotiated as HTTP says.

Each through HTTP, at the door that keeps what it takes: nothing of a refused body is kept.
"""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital, nurse
from tests.inbound.one_citizen import SOCIAL

JSON, XML = "application/fhir+json", "application/fhir+xml"
WRITER = hospital(id="writer", role="social", sector="municipality", sends=SOCIAL.sends, purposes=("TREAT",),
                  organisation=SOCIAL.organisation, scopes=(Scope("*", "cruds"),))  # fmt: skip
GOOD = b'{"resourceType":"Patient","name":[{"family":"Pr\xc3\xb8ve"}]}'
GOOD_XML = '<Patient xmlns="http://hl7.org/fhir"><name><family value="Prøve"/></name></Patient>'.encode()


def deep(levels: int) -> bytes:
    return b'{"resourceType":"Patient","extension":' + b"[" * levels + b"]" * levels + b"}"


def deep_xml(levels: int) -> bytes:
    return (
        b'<Patient xmlns="http://hl7.org/fhir">'
        + b'<extension url="u">' * levels
        + b"</extension>" * levels
        + b"</Patient>"
    )


LATIN = GOOD_XML.decode().encode("latin-1")
GROWING = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>'
FETCHED = b'<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/hostname">]>'

TAKEN: dict[str, tuple[str, bytes]] = {
    "JSON": (JSON, GOOD),
    "JSON with blanks around": (JSON, b"\r\n " + GOOD + b"\n\n"),
    "JSON with escapes": (JSON, GOOD.replace(b"\xc3\xb8", b"\\u00f8")),
    "JSON whose digits are many": (JSON, GOOD[:-1] + b',"multipleBirthInteger":2}'),
    "XML": (XML, GOOD_XML),
    "XML with a declaration": (XML, b'<?xml version="1.0" encoding="UTF-8"?>' + GOOD_XML),
    "XML with a byte order mark, which XML allows": (XML, b"\xef\xbb\xbf" + GOOD_XML),
    "XML with a comment, which is not content": (XML, GOOD_XML.replace(b"<name>", b"<!-- a --><name>")),
}
REFUSED: dict[str, tuple[str, bytes, int]] = {
    "a name twice": (JSON, GOOD[:-1] + b',"active":true,"active":false}', 400),
    "a name twice, spelled otherwise": (JSON, GOOD[:-1] + b',"active":true,"\\u0061ctive":false}', 400),
    "NaN": (JSON, GOOD[:-1] + b',"multipleBirthInteger":NaN}', 422),
    "Infinity": (JSON, GOOD[:-1] + b',"multipleBirthInteger":-Infinity}', 422),
    "1e400": (JSON, GOOD[:-1] + b',"multipleBirthInteger":1e400}', 422),
    "1e-400": (JSON, GOOD[:-1] + b',"multipleBirthInteger":1e-400}', 422),
    "a number without end": (JSON, GOOD[:-1] + b',"multipleBirthInteger":' + b"9" * 5000 + b"}", 422),
    "too deep": (JSON, deep(64), 400),
    "far too deep": (JSON, deep(100_000), 400),
    "no UTF-8": (JSON, GOOD.replace(b"\xc3\xb8", b"\xf8"), 400),
    "an overlong form": (JSON, GOOD.replace(b"\xc3\xb8", b"\xc0\xaf"), 400),
    "a byte order mark": (JSON, b"\xef\xbb\xbf" + GOOD, 400),
    "UTF-16": (JSON, GOOD.decode().encode("utf-16"), 400),
    "half a surrogate": (JSON, GOOD.replace(b"\xc3\xb8", b"\\ud800"), 400),
    "a comment": (JSON, b"/* a */" + GOOD, 400),
    "a comment within": (JSON, GOOD.replace(b":[", b": // a\n["), 400),
    "a comma too many": (JSON, GOOD[:-1] + b",}", 400),
    "single quotes": (JSON, GOOD.replace(b'"', b"'"), 400),
    "a control character": (JSON, GOOD.replace(b"\xc3\xb8", b"\x01"), 400),
    "two values": (JSON, GOOD + GOOD, 400),
    "cut off": (JSON, GOOD[:-3], 400),
    "a list": (JSON, b"[" + GOOD + b"]", 400),
    "no type": (JSON, b'{"name":[{"family":"a"}]}', 422),
    "nothing": (JSON, b"", 400),
    "XML that is called JSON": (JSON, GOOD_XML, 400),
    "JSON that is called XML": (XML, GOOD, 400),
    "a document type": (XML, b"<!DOCTYPE Patient>" + GOOD_XML, 400),
    "entities that grow": (XML, GROWING + GOOD_XML.replace(b"Pr", b"&c;"), 400),
    "a file from elsewhere": (XML, FETCHED + GOOD_XML.replace(b"Pr", b"&c;"), 400),
    "XML too deep": (XML, deep_xml(70), 400),
    "XML far too deep": (XML, deep_xml(20_000), 400),
    "XML that is no UTF-8": (XML, LATIN, 400),
    "XML in another character set": (XML, b'<?xml version="1.0" encoding="ISO-8859-1"?>' + LATIN, 400),
    "XML of no namespace": (XML, GOOD_XML.replace(b' xmlns="http://hl7.org/fhir"', b""), 400),
    "text between elements": (XML, GOOD_XML.replace(b"<name>", b"a<name>"), 400),
    "two roots": (XML, GOOD_XML + GOOD_XML, 400),
    "nothing in XML": (XML, b"", 400),
}  # fmt: skip


async def patients(here: Http) -> int:
    return int(await here.gateway.database.fetchval("SELECT count(*) FROM resource WHERE kind = 'Patient'"))


async def headers(here: Http) -> dict[str, str]:
    return await here.bearer("system/*.cruds", "writer", extensions=nurse())


def test_bodies(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, WRITER) as here:
            token = await headers(here)
            for name, (media, body) in TAKEN.items():
                before = await patients(here)
                answer = await here.web.post("/fhir/Patient", content=body, headers=token | {"Content-Type": media})
                assert answer.status_code == 201, (name, answer.text)
                assert "Prøve" in answer.text, name
                assert await patients(here) == before + 1, name
            before = await patients(here)
            for name, (media, body, status) in REFUSED.items():
                answer = await here.web.post("/fhir/Patient", content=body, headers=token | {"Content-Type": media})
                assert answer.status_code == status, (name, answer.text)
                assert answer.json()["issue"][0]["severity"] in ("error", "fatal"), name
                assert "Prøve" not in answer.text, name
                assert "hostname" not in answer.text, name
            assert await patients(here) == before

    run(test)


SENT = {
    JSON: 201, "application/json": 201, f"{JSON}; charset=utf-8": 201, f"{JSON}; fhirVersion=4.0": 201,
    "APPLICATION/FHIR+JSON": 201, f'{JSON}; charset="UTF-8"': 201,
    "": 415, "text/plain": 415, "application/octet-stream": 415, "json": 415, "application/xhtml+xml": 415,
    "application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=a": 415,
    f"{JSON}; fhirVersion=3.0": 415, f"{JSON}; fhirVersion=5.0": 415, "application/json-patch+json": 415,
    f"{JSON}; charset=iso-8859-1": 400, f"{JSON}; charset=utf-16": 400,
}  # fmt: skip
ASKED: dict[tuple[str, str], str] = {
    ("", ""): JSON, ("*/*", ""): JSON, (JSON, ""): JSON, (XML, ""): XML, ("application/json", ""): JSON,
    ("application/xml", ""): XML, ("text/xml", ""): XML, ("text/html,*/*;q=0.1", ""): JSON,
    (f"{JSON};q=0.2, {XML};q=0.9", ""): XML, (f"{XML};q=0.2, {JSON}", ""): JSON, (f"{XML}; fhirVersion=4.0", ""): XML,
    (JSON, "xml"): XML, (XML, "json"): JSON, ("text/html", "application/fhir+xml"): XML, ("text/html", "json"): JSON,
    (JSON, "application/fhir+json"): JSON, ("", "text/xml"): XML,
    ("text/html", ""): "", ("image/png, text/csv", ""): "", (f"{JSON};q=0", ""): "",
    (f"{JSON}; fhirVersion=3.0", ""): "",
    (JSON, "ttl"): "", (JSON, "html"): "", ("text/turtle", ""): "", (XML, "text/html"): "",
}  # fmt: skip


def test_formats_that_are_sent(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, WRITER) as here:
            token = await headers(here)
            for media, status in SENT.items():
                told = token | ({"Content-Type": media} if media else {})
                answer = await here.web.post("/fhir/Patient", content=GOOD, headers=told)
                assert answer.status_code == status, (media, answer.text)
            packed = token | {"Content-Type": JSON, "Content-Encoding": "gzip"}
            answer = await here.web.post("/fhir/Patient", content=gzip.compress(GOOD), headers=packed)
            assert answer.status_code == 415, "what is packed may be a bomb"

    run(test)


def test_formats_that_are_asked_for(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, WRITER) as here:
            token = await headers(here)
            made = await here.web.post("/fhir/Patient", content=GOOD, headers=token | {"Content-Type": JSON})
            for path in (f"/fhir/Patient/{made.json()['id']}", "/fhir/Patient", "/fhir/metadata"):
                for (accept, override), media in ASKED.items():
                    params = {"_format": override} if override else {}
                    answer = await here.web.get(path, params=params, headers=token | {"Accept": accept})
                    assert answer.status_code == (200 if media else 406), (path, accept, override, answer.text)
                    form = answer.headers["content-type"].partition(";")[0]
                    assert form == (media or JSON), "a refusal is told in JSON"

    run(test)


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        (JSON, GOOD, 400),  # no patch
        ("application/json", b'{"active":true}', 422),
        ("application/json", b'[{"op":"add","path":"/active","value":true}]', 400),
        (JSON, b"", 400),
        (XML, b"<Patient xmlns='http://hl7.org/fhir'><active value='true'/></Patient>", 400),
        ("application/json-patch+json", b'[{"op":"add","path":"/active","value":true}]', 200),
        ("application/json-patch+json", b'[{"op":"add","op":"remove","path":"/active"}]', 400),
        ("application/json-patch+json", b"[NaN]", 422),
        ("application/json-patch+json", b"[" * 100 + b"]" * 100, 400),
        ("application/json-patch+json", b"{}", 400),
        ("application/xml-patch+xml", b"<diff/>", 415),
        ("application/merge-patch+json", b"{}", 415),
        ("text/plain", b"", 415),
    ],
)
def test_patches(database_url: str, media: str, body: bytes, status: int) -> None:
    async def test() -> None:
        async with http(database_url, WRITER) as here:
            token = await headers(here)
            made = await here.web.post("/fhir/Patient", content=GOOD, headers=token | {"Content-Type": JSON})
            told: dict[str, Any] = token | {"Content-Type": media, "If-Match": made.headers["etag"]}
            answer = await here.web.patch(f"/fhir/Patient/{made.json()['id']}", content=body, headers=told)
            assert answer.status_code == status, answer.text
            if status != 200:
                hint = answer.json()["issue"][0]["diagnostics"]
                taken = ("Nest it less",) if body.startswith(b"[[") else ("json-patch+json", "Parameters", JSON, XML)
                assert all(one in hint for one in taken), "what is taken"

    run(test)
