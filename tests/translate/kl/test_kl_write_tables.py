"""The tables of KL's writer: what is wrong in them is told with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.translate.kl.write import Tables
from gateway.translate.rules.problems import MappingError
from tests.translate.kl.conftest import MAPPINGS

HEAD = "type,told_by,profile,needs,why\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("kl/urls.csv", "kl/profiles.csv", "codes/kl-participant-role.csv", "codes/kl-plan-category.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(MAPPINGS / name, tmp_path / name)
    return tmp_path


def test_they_are_the_readers_read_backwards(folder: Path) -> None:
    tables = Tables.read(folder)
    assert (
        tables.roles["https://faellesplan.dk/fhir/CodeSystem/team-role|coordinator"]["code"]
        == "koordinerende-myndighed"
    )
    assert tables.municipality["acting", "social"].endswith("kl-messaging-ffb-actingMunicipality")
    assert tables.categories.keys() == {"27"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type,profile\n", "profiles.csv:1: the header must be"),
        (HEAD + "CarePlan,,not a url,,\n", "profiles.csv:2: type (of R4) and profile"),
        (HEAD + "CarPlan,,http://x,,\n", "profiles.csv:2: type (of R4) and profile"),
        (
            HEAD + "Goal,,http://x,categry=1,\n",
            "profiles.csv:2: unknown element of Goal categry (did you mean category?)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder: Path, text: str, told: str) -> None:
    (folder / "kl" / "profiles.csv").write_text(text, "utf-8")
    with pytest.raises(MappingError) as error:
        Tables.read(folder)
    assert told in str(error.value)


def test_a_table_that_is_not_there_is_told(folder: Path) -> None:
    (folder / "kl" / "profiles.csv").unlink()
    (folder / "codes" / "kl-plan-category.csv").unlink()
    with pytest.raises(MappingError) as error:
        Tables.read(folder)
    assert "profiles.csv" in str(error.value)
    assert "kl-plan-category.csv" in str(error.value)
