"""Who sends a case in a SOAP envelope is answered in one of the same version; who sends it bare is not."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.errors import Unavailable
from gateway.translate.answers import soap
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, headers
from tests.translate.oio.building import OBLIGATORY, index, party, wrapped
from tests.translate.oio.building import case as built

_IMPORTED = "{urn:oio:sts:sagdok:sagdokumentindeks:6}ImporterSagDokumentIndeksOutput"
_CODE = "{urn:oio:sagdok:3.0.0}StatusKode"
VERSIONS = sorted(soap.MEDIA)


def enveloped(inner: bytes, version: str, prefix: str = "soapenv") -> bytes:
    body = inner.decode().rpartition("?>")[2]
    return (
        f'<?xml version="1.0"?><!-- a client --><{prefix}:Envelope xmlns:{prefix}="{version}"><{prefix}:Header/>'
        f"<{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>"
    ).encode()


def of(cpr: str, number: int) -> str:
    told = [one for one in OBLIGATORY if one.role != "PrimaerPart"]
    return built(
        told=[*told, party("PrimaerPart", f"urn:oio:cpr-nr:{cpr}", "Gerda")],
        number=f"6b0c9d2e-61c4-4e0b-9a5d-{number:012d}",
    )


async def send(here: Http, content: bytes, kind: str) -> tuple[int, str, bytes]:
    bearer = await headers(here, "social", "HOPERAT")
    answer = await here.web.post("/cases/oio", headers=bearer | {"Content-Type": kind}, content=content)
    return answer.status_code, answer.headers["content-type"], answer.content


@pytest.mark.parametrize("version", VERSIONS)
def test_an_answer_is_in_the_envelope_of_the_message(database_url: str, version: str) -> None:
    kind = soap.MEDIA[version]

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            both = wrapped(*index(of(NUMBER, 1), of("1502824933", 2))).replace(b"sdi:", b"ns-1.x:")
            both = both.replace(b"xmlns:sdi", b"xmlns:ns-1.x")
            for _ in range(2):  # a repeated message gets its answer in the same way
                status, told, body = await send(here, enveloped(both, version), f"{kind}; charset=utf-8")
                root = etree.fromstring(body)
                assert (status, told.partition(";")[0], root.tag) == (200, kind, f"{{{version}}}Envelope")
                (answer,) = root.find(f"{{{version}}}Body")
                assert answer.tag == _IMPORTED
                assert [one.text for one in answer.iter(_CODE)] == ["20", "20"]
            status, told, body = await send(here, both, "text/xml")
            assert (status, told, etree.fromstring(body).tag) == (200, "application/xml", _IMPORTED)
            nobody = case(NUMBER).replace(b"urn:oio:cpr-nr", b"urn:oio:nobody")
            status, told, body = await send(here, enveloped(nobody, version, "a"), kind)
            assert (status, told.partition(";")[0]) == (422, kind)
            assert next(etree.fromstring(body).iter(_CODE)).text == "40"

    run(test)


def test_a_refusal_before_the_message_is_looked_into_is_in_its_envelope_too(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            monkeypatch.setattr("gateway.inbound.messages.receive", away)
            status, told, body = await send(here, enveloped(case(NUMBER), soap.SOAP), "text/xml")
            assert (status, told.partition(";")[0]) == (503, "text/xml")
            assert next(etree.fromstring(body).iter(_CODE)).text == "50"

    run(test)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff", b"<Envelope/>", b'<Envelope xmlns="urn:x">http://schemas.xmlsoap.org/soap/envelope/</Envelope>',
     b'<!DOCTYPE a><a:Envelope xmlns:a="http://schemas.xmlsoap.org/soap/envelope/"/>',
     b'<a:Sag xmlns:a="http://schemas.xmlsoap.org/soap/envelope/"/>'],
)  # fmt: skip
def test_what_is_no_envelope_is_none(raw: bytes) -> None:
    assert soap.version_of(raw) == ""
