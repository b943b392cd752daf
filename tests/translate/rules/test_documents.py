"""Several rule files in one: YAML documents with `---` between them."""

from __future__ import annotations

from pathlib import Path

from gateway.translate.rules.loader import parse_all
from gateway.translate.rules.problems import Problems
from tests.translate.rules import toy
from tests.translate.rules.desk import book, errors

TWO = """\
name: citizen
make: Patient
key: PID-1
rules:
  gender: {from: PID-3, map: sex, policy: refuse}
---
name: stay
make: Encounter
key: PID-1
rules:
  status: = in-progress
  class: {from: PID-4, map: class, policy: keep}
"""
MESSAGE = "PID|1||M|I"


def test_each_document_is_a_rule_file_of_its_own(tmp_path: Path) -> None:
    rules = book(tmp_path, {"toy/both.yaml": TWO}).of("")
    assert rules.names == {"citizen", "stay"}
    assert [made.kind for made in rules.run(toy.parse(MESSAGE), toy.env())] == ["Patient", "Encounter"]
    _, explained = rules.trace(toy.parse(MESSAGE), toy.env(), ["stay"])
    assert {str(row.rule) for row in explained.rows} == {"mappings/toy/both.yaml:11", "mappings/toy/both.yaml:12"}


def test_errors_name_the_line_in_the_file(tmp_path: Path) -> None:
    wrong = TWO.replace("map: class", "map: klass").replace("gender:", "sex:")
    told = errors(tmp_path, {"toy/both.yaml": wrong})
    assert [line.partition(": ")[0] for line in told] == ["mappings/toy/both.yaml:5", "mappings/toy/both.yaml:12"]


def test_an_overlay_extends_one_document(tmp_path: Path) -> None:
    change = "name: stay\nextends: stay\nrules:\n  status: = finished\n"
    rules = book(tmp_path, {"toy/both.yaml": TWO, "toy/other/changes.yaml": change}).of("other")
    made = rules.run(toy.parse(MESSAGE), toy.env())
    assert [one.body.get("status") for one in made] == [None, "finished"]
    assert made[1].body["class"]["code"] == "IMP"


def test_a_document_needs_a_name_and_a_name_stands_once(tmp_path: Path) -> None:
    told = errors(tmp_path, {"toy/both.yaml": TWO.replace("name: stay\n", "")})
    assert told == ["mappings/toy/both.yaml:7: name is missing: this file holds several documents, each needs one"]
    told = errors(tmp_path / "b", {"toy/both.yaml": TWO.replace("name: stay", "name: citizen")})
    assert told == ["mappings/toy/both.yaml:7: citizen is the name of mappings/toy/both.yaml:1 already"]
    told = errors(
        tmp_path / "c", {"toy/both.yaml": TWO, "toy/stay.yaml": "make: Encounter\nkey: PID-1\nrules: {status: = x}"}
    )
    assert any("stay is the name of mappings/toy/both.yaml:7 already" in line for line in told)


def test_what_is_fetched_is_no_rule_file(tmp_path: Path) -> None:
    rules = book(tmp_path, {"toy/both.yaml": TWO + "---\nname: walk\nwalk:\n  anything: {of: all}\n"})
    assert rules.of("").names == {"citizen", "stay"}


def test_documents_that_are_no_mappings_are_told() -> None:
    problems = Problems()
    assert parse_all("a: b\n---\n- c\n---\n", "x.yaml", problems) == []
    assert [str(one) for one in problems.found] == [
        "x.yaml:3: must be a mapping (key: value)",
        "x.yaml:5: must be a mapping (key: value)",
    ]
