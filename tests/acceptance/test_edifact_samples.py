"""MedCom's public EDIFACT letters through the real door, and one stay told in segments and in other languages."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from gateway import bootstrap
from gateway.cli.together import folded
from gateway.cli.translate import SECRET
from gateway.domain.resource import ids
from gateway.inbound.scopes import Scope
from tests.acceptance.test_one_stay_two_languages import stin
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import send
from tests.translate.edifact.interchanges import discharge, enclosed
from tests.translate.medcom.notices import END, START

ROOT = Path(__file__).parents[2]
EPISODE = "3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"
CPR = "2509479989"
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-edifact", "regionh-oioxml", "koebenhavn-sag"))
PAIRS = ("DIS20_1", "DIS17_1", "DIS91_1")
Json = dict[str, Any]


async def kept(here: Http, kind: str) -> list[Json]:
    rows = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = $1 ORDER BY id", kind)
    return [json.loads(row["body"]) for row in rows]


def ours(content: bytes) -> bytes:
    """The letter, sent by a hospital that is registered here."""
    return content.replace(b"5790000143054", b"5790000209354").replace(b"5790000120400", b"5790000209354")


def test_the_public_letters_and_their_twins_say_one_thing(examples: Path, database_url: str) -> None:
    folder = examples / "hospital" / "edifact"
    other = case("1502824933").replace(b"5B0C9D2E", b"6B0C9D2E")

    async def deliver(here: Http, headers: dict[str, str]) -> None:
        for name in PAIRS:
            for door, kind, suffix in (("edifact", "application/edifact", "edi"), ("oioxml", "application/xml", "xml")):
                sent = ours((folder / f"{name}.{suffix}").read_bytes())
                told = {**headers, "Content-Type": kind}
                answer = await here.web.post(f"/messages/{door}", headers=told, content=sent)
                assert (answer.status_code, answer.content) == (204, b""), name  # none of them asks for a receipt

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for one in (case("2505544849"), other):
                assert (await send(here, "/cases/oio", "application/xml", one))[0] == 200
            await deliver(here, await here.bearer("system/Bundle.c"))
            (stay,) = await kept(here, "Encounter")
            assert stay["status"] == "finished"
            assert stay["period"] == {"start": "2000-01-24T21:15:00+01:00", "end": "2000-01-24T21:15:00+01:00"}
            assert "Odense Universitetshospital" in stay["serviceProvider"]["display"]
            (letter,) = await kept(here, "Communication")
            assert letter["topic"]["text"] == "Forundersøgelse"
            assert letter["sent"] == "1998-12-13T12:02:00+01:00"
            assert letter["payload"][0]["contentString"].startswith(
                "Afdeling A har modtaget en henvisning på ovenstående"
            )

    run(test)


@pytest.fixture(scope="module")
def rules() -> bootstrap.Rules:
    return bootstrap.read_rules(ROOT / "mappings", SECRET)


def test_admitted_by_notification_and_discharged_in_segments(rules: bootstrap.Rules) -> None:
    sources = {source.id: source for source in rules.sources}
    letter = discharge(citizen=CPR, at=END[:16].replace("-", "").replace("T", "").replace(":", ""))
    letter = [f"RFF+REI:{EPISODE}" if one.startswith("RFF+REI") else one for one in letter]
    for order in permutations((("fhir-message", stin()), ("edifact", enclosed(letter)))):
        said = [rules.languages.of(door).translate(message) for door, message in order]
        (stay,) = (r.body for r in folded(said, ids(SECRET), sources) if r.kind == "Encounter")
        assert (stay["status"], stay["period"]) == ("finished", {"start": START, "end": END})


@pytest.mark.parametrize("status", ["M", "C"])
def test_a_discharge_is_corrected_and_taken_back_in_segments(status: str, rules: bootstrap.Rules) -> None:
    sources = {source.id: source for source in rules.sources}
    letters = (discharge(number="UD1"), discharge(number="UD2", status=status, at="202503191200"))
    said = [rules.languages.of("edifact").translate(enclosed(one)) for one in letters]
    (stay,) = (r.body for r in folded(said, ids(SECRET), sources) if r.kind == "Encounter")
    assert stay.get("period", {}).get("end", "") == ("2025-03-19T12:00:00+01:00" if status == "M" else "")
