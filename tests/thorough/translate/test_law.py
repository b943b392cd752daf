"""The real tables of mappings/policy, read against the law page: class of data × reader, and what codes mean.

T: look-up for a current treatment unless the citizen objects. C: consent. own: the reader's own legal world sent it,
law: some world of the reader's own authority did, else consent. D: closed, also to a consent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.domain.decide import Basis, Denial, Permit, Reason
from gateway.domain.identifier import Identifier
from gateway.domain.labels import Labeller
from gateway.domain.limits import Limits
from gateway.domain.policy import CLASSES, ROLES
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, DATA_CLASS, UNREAD
from gateway.translate.policy_tables import load
from tests.domain.consent.making import consent, rule, written
from tests.domain.deciding import CLINIC, caller, decided, facts

FOLDER = Path(__file__).parents[3] / "mappings" / "policy"
POLICY, LABELLER = load(FOLDER, {role: {(CLINIC.key, role)} for role in ROLES})

READERS = ("hospital", "nursing", "social", "provider", "jobcenter", "benefit", "ngo")

# class, from, then one word per reader in that order
LAW = """
identity          shared        T    T    own  C    C    C    C
plan              shared        T    T    own  own  own  own  C
consent           shared        T    T    own  own  own  own  C
stay              region        T    T    C    C    C    C    D
stay              municipality  T    T    own  C    own  own  D
health            region        T    T    C    own  C    C    D
psychiatry        region        T    T    C    own  C    C    D
substance         region        T    T    C    own  C    C    D
health            municipality  C    own  own  own  own  own  D
psychiatry        municipality  C    own  own  own  own  own  D
substance         municipality  C    own  own  own  own  own  D
social            municipality  C    own  own  own  own  own  C
housing           municipality  C    own  own  own  own  own  C
function          municipality  C    own  own  own  own  own  D
wishes            municipality  C    own  own  own  own  own  C
wishes            shared        C    own  own  own  own  own  C
benefit           municipality  C    D    law  D    law  law  D
employment        municipality  C    D    own  D    own  own  D
criminal          municipality  C    D    own  D    D    D    D
housing           region        T    C    C    own  C    C    C
protected-address shared        T    T    own  C    C    C    D
"""
CASES = [
    (data_class, sector, role, word)
    for data_class, sector, *words in (line.split() for line in LAW.strip().splitlines())
    for role, word in zip(READERS, words, strict=True)
]


def answer(role: str, data_class: str, sector: str, purpose: str, *consents: dict[str, Any], source: str = "x") -> Any:
    more = {"sector": sector} if role == "provider" and source == role else {}
    return decided(caller(role, purpose, **more), facts(data_class, sector, source=source), *consents, policy=POLICY)


@pytest.mark.parametrize(("data_class", "sector", "role", "word"), CASES)
def test_the_law_page(data_class: str, sector: str, role: str, word: str) -> None:
    alone = answer(role, data_class, sector, "TREAT")
    case_work = answer(role, data_class, sector, "CAREMGT")
    agreed = answer(role, data_class, sector, "CAREMGT", written(rule("permit")))
    objected = answer(role, data_class, sector, "TREAT", consent(rule("deny")))
    own = answer(role, data_class, sector, "CAREMGT", source=role)
    assert isinstance(alone, Permit) == (word == "T")
    assert isinstance(case_work, Denial), "case work is another purpose than treatment"
    assert isinstance(agreed, Permit) == (word != "D")
    assert isinstance(objected, Denial)
    assert isinstance(own, Permit) == (word in ("own", "law"))
    if word == "D":
        assert alone.reason is agreed.reason is Reason.NEVER
    elif word != "T":
        assert alone.reason is Reason.CONSENT_NEEDED
    for one in (alone, case_work, agreed, own):
        assert "§" in one.law
        assert one.rule.startswith("mappings/policy/access.csv:")


@pytest.mark.parametrize("role", ["hospital", "nursing", "social", "provider", "jobcenter", "benefit"])
def test_what_a_legal_world_wrote_itself_does_not_disappear_for_it(role: str) -> None:
    """It is no disclosure. Closed are classes that are of no use to it (databeskyttelsesloven § 8); who the citizen is,
    and where, is told by all together and no single world's own."""
    sector = {"hospital": "region", "provider": "other"}.get(role, "municipality")
    for data_class in CLASSES:
        row = POLICY.row(data_class, sector, role, "TREAT", "2026-06-01")
        if data_class in ("identity", "protected-address", "stay") or row is None or row.default == "never":
            continue
        about = facts(data_class, "region" if role == "hospital" else "shared" if sector == "other" else sector,
                      source=role)  # fmt: skip
        assert isinstance(decided(caller(role, "TREAT"), about, policy=POLICY), Permit), data_class
        assert isinstance(decided(caller(role, "TREAT"), about, consent(rule("deny")), policy=POLICY), Denial) == (
            data_class != "override"
        )


