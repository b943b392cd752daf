"""Codes looked up, validated and translated, with the traps of each system."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

import pytest

from gateway.errors import NotFound
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.terms.terms import Terms

MAPPINGS = Path(__file__).parents[3] / "mappings"
FFB = "urn:oid:1.2.208.176.2.22"
FSIII = "urn:oid:1.2.208.176.2.21"
CARE = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
KLE = "https://data.gov.dk/id/classification/KLE"
SKS = "urn:oid:1.2.208.176.2.4.12"
MUNICIPALITY = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
HOMELESS = "293bf940-c075-4e3d-b5ef-6e331202e556"
TALK = "6eddbaf7-2a73-49d4-91e7-6138d419f58c"


@functools.cache
def terms() -> Terms:
    problems = Problems()
    made = Terms.read(MAPPINGS, Codes.read(MAPPINGS / "codes", problems), problems)
    assert not [one for one in problems.found if "term" in one.mark.file]
    return made


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        (FFB, "FFB"),
        ("1.2.208.176.2.22", "FFB"),
        ("URN:OID:1.2.208.176.2.22|20240530", "FFB"),
        ("http://kl.dk/fhir/common/caresocial/CodeSystem/FFB", "FFB"),
        ("http://kl.dk/fhir/common/caresocial/CodeSystem/FSIII/", "FSIII"),
        ("https://fhir.kl.dk/term/CodeSystem/CareSocialCodes", "CareSocialCodes"),
        ("http://kl.dk/fhir/common/caresocial/CodeSystem/KLCommonCareSocialCodes", "CareSocialCodes"),
        ("http://data.gov.dk/id/classification/KLE", "KLE"),
        ("http://hl7.dk/fhir/core/CodeSystem/dk-core-MunicipalityCodes", "DKMunicipalityCodes"),
    ],
)
def test_a_system_is_found_by_every_spelling(spelled: str, name: str) -> None:
    assert terms().named(spelled).about.name == name


def test_the_renamed_systems_of_kl_are_the_same_here() -> None:
    with (MAPPINGS / "kl" / "urls.csv").open(encoding="utf-8") as file:
        renamed = [row for row in csv.DictReader(file) if row["kind"] == "system" and row["written"][-1] != "/"]
    known = [(row["written"], row["meant"]) for row in renamed if terms().system(row["meant"])]
    assert len(known) > 3
    for written, meant in known:
        assert terms().system(written) is terms().system(meant), written


def test_a_uuid_and_its_legacy_key_are_one_concept() -> None:
    system = terms().named(FSIII)
    pairs = [("E1", "9c90b0e5-9c0a-4b72-a18c-76cd6d6c6213"), ("Kroppen", "aec684bd-c2ea-4ff0-8eb7-6d2cf67fb863")]
    pairs += [("H2", "5270beb2-5d61-46f0-acc3-d1ee2a750e53")]  # what Nexus calls a uuid
    pairs += [("83_stk_1_nr_1_Personlig_hjaelp_og_pleje", "23a80ae9-ab88-48ed-a689-36bdd3cc6e41")]
    for legacy, uuid in (*pairs, ("6eddbaf7_2a73_49d4_91e7_6138d419f58c", TALK)):
        first, second = terms().lookup(system, legacy), terms().lookup(system, uuid)
        assert first.concept is second.concept
        assert (first.code, second.code) == (legacy, uuid)
        assert terms().validate(system, legacy).valid
        assert terms().validate(system, uuid).valid


@pytest.mark.parametrize(
    "spelled", [TALK.upper(), f"{{{TALK}}}", f"urn:uuid:{TALK}", TALK.replace("-", "_").upper(), f" {TALK} "]
)
def test_other_spellings_of_a_code_are_found_but_are_not_the_code(spelled: str) -> None:
    system = terms().named(FSIII)
    assert terms().lookup(system, spelled).concept.code == TALK
    verdict = terms().validate(system, spelled)
    assert not verdict.valid
    assert "is written 6eddbaf7" in verdict.text


def test_the_same_words_in_two_systems_are_two_things() -> None:
    ffb, fsiii = terms().named(FFB), terms().named(FSIII)
    slight = "8328ce4a-6238-4f73-bf1a-74aadb68eff8"
    assert terms().validate(ffb, slight, "Let nedsat funktionsevne").valid
    assert not terms().validate(fsiii, slight).valid
    assert not terms().translate(FFB, slight, target=FSIII)
    need, function = (terms().lookup(ffb, code).concept for code in (
        "2254dac8-8aa3-4334-8502-9720194f49ad", "1c327095-107f-4b96-88d0-ec562cb980be"
    ))  # fmt: skip
    assert need.display == function.display == "Ikke vurderet"
    assert need.parent != function.parent
    assert "Støttebehov" in need.note
    assert not terms().translate(FFB, need.code, target=FFB)


@pytest.mark.parametrize(
    ("on", "inactive"), [("2019-05-12", False), ("2025-12-31", False), ("2026-01-01", True), ("", False)]
)
def test_a_retired_subject_is_valid_and_told_as_retired(on: str, inactive: bool) -> None:
    verdict = terms().validate(terms().named(KLE), "27.35.04", "Forebyggende hjemmebesøg [udgår 2026]", on)
    assert verdict.valid
    assert ("retired" in verdict.text) is inactive


@pytest.mark.parametrize(
    ("code", "says"),
    [("27.51.99", "KLE has no such code"), ("85.02.02", "may be one all the same"), ("G01", "may be one all the same")],
)
def test_what_the_table_does_not_hold_is_told_as_far_as_it_is_known(code: str, says: str) -> None:
    verdict = terms().validate(terms().named(KLE), code)
    assert not verdict.valid
    assert says in verdict.text


def test_sks_is_known_by_its_beginnings() -> None:
    system = terms().named(SKS)
    assert "below DF20, Skizofreni" in terms().validate(system, "DF2041").text
    assert terms().validate(system, "DF20", "Skizofrenia").valid, "the words are ours: another display is no fault"
    assert system.begins("DF1057")
    assert not system.begins("DQ99")


def test_municipalities_have_four_digits() -> None:
    system = terms().named(MUNICIPALITY)
    assert terms().lookup(system, "165").concept.display == "Albertslund"
    assert not terms().validate(system, "165").valid
    assert terms().validate(system, "0165").valid
    assert len(system.codes) == 99


def test_a_region_ends_with_the_reform() -> None:
    system = terms().named("urn:iso:std:iso:3166:-2")
    assert not terms().validate(system, "DK-84", on="2026-12-31").text
    assert "until 2026-12-31" in terms().validate(system, "DK-84", on="2027-01-01").text
    assert not terms().validate(system, "DK-81", on="2027-01-01").text


def test_displays_may_differ_in_capitals_and_blanks_only() -> None:
    system = terms().named(FFB)
    assert terms().validate(system, HOMELESS, " hjemløshed ").valid
    verdict = terms().validate(system, HOMELESS, "Stofmisbrug")
    assert not verdict.valid
    assert "Hjemløshed" in verdict.text
    assert terms().validate(terms().named(FSIII), "I4.9", "Andre problemer med hud og slimhinder").valid
    assert terms().validate(terms().named(FSIII), "B4", "Svære begrænsninger").valid


@pytest.mark.parametrize(
    ("url", "system", "code", "inside"),
    [
        ("KLTargetGroupsFFB", FFB, HOMELESS, True),
        ("KLTargetGroupsFFB", FFB, "e2ecc751-21b9-4aab-a20f-2f3dd9701c97", False),
        ("KLTargetGroupsFFB", FFB, "c8f4475a-8de3-4920-ad0c-eea78c49a68d", False),
        ("KLConditionCodesFFB", FFB, "c8f4475a-8de3-4920-ad0c-eea78c49a68d", True),
        ("KLGoalTypeCodes", CARE, "416fe27d-3ccf-4390-8742-8b52a9d8dc78", True),
        ("KLGoalTypeCodes", CARE, "253bbdc0-c4ca-4e77-9d3e-3a9e51281636", False),
        ("KLCarePlanCategoryCodes", CARE, "e459386d-1474-4c31-89c5-c8bc7a25e3d4", True),
        ("KLCarePlanCategoryCodes", CARE, "4a297733-4d66-4726-a933-590d55cf91e0", False),
        ("KLRequestFromFSIII", FSIII, "A13", True),
        ("KLServiceCodesFFB", FFB, "25de7444-3919-4dab-b844-8cec6c15f30e", True),
    ],
)
def test_value_sets(url: str, system: str, code: str, inside: bool) -> None:
    for room in ("term", "core"):
        value_set = terms().value_set(f"http://fhir.kl.dk/{room}/ValueSet/{url}|1.0")
        assert terms().validate_in(value_set, terms().named(system), code).valid is inside
        assert terms().validate_in(value_set, None, code).valid is inside


def test_translations_by_the_code_tables_and_back() -> None:
    there = terms().translate("http://cvr.dk", "64942212", target=MUNICIPALITY)
    assert [(one.system, one.code, one.display) for one in there] == [(MUNICIPALITY, "0101", "København")]
    assert there[0].table.startswith("https://faellesplan.dk/fhir/ConceptMap/")
    assert "64942212" in {one.code for one in terms().translate(MUNICIPALITY, "101", reverse=True)}
    assert not terms().translate("http://nowhere", "64942212")


def test_a_code_that_means_nothing_there_says_why() -> None:
    silent = next((t, row) for t in terms().codes.tables.values() for row in t.rows if not row.target_code)
    table, row = silent
    matches = terms().translate(row.source_system, row.source_code, table=table)
    assert next(one.note for one in matches if one.equivalence == "unmatched") == row.note


def test_our_own_codes_are_looked_up_too() -> None:
    system = terms().named("https://faellesplan.dk/fhir/CodeSystem/data-class")
    assert terms().validate(system, "housing").valid
    value_set = terms().value_set("https://faellesplan.dk/fhir/ValueSet/plan-category")
    assert len(value_set.members) == 1


@pytest.mark.parametrize("told", ["", "x", "urn:oid:", "https://", "|", "2512489996"])
def test_an_unknown_system_is_not_found_and_not_repeated(told: str) -> None:
    with pytest.raises(NotFound) as refused:
        terms().named(told)
    assert not told or told not in refused.value.told().replace("https://", "") or told in ("x", "|")
