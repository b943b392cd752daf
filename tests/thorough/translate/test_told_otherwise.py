"""The same sensitive fact, told in the ways that senders tell it: it is labelled whichever way that is."""

from __future__ import annotations

import csv
from base64 import b64encode
from typing import Any

import pytest

from gateway.domain.plain import plain
from gateway.domain.security_label import ACT_CODE, DATA_CLASS
from gateway.settings import Settings
from gateway.translate.policy_tables import load

_, LABELLER = load(Settings().mappings_folder / "policy")
PSY, SUD, ETHUD, HIV, SDV, STD, SEX, OPIOIDUD = (
    f"{ACT_CODE}|{code}" for code in "PSY SUD ETHUD HIV SDV STD SEX OPIOIDUD".split()
)
HOUSING, CRIMINAL, EMPLOYMENT = (f"{DATA_CLASS}|{code}" for code in "housing criminal employment".split())
FFB, KLE = "urn:oid:1.2.208.176.2.22", "https://data.gov.dk/id/classification/KLE"
SKS, ICD, SNOMED = "urn:oid:1.2.208.176.2.4.12", "http://hl7.org/fhir/sid/icd-10", "http://snomed.info/sct"


def sensitive(kind: str, sector: str = "region", **body: Any) -> set[str]:
    """The labels of what it tells, without its confidentiality."""
    labels, _ = LABELLER.label({"resourceType": kind} | body, sector, kind, "source")
    return {label for label in labels if label.startswith((f"{ACT_CODE}|", f"{DATA_CLASS}|"))}


def coded(system: str = "", code: str = "", display: str = "") -> dict[str, Any]:
    told = {"system": system, "code": code, "display": display}
    return {"coding": [{name: value for name, value in told.items() if value}]}


@pytest.mark.parametrize(
    ("concept", "labels"),
    [
        (coded(SNOMED, "191542003", "Katatoni skizofreni"), {PSY}),
        (coded(SNOMED, "7200002", "Alcohol dependence"), {ETHUD}),
        (coded(SNOMED, "32911000", "Homeless"), {HOUSING}),
        (coded(SNOMED, "22298006", "Myokardieinfarkt"), set()),
        (coded("", "", "Paranoid skizofreni"), {PSY}),
        (coded(SNOMED, "", "Paranoid skizofreni"), {PSY}),
        (coded(SKS, "BRSP1", "Psykoterapi og psykiatrisk samtale"), {PSY}),
        (coded("https://data.gov.dk/id/classification/KLE", "27.36.12", "Psykisk sårbar"), {PSY}),
        (coded("urn:oid:1.2.3", "12", "Jobcenter"), {EMPLOYMENT}),
        (coded("urn:oid:1.2.3", "PSYK"), {PSY}),
        (coded("urn:oid:1.2.3", "alkoholbehandling"), {ETHUD, SUD}),
    ],
)
def test_words_of_a_code_that_says_nothing(concept: dict[str, Any], labels: set[str]) -> None:
    assert sensitive("Condition", code=concept) == labels
    assert sensitive("CarePlan", activity=[{"detail": {"code": concept}}]) == labels


@pytest.mark.parametrize(
    "system", ["", "ICD-10", "icd10", "http://hl7.org/fhir/sid/icd-10-nl", "HTTP://HL7.ORG/fhir/sid/icd-10", "urn:x"]
)  # fmt: skip
def test_diagnoses_of_a_list_that_nobody_knows(system: str) -> None:
    for code, labels in (("F20.0", {PSY}), ("f10.2", {SUD, ETHUD}), ("B24", {HIV}), ("T74.1", {SDV}), ("J18.9", set())):
        assert sensitive("Condition", code=coded(system, code)) == labels, code


@pytest.mark.parametrize("system", ["http://loinc.org", "http://terminology.hl7.org/CodeSystem/v3-ActCode"])
def test_codes_of_lists_that_hold_no_diagnoses(system: str) -> None:
    assert sensitive("Condition", code=coded(system, "F20")) == set()