# Værdispring: class → who may; nobody else
OVERRIDES = {
    "identity": {"hospital", "nursing", "social"},
    "plan": {"hospital", "nursing", "social"},
    "stay": {"hospital", "nursing", "social"},
    "health": {"hospital", "nursing", "social"},
    "psychiatry": {"hospital", "nursing", "social"},
    "substance": {"hospital", "nursing", "social"},
    "social": {"hospital", "nursing"},
    "housing": {"hospital", "nursing"},
    "protected-address": {"hospital", "nursing"},
}


@pytest.mark.parametrize("data_class", CLASSES)
@pytest.mark.parametrize("sector", ["region", "municipality", "shared"])
def test_who_may_override(data_class: str, sector: str) -> None:
    may = {role for role in ROLES if isinstance(answer(role, data_class, sector, "BTG"), Permit)}
    assert may == OVERRIDES.get(data_class, set())


def test_an_override_never_opens_economy_work_or_criminal_matters() -> None:
    for row in POLICY.rows:
        if row.data_class in ("benefit", "employment", "criminal"):
            assert not row.override, row.rule


def test_one_municipality_is_several_legal_worlds() -> None:
    for data_class in CLASSES:
        if data_class == "benefit":  # retssikkerhedsloven § 11 a (2)-(4)
            continue
        if data_class != "employment":
            assert isinstance(answer("jobcenter", data_class, "municipality", "CAREMGT", source="social"), Denial)
        assert isinstance(answer("social", data_class, "municipality", "CAREMGT", source="jobcenter"), Denial)
        assert isinstance(answer("social", data_class, "municipality", "CAREMGT", source="nursing"), Denial)
        assert isinstance(answer("jobcenter", data_class, "municipality", "CAREMGT", source="social"), Denial)


def test_a_benefit_is_seen_in_all_of_its_authority_that_decides_about_benefits_and_nowhere_else() -> None:
    elsewhere = Identifier("http://cvr.dk", "11259979")
    for role in ("social", "jobcenter", "benefit"):
        for source in ("social", "jobcenter", "benefit"):
            seen = answer(role, "benefit", "municipality", "CAREMGT", source=source)
            assert isinstance(seen, Permit)
            assert seen.basis is (Basis.OWN if source == role else Basis.LAW)
            assert "11 a" in seen.law
        account = facts("benefit", "municipality", source="social", kind="Account")
        words = decided(caller(role, "CAREMGT"), account, policy=POLICY)
        assert isinstance(words, Permit)
        assert words.redactions == (frozenset() if role == "social" else {"Account.description"})
        about = facts("benefit", "municipality", source="benefit")
        other = decided(caller(role, "CAREMGT", organisation=elsewhere), about, policy=POLICY)
        assert isinstance(other, Denial)
        assert other.reason is Reason.CONSENT_NEEDED
        refused = answer(role, "benefit", "municipality", "CAREMGT", consent(rule("deny")), source="benefit")
        assert isinstance(refused, Denial)
    owned = Limits(CLINIC.key, "32.24.06", 1)
    for limits, kind in ((owned, Permit), (Limits(elsewhere.key, "32.24.06", 1), Denial), (None, Denial)):
        sent_for_all = facts("benefit", "municipality", source="platform", limits=limits)
        assert isinstance(decided(caller("social", "CAREMGT"), sent_for_all, policy=POLICY), kind)
    for role in ("nursing", "provider", "ngo"):
        assert answer(role, "benefit", "municipality", "TREAT", source="benefit").reason is Reason.NEVER
    assert answer("hospital", "benefit", "municipality", "TREAT", source="benefit").reason is Reason.CONSENT_NEEDED
    assert isinstance(answer("hospital", "benefit", "municipality", "BTG", source="benefit"), Denial)


