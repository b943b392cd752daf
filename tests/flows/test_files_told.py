"""What a large text beside a document tells labels the document; what nobody can look into is hidden by any label that
its citizen keeps from a reader, and covered by none."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

from gateway.domain.labels import KindRow, Labeller, LabelRow
from gateway.flows.relabel import relabel
from tests.attack.world import consent
from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
LONG = "Patienten har det godt og er udskrevet til eget hjem. " * 1_500
RTF = r"{\rtf1\ansi " + LONG.replace(" godt", r" g\'f8dt") + r"skizo" + "\r\n" + r"freni\par}"
HTML = f"<html><body title='DF200'>{LONG}</body></html>"
PDF = b"%PDF-1.4 " + b"0" * 70_000
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def document(here: Rest, content_type: str, data: bytes | str, **more: Any) -> dict[str, Any]:
    body = data.encode("cp1252") if isinstance(data, str) else data
    attachment = {"contentType": content_type, "data": b64encode(body).decode(), "title": "Brev"}
    return here.about("DocumentReference", status="current", content=[{"attachment": attachment}], **more)


def labels(resource: dict[str, Any]) -> set[str]:
    return {one["code"] for one in resource["meta"]["security"]}


async def seen(here: Rest, one: dict[str, Any], who: str = "epj") -> bool:
    answer = await here.call("GET", f"/DocumentReference/{one['id']}", who=who)
    assert answer.status_code in (200, 404)
    return bool(answer.status_code == 200)


async def told(here: Rest, one: dict[str, Any]) -> set[str]:
    row = await here.http.gateway.database.fetchrow("SELECT body FROM resource WHERE id = $1", one["id"])
    return labels(json.loads(row["body"]))


TEXTS: tuple[tuple[str, str], ...] = (
    ("text/plain", f"{LONG}Har været indlagt med skizofreni."),
    ("text/plain; charset=windows-1252", f"{LONG}Sendt til bæltefiksering. {LONG}"),
    ("text/rtf", RTF),
    ("application/rtf", RTF),
    ("text/html", HTML),
    ("application/xml", f"<ClinicalDocument><code displayName='Skizofreni'/>{LONG}</ClinicalDocument>"),
    ("text/plain", f"{LONG * 6}{' ' * 900}Diagnose: F20"),
    ("TEXT/PLAIN; charset=utf-8", f"{LONG}hos psyk"),
)


def test_a_large_text_is_read_whole(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            told = [await here.made(document(here, *one)) for one in TEXTS]
            plain = await here.made(document(here, "text/plain", LONG))
            for made in told:
                assert "data" not in made["content"][0]["attachment"], "it stands beside"
                assert {"PSY", "R"} <= labels(made)
            assert labels(plain) == {"N"}
            made = told[0]
            for words in ("Skrevet igen", "Og igen"):
                version = f'W/"{made["meta"]["versionId"]}"'
                again = {name: value for name, value in made.items() if name != "meta"} | {"description": words}
                changed = await here.call("PUT", f"/DocumentReference/{made['id']}", again, If_Match=version)
                assert changed.status_code == 200, changed.text
                made = changed.json()
                assert "PSY" in labels(made), "whoever writes of it again has not read it"
            denied = consent(here.patient, provision={"securityLabel": [{"system": ACT_CODE, "code": "PSY"}]})
            assert (await here.call("POST", "/Consent", denied, who="social")).status_code == 201
            for made in told:
                assert not await seen(here, made)
                file = made["content"][0]["attachment"]["url"]
                assert (await here.call("GET", f"/{file}")).status_code == 404
            assert await seen(here, plain)

    run(test)


CLOSED = (
    ("application/pdf", PDF),
    ("text/plain", PDF),
    ("image/png", PNG),
    ("application/octet-stream", PNG),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04" + b"0" * 30),
)


def test_what_nobody_can_look_into_is_closed(database_url: str) -> None:
    """A deny of any label hits it."""

    async def test() -> None:
        async with rest(database_url) as here:
            closed = [await here.made(document(here, *one)) for one in CLOSED]
            text = await here.made(document(here, "text/plain", "Alt vel"))
            for made in closed:
                assert labels(made) == {"N", "unread"}
                assert await seen(here, made)
            denied = consent(here.patient, provision={"securityLabel": [{"system": ACT_CODE, "code": "HIV"}]})
            assert (await here.call("POST", "/Consent", denied, who="social")).status_code == 201
            for made in closed:
                assert not await seen(here, made)
                file = made["content"][0]["attachment"].get("url")
                assert file is None or (await here.call("GET", f"/{file}")).status_code == 404
            assert await seen(here, text)

    run(test)


def test_a_permit_of_labels_covers_no_closed_file(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            closed = await here.made(document(here, "application/pdf", PDF))
            bare = here.about("Condition", code={"coding": [{"system": "http://snomed.info/sct", "code": "58214004"}]})
            code = await here.made(bare)
            text = await here.made(document(here, "text/plain", "Alt vel"))
            assert labels(code) == {"N", "unread"}
            named = [{"system": CONFIDENTIALITY, "code": code} for code in "NR"]
            named += [{"system": ACT_CODE, "code": code} for code in ("PSY", "SUD", "ETHUD", "HIV")]
            said = consent(here.patient, "permit", provision={"securityLabel": named})
            assert (await here.call("POST", "/Consent", said, who="social")).status_code == 201
            assert not await seen(here, closed)
            assert (await here.call("GET", f"/Condition/{code['id']}")).status_code == 404
            assert await seen(here, text)

    run(test)


def test_files_that_were_there_before_are_closed_until_they_are_judged_again(database_url: str) -> None:
    """As after an update of the tables, or of the gateway: lowered and raised by the tables of today."""

    async def test() -> None:
        async with rest(database_url) as here:
            gateway = here.http.gateway
            psy = await here.made(document(here, "text/plain", f"{LONG}skizofreni"))
            plain = await here.made(document(here, "text/plain", f"{LONG}ny viden"))
            async with gateway.database.connection() as connection:
                await connection.execute("UPDATE attachment SET labels = NULL")
            assert [one.error async for one in relabel(gateway) if one.error] == []
            assert "PSY" in await told(here, psy)
            assert await told(here, plain) == {"N"}
            others = replace(gateway, labeller=_knowing())
            assert [one async for one in relabel(others) if one.changed]
            assert "PSY" not in await told(here, psy)
            assert "HIV" in await told(here, plain)

    run(test)


def _knowing() -> Labeller:
    """Tables that know one word alone."""
    rows = [LabelRow(("text",), ("viden",), f"{ACT_CODE}|HIV", "")]
    return Labeller(rows, [KindRow(kind, "*", "*", "health", True) for kind in ("DocumentReference", "Patient")])
