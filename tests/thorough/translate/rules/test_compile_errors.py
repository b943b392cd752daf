"""Every way in which a rule file can be wrong, with the exact words it is told in."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.translate.rules.problems import MappingError, Mark, Problem, all_of
from tests.translate.rules.desk import HEADER, book, errors, write
from tests.translate.rules.toy import Toy

FILE = "mappings/toy/one.yaml"
HEAD = "make: Patient\nkey: PID-1\n"

CASES = {
    "unknown top key": ("make: Patient\nkey: PID-1\nmaek: x\n", "3: unknown key maek (did you mean make?)"),
    "unknown rule key": (HEAD + "rules:\n  gender: {form: PID-8}\n", "4: unknown key form (did you mean from?)"),
    "value key on a statement rule": (
        "make: Patient\nkey: {from: PID-1, for: PID-2}\n",
        "2: unknown key for",
    ),
    "unknown type": ("make: Pateint\nkey: PID-1\n", "1: Pateint is no R4 resource (did you mean Patient?)"),
    "a datatype is no resource": ("make: HumanName\nkey: PID-1\n", "1: HumanName is no R4 resource"),
    "no key": ("make: Patient\nrules:\n  id: PID-1\n", "1: key is missing: what tells one Patient from another"),
    "no make": ("rules:\n  id: PID-1\n", "1: rules needs a make: the R4 type that is built"),
    "not R4": (
        HEAD + "rules:\n  name:\n    for: PID-5\n    rules: {familiy: .1}\n",
        "6: Patient.name.familiy is not an R4 element (did you mean Patient.name.family?)",
    ),
    "not R4, dotted": (
        HEAD + "rules:\n  contact.name.famly: PID-5\n",
        "4: Patient.contact.name.famly is not an R4 element (did you mean Patient.contact.name.family?)",
    ),
    "below a primitive": (HEAD + "rules:\n  gender.code: PID-8\n", "4: Patient.gender is a code: it has no code"),
    "empty target": (HEAD + "rules:\n  name..family: PID-5\n", "4: name..family is no target"),
    "text into an object": (
        HEAD + "rules:\n  maritalStatus: PID-5\n",
        "4: Patient.maritalStatus is an object (CodeableConcept): a text cannot go into it",
    ),
    "object into a primitive": (
        HEAD + "rules:\n  gender:\n    rules: {code: PID-8}\n",
        "4: Patient.gender is a code: rules cannot build it",
    ),
    "text into a date": (
        HEAD + "rules:\n  birthDate: PID-7\n",
        "4: Patient.birthDate is a date: a text cannot go into it, use with: date",
    ),
    "text into a truth value": (
        HEAD + "rules:\n  active: PID-7\n",
        "4: Patient.active is a boolean: a text cannot go into it, use with: boolean",
    ),
    "text into a dateTime": (
        HEAD + "rules:\n  deceasedDateTime: PID-7\n",
        "4: Patient.deceasedDateTime is a dateTime: a text cannot go into it, use with: datetime",
    ),
    "text where R4 has its own codes": (
        HEAD + "rules:\n  gender: PID-8\n",
        "4: Patient.gender takes R4's own codes only: use map",
    ),
    "function of another type": (
        HEAD + "rules:\n  birthDate: {from: PID-7, with: boolean}\n",
        "4: Patient.birthDate is a date: boolean gives a boolean",
    ),
    "a time into a date": (
        HEAD + "rules:\n  birthDate: {from: PID-7, with: datetime}\n",
        "4: Patient.birthDate is a date: datetime gives a dateTime",
    ),
    "function that gives any text": (
        HEAD + "rules:\n  gender: {from: PID-7, with: upper}\n",
        "4: Patient.gender takes R4's own codes only: upper gives any text, use map",
    ),
    "function with other codes": (
        HEAD + "rules:\n  address:\n    rules:\n      use: {from: PID-7, with: gender}\n",
        "6: Patient.address.use: gender gives female, which R4 does not allow here",
    ),
    "call of another type": (
        HEAD + "rules:\n  active: reference(= Patient, PID-1)\n",
        "4: Patient.active is a boolean: reference gives a Reference",
    ),
    "reference to the wrong type": (
        HEAD + "rules:\n  managingOrganization: reference(= Patient, PID-1)\n",
        "4: Patient.managingOrganization refers to Organization, not to Patient",
    ),
    "unknown function": (
        HEAD + "rules:\n  birthDate: {from: PID-7, with: dat}\n",
        "4: unknown function dat (did you mean date?)",
    ),
    "unknown function in a call": (
        HEAD + "rules:\n  id: frist(PID-7)\n",
        "4: unknown function frist (did you mean first?)",
    ),
    "too few arguments": (HEAD + "rules:\n  id: join(PID-7)\n", "4: join takes at least 2 arguments, not 1"),
    "too many arguments": ("make: Patient\nkey: key(PID-1, PID-2, PID-3)\n", "2: key takes 2 arguments, not 3"),
    "between arguments": (
        HEAD + "rules:\n  managingOrganization: logical(= Organization)\n",
        "4: logical takes 2 to 4 arguments, not 1",
    ),
    "unknown path": (HEAD + "rules:\n  id: PID.3\n", "4: PID.3 is no toy path (did you mean PID-3?)"),
    "unknown path in for": (HEAD + "for: pid\n", "3: pid is no toy path (did you mean PID-3?)"),
    "unknown path in when": (HEAD + "when: pid VALUED\n", "3: pid is no toy path (did you mean PID-3?)"),
    "relative path without for": (HEAD + "rules:\n  id: .3\n", "4: .3 needs a for around it"),
    "unknown table": (
        HEAD + "rules:\n  gender: {from: PID-8, map: sx, policy: drop}\n",
        "4: unknown code table sx (did you mean sex?)",
    ),
    "map without policy": (
        HEAD + "rules:\n  gender: {from: PID-8, map: sex}\n",
        "4: gender: map needs a policy, one of keep, refuse, drop",
    ),
    "unknown policy": (
        HEAD + "rules:\n  gender: {from: PID-8, map: sex, policy: keeep}\n",
        "4: unknown policy keeep (did you mean keep?)",
    ),
    "keep where R4 has its own codes": (
        HEAD + "rules:\n  gender: {from: PID-8, map: sex, policy: keep}\n",
        "4: Patient.gender takes R4's own codes only: policy must be refuse or drop",
    ),
    "keep without map": (
        HEAD + "rules:\n  birthDate: {from: PID-7, with: date, policy: keep}\n",
        "4: Patient.birthDate: policy keep needs map",
    ),
    "policy about nothing": (
        HEAD + "rules:\n  id: {from: PID-7, policy: refuse}\n",
        "4: Patient.id: policy needs map, with or a call",
    ),
    "code into a date": (
        HEAD + "rules:\n  birthDate: {from: PID-7, map: sex, policy: drop}\n",
        "4: Patient.birthDate is a date: a code cannot go into it",
    ),
    "system without map": (
        HEAD + "rules:\n  id: {from: PID-7, system: PID-8}\n",
        "4: id: system needs map",
    ),
    "from and rules": (
        HEAD + "rules:\n  name: {from: PID-7, rules: {family: PID-5}}\n",
        "4: name: from makes a value, rules and carry an object; take one",
    ),
    "neither from nor rules": (HEAD + "rules:\n  name: {for: PID-7}\n", "4: name: from or rules is missing"),
    "with without from": (
        HEAD + "rules:\n  name: {with: date, rules: {family: PID-5}}\n",
        "4: name: with needs from",
    ),
    "wrong literal": (HEAD + "rules:\n  birthDate: = 14-03-2025\n", "4: Patient.birthDate: 14-03-2025 is no date"),
    "empty literal": (HEAD + "rules:\n  id: =\n", "4: Patient.id: nothing is no id"),
    "literal with the wrong code": (
        HEAD + "rules:\n  gender: = femal\n",
        "4: Patient.gender: femal is not one of R4's codes (did you mean female?)",
    ),
    "literal into an object": (
        HEAD + "rules:\n  name: = Ib\n",
        "4: Patient.name is an object (HumanName): a text cannot go into it",
    ),
    "source behind a literal": (
        HEAD + "rules:\n  id: {from: [= a, PID-7]}\n",
        "4: Patient.id: nothing behind a literal is ever read",
    ),
    "twice, dotted and whole": (
        HEAD + "rules:\n  maritalStatus.text: PID-5\n  maritalStatus:\n    rules: {text: PID-6}\n",
        "5: Patient.maritalStatus is made twice, first at mappings/toy/one.yaml:4",
    ),
    "twice, whole and dotted": (
        HEAD + "rules:\n  maritalStatus:\n    rules: {text: PID-6}\n  maritalStatus.text: PID-5\n",
        "6: Patient.maritalStatus is made twice, first at mappings/toy/one.yaml:4",
    ),
    "twice in the file": (
        HEAD + "rules:\n  id: PID-5\n  id: PID-6\n",
        "5: id stands here twice, first in line 4",
    ),
    "act that is none": (HEAD + "act: stat\n", "3: act: stat is not one of R4's codes (did you mean state?)"),
    "moment from another function": (
        HEAD + "happened: first(PID-7, PID-8)\n",
        "3: happened is a moment: first gives a string",
    ),
    "literal time": (HEAD + "happened: = 2025-01-01\n", "3: happened cannot have a literal among its sources"),
    "carry in a language that is not FHIR": (
        HEAD + "carry: [gender]\n",
        "3: carry is for FHIR languages; toy needs a rule for gender",
    ),
    "carry of nothing": (HEAD + "carry: []\n", "3: carry takes a list of element names"),
    "empty rules": (HEAD + "rules:\n", "3: rules must be a mapping from targets to rules"),
    "empty list of rules": (HEAD + "rules:\n  id: []\n", "4: id: the list of rules is empty"),
    "empty list of sources": (HEAD + "rules:\n  id: {from: []}\n", "4: the list of sources is empty"),
    "mapping as source": (
        HEAD + "rules:\n  id: {from: {a: b}}\n",
        "4: from takes a path, a call, a literal or a list of them",
    ),
    "list in a list of sources": (
        HEAD + "rules:\n  id: {from: [[a]]}\n",
        "4: a list of sources holds paths, calls and literals only",
    ),
    "condition on a literal": (HEAD + "when: = a VALUED\n", "3: a condition asks a path, not a literal"),
    "skip that is read": (
        HEAD + "rules:\n  id: PID-7.2\nskip:\n  PID-7: nobody wants it\n",
        "6: PID-7 is skipped, but mappings/toy/one.yaml:4 reads PID-7.2",
    ),
    "skip without reason": (HEAD + "skip:\n  PID-7:\n", "4: skip PID-7: the reason is missing"),
    "skip as a list": (HEAD + "skip: [PID-7]\n", "3: skip must be a mapping from paths to reasons"),
    "skip of no path": (HEAD + "skip:\n  PID/7: why\n", "4: PID/7 is no toy path (did you mean PID-3?)"),
    "for that is no text": (HEAD + "for: [PID]\n", "3: for must be a text"),
    "without extends": (HEAD + "without: [id]\n", "3: without needs extends"),
    "extends nothing": ("extends: othr\n", "1: unknown file in extends: othr"),
    "call cut by YAML": (
        HEAD + "rules:\n  id: {from: join(.2, .3)}\n",
        "4: join(.2 has no closing bracket (inside {…} and […] quote the call)",
    ),
    "contained": (
        HEAD + "rules:\n  contained:\n    rules: {id: PID-1}\n",
        "4: Patient.contained cannot be built by rules",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_is_told_with_file_line_and_suggestion(tmp_path: Path, name: str) -> None:
    text, wrong = CASES[name]
    assert f"{FILE}:{wrong}" in errors(tmp_path, {"toy/one.yaml": text})


def test_all_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    found = errors(
        tmp_path,
        {
            "toy/one.yaml": HEAD + "rules:\n  nmae: PID-5\n  birthDate: PID-7\n",
            "toy/two.yaml": "make: Encounter\nkey: PID-1\nrules:\n  statuss: = finished\n",
            "codes/broken.csv": "a,b\n",
        },
    )
    assert found == [
        f"mappings/codes/broken.csv:1: the header must be {HEADER.strip()}",
        "mappings/toy/one.yaml:4: Patient.nmae is not an R4 element (did you mean Patient.name?)",
        "mappings/toy/one.yaml:5: Patient.birthDate is a date: a text cannot go into it, use with: date",
        "mappings/toy/two.yaml:4: Encounter.statuss is not an R4 element (did you mean Encounter.status?)",
    ]


def test_a_code_that_r4_does_not_allow_is_told_with_the_row_of_its_table(tmp_path: Path) -> None:
    table = HEADER + ",M,,male,,,,\n,F,,femal,,,,\n"
    rules = HEAD + "rules:\n  gender: {from: PID-8, map: sex, policy: drop}\n"
    row = "mappings/codes/sex.csv:3: femal is no code of Patient.gender"
    assert errors(tmp_path, {"toy/one.yaml": rules, "codes/sex.csv": table}) == [
        f"{row} (used at mappings/toy/one.yaml:4) (did you mean female?)"
    ]


def test_a_concept_that_r4_does_not_allow_is_told_with_its_system(tmp_path: Path) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    table = HEADER + f",A,{system},active,,,,\n,B,http://example.org,active,,,,\n"
    rules = "make: Condition\nkey: PID-1\nrules:\n  clinicalStatus: {from: PID-8, map: state, policy: drop}\n"
    row = "mappings/codes/state.csv:3: http://example.org|active is no code of Condition.clinicalStatus"
    assert errors(tmp_path, {"toy/one.yaml": rules, "codes/state.csv": table}) == [
        f"{row} (used at mappings/toy/one.yaml:4)"
    ]


def test_a_table_with_one_code_in_two_systems_needs_to_know_the_system(tmp_path: Path) -> None:
    table = HEADER + "http://a,M,,male,,,,\nhttp://b,M,,female,,,,\n"
    rules = HEAD + "rules:\n  gender: {from: PID-8, map: sex, policy: drop}\n"
    assert errors(tmp_path, {"toy/one.yaml": rules, "codes/sex.csv": table}) == [
        f"{FILE}:4: sex has M in several systems: add system: <path>"
    ]
    mended = HEAD + "rules:\n  gender: {from: PID-8.1, map: sex, system: PID-8.2, policy: drop}\n"
    book(tmp_path, {"toy/one.yaml": mended, "codes/sex.csv": table})


def test_an_error_stops_the_start_as_a_settings_error(tmp_path: Path) -> None:
    from gateway.translate.rules.ruleset import load

    mappings = write(tmp_path, {"toy/one.yaml": "make: Patient\n"})
    with pytest.raises(SettingsError, match="key is missing"):
        load(mappings, Toy())


def test_rules_stand_again_once_another_file_is_mended(tmp_path: Path) -> None:
    files = {"toy/one.yaml": HEAD + "rules:\n  id: PID-2\n", "codes/sex.csv": HEADER}
    assert errors(tmp_path, files | {"code-tables.csv": "tables\n"})
    (tmp_path / "mappings" / "code-tables.csv").unlink()
    assert book(tmp_path, files).of("").names == {"one"}


def test_a_language_without_rules_has_none(tmp_path: Path) -> None:
    assert book(tmp_path, {}).of("").names == frozenset()


def test_the_errors_of_several_parts_are_told_together() -> None:
    def wrong(line: int) -> object:
        raise MappingError([Problem(Mark("a.yaml", line), "is wrong")])

    assert all_of(lambda: 1, lambda: "a") == [1, "a"]
    with pytest.raises(MappingError) as caught:
        all_of(lambda: wrong(2), lambda: 1, lambda: wrong(1))
    assert caught.value.told() == "a.yaml:1: is wrong\na.yaml:2: is wrong"