def test_section_44() -> None:
    oral, old = consent(rule("permit")), written(rule("permit"), dateTime="2025-05-01")
    for data_class in ("stay", "health", "psychiatry", "substance"):
        assert isinstance(answer("social", data_class, "region", "CAREMGT", written(rule("permit"))), Permit)
        assert isinstance(answer("social", data_class, "region", "CAREMGT", oral), Denial)
        assert isinstance(answer("social", data_class, "region", "CAREMGT", old), Denial)
        assert isinstance(answer("nursing", data_class, "region", "TREAT", oral), Permit)


def test_an_auditor_sees_nothing_and_a_citizen_the_own() -> None:
    same = {"p1": frozenset({"urn:x|7"})}
    for data_class in CLASSES:
        for sector in ("region", "municipality", "shared"):
            about = facts(data_class, sector)
            denial = decided(caller("auditor", "HOPERAT"), about, written(rule("permit")), policy=POLICY)
            assert isinstance(denial, Denial)
            assert denial.reason is Reason.AUDITOR
            assert isinstance(decided(caller("citizen", "PATRQT"), about, policy=POLICY, same=same), Permit)


def test_no_case_is_left_out_now_or_later() -> None:
    for year in (2026, 2027, 2035):
        assert not POLICY.gaps(f"{year}-01-01")


def test_every_row_rests_on_a_law() -> None:
    assert all("§" in row.law or "art." in row.law for row in POLICY.rows)


# What codes mean

PSY, SUD, ETHUD, HIV, SDV = (f"{ACT_CODE}|{code}" for code in "PSY SUD ETHUD HIV SDV".split())
HOUSING, CRIMINAL, EMPLOYMENT, BENEFIT, PROTECTED = (
    f"{DATA_CLASS}|{code}" for code in "housing criminal employment benefit protected-address".split()
)
SKS, ICD = "urn:oid:1.2.208.176.2.4.12", "http://hl7.org/fhir/sid/icd-10"
ICD_GM, OWN = "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "urn:faellesplan:source:regh:DIAG"
FFB, FSIII = "urn:oid:1.2.208.176.2.22", "urn:oid:1.2.208.176.2.21"
KLE, KL = "https://data.gov.dk/id/classification/KLE", "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
N, R, V = (f"{CONFIDENTIALITY}|{code}" for code in "NRV")

