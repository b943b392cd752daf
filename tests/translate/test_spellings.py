"""Further names of identifier systems, and whom they lead to: senders and sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.identifier import BORGER_ID, CVR, SOR, Identifier, learn, normal
from gateway.domain.source import Source
from gateway.translate import spellings
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources

MAPPINGS = Path(__file__).parents[2] / "mappings"
HEAD = "written,meant,why\n"
UUID = "7c1d9a50-3a43-4c6e-9a2e-5d7f1e0b4c10"


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    """The project's own names, whatever a test has taught."""
    learn(spellings.read(MAPPINGS, Problems()))
    yield
    learn(spellings.read(MAPPINGS, Problems()))


def faults(folder: Path, text: str) -> list[str]:
    (folder / spellings.FILE).write_text(text, "utf-8")
    problems = Problems()
    spellings.read(folder, problems)
    return [f"{one.mark.line}: {one.text}" for one in problems.found]


def test_the_projects_own_table() -> None:
    problems = Problems()
    assert len(spellings.read(MAPPINGS, problems)) >= 3
    assert problems.found == []
    assert normal("urn:oid:1.2.208.176.1", "265161000016000") == Identifier(SOR, "265161000016000")
    assert normal("urn:oio:us:borgerid", "123456789012") == Identifier(BORGER_ID, "123456789012")
    assert normal("urn:ietf:rfc:3986", "urn:oio:us:borgerid:123456789012").system == BORGER_ID
    assert normal("https://cvr.dk", "64942212") == Identifier(CVR, "64942212")


def test_an_installation_adds_a_name_and_takes_none_away(tmp_path: Path) -> None:
    assert faults(tmp_path, f"{HEAD}urn:x:sor,{SOR},our ward system\n") == []
    learn(spellings.read(tmp_path, Problems()))
    assert normal("URN:X:SOR", "1234 5678 9012").key == f"{SOR}|123456789012"
    assert normal("https://cvr.dk", "64942212").system == "https://cvr.dk", "the table is the whole of it"
    learn({"urn:oid:1.3.184": SOR, CVR: SOR})
    assert normal("urn:oid:1.3.184", "64942212").system == CVR, "what the field means is not changed"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("written,meant\n", "1: the header must be written,meant,why"),
        (f"{HEAD}urn:x,{SOR},\n", "2: written and why must be there"),
        (f"{HEAD},{SOR},x\n", "2: written and why must be there"),
        (f"{HEAD}urn:x,{SOR}\n", "2: has 2 columns instead of 3"),
        (f'{HEAD}"urn:x\n', "2: is not CSV"),
        (f"{HEAD}urn:x,urn:y,x\n", "2: unknown identifier system urn:y"),
        (f"{HEAD}urn:x,{SOR},x\nurn:x,{CVR},x\n", "3: urn:x has a meaning already"),
        (f"{HEAD}URN:OID:1.3.184,{SOR},x\n", "2: URN:OID:1.3.184 has a meaning already"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    (found,) = faults(tmp_path, text)
    assert found.startswith(fault)


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    problems = Problems()
    assert spellings.read(tmp_path, problems) == {}
    assert [one.text for one in problems.found] == ["cannot be read as UTF-8"]


@pytest.mark.parametrize(
    "sender",
    ["64942212", " 64942212 ", "urn:oio:cvr-nr:64942212", UUID, f"urn:uuid:{UUID}", f"URN:UUID:{UUID.upper()}"],
)
def test_a_sender_is_found_in_whatever_spelling(sender: str) -> None:
    one = Source("kk", "København", "municipality", Identifier(CVR, "64942212"), "kl", ("64942212", f"urn:uuid:{UUID}"))
    assert Sources([one]).find("kl", "somebody", sender) is one
