from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.rules.trace import Row, Unread, holds
from tests.translate.rules import toy
from tests.translate.rules.desk import book

RULES = """make: Patient
for: PID
key: PID-1
rules:
  name:
    for: PID-5
    rules:
      use: = official
      family: .1
      given: [.2, .3]
  maritalStatus.text: [PID-9, PID-10]
  meta.tag.code: = a
  deceasedBoolean: [{from: PID-11, with: boolean}, = false]
skip:
  PID-7: told elsewhere
  MSH: the envelope
"""
FILE = "mappings/toy/one.yaml"


def test_every_element_names_its_field_and_its_rule(tmp_path: Path) -> None:
    rule_set = book(tmp_path, {"toy/one.yaml": RULES}).of("")
    made, found = rule_set.trace(toy.parse("MSH|a\nPID|1||||^~Ø^Åse^Bo|||||x"), toy.env())
    assert made[0].body == {
        "name": [{"family": "Ø", "given": ["Åse", "Bo"], "use": "official"}],
        "maritalStatus": {"text": "x"},
        "meta": {"tag": [{"code": "a"}]},
        "deceasedBoolean": False,
    }
    assert found.rows == (
        Row("Patient.name[0].family", ("PID-5.1",), ("PID-5.1",), f"{FILE}:9"),
        Row("Patient.name[0].given[0]", ("PID-5.2",), ("PID-5.2",), f"{FILE}:10"),
        Row("Patient.name[0].given[1]", ("PID-5.3",), ("PID-5.3",), f"{FILE}:10"),
        Row("Patient.name[0].use", (), (), f"{FILE}:8"),
        Row("Patient.maritalStatus.text", ("PID-10",), ("PID-10",), f"{FILE}:11"),
        Row("Patient.meta.tag[0].code", (), (), f"{FILE}:12"),
        Row("Patient.deceasedBoolean", (), (), f"{FILE}:13"),
    )


def test_the_traced_run_makes_what_the_plain_one_makes(tmp_path: Path) -> None:
    rule_set = book(tmp_path, {"toy/one.yaml": RULES}).of("")
    for text in ("PID|1", "PID|1||||a^b~c", 'PID|1||||""|||||x|Y', "PID|1\nPID|2||||z", "PID|", "MSH|x"):
        message = toy.parse(text)
        assert rule_set.trace(message, toy.env())[0] == rule_set.run(message, toy.env())


def test_things_of_one_kind_are_counted(tmp_path: Path) -> None:
    other = "make: Encounter\nkey: PID-1\nrules:\n  id: PID-1\n"
    rule_set = book(tmp_path, {"toy/one.yaml": RULES, "toy/two.yaml": other}).of("")
    _, found = rule_set.trace(toy.parse("PID|1\nPID|2||||a"), toy.env())
    assert [row.target for row in found.rows] == [
        "Patient[0].meta.tag[0].code",
        "Patient[0].deceasedBoolean",
        "Patient[1].name[0].family",
        "Patient[1].name[0].use",
        "Patient[1].meta.tag[0].code",
        "Patient[1].deceasedBoolean",
        "Encounter.id",
    ]


def test_what_no_rule_reads_is_told_with_its_reason(tmp_path: Path) -> None:
    rule_set = book(tmp_path, {"toy/one.yaml": RULES}).of("")
    message = toy.parse("MSH|a|b\nPID|1|x|||a^^^^^^M||t1^t2||||||\nZXX|q")
    assert rule_set.trace(message, toy.env())[1].unread == (
        Unread("MSH-1", "the envelope"),
        Unread("MSH-2", "the envelope"),
        Unread("PID-2", "unread"),
        Unread("PID-5.7", "unread"),
        Unread("PID-7.1", "told elsewhere"),
        Unread("PID-7.2", "told elsewhere"),
        Unread("ZXX-1", "unread"),
    )


def test_only_the_files_that_ran_have_read(tmp_path: Path) -> None:
    other = "make: Encounter\nkey: PID-1\nrules:\n  id: PID-9\n"
    rule_set = book(
        tmp_path, {"toy/one.yaml": RULES.replace(".text: [PID-9, PID-10]", ".text: PID-8"), "toy/two.yaml": other}
    ).of("")
    message = toy.parse("PID|1||||||||q")
    assert rule_set.trace(message, toy.env(), ("one",))[1].unread == (Unread("PID-9", "unread"),)
    assert rule_set.trace(message, toy.env())[1].unread == ()


def test_findings_come_with_the_explanation(tmp_path: Path) -> None:
    rule_set = book(tmp_path, {"toy/one.yaml": RULES}).of("")
    _, found = rule_set.trace(toy.parse("PID|1||||||||||perhaps"), toy.env())
    assert [(f.where, f.rule) for f in found.findings] == [("PID-11", f"{FILE}:13")]


def test_guides(tmp_path: Path) -> None:
    rules = """make: Patient
guide: PID
key: PID-1
rules:
  id: {from: PID-5, guide: PID-5}
  name:
    guide: PID-9
    rules:
      family: {from: PID-6, guide: PID-6}
"""
    found = book(tmp_path, {"toy/one.yaml": rules}).of("").guides()
    assert [(g.guide, g.target, g.mark.line, [m.line for m in g.inside]) for g in found] == [
        ("PID", "Patient", 1, []),
        ("PID-5", "Patient.id", 5, []),
        ("PID-9", "Patient.name", 6, [9]),
        ("PID-6", "Patient.name.family", 9, []),
    ]


@given(st.text("PI-5.[", max_size=6), st.text("PI-5.[", max_size=4))
def test_a_field_holds_itself_and_what_lies_in_it(field: str, more: str) -> None:
    assert holds(field, field)
    assert holds(field, f"{field}.{more}")
    assert not holds(f"{field}5", field)
    assert not holds(field, f"{field}5")
