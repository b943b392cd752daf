"""Who is told of what, in which words: the tables, and what is wrong in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.domain.source import Connection, Source
from gateway.domain.telling import Case, Notice, Telling, Tellings
from gateway.errors import NoCitizen
from gateway.translate.rules.problems import Problems
from gateway.translate.telling import entry as entries
from gateway.translate.telling.entry import Sending, Told, entry
from gateway.translate.telling.table import read

MAPPINGS = Path(__file__).parents[3] / "mappings"
HEADER = "event,destination,form,role,purpose,classes,cases,subject,facet,within,valid_from,valid_to,why\n"
GOOD = "discharge,town,note,social,COC,IMP EMER,27 29.24,27.12.00,G01,14,2026-01-01,,\n"
THERE = Connection("https://town.example/")
TOWN = Source(
    "town", "Prøve Kommune", "municipality", Identifier(CVR, "64942212"), "sf2900", ("64942212",), deliver=THERE
)
SOURCES = {
    "town": TOWN,
    "jobs": replace(TOWN, id="jobs", language="fasit"),
    "silent": replace(TOWN, id="silent", deliver=None),
    "hospital": replace(TOWN, id="hospital", language="hl7v2"),
}
HOSPITAL = Source("h", "Prøve Hospital", "region", Identifier(SOR, "265161000016000"), "hl7v2", ("A|B",))


def table(tmp_path: Path, *rows: str, owners: Any = None) -> tuple[Tellings, list[str]]:
    (tmp_path / "outgoing.csv").write_text(HEADER + "".join(rows), "utf-8")
    problems = Problems()
    found = read(tmp_path / "outgoing.csv", SOURCES, owners or {}, problems)
    return found, [f"{problem.mark}: {problem.text}" for problem in problems.found]


def test_a_row(tmp_path: Path) -> None:
    found, faults = table(tmp_path, GOOD, "goal,jobs,document,jobcenter,ELIGDTRM,,,,,30,,,\n")
    assert faults == []
    assert found.kinds == ("Encounter", "Goal", "CarePlan")
    (row,) = found.of("discharge", "2026-05-05")
    assert (row.destination, row.role, row.classes, row.cases) == ("town", "social", ("IMP", "EMER"), ("27", "29.24"))
    assert found.of("discharge", "2025-12-31") == []
    assert found.of("discharge", "2026-05-05", "jobs") == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (GOOD.replace("discharge", "discharged"), "did you mean discharge"),
        (GOOD.replace("town", "twon"), "did you mean town"),
        (GOOD.replace("town", "hospital"), "hospital"),
        (GOOD.replace("town", "silent"), "deliver is missing"),
        (GOOD.replace("town", "jobs"), "FASIT takes documents alone"),
        (GOOD.replace("social", "auditor"), "auditor"),
        (GOOD.replace("social", "hospital"), "hospital"),
        (GOOD.replace("COC", "BTG"), "BTG"),
        (GOOD.replace("COC", ""), "purpose is empty"),
        (GOOD.replace("27.12.00", "27.12"), "subject must be written 27.57.16"),
        (GOOD.replace("G01", "1"), "facet must be written G01"),
        (GOOD.replace("27 29.24", "27,29"), "columns"),
        (GOOD.replace("27 29.24", "27 x"), "cases must be"),
        (GOOD.replace("27 29.24,27.12.00", "none,"), "without a case"),
        (GOOD.replace(",14,", ",0,"), "within"),
        (GOOD.replace(",14,", ",9999,"), "within"),
        (GOOD.replace("2026-01-01,", "2026-01-01,2025-01-01"), "valid_to lies before"),
        (GOOD + GOOD, "told twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, row: str, fault: str) -> None:
    _, faults = table(tmp_path, row)
    assert any(fault in one and "outgoing.csv:" in one for one in faults), faults


def test_the_role_is_the_one_that_is_registered(tmp_path: Path) -> None:
    owners = {"town": {("http://cvr.dk|64942212", "jobcenter")}}
    _, faults = table(tmp_path, GOOD, owners=owners)
    assert any("registered as jobcenter" in one for one in faults)
    assert table(tmp_path, GOOD, owners={"town": {("http://cvr.dk|64942212", "social")}})[1] == []


def test_as_it_comes_nobody_is_told() -> None:
    problems = Problems()
    assert read(MAPPINGS / "outgoing.csv", SOURCES, {}, problems).rows == ()
    assert not (MAPPINGS / "outgoing.csv").exists()
    assert problems.found == []


STAY = {
    "resourceType": "Encounter", "id": "e", "status": "finished",
    "serviceProvider": {"identifier": {"system": SOR, "value": "399841000016000"}, "display": "Psykiatrisk Center"},
    "period": {"start": "2026-03-01T08:00:00+01:00", "end": "2026-03-04"},
}  # fmt: skip
PERSON = {
    "resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "251248-9996"}],
    "name": [{"family": "Lind", "given": ["Ask"]}],
}  # fmt: skip
ROW = Telling(
    "discharge",
    "town",
    "note",
    "social",
    "COC",
    ("IMP",),
    ("27",),
    "27.12.00",
    "G01",
    timedelta(days=14),
    "",
    "",
    "row",
)
CASE = Case("c", {"identifier": [{"system": "https://data.gov.dk/id/organization", "value": "u-u"}]}, ())


def made(word: Any = "told", resource: Any = STAY, patient: Any = PERSON) -> Any:
    problems = Problems()
    texts = entries.read(MAPPINGS / "outgoing-texts.csv", problems)
    assert problems.found == []
    event = "goal" if resource["resourceType"] == "Goal" else "discharge"
    notice = Notice(event, "x", "CarePlan/c", "ended", 1, datetime(2026, 3, 5, tzinfo=UTC))  # type: ignore[arg-type]
    return entry(Told(patient, resource, CASE, HOSPITAL), Sending("id", notice, word, "", ROW, TOWN), texts)


def test_the_words_of_a_discharge() -> None:
    told = made()
    assert told.title == "Ophold på Psykiatrisk Center er afsluttet"
    assert told.text == (
        "Opholdet på Psykiatrisk Center sluttede 04.03.2026.\nOpholdet begyndte 01.03.2026 kl. 08.00."
    ), "a line with nothing to say is left out; a day stays a day"
    assert (told.case, told.subject, told.facet) == ("u-u", "27.12.00", "G01"), (
        "what the case does not say the row does"
    )
    assert told.citizen.value == "2512489996"
    assert told.author.value == "399841000016000"
    assert told.citizen_name == "Ask Lind"
    assert made("void").title.startswith("Rettelse")


DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"


@pytest.mark.parametrize(
    ("disposition", "line"),
    [
        (
            {"coding": [{"system": DISPOSITION, "code": "home", "display": "Home"}]},
            "Afslutning: udskrevet til eget hjem.",
        ),
        ({"coding": [{"system": DISPOSITION, "code": "exp"}], "text": "x"}, "Afslutning: afgået ved døden."),
        ({"coding": [{"system": "urn:own", "code": "7", "display": "Herberg"}]}, "Afslutning: Herberg."),
        ({"text": "Til bekendt"}, "Afslutning: Til bekendt."),
    ],
)
def test_codes_are_told_in_danish_or_as_they_were_sent(disposition: Any, line: str) -> None:
    stay = STAY | {"hospitalization": {"dischargeDisposition": disposition}}
    assert made(resource=stay).text.splitlines()[-1] == line


def test_words_have_one_line_each(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text((MAPPINGS / "outgoing-texts.csv").read_text("utf-8"), "utf-8")
    (tmp_path / "outgoing-words.csv").write_text("system,code,word\na,b,c\na,b,d\na,e,\n", "utf-8")
    problems = Problems()
    entries.read(tmp_path / "t.csv", problems)
    assert len(problems.found) == 2


def test_nothing_unseen_gets_into_a_text() -> None:
    evil = "A\x00\x1b[2J\u202eB\ud800\ufeff\nC"
    told = made(resource=STAY | {"serviceProvider": {"display": evil}})
    assert told.title == "Ophold på A [2J B C er afsluttet"
    told.text.encode()
    assert made(resource=STAY | {"serviceProvider": {"display": "{0.__class__} {x}"}}).title.count("{") == 2


def test_a_citizen_whom_the_destination_may_not_name_is_told_of_to_nobody() -> None:
    with pytest.raises(NoCitizen):
        made(patient=PERSON | {"identifier": []})


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("discharge,told,line,{diagnosis}", "diagnosis"),
        ("discharge,told,line,{end", "brace"),
        ("discharge,told,title,another", "one title"),
        ("discharge,told,line,{end:>999999999}", "without a format"),
        ("discharge,told,line,{end!r}", "without a format"),
        ("discharge,told,line,{end.__class__}", "end.__class__"),
        ("goal,told,line,{end}", "end"),
        ("goal,says,line,x", "says"),
    ],
)
def test_texts_name_what_there_is(tmp_path: Path, line: str, fault: str) -> None:
    text = (MAPPINGS / "outgoing-texts.csv").read_text("utf-8")
    (tmp_path / "t.csv").write_text(f"{text}{line}\n", "utf-8")
    problems = Problems()
    entries.read(tmp_path / "t.csv", problems)
    assert any(fault in one.text for one in problems.found)


def test_a_title_for_every_word(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("event,word,part,text\n", "utf-8")
    problems = Problems()
    entries.read(tmp_path / "t.csv", problems)
    assert len(problems.found) == 6
