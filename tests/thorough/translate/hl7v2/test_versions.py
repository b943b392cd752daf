"""One admission as the versions 2.1 to 2.8 write it: fields that moved, types that grew. The facts are the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import NoCitizen, UnknownVersion
from gateway.translate.hl7v2.language import Hl7v2
from tests.translate.hl7v2.ward import CPR, IDS, REGH, ROOT, fold, language, msh, pid, pv1, raw, segment, translated

NOW = datetime(2025, 3, 20, 9, 30, 16, tzinfo=UTC)
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"

# Each version's own way: header, event, citizen, relative, visit, diagnosis.
OLD = (
    segment("NK1", {1: "1", 2: "LUND^BO", 3: "SIB", 4: "GADE 1^^BY^^1000", 5: "33112233"}),
    "PV1||I|MED1^12^2^HGH||||A1^JENSEN^JENS||||||||||||V77|" + "|" * 24 + "202503140915",
    "DG1|1|I10|F20.5|Skizofreni|20250314|A",
)
VERSIONS = {
    "2.1": (
        segment("EVN", {1: "A01", 2: "202503140930"}),
        segment("PID", {2: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO", 5: "EKSEMPELSEN^ASE", 7: "19481225", 8: "F",
                        11: "VEJ 1^2. TV^BY^^1000", 13: "(45)20998877"}),
        *OLD,
    ),
    "2.2": (
        segment("EVN", {1: "A01", 2: "202503140930"}),
        segment("PID", {2: "EXT1", 3: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO", 4: "ALT1", 5: "EKSEMPELSEN^ASE",
                        7: "19481225", 8: "F", 11: "VEJ 1^2. TV^BY^^1000", 13: "(45)20998877"}),
        *OLD,
    ),
    "2.3": (
        segment("EVN", {1: "A01", 2: "202503140930"}),
        segment("PID", {3: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO", 5: "EKSEMPELSEN^ASE^^^^^L", 7: "19481225", 8: "F",
                        11: "VEJ 1^2. TV^BY^^1000^DNK^H", 13: "^PRN^PH^^45^^20998877"}),
        OLD[0], "PV1||I|MED1^12^2^HGH||||A1^JENSEN^JENS^^^^^^AUTH||||||||||||V77|" + "|" * 24 + "202503140915",
        "DG1|1||F20.5^Skizofreni^I10|Skizofreni|20250314|A",
    ),
    "2.5": (
        segment("EVN", {2: "20250314093000+0100", 6: "20250314091500+0100"}),
        segment("PID", {3: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO^NNDNK", 5: "EKSEMPELSEN&&EKSEMPELSEN^ASE^^^^^L",
                        7: "194812250000", 8: "F", 11: "VEJ 1&VEJ&1^2. TV^BY^^1000^DNK^H",
                        13: "^PRN^PH^^45^^20998877"}),
        segment("NK1", {1: "1", 2: "LUND&&LUND^BO", 3: "SIB^Sibling^HL70063", 4: "GADE 1&GADE&1^^BY^^1000",
                        5: "^PRN^PH^^^^33112233"}),
        "PV1||I|MED1^12^2^HGH||||A1^JENSEN&&JENSEN^JENS^^^^^^AUTH&1.2.208.176.1.5&ISO||||||||||||V77"
        + "|" * 25 + "20250314091500+0100",
        "DG1|1||F20.5^Skizofreni^I10||20250314|A",
    ),
    "2.8": (
        segment("EVN", {2: "20250314093000+0100", 6: "20250314091500+0100"}),
        segment("PID", {3: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO^NNDNK", 5: "EKSEMPELSEN&&EKSEMPELSEN^ASE^^^^^L^A",
                        7: "19481225", 8: "F^Female^HL70001", 11: "VEJ 1&VEJ&1^2. TV^BY^^1000^DNK^H^^^^^^20200101",
                        13: "^PRN^PH^^^^^^^^^+45 20998877"}),
        segment("NK1", {1: "1", 2: "LUND&&LUND^BO", 3: "SIB^Sibling^HL70063^^^^2.8", 4: "GADE 1&GADE&1^^BY^^1000",
                        5: "^PRN^PH^^^^^^^^^33112233"}),
        "PV1||I^Inpatient^HL70004|MED1^12^2^HGH||||A1^JENSEN&&JENSEN^JENS^^^^^^AUTH&1.2.208.176.1.5&ISO||||||||||||V77"
        + "|" * 25 + "20250314091500+0100",
        "DG1|1||F20.5^Skizofreni^I10^^^^^^Skizofreni||20250314|A^Admitting^HL70052",
    ),
}  # fmt: skip


def admission(version: str) -> bytes:
    kind = "ADT" if version < "2.3" else "ADT^A01" if version < "2.3.1" else "ADT^A01^ADT_A01"
    return raw(msh("A01", {9: kind, 12: version}), *VERSIONS[version])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_citizen_is_one(version: str) -> None:
    (patient,) = fold(admission(version))["Patient"]
    assert (patient["identifier"][0]["system"], patient["identifier"][0]["value"]) == (CPR_SYSTEM, CPR)
    assert len(patient["identifier"]) == 1
    assert (patient["name"][0]["family"], patient["name"][0]["given"]) == ("EKSEMPELSEN", ["ASE"])
    assert (patient["birthDate"], patient["gender"]) == ("1948-12-25", "female")
    address = patient["address"][0]
    assert address["line"][0].startswith("VEJ 1")
    assert (address["line"][-1], address["city"], address["postalCode"]) == ("2. TV", "BY", "1000")
    assert patient["telecom"][0]["value"].replace("+", "").translate(str.maketrans("", "", "() ")) == "4520998877"
    assert patient["telecom"][0]["use"] == "home"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_stay_is_one(version: str) -> None:
    found = fold(admission(version))
    (stay,) = found["Encounter"]
    assert (stay["status"], stay["class"]["code"]) == ("in-progress", "IMP")
    assert stay["period"] == {"start": "2025-03-14T09:15:00+01:00"}
    assert [i["value"] for i in stay["identifier"]] == ["V77"]
    assert stay["location"][0]["location"]["display"] == "MED1-12-2, HGH"
    assert [one["individual"]["display"] for one in stay["participant"]] == ["JENS JENSEN"]
    assert stay["diagnosis"][0]["use"]["coding"][0]["code"] == "AD"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_diagnosis_and_the_relative_are_one(version: str) -> None:
    found = fold(admission(version))
    (condition,), (relative,) = found["Condition"], found["RelatedPerson"]
    assert condition["code"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10"
    assert (condition["code"]["coding"][0]["code"], condition["onsetDateTime"]) == ("F20.5", "2025-03-14")
    assert relative["name"][0]["family"] == "LUND"
    assert relative["telecom"][0]["value"] == "33112233"
    assert relative["relationship"][0]["coding"][0]["code"] == "SIB"


@pytest.mark.parametrize(
    "version",
    [
        *("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.5.2", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2"),
        *("2.9", "", "2.8^DNK", "2.5.1^DNK", "^DNK", "2.5^^2.16.840.1.113883.2.9"),
    ],
)
def test_every_version_is_received(version: str) -> None:
    assert translated(msh("A01", {12: version}), pid(), pv1()).citizen[0].value == CPR


@pytest.mark.parametrize(
    "version", ["2", "2.", "2.0", "2.10", "2.25", "2.5x", "2.5.1.1", "2.5.", "3", "3.0", "v2.5", "12.5"]
)
def test_what_is_no_version_of_2_is_rejected_and_answered_in_one_that_is(version: str) -> None:
    message = raw(msh("A01", {12: version}), pid(), pv1())
    with pytest.raises(UnknownVersion) as caught:
        language().translate(message)
    header, msa, err, _ = language().refuse(message, caught.value, NOW).decode().split("\r")
    assert header.split("|")[11] == "2.5"
    assert msa == "MSA|AR|M1"
    assert err.startswith("ERR||MSH^1^12|203^Unsupported version id^HL70357|E|")


@pytest.mark.parametrize(
    ("version", "answered"),
    [
        (" 2.5", "2.5"),
        (" 2.4^DNK ", "2.4^DNK"),
        ("\x852.6", "2.6"),
        ("2.5^" + "x" * 600, "2.5"),
        ("2.3~2.6", "2.3~2.6"),
    ],
)
def test_however_a_version_is_written_it_is_answered(version: str, answered: str) -> None:
    """It was kept and never acknowledged, and sent again for ever."""
    message = raw(msh("A01", {12: version, 18: "8859/1"}), pid(), pv1()).decode().encode("latin-1")
    for told in (language().accept(message, NOW), language().refuse(message, NoCitizen(where="PID^1^3"), NOW)):
        assert told.decode("latin-1").split("\r")[0].split("|")[11] == answered


def test_next_to_pid_3_the_older_fields_are_not_asked() -> None:
    found = translated(msh(), pid({2: "2509479989^^^CPR&1.2.208.176.1.2&ISO", 4: "778^^^REGH"}), pv1())
    assert [i.value for i in found.citizen] == [CPR]


def test_a_dummy_in_pid_3_leaves_the_word_to_the_older_fields() -> None:
    found = translated(msh(), pid({3: "0000000000^^^^NNDNK", 2: "778^^^REGH"}), pv1())
    assert [i.value for i in found.citizen] == ["778"]
    with pytest.raises(NoCitizen):
        translated(msh(), pid({3: "", 2: "0000000000^^^^NNDNK", 4: ""}), pv1())


@pytest.mark.parametrize("number", [CPR, f"{CPR}^1^M10", f"{CPR}^^^^PI"])
def test_a_source_may_say_what_a_bare_number_is(number: str) -> None:
    bare = replace(REGH, authorities={"": CPR_SYSTEM})
    found = Hl7v2(ROOT / "mappings", [bare], IDS).translate(raw(msh(), pid({3: number}), pv1({19: "77"})))
    assert found.citizen[0].key == f"{CPR_SYSTEM}|{CPR}"
    visit = next(one for one in found.statements if one.kind == "Encounter")
    assert visit.key == "urn:faellesplan:source:regh:visit|77", "numbers of visits are not asked"
    assert language().translate(raw(msh(), pid({3: number}), pv1())).citizen[0].system.endswith("regh:patient")


def security(*segments: str) -> list[str]:
    made: list[dict[str, Any]] = (
        fold(raw(msh(), pid(), *segments, pv1()))["Patient"][0].get("meta", {}).get("security", [])
    )
    return [label["code"] for label in made]


@pytest.mark.parametrize(
    ("segments", "codes"),
    [
        (["ARV|1|A|DEM|PAT"], ["R"]),
        (["ARV|1|A|LOC", "ARV|2|A|DEM"], ["R"]),
        (["ARV|1|X|ALL"], ["R"]),
        (["ARV|1|D|DEM"], ["N"]),
        (["ARV|1|D|DEM", "ARV|2|A|LOC"], ["R"]),
        (["PD1||||||||||||N", "ARV|1|A|DEM"], ["R"]),
        (["ARV|1|A|DRG"], []),
    ],
)
def test_a_protected_address_in_later_versions(segments: list[str], codes: list[str]) -> None:
    assert security(*segments) == codes
