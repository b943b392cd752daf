"""Rules of languages that are FHIR already: carry, values as they stand, codings through tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import UnknownCode
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.paths import FhirReader
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import load
from tests.translate.rules import toy
from tests.translate.rules.desk import HEADER, write

OLD, NEW = "http://old.example/role", "http://new.example/role"
ROLES = HEADER + f"{OLD},17,{NEW},coordinator,Tovholder,,,\n{OLD},18,{NEW},nurse,,,,\nurn:other,17,{NEW},other,,,,\n"


def message(**resource: Any) -> Message:
    header = {"resourceType": "MessageHeader", "id": "h", "eventCoding": {"system": "http://a", "code": "b"}}
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": r} for n, r in enumerate((header, resource))]
    return Message({"resourceType": "Bundle", "type": "message", "entry": entries})


def run(folder: Path, rules: str, given: Message, env: Env | None = None) -> dict[str, Any]:
    mappings = write(folder, {"kl/one.yaml": rules, "codes/roles.csv": ROLES})
    return load(mappings, FhirReader("kl", {})).of("").run(given, env or toy.env())[0].body


def wrong(folder: Path, rules: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        run(folder, rules, message(resourceType="Patient"))
    return [str(p) for p in caught.value.problems]


TEAM = "make: CareTeam\nfor: CareTeam\nkey: own(= CareTeam, .id)\n"


def test_carried_elements_stand_as_they_stood(tmp_path: Path) -> None:
    given = {
        "status": "active",
        "category": [{"text": "a"}, {"coding": [{"code": "x"}]}],
        "period": {"start": "2025-03-14"},
        "name": "Team",
        "note": [{"text": "no"}],
    }
    rules = TEAM + "carry: [status, category, period, telecom]\nrules:\n  name: .name\n"
    made = run(tmp_path, rules, message(resourceType="CareTeam", id="1", **given))
    assert made == {k: given[k] for k in ("status", "category", "period", "name")}


def test_what_is_carried_is_no_more_than_what_is_there(tmp_path: Path) -> None:
    """A null keeps two lists in step and is nothing by itself; false and 0 are values; lists are made anew."""
    given = {"active": False, "multipleBirthInteger": 0, "photo": [{}], "link": [], "gender": ""}
    name = [{"given": ["A", None]}, {}, {"family": "B"}]
    rules = f"make: Patient\nfor: Patient\nkey: own(= X, .id)\ncarry: [name, {', '.join(given)}]\n"
    asked = message(resourceType="Patient", id="1", name=name, **given)
    made = run(tmp_path, rules, asked)
    assert made == {"name": [name[0], name[2]], "active": False, "multipleBirthInteger": 0}
    assert made["name"] is not name


def test_only_spellings_of_one_choice_exclude_each_other(tmp_path: Path) -> None:
    """`prognosisReference` is an element of its own, whatever its name looks like beside `prognosisCodeableConcept`."""
    given = {
        "prognosisCodeableConcept": [{"text": "good"}],
        "prognosisReference": [{"reference": "RiskAssessment/1"}],
        "effectiveDateTime": "2025-03-14",
    }
    elements = [*given, "effectivePeriod"]
    rules = f"make: ClinicalImpression\nfor: ClinicalImpression\nkey: own(= X, .id)\ncarry: [{', '.join(elements)}]\n"
    both = given | {"effectivePeriod": {"start": "2025-03-14"}}
    assert run(tmp_path, rules, message(resourceType="ClinicalImpression", id="1", **both)) == given


def test_a_path_that_would_select_nothing_is_told_where_it_stands(tmp_path: Path) -> None:
    rules = TEAM + "rules:\n  participant:\n    for: CareTeam.participant\n    rules:\n"
    (told,) = wrong(tmp_path, rules + "      period.start: CareTeam.participant[id=p1].period.start\n")
    assert told.startswith("mappings/kl/one.yaml:8: CareTeam.participant[id=p1].period.start selects by id what ")
    assert told.endswith(": select there (did you mean .period.start?)")


def test_carry_inside_objects_and_lists(tmp_path: Path) -> None:
    rules = (
        TEAM
        + """rules:
  participant:
    for: .participant
    carry: [member, period]
    rules:
      role: {from: .role, map: roles, policy: keep}
