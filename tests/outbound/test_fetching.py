"""Systems that are asked: what is fetched through real sockets becomes parts of the plan, once."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.source import Fetching
from gateway.flows.fetch import Round, fetch, known_to, numbers_of, rounds, states
from gateway.flows.parts import Gateway
from gateway.outbound.asking import Limits
from gateway.outbound.vendors import systems
from gateway.store.fetched import State
from tests.conftest import PROJECT
from tests.outbound.case_system import CPR, OTHER, CaseSystem, Momentum, Nexus, Reply, grant, listening
from tests.outbound.conftest import Office
from tests.translate.oioxml.letters import HOSPITAL_EAN, enveloped, stay_letter, written

NEXUS, MOMENTUM, LETTERS = "koebenhavn-nexus", "koebenhavn-momentum", "regionh-oioxml"
NOTIFICATION = PROJECT / "mappings" / "medcom" / "examples" / "admission-asking-for-a-report.json"
QUICK = Limits(seconds=2.0, bytes=200_000, whole=400_000, requests=40, tries=3, pause=0.01, longest=0.05)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_SECRET", "hush")
    monkeypatch.setenv("MOMENTUM_KEY", "k3y")


def admission(cpr: str = CPR) -> bytes:
    """A letter from a hospital that is registered."""
    letter = stay_letter("Admission", "2026-03-01", "10:00", cpr=cpr)
    return written(enveloped(letter.replace(HOSPITAL_EAN, "5790000209354")))


def asked_at(gateway: Gateway, system: CaseSystem, name: str = NEXUS, **more: Any) -> Gateway:
    """The gateway with this system under `fetch` of a source."""
    root = f"{system.url}/api/v2/" if isinstance(system, Nexus) else f"{system.url}/api/"
    key = "MOMENTUM_KEY" if name == MOMENTUM else ""
    there = Fetching(root, f"{system.url}/token", "faellesplan", "NEXUS_SECRET", key=key, **more)
    return replace(gateway, sources=dict(gateway.sources) | {name: replace(gateway.sources[name], fetch=there)})


async def look(gateway: Gateway, numbers: list[str] | None, name: str = NEXUS, limits: Limits = QUICK) -> Round:
    return await fetch(gateway, systems(gateway.languages, limits=limits), gateway.sources[name], numbers)


def fetching(office: Office, system: CaseSystem, test: Callable[[Gateway], Awaitable[Any]], **more: Any) -> Any:
    """What the test gives, with the system listening."""
    name = MOMENTUM if isinstance(system, Momentum) else NEXUS

    async def work(gateway: Gateway) -> Any:
        await gateway.database.fetchval(
            "TRUNCATE fetched, resource, resource_version, citizen, identity, identifier, merge"
        )
        async with listening(system):
            return await test(asked_at(gateway, system, name, **more))

    return office.run(work)


async def parts(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    rows = await gateway.database.fetch("SELECT body, version FROM resource WHERE kind = $1 ORDER BY id", kind)
    return [json.loads(row["body"]) | {"version": row["version"]} for row in rows]


async def count(gateway: Gateway, table: str, where: str = "true") -> int:
    return int(await gateway.database.fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))


def nexus(*grants: dict[str, Any], number: str = CPR) -> Nexus:
    system = Nexus()
    system.add(number, list(grants))
    return system


def test_a_grant_becomes_an_intervention_and_an_unchanged_citizen_changes_nothing(office: Office) -> None:
    system = nexus(grant(9001), grant(9002, "Ophold", "§ 110"))

    async def test(gateway: Gateway) -> None:
        first = await look(gateway, [CPR])
        assert dict(first.looks) == {"new": 1}
        assert not first.failure
        titles = {one["title"]: one for one in await parts(gateway, "CarePlan")}
        assert set(titles) == {"Socialpædagogisk støtte", "Ophold"}
        assert titles["Ophold"]["category"][0]["coding"][0]["code"] == "27.57.16"
        before = (
            await count(gateway, "statement"),
            await count(gateway, "message"),
            await count(gateway, "access_record"),
        )
        for _ in range(3):
            assert dict((await look(gateway, [CPR])).looks) == {"unchanged": 1}
        assert before == (
            await count(gateway, "statement"), await count(gateway, "message"), await count(gateway, "access_record")
        )  # fmt: skip
        assert {one["version"] for one in await parts(gateway, "CarePlan")} == {1}

    fetching(office, system, test)
    assert all(CPR not in one.path for one in system.asked), "the number travels in the body"
    assert not any("{" in one for one in system.paths())


def test_the_order_in_which_a_system_lists_things_is_no_news(office: Office) -> None:
    grants = [grant(1), grant(2), grant(3)]
    system = Nexus()
    system.add(CPR, grants)

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR])).looks["new"]
        grants.reverse()
        assert (await look(gateway, [CPR])).looks["unchanged"]

    fetching(office, system, test)


def test_what_changed_back_is_news_each_time(office: Office) -> None:
    """A naive memory of all that was ever seen would take the third for the first."""
    given = grant(1)
    system = nexus(given)

    async def test(gateway: Gateway) -> None:
        seen = []
        for name in ("Støtte", "Anden støtte", "Støtte"):
            given["name"] = name
            office.clock.ahead += timedelta(hours=1)
            assert (await look(gateway, [CPR])).looks["new"]
            seen += [one["title"] for one in await parts(gateway, "CarePlan")]
        assert seen == ["Støtte", "Anden støtte", "Støtte"]

    fetching(office, system, test)


def test_a_planned_end_comes_on_its_day_though_the_system_says_nothing_new(office: Office) -> None:
    soon = (office.clock() + timedelta(days=2)).date().isoformat()
    system = nexus(grant(1, cancelledDate=soon))

    async def test(gateway: Gateway) -> None:
        await look(gateway, [CPR])
        assert [one["status"] for one in await parts(gateway, "CarePlan")] == ["active"]
        office.clock.ahead += timedelta(days=3)
        assert (await look(gateway, [CPR])).looks["new"]
        assert [one["status"] for one in await parts(gateway, "CarePlan")] == ["revoked"]

    fetching(office, system, test)


def test_a_grant_that_is_no_longer_listed_is_not_taken_back(office: Office) -> None:
    grants = [grant(1), grant(2, "Ledsagelse")]
    system = Nexus()
    system.add(CPR, grants)

    async def test(gateway: Gateway) -> None:
        await look(gateway, [CPR])
        del grants[1]
        assert (await look(gateway, [CPR])).looks["new"]
        assert len(await parts(gateway, "CarePlan")) == 2

    fetching(office, system, test)


def test_everybody_with_a_case_of_the_municipality_is_asked_for(office: Office) -> None:
    system = nexus(grant(1))
    system.add(OTHER, [grant(2)])

    async def test(gateway: Gateway) -> None:
        assert not (await look(gateway, None)).looks, "nobody is known yet"
        await look(gateway, [CPR, OTHER])
        assert await known_to(gateway, gateway.sources[NEXUS]) == [OTHER, CPR]
        assert await known_to(gateway, gateway.sources["frederiksberg-sag"]) == [], "another municipality"
        patients = [one["id"] for one in await parts(gateway, "Patient")]
        assert {n for one in patients for n in await numbers_of(gateway, f"Patient/{one}")} == {CPR, OTHER}
        assert await numbers_of(gateway, "251248-9996") == [CPR]
        system.citizens.pop(OTHER)
        done = await look(gateway, None)
        assert dict(done.looks) == {"unchanged": 1, "unknown": 1}
        assert len(await parts(gateway, "CarePlan")) == 2, "nothing that is here is lost"

    fetching(office, system, test)


def test_a_round_takes_place_when_its_time_has_come_and_on_one_node(office: Office) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        opening = systems(gateway.languages, limits=QUICK)
        await look(gateway, [CPR])
        assert [dict(one.looks) async for one in rounds(gateway, opening)] == [{"unchanged": 1}]
        assert [one async for one in rounds(gateway, opening)] == []
        office.clock.ahead += timedelta(minutes=29)
        assert [one async for one in rounds(gateway, opening)] == []
        office.clock.ahead += timedelta(minutes=2)
        assert len([one async for one in rounds(gateway, opening)]) == 1

    fetching(office, system, test, minutes=30)


def test_a_secret_that_is_gone_ends_the_round_with_its_reason(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(gateway: Gateway) -> None:
        monkeypatch.delenv("NEXUS_SECRET")
        opening = systems(gateway.languages, limits=QUICK)
        (done,) = [one async for one in rounds(gateway, opening)]
        assert done.failure.startswith("The secret NEXUS_SECRET is not there")
        assert [one.failure for one in await states(gateway)] == [done.failure]

    fetching(office, nexus(), test)


def test_a_token_that_ends_is_renewed_in_the_middle(office: Office) -> None:
    system = nexus(grant(1), grant(2), grant(3))
    refused = []

    def grant_two(asked: Any) -> Any:
        if not refused:
            refused.append(asked)
            system.good.clear()
            return Reply({"error": "expired"}, 401)
        return grant(2)

    async def test(gateway: Gateway) -> None:
        system.answers["GET /api/v2/grants/2"] = grant_two
        assert dict((await look(gateway, [CPR])).looks) == {"new": 1}
        assert system.tokens == 2
        system.lifetime = 0
        await look(gateway, [CPR])
        assert system.tokens > 3, "one that is over by its time is not even tried"

    fetching(office, system, test)


def test_the_inbox_is_read_and_told_only_after_the_letter_is_kept(office: Office) -> None:
    """A letter is about the hospital's citizen with a case: accepted, placed, archived, each by its link."""
    system = nexus(grant(1))
    letter = admission()
    system.deliver(CPR, letter)

    async def test(gateway: Gateway) -> None:
        done = await look(gateway, [CPR])
        assert (done.letters, done.left) == (1, 0)
        assert await count(gateway, "message", "language = 'oioxml' AND state = 'kept'") == 1
        assert system.told == [("accept", {}), ("place", {"pathwayId": "71"}), ("archive", {})]
        assert system.inbox[CPR] == []
        assert (await look(gateway, [CPR])).letters == 0

    fetching(office, system, test, letters=(LETTERS,), place="Bostøtte")