CODES = [
    ("Condition", "region", SKS, "DF200", {PSY}, "psychiatry"),
    ("Condition", "region", SKS, "DF03", {PSY}, "psychiatry"),
    ("Condition", "region", ICD, "F20.0", {PSY}, "psychiatry"),
    ("Condition", "region", "", "F20.0", {PSY}, "psychiatry"),  # nobody says what list it is from: it may be that one
    ("Condition", "region", OWN, "F200", {PSY}, "psychiatry"),
    ("Condition", "region", OWN, "f10.2", {SUD, ETHUD}, "substance"),
    (
        "Condition",
        "region",
        OWN,
        "F20c1d2e-0000-4000-8000-000000000001",
        {UNREAD},
        "health",
    ),
    ("Condition", "region", "http://snomed.info/sct", "F20", {UNREAD}, "health"),
    ("Condition", "region", "http://hl7.org/fhir/sid/icd-10-cm", "F20.0", {PSY}, "psychiatry"),
    (
        "Condition",
        "region",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "F11.2",
        {SUD, f"{ACT_CODE}|OPIOIDUD"},
        "substance",
    ),
    ("Condition", "region", SKS, "DF102", {SUD, ETHUD}, "substance"),
    ("Condition", "region", SKS, "DF195", {SUD, PSY}, "substance"),
    ("Condition", "region", ICD, "F11.2", {SUD, f"{ACT_CODE}|OPIOIDUD"}, "substance"),
    ("Condition", "region", SKS, "DB20", {HIV}, "health"),
    ("Condition", "region", SKS, "DB25", set(), "health"),
    ("Condition", "region", SKS, "DT741", {SDV}, "health"),
    ("Condition", "region", SKS, "DJ189", set(), "health"),
    ("Condition", "region", SKS, "DG301", {PSY}, "health"),
    ("Condition", "region", ICD, "G56.0", set(), "health"),
    ("Condition", "region", ICD, "Z71.4", {ETHUD}, "health"),
    ("Condition", "region", ICD, "Z50.3", {SUD}, "health"),
    ("Condition", "region", ICD, "O06.9", {f"{ACT_CODE}|SEX"}, "health"),
    ("Condition", "region", ICD, "F52.2", {PSY, f"{ACT_CODE}|SEX"}, "psychiatry"),
    ("Condition", "region", ICD, "Z04.5", {SDV}, "health"),
    ("Condition", "region", "http://hl7.org/fhir/sid/icpc-2", "W79", {f"{ACT_CODE}|SEX"}, "health"),
    ("Condition", "region", "http://hl7.org/fhir/sid/icpc-2", "Z06", {EMPLOYMENT}, "health"),
    ("Observation", "region", "urn:oid:2.16.840.1.113883.6.73", "N05AH02", {PSY}, "psychiatry"),
    ("Observation", "region", "http://www.whocc.no/atc", "J05AJ03", {HIV}, "health"),
    ("Observation", "region", "http://www.whocc.no/atc", "J05AF10", set(), "health"),
    ("Condition", "region", SKS, "DZ590", {HOUSING}, "health"),
    ("Condition", "region", SKS, "DZ651", {CRIMINAL}, "criminal"),
    ("Condition", "municipality", FFB, "293bf940-c075-4e3d-b5ef-6e331202e556", {HOUSING}, "housing"),
    ("Condition", "municipality", FFB, "0e25a2ec-4f04-4d14-a5ad-a6519a7d1d5f", {SUD}, "substance"),
    ("Condition", "municipality", FFB, "ab4413f0-fa81-41c0-ad8c-21782c12a0fa", {SUD, ETHUD}, "substance"),
    ("Condition", "municipality", FFB, "df42d472-06f6-4c5f-9dcf-64aa6cc20925", {CRIMINAL}, "criminal"),
    ("Condition", "municipality", FFB, "5e95db73-4d16-4084-93a3-595c0650b160", {PSY}, "psychiatry"),
    ("Condition", "municipality", FFB, "685e8517-2f5c-4ef8-a7c4-fa2d008fdd9d", {EMPLOYMENT}, "function"),
    ("Condition", "municipality", FFB, "7a8f247b-baf8-4552-95bb-acf8ef004b74", set(), "function"),
    ("Condition", "municipality", FSIII, "E1", set(), "health"),
    ("Condition", "municipality", FSIII, "I6.3", {SUD}, "substance"),
    ("Goal", "municipality", KL, "416fe27d-3ccf-4390-8742-8b52a9d8dc78", set(), "wishes"),
    ("CarePlan", "municipality", KLE, "27.51.04", {SUD}, "substance"),
    ("CarePlan", "municipality", KLE, "27.57.16", {HOUSING}, "housing"),
    ("CarePlan", "municipality", KLE, "27.57.12", {HOUSING, SDV}, "housing"),
    ("CarePlan", "municipality", KLE, "15.20.20", {EMPLOYMENT}, "employment"),
    ("CarePlan", "municipality", KLE, "32.24.06", {BENEFIT}, "benefit"),
    ("CarePlan", "municipality", KLE, "27.36.14", set(), "social"),
    ("CarePlan", "municipality", KLE, "27.12.26", {CRIMINAL, PSY}, "criminal"),
    ("CarePlan", "municipality", KLE, "27.25.08", {CRIMINAL}, "criminal"),
    ("CarePlan", "municipality", KLE, "32.03.56", {CRIMINAL, BENEFIT}, "benefit"),
    ("CarePlan", "municipality", KLE, "29.24.16", {PSY}, "health"),
    ("Condition", "municipality", FFB, "7b48f1a0-579b-4976-ae7c-4074b5981449", {PSY}, "psychiatry"),
    ("Condition", "municipality", FFB, "9b3fd322-a75a-4ed8-9b74-425fa1e01c95", {PSY}, "psychiatry"),
    ("CarePlan", "municipality", KLE, "29.18.00", set(), "health"),
    ("Encounter", "region", "http://terminology.hl7.org/CodeSystem/v2-0069", "PSY", {PSY}, "stay"),
]