"""
    )
    given = [
        {
            "member": {"display": "Ib"},
            "role": [{"coding": [{"system": OLD, "code": "17", "display": "Gl."}], "text": "T"}],
        },
        {
            "role": [{"text": "only text"}, {"coding": [{"system": "http://x", "code": "1"}]}],
            "onBehalfOf": {"display": "K"},
        },
        {"onBehalfOf": {"display": "K"}},
    ]
    made = run(tmp_path, rules, message(resourceType="CareTeam", id="1", participant=given))
    assert made["participant"] == [
        {
            "member": {"display": "Ib"},
            "role": [
                {
                    "coding": [
                        {"system": NEW, "code": "coordinator", "display": "Tovholder"},
                        {"system": OLD, "code": "17", "display": "Gl."},
                    ],
                    "text": "T",
                }
            ],
        },
        {"role": given[1]["role"]},
    ]


def test_policies_on_concepts(tmp_path: Path) -> None:
    role = TEAM + "rules:\n  category: {from: .category, map: roles, policy: %s}\n"
    given = message(
        resourceType="CareTeam", id="1", category=[{"text": "x"}, {"coding": [{"system": OLD, "code": "18"}]}]
    )
    env = toy.env()
    mapped = {"coding": [{"system": NEW, "code": "nurse"}, {"system": OLD, "code": "18"}]}
    assert run(tmp_path, role % "drop", given, env) == {"category": [mapped]}
    assert [f.where for f in env.findings] == ["Bundle.entry[1].resource.category[0]"]
    assert run(tmp_path, role % "keep", given) == {"category": [{"text": "x"}, mapped]}
    with pytest.raises(UnknownCode, match=r"Bundle\.entry"):
        run(tmp_path, role % "refuse", given)


def test_a_coding_becomes_a_concept_a_coding_or_a_code(tmp_path: Path) -> None:
    given = message(
        resourceType="Encounter", id="1", **{"class": {"system": OLD, "code": "18"}},
        type=[{"coding": [{"system": "http://x", "code": "9"}, {"system": OLD, "code": "17"}]}],
    )  # fmt: skip
    rules = """make: Encounter
for: Encounter
key: own(= Encounter, .id)
rules:
  type: {from: .class, map: roles, policy: keep}
  class: {from: .type, map: roles, policy: keep}
  length.code: {from: .class.code, map: roles, system: .class.system, policy: drop}
"""
    assert run(tmp_path, rules, given) == {
        "type": [{"coding": [{"system": NEW, "code": "nurse"}, {"system": OLD, "code": "18"}]}],
        "class": {"system": NEW, "code": "coordinator", "display": "Tovholder"},
        "length": {"code": "nurse"},
    }
    unknown = message(resourceType="Encounter", id="1", **{"class": {"system": "http://x", "code": "1"}})
    assert run(tmp_path, rules, unknown) == {"type": [{"coding": [{"system": "http://x", "code": "1"}]}]}


def test_values_keep_their_type(tmp_path: Path) -> None:
    rules = """make: Patient
for: Patient
key: own(= Patient, .id)
rules:
  active: .active
  multipleBirthInteger: .multipleBirthInteger
  birthDate: .birthDate
  gender: .gender
  name:
    for: .name
    rules: {given: .given, family: .family, use: = usual}
  contact.gender: = other
"""
    given = {"active": False, "multipleBirthInteger": 0, "birthDate": "1948-12", "gender": "female"}
    made = run(
        tmp_path, rules, message(resourceType="Patient", id="1", name=[{"given": ["a", "b"]}, {"text": "x"}], **given)
    )
    assert made == given | {"name": [{"given": ["a", "b"], "use": "usual"}], "contact": [{"gender": "other"}]}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("carry: [statu]\n", "4: CareTeam.statu is not an R4 element (did you mean CareTeam.status?)"),
        ("carry: [name]\nrules:\n  name: .name\n", "6: CareTeam.name is made twice, first at mappings/kl/one.yaml:4"),
        ("carry: [period]\nrules:\n  period.start: .period.start\n",
         "6: CareTeam.period is made twice, first at mappings/kl/one.yaml:4"),
        ("carry: [name, name]\n", "4: CareTeam.name is made twice, first at mappings/kl/one.yaml:4"),
        ("rules:\n  name: .nmae\n", "5: CareTeam.nmae is not an R4 element (did you mean CareTeam.name?)"),
        ("rules:\n  category: {from: .category.coding.code, map: roles, policy: keep}\n", ""),
    ],
)  # fmt: skip
def test_errors(tmp_path: Path, rules: str, told: str) -> None:
    if told:
        assert f"mappings/kl/one.yaml:{told}" in wrong(tmp_path, TEAM + rules)
    else:
        assert run(tmp_path, TEAM + rules, message(resourceType="CareTeam", id="1")) == {}


def test_one_path_inside_of_two_scopes_is_read_from_each(tmp_path: Path) -> None:
    rules = """
make: Patient
key: join(Patient.id, = x)
rules:
  communication:
    - for: Patient
      rules: {preferred: Patient.communication.preferred}
    - for: Patient.communication
      rules: {preferred: Patient.communication.preferred}
"""
    told = [{"preferred": True}, {"preferred": False}]
    made = run(tmp_path, rules, message(resourceType="Patient", id="1", communication=told))
    assert made["communication"] == [{"preferred": True}, *told]


@pytest.mark.parametrize("text", ["'", '"', "\\", "{s}", "{", "}", "a\nb", '"""', "'+exit()+'"])
def test_a_text_of_a_rule_file_is_never_code(tmp_path: Path, text: str) -> None:
    rules = f"{TEAM}rules:\n  status: .status\n  name: {json.dumps(f'= {text}x')}\n"
    made = run(tmp_path, rules, message(resourceType="CareTeam", id="1", status="active"))
    assert made == {"status": "active", "name": f"{text}x"}