def test_a_letter_in_medcoms_fhir_comes_in_by_the_same_way(office: Office) -> None:
    system = nexus(grant(1))
    system.deliver(CPR, NOTIFICATION.read_bytes().replace(OTHER.encode(), CPR.encode()))

    async def test(gateway: Gateway) -> None:
        done = await look(gateway, [CPR])
        assert (done.letters, done.left) == (1, 0)
        assert [action for action, _ in system.told] == ["accept", "archive"], (
            "placed nowhere unless somebody says where"
        )

    fetching(office, system, test, letters=("regionh-medcom",))


def test_a_letter_that_cannot_be_placed_as_wanted_is_not_archived(office: Office) -> None:
    system = nexus(grant(1))
    system.deliver(CPR, admission())

    async def test(gateway: Gateway) -> None:
        done = await look(gateway, [CPR])
        assert done.looks["failed"] == 1
        assert [action for action, _ in system.told] == ["accept"]
        assert len(await parts(gateway, "CarePlan")) == 1, "what was found is kept all the same"
        told = await gateway.database.fetchval("SELECT failure FROM fetched")
        assert told == "There is nothing of the name under place to put letters on at inbox."

    fetching(office, system, test, letters=(LETTERS,), place="Et forløb, der ikke findes")


def test_an_inbox_is_left_alone_unless_somebody_says_whose_letters_may_come_out(office: Office) -> None:
    system = nexus(grant(1))
    system.deliver(CPR, admission())

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR])).letters == 0
        assert not [path for path in system.paths() if "inbox" in path]

    fetching(office, system, test)


