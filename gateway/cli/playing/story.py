"""A story: what happens to one synthetic citizen, step by step, and who then looks (fixtures/stories/*/story.yaml).

    title: Hjemløs med herberg i en anden kommune
    about: one paragraph
    citizen: urn:oid:1.2.208.176.1.2|2512489996
    now: 2026-03-20T12:00:00+01:00  # when it is played: consents lapse, so a story has a day of its own
    before: 1                  # so many of the first steps give the basis to keep hospital messages: their order counts
    steps:
      - {door: oio, as: social, file: 01-sag.xml, says: The municipality has a case}
      - {door: mllp, file: 02-a01.hl7, says: Admitted}
      - {door: fhir, as: social, file: 03-order.json, says: The municipality orders support}
      - {door: consent, as: social, file: 04-consent.json, says: The citizen consents}
    readers: [hospital, nursing, social, jobcenter]

In a consent file `{citizen}` stands for the Patient id; a step may name another identifier of the citizen with
`citizen:`. What each reader sees in the end stands in `expected/<reader>.json` beside it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from gateway.cli.playing.cast import Player
from gateway.cli.playing.mllp_client import MllpClient
from gateway.errors import SettingsError
from gateway.translate.rules.loader import Items, Table, read
from gateway.translate.rules.problems import Problems

_URL = {"oio": "/cases/oio", "kl": "/cases/kl", "fhir": "/fhir/$process-message", "hl7v2": "/messages/hl7v2"}
_TYPE = {
    ".xml": "application/fhir+xml",
    ".json": "application/fhir+json",
    ".hl7": "x-application/hl7-v2+er7",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens at one door. `sender` is a part of the cast; MLLP needs none. `citizen` is an identifier
    that the citizen goes by at this step, where it is not the story's."""

    door: str
    file: Path
    says: str
    sender: str = ""
    citizen: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One citizen's story. `now` is the time at which it is played."""

    name: str
    title: str
    about: str
    citizen: str
    now: datetime
    steps: tuple[Step, ...]
    readers: tuple[str, ...]
    before: int


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the gateway is to be found, and who may come in."""

    http: httpx2.AsyncClient
    host: str
    mllp_port: int
    players: Mapping[str, Player]


@dataclass(frozen=True, slots=True)
class Told:
    """The answer at a door: accepted or not, and its bytes."""

    accepted: bool
    answer: bytes


def load(folder: Path) -> Story:
    """A story from its folder. Raises SettingsError with `file:line` for anything that it does not understand."""
    problems = Problems()
    table = read(folder / "story.yaml", f"{folder.name}/story.yaml", problems)
    problems.check()
    if table is None:
        raise SettingsError("The story cannot be read", where=str(folder))
    steps = tuple(_step(folder, one) for one in _items(table, "steps"))
    readers = tuple(str(_plain(one)) for one in _items(table, "readers"))
    return Story(
        folder.name, _text(table, "title"), _text(table, "about"), _text(table, "citizen"), _now(folder, table), steps,
        readers, int(_text(table, "before") or 0),
    )  # fmt: skip


def clock_from(moment: datetime) -> Callable[[], datetime]:
    """A clock that shows this moment now and runs on from there."""
    begun = time.monotonic()
    return lambda: moment + timedelta(seconds=time.monotonic() - begun)


def load_all(folder: Path) -> list[Story]:
    """Every story of a folder, by name."""
    return [load(path.parent) for path in sorted(folder.glob("*/story.yaml"))]


async def play(step: Step, doors: Doors, citizen: str = "") -> Told:
    """Send one step through its door. `citizen` is the Patient id, for consents."""
    content = step.file.read_bytes()
    if step.door == "mllp":
        async with MllpClient(doors.host, doors.mllp_port) as sender:
            answer = await sender.send(wire(content))
        return Told(acknowledged(answer), answer)
    token = await doors.players[step.sender].token(doors.http)
    headers = {"Authorization": f"Bearer {token}"}
    if step.door == "consent":
        body = content.replace(b"{citizen}", citizen.encode())
        headers["Content-Type"] = "application/fhir+json"
        answer_ = await doors.http.post("/fhir/Consent", content=body, headers=headers)
    else:
        headers["Content-Type"] = "application/xml" if step.door == "oio" else _TYPE[step.file.suffix]
        answer_ = await doors.http.post(_URL[step.door], content=content, headers=headers)
    return Told(answer_.is_success, answer_.content)


def acknowledged(answer: bytes) -> bool:
    """Whether an HL7 v2 acknowledgement is positive: MSA-1 is AA, or CA where the message asked for that (MSH-15)."""
    return any(segment.startswith(b"MSA") and segment[4:6] in (b"AA", b"CA") for segment in answer.split(b"\r"))


def wire(text: bytes) -> bytes:
    """An HL7 v2 file as it goes over the wire: segments end with CR, whatever the editor wrote."""
    return text.replace(b"\r\n", b"\r").replace(b"\n", b"\r")


async def find(doors: Doors, reader: str, identifier: str) -> str:
    """The Patient id that a reader gets for an identifier, "" when none; sent in the body, never in the URL."""
    token = await doors.players[reader].token(doors.http)
    answer = await doors.http.post(
        "/fhir/Patient/_search", data={"identifier": identifier}, headers={"Authorization": f"Bearer {token}"}
    )
    answer.raise_for_status()
    entries = answer.json().get("entry", [])
    active = [e["resource"]["id"] for e in entries if e["resource"].get("active", True)]
    return str(active[0]) if active else ""


async def joint_plan(doors: Doors, reader: str, patient: str, **acting: Any) -> tuple[int, dict[str, Any]]:
    """Status and Bundle (or OperationOutcome) of the joint plan as one reader sees it."""
    token = await doors.players[reader].token(doors.http, **acting)
    headers = {"Authorization": f"Bearer {token}"}
    answer = await doors.http.get(f"/fhir/Patient/{patient}/$joint-plan", headers=headers)
    return answer.status_code, json.loads(answer.content)


def _step(folder: Path, node: Any) -> Step:
    file = folder / _text(node, "file")
    return Step(_text(node, "door"), file, _text(node, "says"), _text(node, "as"), _text(node, "citizen"))


def _now(folder: Path, table: Table) -> datetime:
    try:
        return datetime.fromisoformat(_text(table, "now"))
    except ValueError:
        raise SettingsError("A story says when it is played (now)", where=f"{folder.name}/story.yaml") from None


def _items(table: Table, key: str) -> Sequence[Any]:
    node = table.entries.get(key)
    return node.items if isinstance(node, Items) else ()


def _text(table: Table, key: str) -> str:
    return str(_plain(table.entries.get(key)))


def _plain(node: Any) -> str:
    return getattr(node, "value", "")