def told(body: dict[str, Any], sector: str, labeller: Labeller = LABELLER) -> tuple[set[str], str]:
    found, data_class = labeller.label(body, sector, body["resourceType"], "source")
    return set(found), data_class


@pytest.mark.parametrize(("kind", "sector", "system", "code", "labels", "data_class"), CODES)
def test_codes(kind: str, sector: str, system: str, code: str, labels: set[str], data_class: str) -> None:
    body = {"resourceType": kind, "code": {"coding": [{"system": system, "code": code}]}}
    assert told(body, sector) == (labels | ({R} if labels - {UNREAD} else {N}), data_class)


def test_sensitivity_of_oio_cases() -> None:
    for code, label in (("FOELSOMME_PERSONOPLYSNINGER", R), ("VIP_SAGER", V), ("FORTROLIGE_PERSONOPLYSNINGER", N)):
        body = {"resourceType": "CarePlan", "category": [{"coding": [{"system": "urn:oio", "code": code}]}]}
        assert told(body, "municipality") == ({label}, "social")


@pytest.mark.parametrize(
    ("unit", "labels"),
    [("Psykiatrisk Center København", {PSY}), ("Ældrepsykiatrisk afsnit", {PSY}), ("Rusmiddelcenter Nord", {SUD}),
     ("Korsbæk Kvindekrisecenter", {SDV, PROTECTED}), ("Herberget Natlyset", {HOUSING}), ("Medicinsk afdeling", set())],
)  # fmt: skip
def test_names_of_units(unit: str, labels: set[str]) -> None:
    body = {"resourceType": "Encounter", "serviceProvider": {"display": unit}}
    assert told(body, "region") == (labels | ({R} if labels else {N}), "stay")


@pytest.mark.parametrize(
    ("text", "labels", "data_class"),
    [("Generaliseret angst", {PSY}, "psychiatry"), ("Schizophrenia paranoides", {PSY}, "psychiatry"),
     ("Emotionelt ustabil personlighedsforstyrrelse", {PSY}, "psychiatry"), ("ADHD", {PSY}, "psychiatry"),
     ("Demens", {PSY}, "psychiatry"), ("Overdosis", {SUD}, "substance"), ("Abstinenser", {SUD}, "substance"),
     ("Angina pectoris", set(), "health"), ("Manipulation af skulder", set(), "health")],
)  # fmt: skip
def test_diagnoses_that_are_text_alone(text: str, labels: set[str], data_class: str) -> None:
    told_so = told({"resourceType": "Condition", "code": {"text": text}}, "region")
    assert told_so == (labels | ({R} if labels else {N}), data_class)


@pytest.mark.parametrize(
    ("text", "labels", "data_class"),
    [("Kørsel efter §105", set(), "social"), ("Stofmisbrugsbehandling efter §101", {SUD}, "substance"),
     ("Ophold på forsorgshjem efter §110", {HOUSING}, "housing"), ("Kontanthjælp", {BENEFIT}, "benefit"),
     ("Alkoholbehandling", {ETHUD}, "substance"), ("Samtaler om arkivering", set(), "social")],
)  # fmt: skip
def test_interventions_that_are_text_alone(text: str, labels: set[str], data_class: str) -> None:
    body = {"resourceType": "CarePlan", "activity": [{"detail": {"code": {"coding": [{"system": FFB}], "text": text}}}]}
    assert told(body, "municipality") == (labels | ({R} if labels else {N}), data_class)


def test_a_protected_citizen() -> None:
    protected = {"resourceType": "Patient", "meta": {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}}
    assert told(protected, "shared") == ({R, PROTECTED}, "identity")
    assert told(protected | {"resourceType": "RelatedPerson"}, "region") == ({R, PROTECTED}, "identity")