@pytest.mark.parametrize(
    "letter",
    [
        pytest.param(b"<Emessage>", id="broken"),
        pytest.param(b"\x00\x01", id="garbage"),
        pytest.param(admission(OTHER), id="another's"),
        pytest.param(b'{"resourceType": "Bundle", "type": "message"}', id="of a sender who may not"),
    ],
)
def test_a_letter_that_is_not_kept_stays_there(office: Office, letter: bytes) -> None:
    system = nexus(grant(1))
    system.deliver(CPR, letter)

    async def test(gateway: Gateway) -> None:
        for _ in range(2):
            done = await look(gateway, [CPR])
            assert (done.letters, done.left) == (1, 1)
        assert system.told == []
        assert await count(gateway, "message", "language <> 'nexus'") <= 1, "seen again it is one row"

    fetching(office, system, test, letters=(LETTERS,))


def test_a_stop_between_keeping_and_telling_loses_and_doubles_nothing(office: Office) -> None:
    """The letter was kept and accepted; then the system was gone. It comes again, is a duplicate, and is archived."""
    system = nexus(grant(1))
    system.deliver(CPR, admission())

    async def test(gateway: Gateway) -> None:
        archive = system.answers.pop("PUT /api/v2/inbox/1/archive")
        system.answers["PUT /api/v2/inbox/1/archive"] = lambda _: Reply(None, 500)
        assert (await look(gateway, [CPR])).looks["failed"] == 1
        system.answers["PUT /api/v2/inbox/1/archive"] = archive
        done = await look(gateway, [CPR])
        assert (done.letters, done.left, done.failure) == (1, 0, "")
        assert [action for action, _ in system.told] == ["accept", "archive"]
        assert await count(gateway, "message", "language = 'oioxml'") == 1

    fetching(office, system, test, letters=(LETTERS,))


