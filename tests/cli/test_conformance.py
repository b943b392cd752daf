"""The page about the official guide: every row is accounted for, and what we do not follow has its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.conformance import page_of
from gateway.translate.guide import Official, State, official_rows, verdicts
from gateway.translate.rules.problems import Mark
from gateway.translate.rules.ruleset import Guide

ROOT = Path(__file__).parents[2]
CODE = Official("DG1[Condition]", "DG1-3", "code", "")
WHERE = Mark("mappings/hl7v2/condition.yaml", 16)


def test_a_row_is_done_where_a_rule_that_names_it_makes_its_element() -> None:
    [found] = verdicts([CODE], [Guide("DG1-3", "Condition.code", WHERE)], {}, {str(WHERE): ["admission"]})
    assert (found.state, found.rules, found.examples) == (State.DONE, (WHERE,), ("admission",))


def test_an_example_that_goes_through_a_rule_inside_an_object_goes_through_the_object() -> None:
    inner = Mark(WHERE.file, WHERE.line + 2)
    [found] = verdicts([CODE], [Guide("DG1-3", "Condition.code", WHERE, (inner,))], {}, {str(inner): ["admission"]})
    assert (found.rules, found.examples) == ((WHERE,), ("admission",))


def test_it_deviates_where_the_rule_makes_another_element_or_a_reason_says_so() -> None:
    [other] = verdicts([CODE], [Guide("DG1-3", "Condition.category", WHERE)], {}, {})
    told = Official("DG1[Condition]", "DG1-3", "code", "because")
    [reasoned] = verdicts([told], [Guide("DG1-3", "Condition.code", WHERE)], {}, {})
    assert (other.state, other.makes) == (State.DEVIATES, ("Condition.category",))
    assert (reasoned.state, reasoned.why) == (State.DEVIATES, "because")


def test_it_is_not_used_where_no_rule_names_it_and_says_why() -> None:
    whole = Official("DG1[Condition]", "", "", "of the whole map")
    [skipped] = verdicts([CODE, whole], [], {"DG1-3": "skipped"}, {})
    [by_map] = verdicts([CODE, whole], [], {}, {})
    assert (skipped.state, skipped.why, by_map.why) == (State.NOT_USED, "skipped", "of the whole map")


def test_fields_that_begin_alike_are_not_mixed_up() -> None:
    [found] = verdicts([CODE], [Guide("DG1-30, DG1-31", "Condition.code", WHERE)], {}, {})
    assert found.state is State.NOT_USED


def test_every_row_that_we_do_not_follow_has_its_reason() -> None:
    page = page_of(ROOT / "mappings")
    rows = [line for line in page.splitlines() if line.startswith("| ") and line.count("|") == 6]
    silent = [
        line for line in rows if ("| deviates" in line or "| not used" in line) and ": " not in line.split("|")[3]
    ]
    assert silent == [], "give the reason in mappings/hl7v2/guide.csv, or skip the field with it"


def test_the_page_in_docs_is_what_the_rules_say_now() -> None:
    page = (ROOT / "docs" / "conformance-hl7v2.md").read_text("utf-8")
    assert page == page_of(ROOT / "mappings"), "run gateway conformance --write docs/conformance-hl7v2.md"


def test_the_counts_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance"]) == 0
    counted = [line.split("|")[1:3] for line in capsys.readouterr().out.splitlines()[8:12]]
    done, deviates, unused, total = (int(number) for _, number in counted)
    wanted = [row for row in official_rows(ROOT / "mappings" / "hl7v2" / "guide.csv") if row.row]
    assert done + deviates + unused == total == len(wanted)


@pytest.mark.parametrize("content", [None, "nonsense\n", b"\xff\xfe"])
def test_a_guide_that_cannot_be_read_is_told_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | bytes | None
) -> None:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    guide = tmp_path / "mappings" / "hl7v2" / "guide.csv"
    guide.unlink()
    if content is not None:
        guide.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("GATEWAY_MAPPINGS_FOLDER", str(tmp_path / "mappings"))
    assert main(["conformance"]) == 1
    assert "mappings/hl7v2/guide.csv" in capsys.readouterr().err
