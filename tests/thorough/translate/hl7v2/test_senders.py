"""What Epic, Columna CIS and a plain sender write differently, read by the overlays that their sources name."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.rules.sources import Sources
from gateway.translate.translation import Translation
from tests.translate.hl7v2.ward import IDS, ROOT, body, evn, msh, of_kind, pid, pv1, raw, segment

EPIC, CIS, PLAIN = ("EPIC", "AHH"), ("CIS", "AUH"), ("HIS", "PRIVAT")


@cache
def language() -> Hl7v2:
    return Hl7v2(ROOT / "mappings", Sources.read(ROOT / "mappings"), IDS)


def told(sender: tuple[str, str], *segments: str, event: str = "A01") -> Translation:
    return language().translate(raw(msh(event, {3: sender[0], 4: sender[1]}), evn(event), *segments))


def stay(sender: tuple[str, str], visit: dict[int, str], *more: str, event: str = "A01") -> dict[str, Any]:
    made: dict[str, Any] = body(told(sender, pid(), pv1(visit), *more, event=event), "Encounter")
    return made


@pytest.mark.parametrize(
    ("code", "kind"), [("IP", "IMP"), ("ED", "EMER"), ("HOV", "AMB"), ("OBS", "OBSENC"), ("I", "IMP")]
)
def test_epic_has_patient_classes_of_its_own(code: str, kind: str) -> None:
    assert stay(EPIC, {2: code})["class"]["code"] == kind


def test_two_contacts_on_one_epic_account_are_two_stays() -> None:
    account = "3F0B2C4E5D6A4B7C8D9E0A1B2C3D4E5F^^^HAR"
    one, other = (told(EPIC, pid(), pv1({19: f"{csn}^^^CSN", 50: account})) for csn in ("1", "2"))
    assert {said.aliases for found in (one, other) for said in of_kind(found, "Encounter")} == {()}
    assert [i["value"] for i in body(one, "Encounter")["identifier"]] == ["1"]


def test_every_hospital_on_epic_means_the_same_person_by_one_number() -> None:
    found = told(EPIC, pid({3: "E1^^^EPI^EPI"}), pv1())
    assert found.citizen[0].key == "urn:faellesplan:source:epic:EPI|E1"


def test_bare_codes_of_columna_are_sks() -> None:
    found = told(CIS, pid(), pv1(), segment("PV2", {3: "DF205"}), segment("DG1", {3: "DF102", 6: "A"}))
    sks = "urn:oid:1.2.208.176.2.4.12"
    assert body(found, "Condition")["code"]["coding"] == [{"system": sks, "code": "DF102"}]
    assert body(found, "Encounter")["reasonCode"][0]["coding"] == [{"system": sks, "code": "DF205"}]


@pytest.mark.parametrize(("kind", "use"), [("A", ["A"]), ("B", ["CM", "B"]), ("H", ["H"]), ("+", ["+"])])
def test_the_main_diagnosis_of_the_patient_register_is_no_admission_diagnosis(kind: str, use: list[str]) -> None:
    found = told(CIS, pid(), pv1(), segment("DG1", {3: "DF205", 6: kind}))
    (diagnosis,) = body(found, "Encounter")["diagnosis"]
    assert [coding["code"] for coding in diagnosis["use"]["coding"]] == use
    assert "verificationStatus" not in body(found, "Condition")
    assert found.findings == ()


def test_a_plain_sender_s_wrong_dates_are_left_out_and_told() -> None:
    role = segment("ROL", {2: "AD", 3: "AT", 4: "A^Bo^Ib", 5: "i går"})
    found = told(PLAIN, pid({7: "25/12-1948", 29: "i fjor"}), role, pv1())
    assert not {"birthDate", "deceasedDateTime"} & set(body(found, "Patient"))
    assert len(of_kind(found, "CareTeam")) == 1
    assert {finding.where for finding in found.findings} >= {"PID^1^7", "PID^1^29", "ROL^1^5"}


def test_a_plain_sender_s_older_numbers_are_facts_and_no_identities() -> None:
    found = told(PLAIN, pid({2: "OLD1^^^X", 4: "ALT1^^^Y", 19: "999-12-3456"}), pv1())
    values = [one["value"] for one in body(found, "Patient")["identifier"]]
    assert values == ["2512489996", "OLD1", "ALT1", "999-12-3456"]
    assert [number.value for number in found.citizen] == ["2512489996"]
