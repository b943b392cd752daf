"""A discharge at a hospital reaches the municipality's case system by itself, and its receipt comes back: through the
real doors, as `gateway serve` opens them."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import replace

import httpx2
import pytest
import yaml

from gateway.cli import outbox
from gateway.cli.playing.cast import register
from gateway.cli.serve import Running, running
from gateway.errors import SettingsError
from gateway.settings import Settings
from tests.acceptance.test_delivery import Site, site, told, until
from tests.certificates import authority, signed
from tests.flows.messages import case
from tests.flows.test_looks import consent
from tests.flows.told import DISCHARGE, HEADER, SOCIAL, a01, a03
from tests.outbound.municipal import business, server, technical
from tests.outbound.receivers import Receiver, receiving

__all__ = ["site"]

XML = {"Content-Type": "application/xml"}


def opted_in(site: Site, port: int) -> Settings:
    """The municipality is told of discharges, by a connection with a certificate of its own."""
    own = signed(site.folder, "gateway.example")
    there = {
        "url": f"https://localhost:{port}/afsend", "certificate": str(own.certificate), "key": str(own.key),
        "authorities": str(authority(site.folder)),
    }  # fmt: skip
    site.source(SOCIAL, deliver=there)
    (site.settings.mappings_folder / "outgoing.csv").write_text(HEADER + DISCHARGE, "utf-8")
    return site.settings


async def answered(here: Running, expected: str) -> None:
    """The state of the one message in the outbox becomes this."""
    while await here.gateway.database.fetchval("SELECT state FROM outbox") != expected:  # noqa: ASYNC110 - a row
        await asyncio.sleep(0.02)


def test_a_discharge_is_told_and_its_business_receipt_comes_back(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    players = register(site.settings.data_folder / "clients")
    file = site.settings.data_folder / "clients" / "social.yaml"
    entry = yaml.safe_load(file.read_text("utf-8"))
    file.write_text(yaml.safe_dump(entry | {"sends": [*entry["sends"], SOCIAL]}), "utf-8")

    async def story(town: Receiver, settings: Settings) -> str:
        async with running(settings) as here, httpx2.AsyncClient(base_url=here.url) as http:
            bearer = {"Authorization": f"Bearer {await players['social'].token(http)}"}
            assert (await http.post("/cases/oio", content=case(), headers=bearer | XML)).status_code == 200
            assert (await told(here.mllp_port, None, a01()[1]))[0].startswith("MSA|AA")
            patient = await here.gateway.database.fetchval("SELECT citizen FROM identity")
            fhir = {"Content-Type": "application/fhir+json"}
            answer = await http.post("/fhir/Consent", content=consent(patient), headers=bearer | fhir)
            assert answer.status_code == 201
            assert (await told(here.mllp_port, None, a03()[1]))[0].startswith("MSA|AA")
            await until(town, 1)
            await answered(here, "sent")
            of = str(await here.gateway.database.fetchval("SELECT message_id FROM outbox"))
            other = {"Authorization": f"Bearer {await players['frederiksberg'].token(http)}"}
            refused = await http.post("/messages/sf2900", content=business("20", of), headers=other | XML)
            assert (refused.status_code, b"faultcode" in refused.content) == (403, True)
            nameless = await http.post("/messages/sf2900", content=business("20", of), headers=XML)
            assert nameless.status_code == 401
            wrong = await http.post("/messages/sf2900", content=b"<Andet/>", headers=bearer | XML)
            assert wrong.status_code == 422
            soap = {"Content-Type": "text/xml; charset=utf-8"}
            no = await http.post(
                "/messages/sf2900", content=business("40", of, "Sagen er lukket"), headers=bearer | soap
            )
            assert (no.status_code, no.content) == (204, b"")
            await answered(here, "failed")
            return of

    async def whole() -> tuple[str, Settings]:
        async with receiving(lambda _: technical("20"), tls=server(site.folder), http=True) as town:
            settings = opted_in(site, town.port)
            async with asyncio.timeout(30):
                return await story(town, settings), settings

    of, settings = asyncio.run(whole())
    capsys.readouterr()
    args = argparse.Namespace(state=None, again=None, notify_again=None, told=True, json=True)
    assert outbox.run(args, settings) == 1
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert (line["message"], line["state"]) == (of, "failed")
    assert line["told"] == "Modtageren afviste beskeden. Sagen er lukket"


def test_a_destination_without_a_certificate_ends_the_start(site: Site) -> None:
    site.source(SOCIAL, deliver={"url": "https://localhost:9/"})

    async def start() -> None:
        async with running(replace(site.settings)):
            pass

    with pytest.raises(SettingsError, match=SOCIAL):
        asyncio.run(start())
