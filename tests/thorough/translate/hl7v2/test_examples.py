"""The public samples come out right. Facts are compared, never bytes: several expected bundles are wrong."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.together import folded
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.source import Source
from gateway.translate.fhir.structure import structure
from gateway.translate.hl7v2.language import Hl7v2
from tests.translate.hl7v2.ward import IDS, ROOT

ANYBODY = Source("anybody", "Any hospital", "region", Identifier(SOR, "265161000016000"), "hl7v2", ("*",))


@cache
def language() -> Hl7v2:
    return Hl7v2(ROOT / "mappings", [ANYBODY], IDS)


def made(raw: bytes) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in folded([language().translate(raw)], IDS, {ANYBODY.id: ANYBODY}):
        body = {name: value for name, value in one.body.items() if value != {}}
        assert structure(body) == [], one.kind
        found.setdefault(one.kind, []).append(body)
    return found


def families(patient: dict[str, Any]) -> list[str]:
    return [name["family"] for name in patient["name"]]


def parts(encounter: dict[str, Any]) -> list[str]:
    return [one["type"][0]["coding"][0]["code"] for one in encounter["participant"]]


@pytest.mark.parametrize(
    ("event", "status", "end"),
    [
        ("A01", "in-progress", None),
        ("A02", "in-progress", None),
        ("A03", "finished", "2015-02-09T11:24:19+01:00"),
        ("A08", "in-progress", None),
        ("A11", "entered-in-error", None),
        ("A13", "in-progress", None),
    ],
)
def test_microsoft_stays(examples: Path, event: str, status: str, end: str | None) -> None:
    found = made((examples / "hl7v2" / "microsoft" / f"ADT-{event}-01.hl7").read_bytes())
    (encounter,) = found["Encounter"]
    (patient,) = found["Patient"]
    assert (encounter["status"], encounter["class"]["code"]) == (status, "IMP")
    assert encounter["period"].get("end") == end
    if event != "A11":
        assert encounter["period"]["start"] == "2015-02-08T11:24:19+01:00"
    assert {"40007716", "50"} == {i["value"] for i in encounter["identifier"]}
    assert parts(encounter)[:5] == ["ATND", "REF", "CON", "ADM", "PART"]
    assert encounter["participant"][0]["individual"]["display"] == "Dr. Mohammed Mahi Alaz JR"
    assert encounter["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert families(patient) == ["EVERYMAN", "Josh", "elbert"]
    assert patient["name"][0]["given"] == ["ADAM", "A"]
    assert {i["value"] for i in patient["identifier"]} == {"PATID1234", "123456789"}
    assert (patient["birthDate"], patient["gender"], len(patient["telecom"])) == ("1988-08-18", "male", 5)
    assert patient["address"][0]["line"] == ["1000 Hospital Lane", "Ste. 123"]


def test_microsoft_admission_and_its_people(examples: Path) -> None:
    found = made((examples / "hl7v2" / "microsoft" / "ADT-A01-01.hl7").read_bytes())
    assert sum(len(kind) for kind in found.values()) == 4, "no empty organisations and locations"
    (relative,) = found["RelatedPerson"]
    assert families(relative) == ["Evan", "Green", "Josh"]
    assert [c["name"]["family"] for c in found["Patient"][0]["contact"]] == ["Evan"]
    (condition,) = found["Condition"]
    assert condition["code"]["coding"][0] == {
        "system": "http://snomed.info/sct",
        "code": "422504002",
        "display": "Ischemic stroke(disorder)",
    }
    (diagnosis,) = found["Encounter"][0]["diagnosis"]
    assert diagnosis["rank"] == 1
    assert [g["display"] for g in found["Patient"][0]["generalPractitioner"]] == [
        "Dr rold H Hippo V",
        "LINDAS TEST ORGANIZATION",
    ]


def test_microsoft_merge(examples: Path) -> None:
    found = language().translate((examples / "hl7v2" / "microsoft" / "ADT-A40-01.hl7").read_bytes())
    assert [i.value for i in found.citizen] == ["12345"]
    assert [i.value for i in found.merged] == ["56789"]
    assert [s.kind for s in found.statements] == ["Patient", "Patient"]


def test_google_admission_has_no_visit_number(examples: Path) -> None:
    found = made((examples / "hl7v2" / "google-whistle" / "adt_a01_ex1.hl7").read_bytes())
    (encounter,) = found["Encounter"]
    assert (encounter["status"], encounter["class"]["code"], parts(encounter)) == ("in-progress", "IMP", ["ATND"])
    assert "identifier" not in encounter


def test_google_admission_with_one(examples: Path) -> None:
    raw = (examples / "hl7v2" / "google-whistle" / "adt_a01_ex1.hl7").read_bytes().replace(b"|A0|", b"|A0||||V1")
    found = made(raw)
    (encounter,), (patient,) = found["Encounter"], found["Patient"]
    assert (encounter["status"], encounter["class"]["code"], parts(encounter)) == ("in-progress", "IMP", ["ATND"])
    assert encounter["location"][0]["location"]["display"] == "2000-2012-01"
    assert (families(patient), patient["birthDate"]) == (["EVERYMAN"], "1961-06-15")
    assert [t["value"] for t in patient["telecom"]] == ["(555) 555-2004", "(555)555-2004"]
    assert found["RelatedPerson"][0]["relationship"][0]["coding"][0]["code"] == "SPS"


def test_the_guide_s_own_admission(examples: Path) -> None:
    raw = (examples / "hl7v2" / "v2-to-fhir-ig" / "test-messages" / "ADT_A01.hl7").read_bytes()
    found = made(raw)
    (encounter,), (patient,) = found["Encounter"], found["Patient"]
    assert (encounter["status"], encounter["class"]["code"]) == ("in-progress", "EMER")
    assert parts(encounter) == ["ATND", "ADM"]
    assert [i["value"] for i in encounter["identifier"]] == ["81456267"]
    assert encounter["priority"]["coding"][0]["code"] == "UR" or encounter["priority"]["coding"][0]["code"] == "2"
    assert (families(patient), len(patient["address"]), patient["deceasedBoolean"]) == (
        ["Everywoman", "Original"],
        2,
        False,
    )
    findings = [f.where for f in language().translate(raw).findings]
    assert "NK1^1^2^1^5" in findings, "a relationship in the name field is told"


def adapted(raw: bytes, event: str) -> bytes:
    """ReportStream's samples are laboratory results without a sender: made into an ADT of somebody."""
    raw = raw.replace(b"MSH|^~\\&#|||||", b"MSH|^~\\&#|A|B|||").replace(b"ORU^R01^ORU_R01", f"ADT^{event}".encode())
    return raw.replace(b"PID|1\n", b"PID|1||4711^^^X\n").replace(b"PID|1\r", b"PID|1||4711^^^X\r")


