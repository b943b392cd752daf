"""OIOXML over HTTP: letters taken once, answered by receipts, nothing kept that may not be, nothing leaked."""

from __future__ import annotations

import json

from gateway.inbound.scopes import Scope
from gateway.translate import vans
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import count, send
from tests.translate.oioxml.letters import CPR, correspondence, enveloped, stay_letter, written
from tests.translate.oioxml.test_oioxml_correspondence import OBJECT, PDF, REFERENCE, binary
from tests.translate.oioxml.test_oioxml_envelope import in_vans, receipt

DOOR, KIND = "/messages/oioxml", "application/xml"
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-oioxml", "koebenhavn-sag"))
WARD = """<Sender><EANIdentifier>5790000209354</EANIdentifier><Identifier>265161000016000</Identifier>
<IdentifierCode>sorkode</IdentifierCode><OrganisationName>Herlev og Gentofte Hospital</OrganisationName></Sender>"""
ADMITTED = written(enveloped(stay_letter("Admission", "2025-03-12", "21:15", sender=WARD)))
HOME = written(
    enveloped(stay_letter("Discharge", "2025-03-20", "10:00", code="udskrevet_til_hjemmet", number="UD1", sender=WARD))
)
LETTER = written(enveloped(correspondence(extra=REFERENCE, sender=WARD)))
FILE = binary().replace(b"5790000143054", b"5790000209354")


async def bodies(here: Http, kind: str) -> list[dict[str, object]]:
    rows = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = $1", kind)
    return [json.loads(row["body"]) for row in rows]


def test_letters_are_taken_and_receipted(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            assert (await send(here, "/cases/oio", KIND, case()))[0] == 200
            status, kind, body = await send(here, DOOR, KIND, HOME)
            assert (status, kind, receipt(body)["VersionCode"]) == (200, KIND, "XC0330Q")
            status, _, enclosed = await send(here, DOOR, "text/xml", in_vans(ADMITTED))
            assert status == 200
            assert receipt(vans.opened(enclosed).content)["OriginalLetterIdentifier"] == "BREV1"
            (stay,) = await bodies(here, "Encounter")
            assert (stay["status"], stay["serviceProvider"]["identifier"]["value"]) == ("finished", "265161000016000")

            rows = await count(here, "message"), await count(here, "statement")
            assert await send(here, DOOR, KIND, HOME) == (200, KIND, body)
            assert (await count(here, "message"), await count(here, "statement")) == rows

    run(test)


def test_one_letter_of_several_that_is_refused_keeps_no_other_out(database_url: str) -> None:
    letters = [
        stay_letter("Admission", "2025-03-12", "21:15", sender=WARD),
        stay_letter("Discharge", "2025-03-20", "10:00", code="hjem", number="UD1", sender=WARD),
        correspondence(sender=WARD),
    ]

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            await send(here, "/cases/oio", KIND, case())
            status, _, body = await send(here, DOOR, KIND, written(enveloped("".join(letters))))
            assert status == 200
            assert [body.count(kind) for kind in (b"<PositiveReceipt>", b"<NegativeReceipt>")] == [2, 1]
            assert await count(here, "message", "language = 'oioxml' AND state = 'kept'") == 2
            assert await count(here, "message", "language = 'oioxml' AND state = 'quarantined'") == 1

    run(test)


def test_a_file_is_kept_beside_its_letter_whichever_comes_first(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            await send(here, "/cases/oio", KIND, case())
            for raw in (FILE, LETTER):
                assert (await send(here, DOOR, KIND, raw))[0] == 200
            (kept,) = await here.gateway.database.fetch("SELECT id, body FROM attachment")
            told = [json.dumps(one) for one in await bodies(here, "Communication")]
            assert kept["body"] == PDF
            assert [f"Binary/{kept['id']}" in one for one in told] == [True, True]
            assert await count(here, "message", f"convert_from(body, 'LATIN1') LIKE '%{OBJECT}%'") == 2

    run(test)


def test_what_is_wrong_is_named_and_kept_for_an_operator(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            broken = HOME.replace(b"udskrevet_til_hjemmet", b"hjem")
            status, _, body = await send(here, DOOR, KIND, broken)
            assert status == 422
            assert "Patient/EpisodeOfCareStatusCode" in receipt(body)["RefuseText"]
            assert CPR.encode() not in body
            assert await count(here, "message", "state = 'quarantined'") == 1
            for garbage in (b"", b"<", b"UNB+UNOC:3'", b'<!DOCTYPE a [<!ENTITY b "c">]><Emessage>&b;</Emessage>'):
                status, _, body = await send(here, DOOR, KIND, garbage)
                assert 400 <= status < 500
                assert b"OperationOutcome" in body
            assert (await send(here, DOOR, "application/json", HOME))[0] == 415

    run(test)


def test_without_a_municipal_case_nothing_is_kept(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for raw in (ADMITTED, LETTER, FILE):
                assert (await send(here, DOOR, KIND, raw))[0] == 200
            assert await count(here, "message", "state = 'not-entitled' AND body IS NULL") == 3
            assert [await count(here, table) for table in ("statement", "resource", "attachment")] == [0, 0, 0]

    run(test)
