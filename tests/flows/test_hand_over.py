"""A case goes from one municipality to another: what may go goes, on record; the old one sees nothing of what comes
after."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import read_rules
from gateway.cli import hand_over as command
from gateway.domain.caller import Caller
from gateway.domain.source import Connection
from gateway.errors import BadRequest, Forbidden, NotFound, RuleBroken
from gateway.flows.deliver import claim, send
from gateway.flows.hand_over import HandedOver, Wish, hand_over
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.read import read
from gateway.flows.receive import receive
from gateway.flows.record_consent import record_consent
from gateway.flows.search import search
from gateway.outbound.lines import lines
from gateway.translate.handing_over import HandingOver
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.flows.conftest import House, caller
from tests.translate.hl7v2.ward import adt, pv1, segment

Json = dict[str, Any]
PROJECT = Path(__file__).parents[2]
STORY = PROJECT / "fixtures" / "stories" / "flytning"
WHO, WHY = "Karen Lund", "Borgeren er flyttet i egen bolig på Frederiksberg"
HANDING = HandingOver.of(Codes.read(PROJECT / "mappings" / "codes", Problems()), PROJECT / "mappings")
OLD, NEW, NURSE, HERLEV = caller("social"), caller("frederiksberg"), caller("nursing"), caller("herlev")
CPR = "0108589995"


async def told(gateway: Gateway, *names: str) -> str:
    """The story's messages up to here; the Patient id."""
    for name in names:
        language = "oio" if name.endswith(".xml") else "fhir-message"
        answer = await receive(gateway, language, (STORY / name).read_bytes())
        assert answer.accepted, (name, answer.body)
    row = await gateway.database.fetchrow("SELECT DISTINCT citizen FROM resource")
    return str(row["citizen"])  # type: ignore[index]


async def begun(gateway: Gateway) -> str:
    """København has a case, orders support, and closes the case; a hospital has the citizen."""
    return await told(gateway, "01-sag-koebenhavn.xml", "02-bestilling.json", "03-stin.json", "05-sag-lukket.xml")


async def consents(gateway: Gateway, citizen: str, to: str = "11259979", role: str = "social") -> Json:
    """The citizen lets a municipality see what concerns the case and the stay, for a quarter of a year."""
    text = (STORY / "08-samtykke.json").read_text("utf-8").replace("{citizen}", citizen).replace("11259979", to)
    body = json.loads(text)
    today = gateway.clock().date()
    body["dateTime"] = today.isoformat()
    body["provision"]["period"] = {"start": today.isoformat(), "end": (today + timedelta(days=90)).isoformat()}
    body["provision"]["provision"][0]["actor"][0]["role"]["coding"][0]["code"] = role
    served = await record_consent(gateway, OLD, json.dumps(body).encode())
    return body | {"id": json.loads(served.body)["id"]}


async def handed(gateway: Gateway, citizen: str, **more: Any) -> HandedOver:
    wish = replace(Wish(citizen, "0147", WHO, WHY, to_file=True), **more)
    return await hand_over(gateway, HANDING, wish)


async def last_record(gateway: Gateway) -> str:
    row = await gateway.database.fetchrow("SELECT body FROM access_record ORDER BY id DESC LIMIT 1")
    return bytes(row["body"]).decode()  # type: ignore[index]


async def sees(gateway: Gateway, who: Caller, citizen: str) -> Json:
    """Kind/id → resource, as a caller sees the joint plan; nothing where there is none for it."""
    try:
        bundle = json.loads((await joint_plan(gateway, who, citizen)).body)
    except NotFound:
        return {}
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in bundle["entry"]}


def test_what_goes_is_the_old_municipalitys_case_and_it_can_be_read_again(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[HandedOver, str, Json]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        found = await handed(gateway, citizen)
        return found, await last_record(gateway), await sees(gateway, OLD, citizen)

    found, record, seen = house.run(work)
    bundle = json.loads(found.body)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert (bundle["type"], found.destination) == ("collection", "")
    assert {"Patient", "CarePlan", "CareTeam"} <= set(kinds)
    plans = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "CarePlan"]
    assert "completed" in {plan["status"] for plan in plans}, "with its history: the case is closed"
    assert "Encounter" not in kinds, "what the hospital told is not the municipality's to hand over"
    assert found.regions == ("Region Hovedstaden", "Region Hovedstaden") or "Region Østdanmark" in found.regions
    again = read_rules(PROJECT / "mappings", b"elsewhere").languages.of("kl-report").translate(found.body)
    assert again.source.municipality == "0101"
    assert sum(one.kind == "CarePlan" for one in again.statements) == kinds.count("CarePlan")
    assert "hand-over" in record
    assert bundle["id"] in record
    assert WHY in record
    team = next(b for b in seen.values() if b["resourceType"] == "CareTeam" and b.get("name") == "Handlekommune")
    assert [(p["member"]["display"], sorted(p["period"])) for p in team["participant"]] == [
        ("København", ["end"]), ("Frederiksberg", ["start"]),
    ]  # fmt: skip


