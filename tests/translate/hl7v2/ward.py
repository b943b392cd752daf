"""A ward that sends: messages made segment by segment, the language on the project's own rules, and the fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from gateway.cli.together import folded
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.translation import Translation

ROOT = Path(__file__).parents[3]
CPR = "2512489996"
CPR_KEY = f"urn:oid:1.2.208.176.1.2|{CPR}"
PID3 = f"{CPR}^^^CPR&1.2.208.176.1.2&ISO^NNDNK"
VISIT = "V77^^^REGH&1.2.208.176.1.2.1&ISO^VN"
HERLEV = "MED1^12^2^HGH"
DOCTOR = "A1B2^Jensen^Jens^^^Dr^^^AUTH&1.2.208.176.1.5&ISO"
IDS = ids(b"a secret of the tests")

REGH = Source("regh", "Herlev Hospital", "region", Identifier(SOR, "265161000016000"), "hl7v2", ("SP|REGH",))
OTHER = Source("other", "Bispebjerg", "region", Identifier(SOR, "953741000016009"), "hl7v2", ("SP|BBH",))
LATIN = Source(
    "latin", "Ældre system", "region", Identifier(SOR, "399841000016000"), "hl7v2", ("OLD|REGH",), charset="8859/1"
)
SOURCES = (REGH, OTHER, LATIN)


@cache
def language() -> Hl7v2:
    """HL7 v2 on mappings/ as they are."""
    return Hl7v2(ROOT / "mappings", SOURCES, IDS)


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment with some of its fields: `segment("PV1", {2: "I"})` is `PV1||I`."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields, default=0) + 1))])


def msh(event: str = "A01", fields: Mapping[int, str] | None = None) -> str:
    """The header; `fields` by their number, as in the standard."""
    own = {
        3: "SP", 4: "REGH", 5: "GW", 6: "KK", 7: "20250314093015+0100", 9: f"ADT^{event}", 10: "M1", 11: "P", 12: "2.5",
        18: "UNICODE UTF-8",
    } | dict(fields or {})  # fmt: skip
    return "MSH|^~\\&|" + "|".join(own.get(number, "") for number in range(3, max(own) + 1))


def evn(event: str = "A01", recorded: str = "20250314093000+0100", happened: str = "") -> str:
    """EVN with when it was registered and when it happened."""
    return segment("EVN", {1: event, 2: recorded, 6: happened})


def pid(fields: Mapping[int, str] | None = None) -> str:
    """A citizen with a CPR number."""
    return segment("PID", {3: PID3, 5: "Eksempelsen^Åse^^^^^L", 7: "19481225", 8: "F"} | dict(fields or {}))


def pv1(fields: Mapping[int, str] | None = None) -> str:
    """An inpatient stay in Herlev."""
    return segment("PV1", {2: "I", 3: HERLEV, 19: VISIT, 44: "20250314091500+0100"} | dict(fields or {}))


def raw(*segments: str, end: str = "\r", encoding: str = "utf-8") -> bytes:
    """The segments as a message."""
    return "".join(one + end for one in segments).encode(encoding)


def adt(
    event: str = "A01", *more: str, visit: str | None = "", citizen: str = "", at: str = "", sent: str = ""
) -> bytes:
    """A message with MSH, EVN, PID and PV1 (none when `visit` is None), then `more`. `at` is EVN-6, `sent` EVN-2."""
    body = [msh(event, {10: f"{event}-{at or sent}"}), evn(event, sent or "20250314093000+0100", at), citizen or pid()]
    if visit is not None:
        body.append(visit or pv1())
    return raw(*body, *more)


def translated(*segments: str) -> Translation:
    """The translation of a message made of these segments."""
    return language().translate(raw(*segments))


def of_kind(found: Translation, kind: str) -> list[Statement]:
    """The statements about one type of resource."""
    return [one for one in found.statements if one.kind == kind]


def body(found: Translation, kind: str) -> dict[str, Any]:
    """The body of the only statement about one type."""
    (one,) = of_kind(found, kind)
    return one.body


def fold(*messages: bytes) -> dict[str, list[dict[str, Any]]]:
    """The resources that these messages make together, by type."""
    return resources(language().translate(message) for message in messages)


def resources(found: Iterable[Translation]) -> dict[str, list[dict[str, Any]]]:
    """The resources of translations, by type."""
    made: dict[str, list[dict[str, Any]]] = {}
    for one in folded(found, IDS, {source.id: source for source in SOURCES}):
        made.setdefault(one.kind, []).append(one.body)
    return made


def stay(*messages: bytes) -> dict[str, Any]:
    """The only Encounter that these messages make."""
    (one,) = fold(*messages)["Encounter"]
    return one


ADMITTED = adt("A01", sent="20250314093000+0100")
"""Who comes to Herlev on 14 March 2025, in most stays of these tests."""
