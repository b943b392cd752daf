"""A municipality that has handed the citizen over finds out nothing of what others tell since, nor that they do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.handover import team_of
from gateway.domain.identifier import CPR
from tests.attack.test_history import with_field
from tests.attack.test_non_interference import NAMELESS, goal, team
from tests.attack.twins import CLIENTS, Chance
from tests.attack.two_worlds import Case, build, times
from tests.attack.world import JSON, SARAH, case, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run

LEFT = datetime(2026, 3, 2, 10, tzinfo=UTC)
_HANDED = team_of(("64942212", "København"), ("11259979", "Frederiksberg"), LEFT)
_HOME = with_field(stay(SARAH, "A01", 40, visit="V90"), b"PID", 11, b"Nyvej 7^^Frederiksberg^^2000^DK^H")
_NUMBERS = f"{SARAH}^^^CPR&1.2.208.176.1.2&ISO^NI~777^^^REGH".encode()
OWN = (
    ("social", order(SARAH, plan("a", goal=[{"reference": "Goal/g"}]), goal("g"), team("t"))),
    ("social", order(SARAH, {"resourceType": "CareTeam", "id": "h", **_HANDED}, number="7", patient=NAMELESS)),
)
SINCE = (
    ("elsewhere", case(SARAH, owner="11259979")),
    ("psyk", with_field(_HOME, b"PID", 3, _NUMBERS).replace(b"Lind^Ask", b"Bak^Bent")),
    ("psyk", stay(SARAH, "A08", 41, visit="V90").replace(b"Lind^Ask", b"Bak^Bo")),
    ("herlev", stay(SARAH, "A01", 42, visit="V91", sender="SP|HGH")),
)
HANDED_OVER = Case("social", OWN, SINCE, name="social who has handed her over")
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": CPR, "value": SARAH}],
    "name": [{"family": "Lind", "given": ["Sara"]}],
}
TEAM = {"resourceType": "CareTeam", "status": "active", "subject": {"reference": f"Patient/{patient_of(SARAH)}"},
        "participant": [{"member": {"display": "Karen Lund"}}]}  # fmt: skip


def test_what_it_goes_on_to_say_of_the_person_shows_nothing(
    database_url: str, second_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone told of her, or others have since: each answer is the same, whatever version it names."""
    path = f"Patient/{patient_of(SARAH)}"
    named = [{"If-Match": f'W/"{number}"'} for number in range(1, 5)]
    looks = [
        path, f"{path}/_history", f"Patient?_id={patient_of(SARAH)}", f"{path}/$joint-plan",
        f"{path}/$joint-plan?at=2026-03-02T18:00:30Z", *(f"{path}/_history/{number}" for number in range(1, 5)),
    ]  # fmt: skip
    changed = PATIENT | {"id": patient_of(SARAH), "gender": "female"}
    writes = [
        ("POST", "Patient", PATIENT, {}), *(("PUT", path, changed, one) for one in named),
        ("PUT", f"Patient?identifier={CPR}|{SARAH}", PATIENT | {"gender": "male"}, {}),
        *(("DELETE", path, None, one) for one in named), ("DELETE", path, None, {}), ("DELETE", path, None, {}),
        *(("PUT", path, changed, one) for one in named), ("POST", "CareTeam", TEAM, {}),
        ("POST", "Patient", PATIENT, {}),
    ]  # fmt: skip

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as a, doors(second_database_url, *CLIENTS) as b:
            await build(a, times(Case("social", OWN, ()), ()))
            await build(b, times(HANDED_OVER, range(len(SINCE))))
            statuses = set()
            chance = Chance(monkeypatch)
            for step, (method, where, body, headers) in enumerate(writes):
                told = []
                for here in (a, b):
                    here.http.world.clock.forward(1)
                    chance.begin((step, "who"))
                    bearer = await here.bearer("social") | {"X-Request-Id": "the-same", "Content-Type": JSON}
                    content = b"" if body is None else json.dumps(body).encode()
                    chance.begin(step)
                    answers = [await here.http.raw(method, f"/fhir/{where}", bearer | headers, content)]
                    answers += [await here.http.raw("GET", f"/fhir/{one}", bearer) for one in looks]
                    told.append([(one.status, one.headers, one.body) for one in answers])
                for one, other, asked in zip(*told, [where, *looks], strict=True):
                    assert one == other, (method, where, headers, asked)
                statuses.add(told[0][0][0])
            assert {200, 201, 204, 410, 412} <= statuses

    run(test)


def test_whom_it_had_taken_back_before_it_left_stays_gone_for_it(database_url: str) -> None:
    """Whoever tells of her later: what stood then is a deletion, and is shown as none but that."""
    path = f"Patient/{patient_of(SARAH)}"

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as here:
            await build(here, times(Case("social", OWN, ()), ()))
            here.http.world.clock.now = LEFT.replace(hour=9, minute=30)
            named = {"If-Match": (await here.get("social", path)).headers["etag"]}
            assert (await here.http.raw("DELETE", f"/fhir/{path}", await here.bearer("social") | named)).status == 204
            here.http.world.clock.now = LEFT.replace(hour=17)
            for sender, message in SINCE:
                assert (await here.send(sender, message)).status == 200
            assert (await here.get("social", path)).status == 410
            assert (await here.get("social", f"Patient?_id={patient_of(SARAH)}")).json()["total"] == 0
            assert b'"resourceType":"Patient"' not in (await here.get("social", f"{path}/$joint-plan")).body
            assert (await here.get("psyk", path)).status == 200, "it is there for whoever told of her"

    run(test)
