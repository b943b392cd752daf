from pathlib import Path

import pytest

from gateway.errors import UnknownCode
from gateway.translate.rules.codes import Codes, CodeTable, concept_map, table
from gateway.translate.rules.problems import Mark, Problems
from tests.translate.rules import toy
from tests.translate.rules.desk import HEADER, body, book, run

HERE = Mark("mappings/codes/a.csv", 0)


def read(rows: str) -> tuple[CodeTable, list[str]]:
    problems = Problems()
    return table("a", HERE, HEADER + rows, problems), [str(p) for p in problems.found]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (",A,,b,,,", "2: has 7 columns instead of 8"),
        (",A,,b,,,,\n,A,,c,,,,", "3: A stands here twice, first in line 2"),
        (",,,b,,,,", "2: source_code is empty"),
        (",A,,,,,,", "2: A has no target_code; say in note why"),
        (",A,,b,,,2025-13-01,", "2: valid_from must be a day (2025-12-31)"),
        (",A,,b,,,,31.12.2025", "2: valid_to must be a day (2025-12-31)"),
        (",A,,b,,,2025-02-01,2025-01-01", "2: valid_to lies before valid_from"),
        (",A,,b,,,,2025-01-01\n,A,,c,,,2025-01-01,", "3: A stands here twice, first in line 2"),
        (',"A\n,b', "3: is not CSV: unexpected end of data"),
        ('"x\ny",A,,b,,,,\n,A,,c,,,,\n,A,,d,,,,', "5: A stands here twice, first in line 4"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(rows: str, wrong: str) -> None:
    assert f"mappings/codes/a.csv:{wrong}" in read(rows)[1]


def test_a_wrong_header_is_told(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "a.csv").write_text("source_code;target_code\n")
    (tmp_path / "codes" / "b.csv").write_bytes(b"\xff")
    problems = Problems()
    assert Codes.read(tmp_path / "codes", problems).tables["a"].rows == ()
    assert [p.text for p in problems.found] == [
        "the header must be source_system,source_code,target_system,target_code,display,note,valid_from,valid_to",
        "cannot be read as UTF-8",
    ]


def test_a_spreadsheet_s_byte_order_mark_blank_lines_and_blanks_are_no_errors(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "a.csv").write_text(HEADER + '\n,,,,,,,\n, A ,," b ",,,,\n', "utf-8-sig")
    problems = Problems()
    found = Codes.read(tmp_path / "codes", problems).tables["a"].find_code("A")
    assert not problems.found
    assert found is not None
    assert (found.target_code, str(found.mark).rpartition("/")[2]) == ("b", "a.csv:4")


def test_a_row_is_read_by_the_day_of_the_message_and_the_newest_without_one() -> None:
    made, wrong = read(",A,,old,,,,2024-12-31\n,A,,new,,,2025-01-01,2025-06-30\n")
    assert not wrong
    assert [getattr(made.find_code("A", day), "target_code", None) for day in ("2024-12-31", "2025-01-01", "")] == [
        "old", "new", "new",
    ]  # fmt: skip
    assert made.find_code("A", "2025-07-01") is None
    assert made.find("", "A", "2020-01-01") is made.rows[0]
    assert made.find_code("B", "") is None


CLASS = "class: {from: PID-5, map: class, policy: %s}"
TYPE = "type: {from: PID-5, map: class, policy: %s}"
LOCAL = "urn:faellesplan:source:test-sender:class"


def encounter(folder: Path, rule: str, message: str, env: object = None) -> object:
    return body(folder, rule, message, "Encounter", env)  # type: ignore[arg-type]


def test_a_mapped_code_becomes_what_its_element_is(tmp_path: Path) -> None:
    coding = {"system": "http://example.org/class", "code": "IMP", "display": "inpatient"}
    assert encounter(tmp_path, CLASS % "drop", "PID|1||||I") == {"class": coding}
    assert encounter(tmp_path, TYPE % "drop", "PID|1||||I~A") == {
        "type": [{"coding": [coding]}, {"coding": [{"system": "http://example.org/class", "code": "AMB"}]}]
    }
    assert encounter(tmp_path, "class.code: {from: PID-5, map: class, policy: drop}", "PID|1||||I") == {
        "class": {"code": "IMP"}
    }


def test_policy_keep_keeps_the_original_apart_from_other_senders_codes(tmp_path: Path) -> None:
    env = toy.env()
    assert encounter(tmp_path, CLASS % "keep", "PID|1||||Z", env) == {"class": {"system": LOCAL, "code": "Z"}}
    assert encounter(tmp_path, TYPE % "keep", "PID|1||||Z", env) == {
        "type": [{"coding": [{"system": LOCAL, "code": "Z"}], "text": "Z"}]
    }
    rule = "class.code: {from: PID-5, map: class, policy: keep}"
    assert encounter(tmp_path, rule, "PID|1||||Z", env) == {"class": {"code": "Z"}}
    assert {(f.where, f.text) for f in env.findings} == {("PID-5", "code is not in table class; kept as it is")}
    rule = "type: {from: PID-5.1, map: class, system: PID-5.2, policy: keep}"
    assert encounter(tmp_path, rule, "PID|1||||Z^http://b") == {
        "type": [{"coding": [{"system": "http://b", "code": "Z"}], "text": "Z"}]
    }


def test_policy_drop_leaves_it_out_and_says_so(tmp_path: Path) -> None:
    env = toy.env()
    assert encounter(tmp_path, CLASS % "drop", "PID|1||||Z", env) == {}
    assert [(f.where, f.text, f.rule, f.severity) for f in env.findings] == [
        ("PID-5", "code is not in table class; Encounter.class left out", "mappings/toy/one.yaml:4", "warning")
    ]


CODINGS = "type.coding: [{from: PID-5.1, map: class, policy: drop}, %s]"


def test_a_code_that_another_rule_of_the_list_keeps_is_not_told_as_left_out(tmp_path: Path) -> None:
    env, again = toy.env(), toy.env()
    rule = CODINGS % "{from: PID-5.1, map: class, system: PID-5.2, policy: keep}"
    kept = {"type": [{"coding": [{"system": "http://b", "code": "Z"}]}]}
    assert encounter(tmp_path, rule, "PID|1||||Z^http://b", env) == kept
    assert {f.text for f in env.findings} == {"code is not in table class; kept as it is"}
    rule = CODINGS % "{from: PID-6, map: class, system: PID-5.2, policy: keep}"
    kept = {"type": [{"coding": [{"system": "http://b", "code": "Y"}]}]}
    assert encounter(tmp_path, rule, "PID|1||||Z^http://b|Y", again) == kept
    assert [f.text for f in again.findings] == [
        "code is not in table class; Encounter.type.coding left out", "code is not in table class; kept as it is",
    ]  # fmt: skip


def test_a_code_in_the_place_of_which_another_rule_says_something_is_told_so(tmp_path: Path) -> None:
    env, alone = toy.env(), toy.env()
    rule = "gender: [{from: PID-5, map: sex, policy: drop}, {from: PID-6, map: sex, policy: drop}, = unknown]"
    assert body(tmp_path, rule, "PID|1||||Z|F", env=env) == {"gender": "female"}
    assert body(tmp_path, rule, "PID|1||||Z", env=env) == {"gender": "unknown"}
    assert {f.text for f in env.findings} == {"code is not in table sex; Patient.gender told without it"}
    rule = "gender: [{from: PID-5, map: sex, policy: drop}, {from: PID-6, map: sex, policy: drop}]"
    assert body(tmp_path, rule, "PID|1||||Z", env=alone) == {}
    assert [f.text for f in alone.findings] == ["code is not in table sex; Patient.gender left out"]


def test_policy_refuse_refuses_the_message_with_the_place_and_without_the_value(tmp_path: Path) -> None:
    with pytest.raises(UnknownCode) as caught:
        encounter(tmp_path, CLASS % "refuse", "PID|1||||Zebra")
    assert caught.value.told() == ("The code is not in its table at PID-5. Table class, rule mappings/toy/one.yaml:4.")


@pytest.mark.parametrize("policy", ["refuse", "drop"])
def test_a_row_without_target_means_nothing_here_and_is_no_finding(tmp_path: Path, policy: str) -> None:
    env = toy.env()
    rule = f"gender: {{from: PID-5, map: sex, policy: {policy}}}"
    assert body(tmp_path, rule, "PID|1||||X", env=env) == {}
    assert not env.findings


def test_codes_of_several_systems_and_of_several_times(tmp_path: Path) -> None:
    rows = HEADER + "http://a,M,,male,,,,2024-12-31\nhttp://a,M,,other,,,2025-01-01,\nhttp://b,M,,female,,,,\n"
    rules = """make: Patient
key: PID-1
rules:
  gender: {from: PID-5.1, map: sex, system: PID-5.2, policy: drop}
"""
    rule_set = book(tmp_path, {"toy/one.yaml": rules, "codes/sex.csv": rows}).of("")

    def gender(message: str, on: str = "") -> object:
        return rule_set.run(toy.parse(message), toy.env(on=on))[0].body.get("gender")

    assert gender("PID|1||||M^http://a") == "other"
    assert gender("PID|1||||M^http://a", "2024-05-05") == "male"
    assert gender("PID|1||||M^http://b", "2024-05-05") == "female"
    assert gender("PID|1||||M^http://c") is None


def test_a_table_is_asked_by_the_value_after_its_function(tmp_path: Path) -> None:
    rules = "make: Patient\nkey: PID-1\nrules:\n  gender: {from: PID-5, with: upper, map: sex, policy: drop}\n"
    assert run(tmp_path, rules, "PID|1||||m")[0].body == {"gender": "male"}


def test_the_table_as_concept_map() -> None:
    made, _ = read(
        "http://a,M,http://b,male,Male,as it is,,\nhttp://a,X,http://b,,,not told,,\n,Q,,old,,,,2020-01-01\n"
    )
    assert concept_map(made, "http://example.org/a", on="2025-01-01") == {
        "resourceType": "ConceptMap",
        "url": "http://example.org/a",
        "name": "A",
        "status": "active",
        "group": [
            {
                "source": "http://a",
                "target": "http://b",
                "element": [
                    {
                        "code": "M",
                        "target": [
                            {"code": "male", "display": "Male", "comment": "as it is", "equivalence": "relatedto"}
                        ],
                    },
                    {"code": "X", "target": [{"comment": "not told", "equivalence": "unmatched"}]},
                ],
            }
        ],
    }
    assert len(concept_map(made, "http://example.org/a")["group"]) == 2