@pytest.mark.parametrize(
    ("danish", "plain_code", "labels"),
    [("DZ650", "Z65.0", {CRIMINAL}), ("DT741", "T74.1", {SDV}), ("DA539", "A53.9", {STD}), ("DO049", "O04.9", {SEX}),
     ("DG312", "G31.2", {ETHUD}), ("DZ722", "Z72.2", {SUD}), ("DZ564", "Z56.4", {EMPLOYMENT}),
     ("DF105", "F10.5", {SUD, ETHUD, PSY}), ("DZ915", "Z91.5", {PSY}), ("DZ590", "Z59.0", {HOUSING})],
)  # fmt: skip
def test_icd_10_says_what_sks_says(danish: str, plain_code: str, labels: set[str]) -> None:
    dotted = f"{danish[:4]}.{danish[4:]}"
    for system, code in ((SKS, danish), (SKS, dotted), (SKS, dotted.lower()), (ICD, plain_code), ("", plain_code)):
        assert sensitive("Condition", code=coded(system, code)) == labels, (system, code)
    assert sensitive("Condition", code=coded(ICD, plain_code.replace(".", ""))) == labels


def test_icd_11_and_icpc() -> None:
    eleven, icpc = "http://id.who.int/icd/release/11/mms", "http://hl7.org/fhir/sid/icpc-2"
    assert sensitive("Condition", code=coded(eleven, "6A20")) == {PSY}
    assert sensitive("Condition", code=coded(eleven, "6C40.2")) == {PSY, SUD, ETHUD}
    assert sensitive("Condition", code=coded(eleven, "CA40")) == set()
    assert sensitive("Condition", code=coded(icpc, "P72")) == {PSY}
    assert sensitive("Condition", code=coded(icpc, "F71")) == set()  # an eye


def test_where_from_and_where_to() -> None:
    hl7 = "http://terminology.hl7.org/CodeSystem"
    for name, system, code, labels in (
        ("admitSource", "admit-source", "psych", {PSY}), ("admitSource", "v2-0023", "8", {CRIMINAL}),
        ("admitSource", "v2-0023", "1", set()), ("dischargeDisposition", "discharge-disposition", "psy", {PSY}),
        ("dischargeDisposition", "v2-0112", "21", {CRIMINAL}), ("dischargeDisposition", "v2-0112", "01", set()),
    ):  # fmt: skip
        assert sensitive("Encounter", hospitalization={name: coded(f"{hl7}/{system}", code)}) == labels, code


WORDS = {"text": "Misbrug af heroin"}
FILE = b64encode(b"Patienten har skizofreni").decode()


@pytest.mark.parametrize(
    ("kind", "body", "labels"),
    [
        ("Encounter", {"reasonReference": [{"reference": "Condition/1", "display": "Skizofreni"}]}, {PSY}),
        ("Encounter", {"reasonReference": [{"type": "Condition", "display": "Skizofreni"}]}, {PSY}),
        ("CarePlan", {"addresses": [{"reference": "https://x.example/fhir/Condition/1", "display": "Hiv"}]}, {HIV}),
        ("CarePlan", {"extension": [{"url": "https://x.example", "valueString": "Metadon"}]}, {SUD, OPIOIDUD}),
        ("CarePlan", {"contained": [{"resourceType": "Condition", "code": WORDS}]}, {SUD, OPIOIDUD}),
        ("CarePlan", {"activity": [{"detail": {"scheduledString": "Efter afsoning"}}]}, {CRIMINAL}),
        ("CarePlan", {"activity": [{"progress": [{"text": "Kriminel adfærd"}]}]}, {CRIMINAL}),
        ("Goal", {"target": [{"detailString": "Alkoholfri"}]}, {ETHUD}),
        ("Goal", {"statusReason": "Tvangsindlagt"}, {PSY}),
        ("Appointment", {"patientInstruction": "Mød i psykiatrisk ambulatorium"}, {PSY}),
        ("Appointment", {"comment": "Mød i rusmiddelcentret"}, {SUD}),
        ("Task", {"input": [{"type": {"text": "x"}, "valueString": "Abstinenser"}]}, {SUD}),
        ("CareTeam", {"name": "Retspsyk. team"}, {PSY}),
        ("CareTeam", {"name": "Team for alkoholbehandling"}, {ETHUD, SUD}),
        ("Condition", {"onsetString": "Efter voldtægt"}, {SDV}),
        ("DocumentReference", {"content": [{"attachment": {"contentType": "text/plain", "data": FILE}}]}, {PSY}),
        ("DocumentReference", {"content": [{"attachment": {"contentType": "TEXT/HTML", "data": FILE}}]}, {PSY}),
        ("DocumentReference", {"content": [{"attachment": {"contentType": "text/plain", "data": "%"}}]}, set()),
        ("Goal", {"text": {"div": "<div>hjeml&#248;s</div>"}}, {HOUSING}),
        ("Goal", {"text": {"div": "<div>psyk<b>iatrisk</b></div>"}}, {PSY}),
        ("Goal", {"text": {"div": "<div><p>se</p><p>hiv</p></div>"}}, {HIV}),
        ("Goal", {"description": {"text": "psyki\u00adatrisk"}}, {PSY}),
        ("Goal", {"description": {"text": "ps\u200bykisk"}}, {PSY}),
        ("Encounter", {"location": [{"location": {"display": "PSY4"}}]}, {PSY}),
        ("Goal", {"description": {"text": "Ophold på kvindekrisecenter"}}, {SDV}),
        ("Location", {"description": "Et kvindekrisecenter"}, {SDV, f"{DATA_CLASS}|protected-address"}),
        ("Encounter", {"reasonCode": [{"text": "Fuld narkose"}]}, set()),
        ("Encounter", {"serviceProvider": {"display": "Kirurgisk afdeling", "reference": "Location/hiv"}}, set()),
    ],
)  # fmt: skip
def test_wherever_words_stand(kind: str, body: dict[str, Any], labels: set[str]) -> None:
    assert sensitive(kind, **body) == labels


