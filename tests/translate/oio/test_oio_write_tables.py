"""The tables of OIO's writer: what is wrong in them is told with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.translate.oio.write.tables import Tables
from gateway.translate.rules.problems import MappingError
from tests.translate.oio.written import KLE_UUID, MAPPINGS, UNIT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("oio/roles.csv", "codes/oio-foelsomhed.csv", "codes/municipality.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(MAPPINGS / name, tmp_path / name)
    return tmp_path


def test_what_nobody_filled_in_is_empty(folder: Path) -> None:
    tables = Tables.read(folder)
    assert (tables.classes, tables.owners) == ({}, {})
    assert tables.codes["R"] == "FOELSOMME_PERSONOPLYSNINGER"
    assert ("Journalpost", "Journalnotat") not in tables.uuids, "its UUID is not public: a name is none"
    assert tables.municipalities["0147"][0] == "11259979"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("classes.csv", f"number,uuid,title,note\n27.57.16,{KLE_UUID}x,,\n", "classes.csv:2: uuid must be a UUID"),
        ("classes.csv", "number,uuid\n", "classes.csv:1: the header must be"),
        (
            "owners.csv",
            f"owner,relation,role,uuid,name,note\n11259979,Sagsaktoer,Ansvarlg,{UNIT},,\n",
            "owners.csv:2: unknown role Ansvarlg (did you mean Ansvarlig?)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder: Path, name: str, text: str, told: str) -> None:
    (folder / "oio" / name).write_text(text, "utf-8")
    with pytest.raises(MappingError) as error:
        Tables.read(folder)
    assert told in str(error.value)