def test_without_a_consent_nothing_goes_and_the_refusal_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[str, str]:
        citizen = await begun(gateway)
        with pytest.raises(Forbidden) as caught:
            await handed(gateway, citizen)
        record = await last_record(gateway)
        teams = await sees(gateway, OLD, citizen)
        assert not any(body.get("name") == "Handlekommune" for body in teams.values()), "it has not left"
        return caught.value.told(), record

    text, record = house.run(work)
    assert "consents first" in text
    assert "hand-over" in record
    assert "deny" in record


def test_unclear_wishes_are_refused(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        for wrong in ({"new": "0101"}, {"new": "9999"}, {"new": "0411"}, {"old": "9999"}, {"to_file": False}):
            with pytest.raises(BadRequest):
                await handed(gateway, citizen, **wrong)
        with pytest.raises(NotFound):
            await handed(gateway, "f" * 32)

    house.run(work)


def test_three_digits_and_a_cvr_number_name_a_municipality_too(house: House) -> None:
    async def work(gateway: Gateway) -> list[int]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        return [(await handed(gateway, citizen, new=new, old="101")).parts for new in ("147", "11259979")]

    first, second = house.run(work)
    assert 1 < first < second, "the second tells of the first too"


# --- who may not stop to act


def test_a_municipality_that_helped_into_a_shelter_still_acts(house: House) -> None:
    async def work(gateway: Gateway) -> str:
        citizen = await told(gateway, "01-sag-koebenhavn.xml", "02-bestilling.json")  # the case is not closed
        await consents(gateway, citizen)
        with pytest.raises(RuleBroken) as caught:
            await handed(gateway, citizen)
        assert "deny" in await last_record(gateway)
        await told(gateway, "05-sag-lukket.xml")
        assert (await handed(gateway, citizen)).parts > 1
        return caught.value.told()

    text = house.run(work)
    assert "et midlertidigt botilbud (servicelovens § 107)" in text
    assert "retssikkerhedsloven § 9" in text


# --- what the old municipality sees afterwards

MOVED = ("04-sag-frederiksberg.xml", "06-re-stin.json", "07-slhj.json")


def test_what_comes_after_changes_nothing_that_the_old_municipality_sees(house: House) -> None:
    """Non-interference: whatever others tell after the move, the old one sees what it saw, by every way of looking."""

    async def work(gateway: Gateway) -> tuple[list[Json], list[Json], Json]:
        citizen = await begun(gateway)
        nurse_before = await sees(gateway, NURSE, citizen)
        assert "in-progress" in statuses(nurse_before, "Encounter"), "she treats him"
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        before = [await sees(gateway, who, citizen) for who in (OLD, NURSE)]
        await told(gateway, *MOVED)
        await moves_house(gateway)
        assert "Nyvej 7" in json.dumps(await sees(gateway, HERLEV, citizen))
        after = [await sees(gateway, who, citizen) for who in (OLD, NURSE)]
        return before, after, await sees(gateway, NEW, citizen)

    before, after, new = house.run(work)
    assert after == before
    assert statuses(after[0], "Encounter") == statuses(after[1], "Encounter") == []
    assert "CarePlan" in {body["resourceType"] for body in after[0].values()}, "its own case stays its own"
    assert "finished" in statuses(new, "Encounter")


async def moves_house(gateway: Gateway) -> None:
    """A hospital tells where the citizen lives now, and under which other number."""
    pid = {3: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO~777^^^REGH", 5: "Bak^Bent", 11: "Nyvej 7^^Frederiksberg^^2000^DK^H"}
    at = "20260410101500+0200"
    raw = adt("A01", citizen=segment("PID", pid), visit=pv1({2: "I", 19: "v-after"}), at=at, sent=at)
    assert (await receive(gateway, "hl7v2", raw)).accepted


@dataclass
class Taker:
    """The new municipality's system: takes what comes and answers with an OperationOutcome."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append((headers["content-type"], body))
        answer = b'{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(answer), answer))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def taking(there: Taker) -> AsyncIterator[None]:
    server = await asyncio.start_server(there.talk, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def statuses(seen: Json, kind: str) -> list[str]:
    return [body["status"] for body in seen.values() if body["resourceType"] == kind]


def test_the_old_municipality_reads_what_it_has_as_it_stood(house: House) -> None:
    """Read, version read and search: no other way leads to what came after."""

    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        await told(gateway, *MOVED)
        await moves_house(gateway)
        newest = json.loads((await read(gateway, HERLEV, "Patient", citizen)).body)["meta"]["versionId"]
        for who in (OLD, NURSE):
            with pytest.raises(NotFound):
                await read(gateway, who, "Patient", citizen, int(newest))
        mine = await read(gateway, OLD, "Patient", citizen)
        assert b"Nyvej" not in mine.body
        assert int(mine.version) < int(newest)
        found = json.loads((await search(gateway, OLD, "Patient", [("_id", citizen)])).body)
        assert [e["resource"]["meta"]["versionId"] for e in found["entry"]] == [mine.version]
        later = "urn:oid:1.2.208.176.1.2.1|777"
        assert json.loads((await search(gateway, HERLEV, "Patient", [("identifier", later)])).body)["total"] == 1
        for number, count in ((f"urn:oid:1.2.208.176.1.2|{CPR}", 1), (later, 0)):
            named = json.loads((await search(gateway, OLD, "Patient", [("identifier", number)])).body)
            assert named["total"] == count, "a number that came later leads nowhere"
        stay = next(key for key in await sees(gateway, NEW, citizen) if key.startswith("Encounter/"))
        for who in (OLD, NURSE):
            with pytest.raises(NotFound):
                await read(gateway, who, "Encounter", stay.removeprefix("Encounter/"))

    house.run(work)


def test_the_citizen_may_let_the_old_municipality_see_on(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[str], list[str]]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        await told(gateway, *MOVED)
        before = statuses(await sees(gateway, OLD, citizen), "Encounter")
        await consents(gateway, citizen, to="64942212")
        return before, statuses(await sees(gateway, OLD, citizen), "Encounter")

    before, after = house.run(work)
    assert (before, after) == ([], ["finished"])


def test_who_gets_the_case_back_treats_again(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Json, Json]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        away = await sees(gateway, NURSE, citizen)
        await told(gateway, "04-sag-frederiksberg.xml")
        await consents(gateway, citizen, to="64942212")
        house.clock.ahead += timedelta(days=2)
        await handed(gateway, citizen, old="0147", new="0101")
        return away, await sees(gateway, NURSE, citizen)

    away, back = house.run(work)
    assert statuses(away, "Encounter") == []
    assert statuses(back, "Encounter") == ["in-progress"]


# --- out of the house


def test_it_waits_in_the_outbox_and_goes_to_the_new_municipalitys_system(house: House) -> None:
    """Over a real socket, as FHIR JSON; once, however often it is tried."""
    there = Taker()

    async def work(gateway: Gateway) -> HandedOver:
        source = gateway.sources["frederiksberg-ffb"]
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        async with taking(there):
            to = replace(source, deliver=Connection(f"http://127.0.0.1:{there.port}/cases/kl"))
            gateway = replace(gateway, sources={**gateway.sources, source.id: to})
            found = await handed(gateway, citizen, to_file=False)
            for _ in range(2):
                for claimed in await claim(gateway):
                    await send(gateway, lines(), claimed, 3)
        rows = await gateway.database.fetch("SELECT destination, state, about FROM outbox")
        assert [(row["destination"], row["state"], row["about"]) for row in rows] == [(source.id, "sent", citizen)]
        return found

    found = house.run(work)
    assert found.destination == "frederiksberg-ffb"
    assert there.taken == [("application/fhir+json", found.body)]


def test_a_consent_that_is_withdrawn_before_it_goes_holds(house: House) -> None:
    there = Taker()

    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        consent = await consents(gateway, citizen)
        async with taking(there):
            source = gateway.sources["frederiksberg-ffb"]
            to = replace(source, deliver=Connection(f"http://127.0.0.1:{there.port}/cases/kl"))
            gateway = replace(gateway, sources={**gateway.sources, source.id: to})
            await handed(gateway, citizen, to_file=False)
            await record_consent(gateway, OLD, json.dumps(consent | {"status": "inactive"}).encode(), consent["id"])
            for claimed in await claim(gateway):
                await send(gateway, lines(), claimed, 3)
        row = await gateway.database.fetchrow("SELECT state, told FROM outbox")
        assert row is not None
        assert (row["state"], "any more" in row["told"]) == ("withheld", True)
        assert "deny" in await last_record(gateway)
        await gateway.database.fetchval("UPDATE outbox SET state = 'waiting', body = 'x', tries = 0, due = made_at")
        for claimed in await claim(gateway):
            await send(gateway, lines(), claimed, 1)
        assert await gateway.database.fetchval("SELECT state FROM outbox") == "failed", "it holds up nothing behind it"

    house.run(work)
    assert there.taken == []


def test_the_command_writes_a_new_file_and_names_no_citizen(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def work(gateway: Gateway) -> str:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        return citizen

    citizen = house.run(work)
    settings = replace(house.settings, database_url=house.url)
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    file = tmp_path / "case.json"

    def run(*more: str) -> int:
        named = ["--citizen-id", citizen, "--to", "0147", "--by", WHO, "--reason", WHY, *more]
        return command.run(parser.parse_args(named), settings)

    with pytest.raises(BadRequest):
        run("--file", str(file), "--from", "9999")
    assert not file.exists(), "nothing is left behind"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))  # as on a disk that is full
        with pytest.raises(BadRequest, match="not written"):
            run("--file", str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not file.exists(), "half a case is none"
    assert run("--file", str(file)) == 0, "and it can be handed over again"
    assert json.loads(file.read_bytes())["type"] == "collection"
    assert file.stat().st_mode & 0o077 == 0, "nobody else on this machine reads it"
    with pytest.raises(BadRequest):
        run("--file", str(file))
    with pytest.raises(BadRequest):
        run("--by", " ")
    told_ = capsys.readouterr()
    assert "parts of the case" in told_.out
    assert CPR not in told_.out + told_.err
    assert "Bent" not in told_.out + told_.err