def test_a_letter_is_labelled_by_its_words_and_stays_a_letter() -> None:
    """Those who treat still read it: that it names a benefit makes it no matter of benefits."""
    letter = {"contentType": "text/plain", "data": b64encode(b"Modtager kontanthj\xc3\xa6lp og har angst").decode()}
    body = {"resourceType": "DocumentReference", "content": [{"attachment": letter}]}
    labels, data_class = LABELLER.label(body, "region", "DocumentReference", "source")
    assert PSY in labels
    assert data_class == "health"


@pytest.mark.parametrize(
    ("told", "labels"),
    [("Behandling efter SEL 101", {SUD}), ("serviceloven paragraf 101", {SUD}), ("§§ 101 og 110", {SUD, HOUSING}),
     ("§§ 85, 107", {HOUSING}), ("Lov om social service § 109, stk. 1", {SDV}), ("§\u00a0101", {SUD}),
     ("&#167; 110", {HOUSING}),
     ("Sundhedslovens § 141", {ETHUD}), ("§ 142 i sundhedsloven", {SUD}), ("SUL 141, stk. 1", {ETHUD}),
     ("Handleplan efter serviceloven § 141", set()), ("Handleplan, § 141", set()), ("Sundhedsloven § 101", set()),
     ("Paragraf 85", set()), ("Kl. 10, stue 101", set())],
)  # fmt: skip
def test_sections_of_laws(told: str, labels: set[str]) -> None:
    assert sensitive("CarePlan", "municipality", title=told) == labels
    assert sensitive("CarePlan", "municipality", note=[{"text": told}]) == labels


def test_what_is_looked_in_is_never_longer_to_make() -> None:
    """Hostile texts cost no more than their length."""
    for text in ("§" * 50_000, "§§ 1" + ", 2" * 20_000, "<b" * 30_000, "par. " * 20_000, "&" * 50_000, "§§ 1 " * 9_000):
        assert isinstance(plain(f"{text} {' ' * 20_000} 1"), str)


@pytest.mark.parametrize("kind", ["CarePlan", "Condition"])
def test_no_code_that_is_known_says_less_than_its_name(kind: str) -> None:
    """A code comes without its words too: the same fact is labelled alike."""
    mappings = Settings().mappings_folder
    systems = {"ffb": FFB, "fsiii": "urn:oid:1.2.208.176.2.21", "kle": KLE}
    for name, system in systems.items():
        with (mappings / "codes" / "terms" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                named = sensitive(kind, "municipality", code={"text": row["display"]})
                told = sensitive(kind, "municipality", code=coded(system, row["code"]))
                grave = {one for one in named if one.startswith(f"{ACT_CODE}|") or one == CRIMINAL}
                assert grave <= told, (row["code"], row["display"])


@pytest.mark.parametrize(
    ("kind", "element"),
    [("Encounter", "serviceProvider"), ("CarePlan", "author"), ("Task", "owner"), ("ServiceRequest", "requester"),
     ("Communication", "sender"), ("DocumentReference", "custodian"), ("EpisodeOfCare", "managingOrganization")],
)  # fmt: skip
def test_who_gives_shelter_is_an_address_wherever_it_stands(kind: str, element: str) -> None:
    for name in ("Korsbæk Kvindekrisecenter", "Krisecentret Lunden"):
        told = sensitive(kind, "municipality", **{element: {"type": "Organization", "display": name}})
        assert told == {SDV, f"{DATA_CLASS}|protected-address"}, name
