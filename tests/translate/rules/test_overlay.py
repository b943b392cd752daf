from pathlib import Path

import pytest

from tests.translate.rules import toy
from tests.translate.rules.desk import book, errors

BASE = """make: Patient
key: PID-1
rules:
  id: PID-1
  gender: {from: PID-8, map: sex, policy: refuse}
  maritalStatus.text: PID-9
skip:
  PID-10: not wanted
"""
OVERLAY = """extends: patient
key: PID-2
rules:
  gender: {from: PID-8, map: sex, policy: drop}
  language: PID-15
skip:
  PID-11: not theirs
without: [maritalStatus.text]
"""


def test_an_overlay_holds_only_what_changes(tmp_path: Path) -> None:
    found = book(tmp_path, {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": OVERLAY})
    assert found.overlays == {"", "psyk"}
    message = toy.parse("PID|1|2||||||M|married||||||da")
    plain, other = (found.of(name).run(message, toy.env())[0] for name in ("", "psyk"))
    assert (plain.key, plain.body) == ("1", {"id": "1", "gender": "male", "maritalStatus": {"text": "married"}})
    assert (other.key, other.body) == ("2", {"id": "1", "gender": "male", "language": "da"})
    assert set(found.of("psyk").skipped) == {"PID-10", "PID-11"}


def test_every_rule_keeps_its_own_file_and_line(tmp_path: Path) -> None:
    found = book(tmp_path, {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": OVERLAY}).of("psyk")
    _, told = found.trace(toy.parse("PID|1|2||||||M|||||||da"), toy.env())
    assert [(row.target, row.rule) for row in told.rows] == [
        ("Patient.id", "mappings/toy/patient.yaml:4"),
        ("Patient.gender", "mappings/toy/psyk/patient.yaml:4"),
        ("Patient.language", "mappings/toy/psyk/patient.yaml:5"),
    ]


def test_an_overlay_may_add_files_and_extend_its_own(tmp_path: Path) -> None:
    files = {
        "toy/patient.yaml": BASE,
        "toy/psyk/patient.yaml": OVERLAY,
        "toy/psyk/extra.yaml": "extends: ./patient\nmake: RelatedPerson\nwithout: maritalStatus.text\n",
    }
    found = errors(tmp_path, files)
    assert found[0].endswith("extra.yaml:3: unknown target in without: maritalStatus.text")
    files["toy/psyk/extra.yaml"] = "extends: ./patient\nmake: RelatedPerson\nwithout: language\n"
    assert book(tmp_path, files).of("psyk").names == {"patient", "extra"}
    assert book(tmp_path, files).of("").names == {"patient"}


def test_an_overlay_may_read_what_is_skipped_below_it(tmp_path: Path) -> None:
    reading = "extends: patient\nwithout: [PID-10]\nrules:\n  language: PID-10\n"
    found = book(tmp_path, {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": reading}).of("psyk")
    assert found.run(toy.parse("PID|1|||||||||da"), toy.env())[0].body["language"] == "da"
    assert found.skipped == {}


def test_files_beside_each_other_extend_each_other(tmp_path: Path) -> None:
    files = {"toy/a.yaml": BASE, "toy/b.yaml": "extends: a\nwhen: PID-3 VALUED\n"}
    made = book(tmp_path, files).of("").run(toy.parse("PID|1||x"), toy.env())
    assert [one.name for one in made] == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        (
            {"toy/a.yaml": "extends: b\n", "toy/b.yaml": "extends: c\n", "toy/c.yaml": "extends: a\n"},
            "mappings/toy/c.yaml:1: a extends itself: a → b → c → a",
        ),
        ({"toy/a.yaml": "extends: a\n"}, "mappings/toy/a.yaml:1: a extends itself: a → a"),
        (
            {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": "extends: patiens\n"},
            "mappings/toy/psyk/patient.yaml:1: unknown file in extends: patiens (did you mean patient?)",
        ),
        (
            {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": BASE},
            "mappings/toy/psyk/patient.yaml:1: patient stands one folder up: extends: patient is missing",
        ),
        (
            {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": OVERLAY.replace("maritalStatus.text", "gendr")},
            "mappings/toy/psyk/patient.yaml:8: unknown target in without: gendr (did you mean gender?)",
        ),
        (
            {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": OVERLAY + "for: pid\n"},
            "mappings/toy/psyk/patient.yaml:9: pid is no toy path (did you mean PID-3?)",
        ),
        (
            {"toy/patient.yaml": BASE, "toy/psyk/patient.yaml": "extends: patient\nrules:\n  gender.x: PID-8\n"},
            "mappings/toy/psyk/patient.yaml:3: Patient.gender is made twice, first at mappings/toy/patient.yaml:5",
        ),
    ],
)
def test_what_is_wrong_with_an_overlay_is_told(tmp_path: Path, files: dict[str, str], wrong: str) -> None:
    assert wrong in errors(tmp_path, files)


def test_an_error_of_the_base_is_told_once(tmp_path: Path) -> None:
    files = {"toy/patient.yaml": BASE.replace("PID-9", "pid"), "toy/psyk/patient.yaml": "extends: patient\n"}
    assert errors(tmp_path, files) == ["mappings/toy/patient.yaml:6: pid is no toy path (did you mean PID-3?)"]
