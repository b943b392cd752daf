"""What is told of one thing, as it changes and as what was told before did or did not arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.telling import (
    Before,
    Case,
    Notice,
    Telling,
    chosen,
    notice_of,
    state_of,
    without_words,
    word_of,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
IDS = ids(b"test")
TOWN = Source("town", "Prøve Kommune", "municipality", Identifier(CVR, "64942212"), "sf2900", ("64942212",))
SOURCES = {
    "town": TOWN,
    "index": Source("index", "Sagsoverblik", "municipality", TOWN.organisation, "oio", ("64942212",)),
    "other": Source("other", "En anden", "municipality", Identifier(CVR, "11259979"), "oio", ("11259979",)),
}
ROW = Telling(
    "discharge", "town", "note", "social", "COC", ("IMP",), ("27",), "", "", timedelta(days=14), "", "", "row"
)


def notice(number: int, state: str) -> Notice:
    return Notice("discharge", "Encounter/e", "CarePlan/c", state, number, NOW)


def test_a_notice_is_read_as_it_was_written() -> None:
    assert notice_of(notice(3, "ended|2026-03-01").to_bytes()) == notice(3, "ended|2026-03-01")


def test_what_may_have_arrived_counts_as_told() -> None:
    broken = Before("1", notice(1, "ended|a"), "waiting", 1)
    assert word_of(notice(2, ""), [broken]) == ("void", "1")
    untried = Before("1", notice(1, "ended|a"), "waiting", 0)
    assert word_of(notice(2, ""), [untried]) == (None, "")
    refused = Before("1", notice(1, "ended|a"), "failed", 1)
    assert word_of(notice(2, "ended|b"), [refused]) == ("changed", "1")


@pytest.mark.parametrize(
    ("event", "body", "withdrawn", "state"),
    [
        ("discharge", {"status": "finished", "period": {"end": "2026-03-01"}}, False, IDS("Told", "2026-03-01")),
        ("discharge", {"status": "finished", "period": {"end": "2026-03-01"}}, True, ""),
        ("discharge", {"status": "finished"}, False, ""),
        ("discharge", {"status": "in-progress", "period": {"start": "2026-03-01"}}, False, ""),
        ("discharge", {"status": "onleave", "period": {}}, False, ""),
        ("discharge", {"status": "cancelled", "period": {"end": "2026-03-01"}}, False, ""),
        ("goal", {"lifecycleStatus": "proposed"}, False, ""),
        ("goal", {"lifecycleStatus": "entered-in-error"}, False, ""),
        ("goal", {}, False, ""),
        ("goal", {"lifecycleStatus": "active"}, True, ""),
    ],
)
def test_what_there_is_to_tell(event: Any, body: Any, withdrawn: bool, state: str) -> None:
    assert state_of(event, body, IDS, withdrawn=withdrawn) == state


def test_a_goal_is_told_again_when_its_content_changes_and_no_word_of_it_is_in_its_state() -> None:
    goal = {"lifecycleStatus": "active", "description": {"text": "Egen bolig"}, "meta": {"versionId": "1"}}
    first = state_of("goal", goal, IDS, withdrawn=False)
    assert first == state_of("goal", goal | {"meta": {"versionId": "2"}}, IDS, withdrawn=False)
    assert first != state_of("goal", goal | {"description": {"text": "Eget hus"}}, IDS, withdrawn=False)
    assert "bolig" not in first


def case(identity: str, subject: str = "27.57.16", **body: Any) -> Case:
    told = {
        "status": "active",
        "author": {"identifier": {"system": CVR, "value": "64942212"}},
        "category": [{"coding": [{"system": "https://data.gov.dk/id/classification/KLE", "code": subject}]}],
        "period": {"start": "2025-01-01"},
    }
    return Case(identity, told | body, ("index",))


STAY = {"status": "finished", "period": {"start": "2026-03-01", "end": "2026-03-08"}}
NUMBER = [{"system": "https://data.gov.dk/id/organization", "value": "u"}]


@pytest.mark.parametrize(
    ("cases", "found"),
    [
        ([], None),
        ([case("a")], "a"),
        ([case("a", "15.17.30")], None),
        ([case("a", status="completed")], None),
        ([case("a", period={"start": "2025-01-01", "end": "2026-03-01"})], None),
        ([case("a", basedOn=[{"reference": "CarePlan/b"}])], None),
        ([case("a", author={"identifier": {"system": CVR, "value": "11259979"}})], None),
        ([Case("a", case("a", author={}).body, ("other",))], None),
        ([Case("a", case("a", author={}).body, ("index",))], "a"),
        ([case("a"), case("b", period={"start": "2026-01-01"})], "b"),
        ([case("a"), case("b", period={"start": "2026-03-09"})], "a"),
        ([case("a", identifier=NUMBER), case("b", period={"start": "2026-01-01"})], "a"),
    ],
)
def test_the_case_that_is_told(cases: list[Case], found: str | None) -> None:
    one = chosen(cases, STAY, ROW, TOWN, SOURCES, NOW)
    assert (one.id if one else None) == found
    again = chosen(cases[::-1], STAY, ROW, TOWN, SOURCES, NOW)
    assert (again.id if again else None) == found, "in whatever order they come"


def test_words_that_name_somebody_are_taken_out_of_a_text() -> None:
    assert (
        without_words("Ask LIND findes ikke, lindring gør", ["Ask", "Lind", "X"]) == "xxx xxx findes ikke, lindring gør"
    )
    assert without_words("a.b", ["a.b"]) == "xxx"
    assert without_words("intet", []) == "intet"
