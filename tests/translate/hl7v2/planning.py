"""A ward that plans: PPR, PGL and PPP messages made segment by segment."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

from tests.translate.hl7v2.ward import fold, msh, pid, raw, segment

REGH = "REGH^1.2.208.176.9.9^ISO"
NURSE = "N1^Holm^Ida^^^^^^BBH&1.2.208.176.1.3&ISO"
DOCTOR = "D2^Bak^Ole^^^^^^BBH&1.2.208.176.1.3&ISO"
TYPES = {"PC1": "PPR", "PC2": "PPR", "PC3": "PPR", "PC6": "PGL", "PC7": "PGL", "PC8": "PGL",
         "PCB": "PPP", "PCC": "PPP", "PCD": "PPP", "PCG": "PPG"}  # fmt: skip


def message(event: str, *groups: str, at: str = "20250314093000+0100", visit: str = "", citizen: str = "") -> bytes:
    """A message with MSH, PID, PV1 when there is one, then the groups. `at` is MSH-7 and makes MSH-10."""
    head = msh(fields={7: at, 9: f"{TYPES[event]}^{event}", 10: f"{event}-{at}"})
    return raw(head, citizen or pid(), *([visit] if visit else []), *groups)


def gol(action: str = "AD", number: str = f"G1^{REGH}", fields: Mapping[int, str] | None = None) -> str:
    """A goal: a home before the discharge."""
    return segment("GOL", {1: action, 3: "BOL^Fast bolig^L", 4: number} | dict(fields or {}))


def prb(action: str = "AD", number: str = f"P1^{REGH}", fields: Mapping[int, str] | None = None) -> str:
    """A problem: homelessness."""
    return segment("PRB", {1: action, 3: "DZ590^Hjemløshed^SKS", 4: number} | dict(fields or {}))


def pth(action: str = "AD", number: str = f"W1^{REGH}", fields: Mapping[int, str] | None = None) -> str:
    """A pathway: the discharge of somebody without a home."""
    told = {1: action, 2: "UDS^Udskrivning til bolig^L", 3: number, 4: "20250314"}
    return segment("PTH", told | dict(fields or {}))


def rol(role: str = "AT^Attending^HL70443", who: str = DOCTOR, fields: Mapping[int, str] | None = None) -> str:
    """Somebody who takes part."""
    return segment("ROL", {2: "AD", 3: role, 4: who} | dict(fields or {}))


def one(kind: str, *messages: bytes) -> dict[str, Any]:
    """The only resource of a type that these messages make, whatever their order and however often they come."""
    (made,) = of(kind, *messages)
    return made


def of(kind: str, *messages: bytes) -> list[dict[str, Any]]:
    """The resources of a type that these messages make; checked to be the same in every order, and repeated."""
    made = fold(*messages)
    if len(messages) <= 3:
        assert all(fold(*some) == made for some in permutations(messages))
    assert fold(*messages, *reversed(messages)) == made
    return made.get(kind, [])


def point(made: Mapping[str, Any]) -> dict[str, str]:
    """A literal reference to a resource."""
    return {"reference": f"{made['resourceType']}/{made['id']}"}


def links(made: Mapping[str, Any], element: str = "addresses") -> list[dict[str, str]]:
    """The literal references of an element, without what is told of their targets."""
    return [{"reference": link["reference"]} for link in made.get(element, [])]
