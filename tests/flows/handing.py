"""A citizen whose case goes from København to Frederiksberg, and what that is handed over with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.flows.hand_over import HandedOver, Wish, hand_over
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.translate.handing_over import HandingOver
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.flows.conftest import caller
from tests.flows.consents import record_consent

Json = dict[str, Any]
PROJECT = Path(__file__).parents[2]
STORY = PROJECT / "fixtures" / "stories" / "flytning"
WHO, WHY = "Karen Lund", "Borgeren er flyttet i egen bolig på Frederiksberg"
HANDING = HandingOver.of(Codes.read(PROJECT / "mappings" / "codes", Problems()), PROJECT / "mappings")
OLD, NEW, NURSE, HERLEV = caller("social"), caller("frederiksberg"), caller("nursing"), caller("herlev")
CPR = "0108589995"


async def told(gateway: Gateway, *names: str) -> str:
    """The story's messages up to here; the Patient id."""
    for name in names:
        language = "oio" if name.endswith(".xml") else "fhir-message"
        answer = await receive(gateway, language, (STORY / name).read_bytes())
        assert answer.accepted, (name, answer.body)
    row = await gateway.database.fetchrow("SELECT DISTINCT citizen FROM resource")
    return str(row["citizen"])  # type: ignore[index]


async def begun(gateway: Gateway) -> str:
    """København has a case, orders support, and closes the case; a hospital has the citizen."""
    return await told(gateway, "01-sag-koebenhavn.xml", "02-bestilling.json", "03-stin.json", "05-sag-lukket.xml")


async def consents(gateway: Gateway, citizen: str, to: str = "11259979", role: str = "social") -> Json:
    """The citizen lets a municipality see what concerns the case and the stay, for a quarter of a year."""
    text = (STORY / "08-samtykke.json").read_text("utf-8").replace("{citizen}", citizen).replace("11259979", to)
    body = json.loads(text)
    today = gateway.clock().date()
    body["dateTime"] = today.isoformat()
    body["provision"]["period"] = {"start": today.isoformat(), "end": (today + timedelta(days=90)).isoformat()}
    body["provision"]["provision"][0]["actor"][0]["role"]["coding"][0]["code"] = role
    served = await record_consent(gateway, OLD, json.dumps(body).encode())
    return body | {"id": json.loads(served.body)["id"]}


async def handed(gateway: Gateway, citizen: str, **more: Any) -> HandedOver:
    wish = replace(Wish(citizen, "0147", WHO, WHY, to_file=True), **more)
    return await hand_over(gateway, HANDING, wish)


async def last_record(gateway: Gateway) -> str:
    row = await gateway.database.fetchrow("SELECT body FROM access_record ORDER BY id DESC LIMIT 1")
    return bytes(row["body"]).decode()  # type: ignore[index]