def test_momentum_makes_a_plan_of_the_jobcenter_and_its_number_is_in_no_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    system = Momentum()
    workers = [
        {"id": "w1", "name": "Karla Kvist", "role": "Beskæftigelsessagsbehandler"},
        {"id": "w2", "name": "Team Syd", "role": "Sanktionsteam"},
    ]
    plan = {
        "id": "p1",
        "type": "Min Plan",
        "status": "Aktiv",
        "start": "2026-01-01",
        "activities": [{"id": "a", "name": "Mentor"}],
    }
    system.add(
        CPR,
        markings=[{"id": "m1", "name": "Aktivitetsparat", "start": "2026-01-01"}],
        caseworkers=workers,
        plans=[plan],
    )

    async def test(gateway: Gateway) -> list[Any]:
        with caplog.at_level(logging.DEBUG):
            assert dict((await look(gateway, [CPR, OTHER], MOMENTUM)).looks) == {"new": 1, "unknown": 1}
            assert dict((await look(gateway, [CPR], MOMENTUM)).looks) == {"unchanged": 1}
            system.answers["GET /api/citizens/find"] = lambda _: "no object"
            assert (await look(gateway, [CPR], MOMENTUM)).looks["failed"]
        rows = await gateway.database.fetch("SELECT kind, facts FROM resource WHERE kind <> 'Patient'")
        return [(row["kind"], json.loads(row["facts"])) for row in rows]

    found = fetching(office, system, test)
    assert {kind for kind, _ in found} == {"CarePlan", "CareTeam", "Condition"}
    assert CPR not in caplog.text
    assert OTHER not in caplog.text
    for kind, facts in found:
        assert "https://faellesplan.dk/fhir/CodeSystem/data-class|employment" in str(facts), kind
        assert kind == "CareTeam" or "employment" in facts.values(), kind


def test_states_tell_what_failed_without_a_number(office: Office) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        system.answers["GET /api/v2/grants/1"] = lambda _: b"<html>" + CPR.encode()
        assert (await look(gateway, [CPR])).looks["failed"] == 1
        assert await states(gateway) == [State(NEXUS, None, 1, 1, "", (("This is not JSON at grants.", 1),))]
        told = await gateway.database.fetchval("SELECT failure FROM fetched")
        assert told == "This is not JSON at grants."
        system.citizens.clear()
        assert (await look(gateway, [CPR])).looks["unknown"] == 1
        assert await states(gateway) == [State(NEXUS, None, 1, 0, "")], "and nothing fails any more"

    fetching(office, system, test)
