"""When a citizen was born: the day, and the time of day where it is told (patient-birthTime)."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.translate.hl7v2.write import fields
from tests.translate.hl7v2.ward import adt, fold, pid

TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"


def born(*told: str) -> dict[str, Any]:
    """The Patient whose PID-7 was told so, one after the other, the same in any order of arrival."""
    messages = [
        adt("A31", visit=None, citizen=pid({7: text}), sent=f"2025031{at}093000+0100")
        for at, text in enumerate(told, 1)
    ]
    (made,) = fold(*messages)["Patient"]
    assert fold(*reversed(messages))["Patient"] == [made]
    return made


def time_of(patient: dict[str, Any]) -> str | None:
    extensions = patient.get("_birthDate", {}).get("extension", [])
    assert all(one["url"] == TIME for one in extensions)
    return extensions[0]["valueDateTime"] if extensions else None


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("1948", "1948", None),
        ("19481225", "1948-12-25", None),
        ("19481225+0100", "1948-12-25", None),
        ("19481225000000", "1948-12-25", None),
        ("194812250000+0100", "1948-12-25", None),
        ("19481225000001", "1948-12-25", "1948-12-25T00:00:01+01:00"),
        ("194812250930", "1948-12-25", "1948-12-25T09:30:00+01:00"),
        ("19880714233000", "1988-07-14", "1988-07-14T23:30:00+02:00"),
        ("19481225093000-0500", "1948-12-25", "1948-12-25T09:30:00-05:00"),
    ],
)
def test_the_time_of_birth_is_told_beside_the_day(text: str, day: str, time: str | None) -> None:
    made = born(text)
    assert (made["birthDate"], time_of(made)) == (day, time)
    assert fields.pid(made)[7] == fields.dtm(time or day)


def test_the_time_goes_with_its_day() -> None:
    assert time_of(born("194812250930", "19481225")) == "1948-12-25T09:30:00+01:00", (
        "who tells the day alone unsays nothing"
    )
    assert time_of(born("194812250930", "19481226")) is None, "another day has not the old one's time"
    assert "birthDate" not in (gone := born("194812250930", '""'))
    assert time_of(gone) is None
