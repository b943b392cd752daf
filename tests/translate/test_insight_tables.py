"""The tables of a citizen's own insight: every mistake at its line, and the project's own rows say what they must."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.insight import CITIZEN, READERS, REPRESENTATIVE, kept_parts
from gateway.domain.record import AccessRecord, Decision
from gateway.settings import Settings
from gateway.translate import insight_tables
from gateway.translate.rules.problems import Problems

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
KEEPS = "reader,about,value,keep,law,valid_from,valid_to,why\n"
RIGHTS = "system,code,display,source_sector,law,valid_from,valid_to,why\n"
GOOD = "citizen,organisation,*psyk,name,art. 15,,,w\n"
RIGHT = "urn:s,GUARD,værge,region,§ 5,,,w\n"


def problems(folder: Path, keeps: str = GOOD, rights: str = RIGHT) -> list[str]:
    (folder / "insight.csv").write_text(KEEPS + keeps, "utf-8")
    (folder / "representatives.csv").write_text(RIGHTS + rights, "utf-8")
    found = Problems()
    insight_tables.read(folder, found)
    return [str(one) for one in found.found]


@pytest.mark.parametrize(
    ("keeps", "rights", "says"),
    [
        (GOOD.replace("citizen", "citisen"), RIGHT, "did you mean"),
        (GOOD.replace("name", "nothing"), RIGHT, "keep"),
        (GOOD.replace("art. 15", ""), RIGHT, "law is empty"),
        (GOOD.replace("*psyk", ""), RIGHT, "value is empty"),
        (GOOD.replace("*psyk", "*"), RIGHT, "value holds words"),
        (GOOD.replace("organisation,*psyk", "person,Ib"), RIGHT, "a person is named"),
        (
            GOOD.replace("organisation,*psyk", "person,urn:oid:1.2.208.176.1.2|2512489996"),
            RIGHT,
            "nobody is named by CPR",
        ),
        (GOOD.replace("art. 15,,", "art. 15,2026-02-30,"), RIGHT, "valid_from"),
        (GOOD, RIGHT.replace("region", "somewhere"), "source_sector"),
        (GOOD, RIGHT.replace("værge", ""), "display is empty"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, keeps: str, rights: str, says: str) -> None:
    found = problems(tmp_path, keeps, rights)
    assert found
    assert all(says in one and ":2" in one for one in found), found


def test_the_projects_rows() -> None:
    found = Problems()
    rules = insight_tables.read(Settings().mappings_folder / "policy", found)
    assert not found.found

    def kept(name: str, reader: str) -> set[str]:
        record = AccessRecord(NOW, "read", Decision.PERMIT, "p", user="urn:x|1", organisation_name=name)
        return set(kept_parts(rules.kept(record, reader, NOW)))

    for reader in READERS:
        assert kept("Retspsykiatrisk Afdeling, Sct. Hans", reader) == {"name"}
        assert kept("Psykiatrisk Center København", reader) == set()
    assert kept("Kvindekrisecentret Lyset", CITIZEN) == set(), "a citizen knows where she lives"
    assert kept("Kvindekrisecentret Lyset", REPRESENTATIVE) == {"name", "organisation"}
    assert {right.code for right in rules.rights} == {"GUARD", "POWATT", "HPOWATT", "DPOWATT"}
