"""`gateway suspicion`: an employer's list and the well-known are taken whole or not at all, and a look-through counts.

The lists are written by payroll systems and in spreadsheets: with a mark in front, with Windows' line ends, in Latin-1.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway import cli
from gateway.flows.parts import Gateway
from gateway.flows.staff import take_staff, take_well_known
from tests.conftest import fresh_database
from tests.flows.conftest import House, caller
from tests.flows.messages import CPR
from tests.flows.test_looks import admitted
from tests.flows.test_suspicion import HEADER, STAFF, looks_at, stranger

Capture = pytest.CaptureFixture[str]
Write = Callable[[str, bytes], str]


@pytest.fixture(scope="module")
def url(postgres: str) -> Iterator[str]:
    """One database for all of these tests: what each takes replaces what the one before took."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture
def house(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The commands set to the database."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
    return House(url, tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts a file down; its name."""

    def written(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return written


def kept(house: House) -> tuple[list[str], int]:
    """The names on the staff list, and how many well-known there are."""

    async def ask(gateway: Gateway) -> tuple[list[str], int]:
        names = await gateway.database.fetch("SELECT name FROM staff ORDER BY name")
        return [row["name"] for row in names], await gateway.database.fetchval("SELECT count(*) FROM well_known")

    told: tuple[list[str], int] = house.run(ask)
    return told


def test_both_lists_at_once_as_spreadsheets_write_them(house: House, write: Write, capsys: Capture) -> None:
    staff = write("staff.csv", b"\xef\xbb\xbf" + STAFF.replace("\n", "\r\n").encode())
    known = write("known.txt", f"\ufeff{CPR[:6]}-{CPR[6:]}\r\n\r\n".encode())
    assert cli.main(["suspicion", "--staff", staff, "--well-known", known, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"staff": 1, "well-known": 1}, "taken, and nothing looked through"
    assert kept(house) == (["Bo Lind"], 1)
    assert cli.main(["suspicion", "--staff", staff]) == 0
    assert capsys.readouterr().out == "staff: 1\n"
    assert kept(house) == (["Bo Lind"], 1), "taken twice it stands once"
    two = STAFF + STAFF.splitlines()[1].replace("nosy-1,Bo", "other,Åse") + "\n"
    assert cli.main(["suspicion", "--staff", write("two.csv", two.encode())]) == 0
    assert kept(house)[0] == ["Bo Lind", "Åse Lind"]
    assert cli.main(["suspicion", "--staff", write("none.csv", f"{HEADER}\n".encode())]) == 0
    assert kept(house) == ([], 1), "a list of nobody replaces the one before; the other list stays"


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--staff", STAFF.replace("Bo", "Åse").encode("latin-1"), "UTF-8"),
        ("--well-known", b"\xff\xfe" + CPR.encode("utf-16-le"), "UTF-8"),
        ("--staff", STAFF.replace(",", ";").encode(), "line 1"),
        ("--staff", b"", "line 1"),
        ("--staff", STAFF.replace("07:00", "7 o'clock").encode(), "line 2"),
        ("--staff", (STAFF + '"x').encode(), "line 3"),
        (
            "--staff",
            (STAFF + STAFF.splitlines()[1].replace("mo", "xx") + "\n" + STAFF.splitlines()[1]).encode(),
            "line 3",
        ),
        ("--well-known", f"{CPR}\n{CPR[:9]}\n".encode(), "line 2"),
        ("--well-known", "٢٥١٢٤٨٩٩٩٦\n".encode(), "line 1"),
    ],
)
def test_a_list_that_cannot_be_read_is_told_by_its_place_and_changes_nothing(
    house: House, write: Write, capsys: Capture, option: str, content: bytes, told: str
) -> None:
    assert cli.main(["suspicion", "--staff", write("good.csv", STAFF.encode())]) == 0
    assert cli.main(["suspicion", "--well-known", write("good.txt", CPR.encode())]) == 0
    capsys.readouterr()
    assert cli.main(["suspicion", option, write("bad", content)]) == 1
    shown = capsys.readouterr()
    assert told in shown.err
    assert "Traceback" not in shown.err
    for nothing in (CPR, CPR[:9], "Lind", "Strandvej"):
        assert nothing not in shown.err + shown.out, "what stands in the list is told to nobody"
    assert kept(house) == (["Bo Lind"], 1)


def test_of_two_lists_the_second_of_which_is_wrong(house: House, write: Write, capsys: Capture) -> None:
    none = write("none.csv", f"{HEADER}\n".encode())
    assert cli.main(["suspicion", "--staff", none, "--well-known", write("none.txt", b"")]) == 0
    words = ["--staff", write("staff.csv", STAFF.encode()), "--well-known", write("bad.txt", b"Sarah\n")]
    assert cli.main(["suspicion", *words]) == 1
    assert "line 1" in capsys.readouterr().err
    assert kept(house) == (["Bo Lind"], 0), "each list is whole by itself"
    assert cli.main(["suspicion", "--staff", "/not/there.csv"]) == 1
    assert capsys.readouterr().err == "/not/there.csv: No such file or directory\n"
    assert cli.main(["suspicion", "--staff", str(Path(none).parent)]) == 1
    assert "Is a directory" in capsys.readouterr().err


def test_looking_through_finds_once_and_keeps_numbers_out_of_what_it_tells(
    house: House, write: Write, capsys: Capture
) -> None:
    async def looked(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await looks_at(gateway, stranger(), citizen, 3)
        await looks_at(gateway, caller("hospital"), citizen)

    assert cli.main(["suspicion", "--staff", write("staff.csv", STAFF.encode())]) == 0
    assert cli.main(["suspicion", "--well-known", write("known.txt", CPR.encode())]) == 0
    house.run(looked)
    capsys.readouterr()
    assert cli.main(["suspicion", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"new findings": 1}
    assert cli.main(["suspicion"]) == 0
    assert capsys.readouterr().out == "new findings: 0\n", "the same looks are no new finding"

    async def recorded(gateway: Gateway) -> list[str]:
        rows = await gateway.database.fetch("SELECT body FROM access_record WHERE interaction <> 'import' ORDER BY id")
        return [row["body"].decode() for row in rows]

    told = house.run(recorded)
    assert sum("take-staff" in one for one in told) >= 1
    assert sum("take-well-known" in one for one in told) >= 1
    assert CPR not in "".join(told)


def test_two_lists_taken_at_once_leave_one_of_them_whole(house: House) -> None:
    def named(prefix: str) -> str:
        line = STAFF.splitlines()[1]
        return "\n".join([HEADER, *(line.replace("nosy-1,Bo", f"{prefix}{n},{prefix}") for n in range(40))]) + "\n"

    async def work(gateway: Gateway) -> None:
        await asyncio.gather(take_staff(gateway, named("Ane")), take_staff(gateway, named("Ib")))
        await asyncio.gather(*(take_well_known(gateway, f"{CPR}\n{other}") for other in ("2509479989", "2505544849")))

    house.run(work)
    names, known = kept(house)
    assert (len(names), len(set(names)), known) == (40, 1, 2)
