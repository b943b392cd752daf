"""`gateway relabel` after a row of the labels was taken out: who is judged, what is told, and where it goes on.

What is told is a count, and never anybody's number or name.
"""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import cli
from gateway.errors import Unavailable
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.flows.relabel import relabel
from gateway.settings import Settings
from tests.conftest import fresh_database
from tests.flows.conftest import House
from tests.flows.messages import CPR, adt, case

OTHER = "2509479989"
NAMELESS = "MRG|{}^^^CPR&1.2.208.176.1.2&ISO^NI"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def house(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Two citizens with a case and a psychiatric stay each, and the commands set to their database."""
    with fresh_database(postgres) as url:
        house = House(url, tmp_path)
        house.run(_two)
        monkeypatch.setenv("GATEWAY_DATABASE_URL", url)
        monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
        yield house


async def _two(gateway: Gateway) -> None:
    for number, cpr in enumerate((CPR, OTHER)):
        stay = adt("A01", number, "20260302090000+0100", cpr=cpr, visit=f"V{number}")
        sag = case(cpr).replace(b"5B0C9D2E", b"5B0C9D2%d" % number)  # a case of each
        for door, message in (("oio", sag), ("hl7v2", stay)):
            assert (await receive(gateway, door, message)).accepted


def without_psychiatry(folder: Path) -> Path:
    """A copy of the mappings in which no unit is psychiatric by its name."""
    shutil.copytree(Settings().mappings_folder, folder)
    table = folder / "policy" / "labels.csv"
    rows = list(csv.reader(table.read_text("utf-8").splitlines()))
    kept = [row for row in rows if not (row[0] == "unit" and row[4] == "PSY")]
    assert len(kept) < len(rows), "there were such rows"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(kept)
    return folder


async def labelled(gateway: Gateway) -> dict[str, bool]:
    """By Patient id, whether the stay is labelled as psychiatry."""
    rows = await gateway.database.fetch("SELECT citizen, body FROM resource WHERE kind = 'Encounter'")
    return {row["citizen"]: '"PSY"' in row["body"].decode() for row in rows}


def test_a_row_taken_out_lowers_what_it_alone_had_raised(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    before = house.run(labelled)
    first, last = sorted(before)
    assert list(before.values()) == [True, True]
    assert cli.main(["relabel"]) == 0
    assert capsys.readouterr().out == "2 citizens judged again, 0 changed.\n", "the same tables change nothing"
    monkeypatch.setenv("GATEWAY_MAPPINGS_FOLDER", str(without_psychiatry(tmp_path / "mappings")))
    assert cli.main(["relabel", "--after", first, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"citizens": 1, "changed": 1, "failed": 0}
    assert house.run(labelled) == {first: True, last: False}, "the first was done before, says who asks"
    assert cli.main(["relabel"]) == 0
    told = capsys.readouterr()
    assert told.out == "2 citizens judged again, 1 changed.\n"
    assert house.run(labelled) == {first: False, last: False}
    for number in (CPR, OTHER, first, last, "Lind"):
        assert number not in told.out + told.err
    assert cli.main(["relabel", "--after", last]) == 0
    assert capsys.readouterr().out.startswith("0 citizens"), "after the last there is nobody"


def test_tables_that_are_wrong_judge_nobody(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    folder = without_psychiatry(tmp_path / "mappings")
    with (folder / "policy" / "labels.csv").open("a", encoding="utf-8") as file:
        file.write("*,DF99,,nowhere\n")
    monkeypatch.setenv("GATEWAY_MAPPINGS_FOLDER", str(folder))
    assert cli.main(["relabel"]) == 1
    told = capsys.readouterr()
    assert "policy/labels.csv:" in told.err
    assert told.out == ""
    assert all(house.run(labelled).values()), "nothing was lowered by half a table"


def test_when_the_database_goes_away_what_is_done_stays_done_and_the_rest_is_left(house: House, tmp_path: Path) -> None:
    house.settings = Settings(data_folder=tmp_path, mappings_folder=without_psychiatry(tmp_path / "mappings"))
    first, last = sorted(house.run(labelled))

    async def broken_off(gateway: Gateway) -> None:
        judged = relabel(gateway)
        assert (await anext(judged)).citizen == first
        await gateway.database.close()
        with pytest.raises(Unavailable):
            await anext(judged)

    house.run(broken_off)
    assert house.run(labelled) == {first: False, last: True}

    async def goes_on(gateway: Gateway) -> list[tuple[str, bool]]:
        return [(one.citizen, one.changed) async for one in relabel(gateway, first)]

    assert house.run(goes_on) == [(last, True)]


def test_who_became_another_while_it_went_is_no_failure(house: House) -> None:
    """A page of ids was read; before its last citizen is come to, an A40 tells that it is the first one."""

    async def work(gateway: Gateway) -> list[Any]:
        judged = relabel(gateway)
        first = await anext(judged)
        numbers = {gateway.ids("Patient", f"urn:oid:1.2.208.176.1.2|{one}"): one for one in (CPR, OTHER)}
        survivor, gone = numbers.pop(first.citizen), *numbers.values()
        message = adt("A40", 9, "20260305090000+0100", cpr=survivor, more=NAMELESS.format(gone))
        answer = await receive(gateway, "hl7v2", message)
        assert answer.accepted, answer.body
        return [one async for one in judged]

    (second,) = house.run(work)
    assert (second.changed, second.error) == (False, "")


def test_two_at_once_change_each_citizen_once(house: House, tmp_path: Path) -> None:
    house.settings = Settings(data_folder=tmp_path, mappings_folder=without_psychiatry(tmp_path / "mappings"))

    async def all_of(gateway: Gateway) -> int:
        return sum([one.changed async for one in relabel(gateway)])

    async def work(gateway: Gateway) -> tuple[int, int]:
        changed = await asyncio.gather(all_of(gateway), all_of(gateway))
        sql = "SELECT count(*) FROM access_record WHERE interaction = 'update'"
        return sum(changed), int(await gateway.database.fetchval(sql))

    changed, recorded = house.run(work)
    assert (changed, recorded) == (2, 2)
    assert not any(house.run(labelled).values())


def test_a_database_that_is_away_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
    for command in ("relabel", "suspicion"):
        assert cli.main([command]) == 1
        told = capsys.readouterr()
        assert told.err.strip()
        assert "Traceback" not in told.err + told.out
