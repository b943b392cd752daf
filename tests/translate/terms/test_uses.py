"""Tables of an installation that name codes which there are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.translate import policy_tables
from gateway.translate.rules.codes import Codes, table
from gateway.translate.rules.problems import MappingError, Mark, Problems
from gateway.translate.terms.uses import check_codes, check_prefix
from tests.translate.terms.test_terms import FFB, FSIII, HOMELESS, KLE, MAPPINGS, MUNICIPALITY, SKS, terms

HERE = Mark("mappings/policy/labels.csv", 7)
HEADER = "source_system,source_code,target_system,target_code,display,note,valid_from,valid_to\n"


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        (FFB, HOMELESS),
        (FFB, HOMELESS[:8]),
        (FFB, ""),
        (FSIII, "I6.3"),
        (FSIII, "57b8979f_cf46_4312_aafa_3a0dd93aa921"),
        (KLE, "27"),
        (KLE, "27.57"),
        (KLE, "27.35.04"),
        (KLE, "85.02"),
        ("*", "DF10-DF19"),
        ("*", "DF1057"),
        ("*", "VIP_SAGER"),
        (SKS, "F20-F99"),
        (SKS, "Z91.5"),
        ("http://nowhere", "x"),
    ],
)
def test_beginnings_that_there_are(url: str, prefix: str) -> None:
    problems = Problems()
    check_prefix(terms(), url, prefix, HERE, problems)
    assert not problems.found


@pytest.mark.parametrize(
    ("url", "prefix", "told"),
    [
        (FFB, "293bf940-c075-4e3d-b5ef-6e331202e557", f"unknown FFB code {HOMELESS[:-1]}7 (did you mean {HOMELESS}?)"),
        ("http://kl.dk/fhir/common/caresocial/CodeSystem/FFB", "9", ""),
        (FSIII, "I6.99", "unknown FSIII code I6.99"),
        (KLE, "27.98", "unknown KLE code 27.98"),
        (KLE, "27.51.03", "unknown KLE code 27.51.03"),
        ("*", "DQ10-DQ19", "unknown SKS code DQ10"),
    ],
)
def test_beginnings_that_there_are_not(url: str, prefix: str, told: str) -> None:
    problems = Problems()
    check_prefix(terms(), url, prefix, HERE, problems)
    if told:
        assert str(problems.found[0]).startswith(f"mappings/policy/labels.csv:7: {told}")
    else:
        assert not problems.found, "some code of FFB begins so"


def test_both_sides_of_a_code_table() -> None:
    rows = f"{FFB},{HOMELESS},urn:x,1,,,,\nurn:x,1,{FFB},{HOMELESS}0,,,,\nurn:x,2,{MUNICIPALITY},101,,,,\n,3,,,,no,,\n"
    problems = Problems()
    made = table("t", Mark("mappings/codes/t.csv", 0), HEADER + rows, problems)
    check_codes(terms(), Codes({"t": made}), problems)
    assert [str(one) for one in problems.found] == [
        f"mappings/codes/t.csv:3: unknown FFB code {HOMELESS}0 (did you mean {HOMELESS}?)",
        "mappings/codes/t.csv:4: 101 is written 0101 in DKMunicipalityCodes",
    ]


def test_a_label_on_a_misspelled_code_stops_the_start(tmp_path: Path) -> None:
    shutil.copytree(MAPPINGS / "policy", tmp_path / "mappings" / "policy")
    labels, kle = (tmp_path / "mappings" / "policy" / name for name in ("labels.csv", "kle-classes.csv"))
    labels.write_text(labels.read_text("utf-8").replace(HOMELESS, HOMELESS[:-1] + "7"), "utf-8")
    kle.write_text(kle.read_text("utf-8").replace("27.57.16,", "27.57.61,"), "utf-8")
    with pytest.raises(MappingError) as stopped:
        policy_tables.load(labels.parent, None, terms())
    told = [str(one) for one in stopped.value.problems]
    assert [one.partition(": ")[2][:22] for one in told] == ["unknown KLE code 27.57", "unknown FFB code 293bf"]
    assert "did you mean 27.57.16?" in told[0]


def test_every_code_of_a_concept_is_labelled_alike() -> None:
    _, labeller = policy_tables.load(MAPPINGS / "policy", None, terms())
    system = terms().named(FSIII)

    def labelled(url: str, code: str) -> tuple[frozenset[str], str]:
        body = {"resourceType": "Condition", "code": {"coding": [{"system": url, "code": code}]}}
        return labeller.label(body, "municipality", "Condition", "x")

    for own in system.codes:
        asked = [(url, code) for url in (FSIII, *system.about.also) for code in system.all_codes(system.concept(own))]
        assert len({labelled(url, code) for url, code in asked}) == 1, own
    sexuality, communication = (
        "Problemer_med_seksualitet_koen_og_kropsopfattelse",
        "a13ec0ec-b525-4b42-89e1-a75c743fcca5",
    )
    assert "http://terminology.hl7.org/CodeSystem/v3-ActCode|SEX" in labelled(FSIII, sexuality)[0]
    psychiatry = "http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY"
    assert psychiatry in labelled(FSIII, "A13")[0]
    assert psychiatry not in labelled(FSIII, communication)[0], "its uuid only begins like the key A13"
