"""`POST /cases/oio` of an OpretInput: the answer tells the number by which the case is then known."""

from __future__ import annotations

import json

from lxml import etree

from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, headers
from tests.inbound.test_ydelse_door import ask
from tests.thorough.translate.oio.test_oio_operations import CREATED
from tests.translate.oio.building import states, wrapped
from tests.translate.oio.cases import CITIZEN

OVER = "2025-03-01T00:00:00+01:00"
OURS = CREATED.replace(CITIZEN.encode(), f"urn:oio:cpr-nr:{NUMBER}".encode())


async def send(here: Http, raw: bytes) -> etree._Element:
    bearer = await headers(here, "social", "HOPERAT")
    answer = await here.web.post("/cases/oio", headers=bearer | {"Content-Type": "application/xml"}, content=raw)
    assert answer.status_code == 200, answer.text
    return etree.fromstring(answer.content)


def test_a_case_is_created_and_closed_by_the_number_that_the_answer_told(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            made, again = await send(here, OURS), await send(here, OURS)
            number = made.findtext("{*}UUIDIdentifikator")
            assert etree.QName(made).localname == "OpretOutput"
            assert again.findtext("{*}UUIDIdentifikator") == number
            change = (
                f"<sdi:OpdaterSagIndeks><sd:UUIDIdentifikator>{number}</sd:UUIDIdentifikator><sag:TilstandListe>"
                f"{states(('Afsluttet', OVER, ''))}</sag:TilstandListe>"
                f"<sdi:Tidspunkt>{OVER}</sdi:Tidspunkt></sdi:OpdaterSagIndeks>"
            )
            await send(here, wrapped(change, name="sdi:OpdaterSagDokumentIndeksInput"))
            _, body, _ = await ask(here, "social", f"/fhir/CarePlan?identifier={number}")
            (entry,) = json.loads(body)["entry"]
            assert entry["resource"]["status"] == "completed"

    run(test)
