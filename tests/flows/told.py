"""A municipality that is told: a gateway whose mappings say so, and looks at what waits for it."""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.bootstrap import now
from gateway.flows.disclose import Ready, Withheld, disclosed
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.flows.tell_municipality import tell_municipalities
from gateway.store import outbox
from gateway.store.outbox import Due
from gateway.translate.oio.walk import read
from tests.flows.conftest import House, caller
from tests.flows.consents import record_consent
from tests.flows.messages import CPR, adt, case
from tests.flows.test_looks import consent

HEADER = "event,destination,form,role,purpose,classes,cases,subject,facet,within,valid_from,valid_to,why\n"
DISCHARGE = "discharge,koebenhavn-fordeling,note,social,COC,IMP,27,,,14,,,test\n"
GOAL = "goal,koebenhavn-fasit,document,social,COC,,,,,14,,,test\n"
CASE = ("oio", case())
SOCIAL, FASIT = "koebenhavn-fordeling", "koebenhavn-fasit"


def at(hours: float) -> str:
    """A time so many hours from now, as HL7 v2 writes it in Danish time."""
    return (now() + timedelta(hours=hours + 1)).strftime("%Y%m%d%H%M%S")


ADMITTED, DISCHARGED = at(-48), at(-24)


_COPIES: dict[tuple[str, ...], Path] = {}


def telling(house: House, *rows: str, url: str = "https://127.0.0.1:9/", more: str = "") -> House:
    """The house with these rows of outgoing.csv, and connections to the destinations. Houses with the same share one
    copy of the mappings: a test that changes them takes one `more` of its own."""
    key = (*rows, url, more)
    copy = _COPIES.setdefault(key, house.settings.data_folder / f"told-{len(_COPIES)}" / "mappings")
    if copy.exists():
        house.settings = replace(house.settings, mappings_folder=copy)
        return house
    shutil.copytree(house.settings.mappings_folder, copy)
    (copy / "outgoing.csv").write_text(HEADER + "".join(rows or (DISCHARGE,)), "utf-8")
    for name in (SOCIAL, FASIT):
        text = (house.settings.mappings_folder / "sources" / f"{name}.yaml").read_text("utf-8")
        text = "\n".join(line for line in text.splitlines() if not line.startswith("deliver:"))
        (copy / "sources" / f"{name}.yaml").write_text(f"{text}\ndeliver: {{url: {url}{more}}}\n", "utf-8")
    house.settings = replace(house.settings, mappings_folder=copy)
    return house


def a01(number: int = 1, **other: Any) -> tuple[str, bytes]:
    return "hl7v2", adt("A01", number, ADMITTED, **other)


def a03(number: int = 2, time: str = DISCHARGED, **other: Any) -> tuple[str, bytes]:
    return "hl7v2", adt("A03", number, time, **other)


def a13(number: int = 3, **other: Any) -> tuple[str, bytes]:
    """The discharge is cancelled."""
    return "hl7v2", adt("A13", number, at(-20), **other)


def goal(number: int = 7, text: str = "Egen bolig", *, act: str = "AD", hour: float = -40) -> tuple[str, bytes]:
    """A hospital's goal: added, updated (UP) or deleted (DE)."""
    active = "ACT^Active^L"
    segments = [
        f"MSH|^~\\&|SP|REGH|GW|KK|{at(hour)}||PGL^PC6^PGL_PC6|G{number}|P|2.5||||||UNICODE UTF-8",
        f"PID|1||{CPR}^^^CPR&1.2.208.176.1.2&ISO^NI||Lind^Ask||19481225|M",
        "PV1|1|I|||||||||||||||||V77^^^REGH&1.2.208.176.1.2.1&ISO^VN",
        f"GOL|{act}|{at(hour)}|BOL^{text}^L|G-12^REGH||1|20260316|20260601|SOC^Socialt^L|||||||IP^I gang^L|x|{active}",
    ]
    return "hl7v2", ("\r".join(segments) + "\r").encode()


async def heard(gateway: Gateway, *messages: tuple[str, bytes]) -> str:
    """The messages are taken; the Patient id of the first citizen."""
    for language, message in messages:
        answer = await receive(gateway, language, message)
        assert answer.accepted, answer.body
    key = f"urn:oid:1.2.208.176.1.2|{CPR}"
    return str(await gateway.database.fetchval("SELECT citizen FROM identity WHERE $1 = ANY(identifiers)", key))


async def waiting(gateway: Gateway) -> list[Due]:
    """What is claimed now to be sent."""
    now_ = gateway.clock()
    return await outbox.claim(gateway.database, now_, now_ + timedelta(seconds=1), 100)


async def told(gateway: Gateway) -> list[Ready | Withheld]:
    """Everything is worked through that changed; what each notice becomes when it goes out now. It is then sent."""
    await tell_municipalities(gateway)
    found = []
    for one in await waiting(gateway):
        made = await disclosed(gateway, one.message)
        found.append(made)
        state = "sent" if isinstance(made, Ready) else "withheld"
        await outbox.move(gateway.database, one, state, gateway.clock(), "", gateway.clock())
    return found


async def exports(gateway: Gateway, since: int = 0) -> list[dict[str, Any]]:
    """The records of what was looked at to be told."""
    sql = "SELECT body FROM access_record WHERE interaction = 'export' AND id > $1 ORDER BY id"
    rows = await gateway.database.fetch(sql, since)
    return [json.loads(row["body"]) for row in rows]


def text_of(ready: Ready | Withheld) -> tuple[str, str]:
    """Title and text of what goes out."""
    assert isinstance(ready, Ready), ready
    said = {node.name: node.text for node in read(ready.message.body).walk() if node.text}
    return said["Titel"], base64.b64decode(said["Notat"]).decode()


async def consented(gateway: Gateway, patient: str, **provision: object) -> str:
    """A consent to case work, written; its id."""
    served = await record_consent(gateway, caller("social"), consent(patient, **provision))
    return str(re.search(rb'"id":"([0-9a-f]{32})"', served.body)[1].decode())  # type: ignore[index]
