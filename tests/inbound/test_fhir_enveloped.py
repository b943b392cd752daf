"""FHIR messages in the envelope of MedCom's networks (VANSEnvelope): read as bare ones, and answered in one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from gateway.translate import vans
from gateway.translate.fhir import parse, write_json, write_xml
from tests.inbound.http_world import http, run
from tests.inbound.test_message_doors import SENDER, count, send
from tests.translate.medcom.notices import notice

DOOR = "/fhir/$process-message"


def enveloped(content: bytes, name: str = "MCM:FDIS20#admit-inpatient") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<v:VANSEnvelope xmlns:v="{vans.NAMESPACE}"><v:SenderID EndPointType="EAN">5790000209354</v:SenderID>
<v:ReceiverID EndPointType="EAN">5790002508226</v:ReceiverID>
<v:EnvelopeIdentifier>6f1e3f0a-0000-4000-8000-000000000001</v:EnvelopeIdentifier>
<v:SentDateTime>2025-03-01T10:00:00Z</v:SentDateTime><v:Message><v:MetaInformation><v:Identifier>K1</v:Identifier>
<v:Document><v:Format>HL7</v:Format><v:Name>{name}</v:Name></v:Document>
<v:Transport><v:Type>reliable</v:Type><v:ServiceTag name="MCM:MIME">application/fhir+xml</v:ServiceTag></v:Transport>
</v:MetaInformation><v:Data>{base64.encodebytes(content).decode()}</v:Data></v:Message></v:VANSEnvelope>""".encode()


@pytest.mark.parametrize("write", [write_json, write_xml])
def test_a_notification_in_an_envelope(database_url: str, write: Callable[[dict[str, Any]], bytes]) -> None:
    message = write(notice(header="m1"))
    broken = write(notice(header="m2") | {"timestamp": "yesterday"})

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            status, kind, body = await send(here, DOOR, "application/xml", enveloped(message))
            assert (status, kind) == (200, "application/xml")
            found = vans.opened(body)
            assert found.envelope is not None
            assert (found.envelope.form, found.envelope.name) == ("HL7", "MCM:FCTL#ok")
            assert (found.envelope.sender.value, found.envelope.receiver.value) == ("5790002508226", "5790000209354")
            response = parse(found.content)["entry"][0]["resource"]["response"]
            assert response == {"identifier": "m1", "code": "ok"}
            assert found.content[:1] == message[:1], "in the format of the message"
            assert await send(here, DOOR, "text/xml", enveloped(message)) == (status, kind, body), "its first answer"
            assert await count(here, "message") == 1

            status, kind, body = await send(here, DOOR, "application/xml", enveloped(broken))
            found = vans.opened(body)
            assert (status, kind) == (422, "application/xml")
            assert found.envelope is not None
            assert found.envelope.name == "MCM:FCTL#fatal-error"
            assert parse(found.content)["entry"][0]["resource"]["response"]["code"] == "fatal-error"

            status, kind, body = await send(here, DOOR, "application/xml", enveloped(b""))
            assert (status, kind) == (422, "application/fhir+xml; charset=utf-8")
            assert b"VANSEnvelope/Message/Data" in body

    run(test)