@pytest.mark.parametrize(("name", "count"), [("PV1-to-Encounter", 1), ("PV1-PV2-to-Encounter", 2)])
def test_reportstream_stays(examples: Path, name: str, count: int) -> None:
    found = made(adapted((examples / "hl7v2" / "reportstream" / f"{name}.hl7").read_bytes(), "A01"))
    (encounter,) = found["Encounter"]
    assert (encounter["status"], encounter["class"]["code"]) == ("in-progress", "AMB")
    assert parts(encounter) == [code for code in ("ATND", "REF", "CON", "ADM") for _ in range(count)]
    assert len(encounter["identifier"]) == 1 + count
    assert encounter["hospitalization"]["admitSource"]["coding"][0]["code"] == "1"
    assert "2.1.4.1" not in str(encounter["serviceProvider"])


def test_reportstream_patient(examples: Path) -> None:
    raw = (examples / "hl7v2" / "reportstream" / "pid-to-patient-pid-fully-populated.hl7").read_bytes()
    (patient,) = made(adapted(raw, "A31"))["Patient"]
    assert families(patient) == ["Lerr", "Gwinn"]
    assert {i["system"] for i in patient["identifier"]} == {
        "urn:oid:2.16.840.1.113883.3.72.5.30.2",
        "urn:oid:2.16.840.1.113883.4.1",
    }
    assert (len(patient["address"]), len(patient["telecom"]), patient["multipleBirthInteger"]) == (2, 6, 1)
    assert patient["deceasedDateTime"] == "2012-06-17T00:00:00-05:00"


def test_reportstream_relatives(examples: Path) -> None:
    raw = (examples / "hl7v2" / "reportstream" / "NK1-to-RelatedPerson.hl7").read_bytes()
    found = made(adapted(raw, "A31"))["RelatedPerson"]
    assert sorted(len(one["name"]) for one in found) == [1, 2]
    assert {i["value"] for one in found for i in one["identifier"]} == {"IDNumber", "IDNumber2"}


def test_the_bench_message_of_the_share_and_ours_make_the_same_kinds(examples: Path) -> None:
    own = made((ROOT / "fixtures" / "bench" / "adt_a01.hl7").read_bytes())
    theirs = made((examples / "hl7v2" / "own" / "adt_a01_bench.hl7").read_bytes())
    assert {kind: len(found) for kind, found in own.items()} == {kind: len(found) for kind, found in theirs.items()}
    assert {kind: len(found) for kind, found in own.items()} == {
        "CareTeam": 1,
        "Condition": 2,
        "Encounter": 1,
        "Patient": 1,
        "RelatedPerson": 1,
    }
    for mine, other in zip(own["Encounter"], theirs["Encounter"], strict=True):
        assert set(mine) == set(other)


def test_every_guide_key_names_a_row_of_the_official_guide(examples: Path) -> None:
    rows = set()
    for file in (examples / "hl7v2" / "v2-to-fhir-ig" / "segments").glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows |= {cells[1].strip() for cells in csv.reader(text) if len(cells) > 1}
    wrong = [f"{one.mark}: {row}" for one in language().guides() for row in one.guide.split(", ") if row not in rows]
    assert wrong == []
    assert len({one.guide for one in language().guides()}) > 70
