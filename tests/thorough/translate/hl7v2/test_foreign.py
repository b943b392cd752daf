"""Foreign senders as `gateway translate` reads them: every public ADT sample, and every event in their manner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.together import folded
from gateway.domain.citizen import identity_key
from gateway.errors import WrongCharset
from gateway.translate.fhir.structure import structure
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.rules.sources import Sources
from gateway.translate.translation import Translation
from tests.translate.hl7v2.ward import IDS, ROOT

MERGED = b"MRG|56789^9^M11^test1&2.16.1&HCD^MR^Uni Hospital|||AccNr||V-OLD^^^AccMng&1.2&HCD^VN|||\n"


@cache
def language() -> Hl7v2:
    return Hl7v2(ROOT / "mappings", Sources.read(ROOT / "mappings").with_guests(), IDS)


@cache
def sources() -> dict[str, Any]:
    return {one.id: one for one in Sources.read(ROOT / "mappings").with_guests()}


def made(*messages: bytes) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in folded([language().translate(raw) for raw in messages], IDS, sources()):
        body = {name: value for name, value in one.body.items() if value != {}}
        assert structure(body) == [], one.kind
        found.setdefault(one.kind, []).append(body)
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def microsoft(examples: Path, event: str, sample: str = "A01") -> bytes:
    """Another event in the manner of their samples: one generator wrote them all."""
    text = (examples / "hl7v2" / "microsoft" / f"ADT-{sample}-01.hl7").read_bytes()
    kept = [line for line in re.split(rb"[\r\n]+", text) if line]
    lines = [line.replace(f"ADT^{sample}".encode(), f"ADT^{event}".encode()) for line in kept]
    if event in ("A41", "A45", "A47", "A50"):
        at = next(n for n, line in enumerate(lines) if line.startswith(b"PV1"))
        lines.insert(at, MERGED.strip())
    return b"\n".join(lines) + b"\n"


STAYS = {
    "A01": ("in-progress", "IMP"), "A02": ("in-progress", "IMP"), "A03": ("finished", "IMP"),
    "A04": ("in-progress", "EMER"), "A05": ("planned", "PRENC"), "A06": ("in-progress", "IMP"),
    "A07": ("in-progress", "IMP"), "A08": ("in-progress", "IMP"), "A09": ("in-progress", "IMP"),
    "A10": ("in-progress", "IMP"), "A11": ("entered-in-error", "IMP"), "A13": ("in-progress", "IMP"),
    "A14": ("planned", "PRENC"), "A15": ("in-progress", "IMP"), "A16": ("in-progress", "IMP"),
    "A23": ("entered-in-error", "IMP"), "A25": ("in-progress", "IMP"), "A26": ("in-progress", "IMP"),
    "A27": ("cancelled", "PRENC"), "A45": ("in-progress", "IMP"), "A50": ("in-progress", "IMP"),
}  # fmt: skip


@pytest.mark.parametrize("event", STAYS)
def test_stays(examples: Path, event: str) -> None:
    found = made(microsoft(examples, event, "A03" if event == "A03" else "A01"))
    (encounter,), (patient,) = found["Encounter"], found["Patient"]
    assert (encounter["status"], encounter["class"]["code"]) == STAYS[event]
    assert "40007716" in {i["value"] for i in encounter["identifier"]}
    assert encounter["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert encounter["participant"][0]["individual"]["display"] == "Dr. Mohammed Mahi Alaz JR"
    assert [name["family"] for name in patient["name"]] == ["EVERYMAN", "Josh", "elbert"]


@pytest.mark.parametrize("event", ["A28", "A31", "A41", "A47"])
def test_people(examples: Path, event: str) -> None:
    found = made(microsoft(examples, event))
    assert "Encounter" not in found
    patient = next(one for one in found["Patient"] if one["active"])
    assert (patient["birthDate"], patient["gender"], len(patient["telecom"])) == ("1988-08-18", "male", 5)
    if event == "A47":
        assert patient["link"][0]["type"] == "replaces"


def test_a_person_deleted(examples: Path) -> None:
    (patient,) = made(microsoft(examples, "A29"))["Patient"]
    assert patient["active"] is False
    assert "name" not in patient


@pytest.mark.parametrize("event", ["A20", "A60"])
def test_nothing_for_a_plan(examples: Path, event: str) -> None:
    assert made(microsoft(examples, event)) == {}


def test_a_pending_transfer_reserves_its_place(examples: Path) -> None:
    places = made(microsoft(examples, "A15"))["Encounter"][0]["location"]
    assert [(one["status"], one["location"]["display"]) for one in places][-1] == ("reserved", "POC-Room-2-Bed-103")


def test_the_story_of_one_visit_in_their_manner(examples: Path) -> None:
    story = [microsoft(examples, event, "A03" if event == "A03" else "A01") for event in ("A01", "A08", "A03")]
    (encounter,) = made(*story)["Encounter"]
    assert encounter["status"] == "finished"
    (again,) = made(*reversed(story))["Encounter"]
    assert again == encounter


def samples(examples: Path) -> list[Path]:
    return sorted(
        file for file in (examples / "hl7v2").rglob("*.hl7") if b"|ADT^" in file.read_bytes().replace(b"\n", b"\r")
    )


def test_every_sample_translates_and_every_reference_resolves(examples: Path) -> None:
    files = samples(examples)
    assert len(files) > 8
    for file in files:
        raw = file.read_bytes()
        found = made(raw)
        there = {f"{kind}/{one['id']}" for kind, all_of in found.items() for one in all_of}
        former: Translation = language().translate(raw)
        joined = {f"Patient/{IDS('Patient', identity_key(former.merged))}"} if former.merged else set()
        assert set(references(found)) <= there | joined, file.name
        assert found["Patient"], file.name


def test_a_guest_is_read_tolerantly(examples: Path) -> None:
    raw = microsoft(examples, "A01").replace(b"|198808181126+0215|M|", b"|18/08-1988|M|")
    (patient,) = made(raw)["Patient"]
    assert "birthDate" not in patient
    assert {"PATID1234", "123456789", "1234567", "PATID567", "PSSN123121234"} <= {
        one["value"] for one in patient["identifier"]
    }


def test_a_guest_that_declares_no_character_set_may_write_utf_8_and_nothing_else() -> None:
    """Public samples hold a typographic apostrophe here and there, and no MSH-18."""
    text = "MSH|^~\\&|MegaReg|XYZ|X|Y|20060529||ADT^A31|1|P|2.5\rPID|||567^^^UAReg^PI||Søholm’s^Åse\r"
    (patient,) = made(text.encode())["Patient"]
    assert patient["name"] == [{"family": "Søholm’s", "given": ["Åse"]}]
    with pytest.raises(WrongCharset) as caught:
        language().translate(text.encode("cp1252"))
    assert caught.value.where == "PID^1^5"
