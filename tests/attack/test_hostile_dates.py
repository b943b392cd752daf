"""Dates that FHIR allows and clocks do not reach: no citizen's plan may be closed by one of them."""

from __future__ import annotations

from typing import Any

from tests.attack.world import ASK, SARAH, Doors, about, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run

# "No end" as many Danish systems write it, the first year, a leap second, and their neighbours (all R4 dateTime).
DATES = (
    "9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "0001", "0001-01",
    "0001-01-01", "0001-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z", "2025-03-01T10:00:00.123456789+01:00",
)  # fmt: skip


async def looks(here: Doors, who: str, patient: str) -> list[int]:
    """The statuses of every kind of look at one citizen."""
    paths = [f"Patient/{patient}/$joint-plan", f"CarePlan?patient={patient}&date=ge2020", f"Goal?patient={patient}"]
    return [(await here.get(who, path)).status for path in paths]


def dated(number: int, date: str) -> list[dict[str, Any]]:
    """A plan that ends then, one that begins then, a team whose member leaves then, a goal."""
    member = {"member": {"display": "Karen"}, "period": {"end": date}}
    return [
        plan(f"a{number}", period={"end": date}),
        plan(f"b{number}", period={"start": date}),
        {"resourceType": "CareTeam", "id": f"t{number}", "status": "active", "participant": [member]},
        {
            "resourceType": "Goal",
            "id": f"g{number}",
            "lifecycleStatus": "active",
            "description": {"text": "Ro"},
            "startDate": date[:10],
        },
    ]


def test_a_plan_with_a_date_at_the_end_of_time_stays_readable(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            for number, date in enumerate(DATES):
                bundle = order(SARAH, *dated(number, date), number=str(number))
                await here.arrive(("social", bundle))
                assert set(await looks(here, "social", patient_of(SARAH))) == {200}, date
            await here.arrive(("psyk", stay(SARAH)))
            assert set(await looks(here, "psyk", patient_of(SARAH))) == {200}

    run(test)


def test_searches_for_the_end_of_time(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            for date in DATES[:-1]:
                for prefix in ("", "ge", "lt", "ap"):
                    value = f"{prefix}{date}".replace("+", "%2B")
                    found = await here.get("psyk", f"Encounter?patient={patient_of(SARAH)}&date={value}")
                    assert found.status == 200, value
                    audited = await here.get("auditor", f"AuditEvent?date={value}")
                    assert audited.status == 200, value

    run(test)


def said(name: str, date: str) -> dict[str, Any]:
    if name == "dateTime":
        return {"dateTime": date}
    both = {"start": date, "end": date}
    spans = {"start": {"period": {"start": date}}, "both": {"period": both}, "data": {"dataPeriod": both}}
    return {"provision": about("Goal") | spans[name]}


def test_consents_with_such_dates_are_taken_or_refused_and_never_break_a_look(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(ASK, plan())))
            for name in ("dateTime", "start", "both", "data"):
                for date in DATES:
                    answer = await here.write("social", consent(patient_of(ASK), "permit", **said(name, date)))
                    assert answer.status in (201, 422), (name, date, answer.body)
                assert set(await looks(here, "social", patient_of(ASK))) == {200}, name

    run(test)
