"""Udtræk: an export is made part by part, goes on where it stopped, is its auditor's alone, and proves itself."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from base64 import b64decode
from typing import Any

import pytest

from gateway.domain.checkpoint import note_key, open_note, parse_note
from gateway.domain.log_shapes import CSV_COLUMNS, SAPA_COLUMNS
from gateway.domain.merkle import includes
from gateway.domain.municipality import extension
from gateway.domain.record import leaf
from gateway.domain.security_label import PROTECTED_ADDRESS
from gateway.flows.export_looks import make_exports
from gateway.inbound.console.texts import texts
from gateway.store import exports
from gateway.store.keys import verify
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.one_citizen import AUDITOR, NUMBER
from tests.inbound.test_console_frame import PURPOSE, WORKERS, token_of, work
from tests.inbound.test_console_search import looks, search

OTHER = hospital(id="auditor2", role="auditor", purposes=("HOPERAT",), scopes=AUDITOR.scopes, sends=())

DA = texts("da")
MADE = re.compile(r'href="/console/exports/([0-9a-f]{32})/content"')


async def ask(here: Http, shape: str, **fields: str) -> None:
    """Search and order, no more."""
    page = await search(here, **fields)
    where = str(page.url).partition("?")[0]
    ordered = await here.web.post(f"{where}/export", data={"csrf": token_of(page.text), "shape": shape})
    assert ordered.status_code == 303, ordered.text


async def order(here: Http, shape: str, **fields: str) -> str:
    """Search, order, make: the id of the export."""
    await ask(here, shape, **fields)
    waiting = await here.web.get("/console/exports")
    before = set(MADE.findall(waiting.text))
    assert "Dannes: 0 poster" in waiting.text
    assert waiting.headers["refresh"] == "3"
    assert await make_exports(here.gateway) == 1
    made = await here.web.get("/console/exports")
    assert "refresh" not in made.headers
    (number,) = set(MADE.findall(made.text)) - before
    return number


async def files(here: Http, number: str) -> tuple[bytes, bytes, str]:
    taken = [await here.web.get(f"/console/exports/{number}/{name}") for name in ("content", "proofs", "manifest")]
    assert [one.status_code for one in taken] == [200] * 3
    return taken[0].content, taken[1].content, taken[2].text


def test_an_export_can_be_checked_with_nothing_but_its_files_and_the_public_key(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            content, proofs, manifest = await files(here, await order(here, "ndjson", citizen=NUMBER))
            open_note(parse_note(manifest), [note_key(here.gateway.log_key.vkey)], verify)
            told = dict(re.findall(r"^sha256 (\w+) ([0-9a-f]{64})$", manifest, re.MULTILINE))
            assert told == {
                "content": hashlib.sha256(content).hexdigest(),
                "proofs": hashlib.sha256(proofs).hexdigest(),
            }
            (size, root), *_ = re.findall(r"^checkpoint (\d+) (\S+)$", manifest, re.MULTILINE)
            lines = [json.loads(line) for line in proofs.splitlines()]
            events = [json.loads(line) for line in content.splitlines()]
            assert len(lines) == len(events) > 3
            assert [event["id"] for event in events] == [str(line["id"]) for line in lines]
            assert {event["resourceType"] for event in events} == {"AuditEvent"}
            for line in lines:
                entry = leaf(line["body"].encode(), bytes.fromhex(line["salt"]))
                path = [b64decode(one) for one in line["path"]]
                assert includes(entry, line["index"], int(size), path, b64decode(root))
                changed = leaf(line["body"].replace("Karla", "Karlo").encode() + b" ", bytes.fromhex(line["salt"]))
                assert not includes(changed, line["index"], int(size), path, b64decode(root))
            assert NUMBER.encode() not in content + proofs

    run(test)


def test_the_shapes_that_auditors_ask_for(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            rows = _table((await files(here, await order(here, "csv", system="epj", interaction="operation")))[0])
            assert tuple(rows[0]) == CSV_COLUMNS
            assert [row["user_name"] for row in rows] == ["Karla Bo"]
            assert re.search(r"mappings/policy/access.csv:\d+×\d", rows[0]["withheld"])
            sapa = _table((await files(here, await order(here, "sapa", organisation="københavns")))[0])
            assert tuple(sapa[0]) == SAPA_COLUMNS
            assert {row["Anvendte CVR rettigheder"] for row in sapa} == {"64942212"}
            assert all(row["Soegekriterier"].startswith("FormaalType=") for row in sapa)
            assert {row["BrugerNavn"] for row in sapa} == {"Karla Bo", ""}, "a system alone has no name"
            raw = (await files(here, await order(here, "minlog2", system="epj", interaction="operation")))[0]
            (one,) = [json.loads(line) for line in raw.splitlines()]
            assert one["Destination"]["UserPersonName"] == "Karla Bo"
            assert one["Destination"]["Activity"] == "Opslag"
            assert one["Destination"]["OrganisationIdSource"] == "urn:oid:1.2.208.176.1.1"
            assert one["Source"].keys() == {"SystemName", "CorrelationId"}

    run(test)


def test_sapas_columns_tell_where_the_citizen_lived_and_not_where_the_address_is_protected(database_url: str) -> None:
    lived = extension("residence", {"code": "147", "display": "Frederiksberg"}, {"end": "2019-12-31"})
    moved = extension("residence", {"code": "101", "display": "København"}, {"start": "2020-01-01"})

    async def residence(here: Http) -> set[str]:
        content = (await files(here, await order(here, "sapa", citizen=NUMBER)))[0]
        return {row["Partens bopælskommune"] for row in _table(content)}

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            assert await residence(here) == {""}, "nobody told it"
            database = here.gateway.database
            row = await database.fetchrow("SELECT id, body FROM resource WHERE kind = 'CarePlan' ORDER BY id LIMIT 1")
            assert row is not None
            body = json.loads(row["body"])
            body["extension"] = [*body.get("extension", []), lived, moved]
            change = "UPDATE resource SET {0} = $1 WHERE kind = $2 AND id = $3 RETURNING id"
            await database.fetchval(change.format("body"), json.dumps(body).encode(), "CarePlan", row["id"])
            assert await residence(here) == {"0101 København"}, "when the look was"
            person = await database.fetchrow("SELECT id, facts FROM resource WHERE kind = 'Patient'")
            assert person is not None
            facts = json.loads(person["facts"]) | {"labels": [PROTECTED_ADDRESS]}
            await database.fetchval(change.format("facts"), json.dumps(facts).encode(), "Patient", person["id"])
            assert await residence(here) == {""}

    run(test)


def _table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines(), delimiter=";"))


def test_a_broken_download_and_a_broken_node_go_on_where_they_stopped(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.flows.export_looks.PART", 2)

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            whole, proofs, _ = await files(here, await order(here, "csv"))
            known = set(MADE.findall((await here.web.get("/console/exports")).text))
            await ask(here, "csv")
            await _dies_after_two_parts(here, monkeypatch)
            assert await make_exports(here.gateway) == 0, "the other node's lease holds"
            here.world.clock.forward(121)
            assert await make_exports(here.gateway) == 1
            made = await here.web.get("/console/exports")
            (number,) = set(MADE.findall(made.text)) - known
            again, more, _ = await files(here, number)
            assert again.endswith(whole.partition(b"\r\n")[2]), "the same records, none twice and none left out"
            numbers = [json.loads(line)["id"] for line in more.splitlines()]
            assert numbers == sorted(set(numbers), reverse=True)
            assert numbers[-len(proofs.splitlines()) :] == [json.loads(line)["id"] for line in proofs.splitlines()]
            rest = await here.web.get(f"/console/exports/{number}/content", headers={"Range": "bytes=100-"})
            assert (rest.status_code, rest.content) == (206, again[100:])
            assert rest.headers["content-range"] == f"bytes 100-{len(again) - 1}/{len(again)}"
            beyond = {"Range": f"bytes={len(again)}-"}
            assert (await here.web.get(f"/console/exports/{number}/content", headers=beyond)).status_code == 416

    run(test)


def test_an_export_that_always_fails_is_given_up_and_the_page_says_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("it never works")

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            await ask(here, "csv")
            with monkeypatch.context() as patched:
                patched.setattr(exports, "add", broken)
                for _ in range(exports.TRIES - 1):
                    with pytest.raises(RuntimeError):
                        await make_exports(here.gateway)
                    here.world.clock.forward(121)
                assert "refresh" in (await here.web.get("/console/exports")).headers
                with pytest.raises(RuntimeError):
                    await make_exports(here.gateway)
            told = await here.web.get("/console/exports")
            assert DA("exports.failed") in told.text
            assert "refresh" not in told.headers, "nothing more comes"
            here.world.clock.forward(121)
            assert await make_exports(here.gateway) == 0
            await files(here, await order(here, "csv"))

    run(test)


def test_what_dies_again_and_again_is_given_up_too(database_url: str) -> None:
    """A node that is killed tells nobody: the job is given up when the next one comes to it."""

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            await ask(here, "csv")
            async with here.gateway.database.connection() as connection:
                for _ in range(exports.TRIES):
                    assert await exports.claim(connection, here.gateway.clock())
                    here.world.clock.forward(121)
            assert await make_exports(here.gateway) == 0
            assert DA("exports.failed") in (await here.web.get("/console/exports")).text

    run(test)


async def _dies_after_two_parts(here: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    real, added = exports.add, []

    async def add(*asked: Any) -> None:
        if len(added) == 2:
            raise RuntimeError("killed")
        added.append(asked)
        await real(*asked)

    with monkeypatch.context() as patched:
        patched.setattr(exports, "add", add)
        with pytest.raises(RuntimeError):
            await make_exports(here.gateway)


def test_a_citizens_whole_list_comes_with_the_proof_that_it_is_whole(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            patient = await looks(here)
            await work(here)
            page = await search(here, citizen=NUMBER)
            where = str(page.url).partition("?")[0]
            assert f'href="{where.removeprefix("https://gateway.example")}/list"' in page.text
            taken = await here.web.get(f"{where}/list")
            assert taken.status_code == 200
            assert patient in taken.text
            assert NUMBER not in taken.text + taken.headers["content-disposition"]
            for fields in ({"citizen": "2512489996"}, {"user": "karla"}):
                other = str((await search(here, **fields)).url).partition("?")[0]
                assert (await here.web.get(f"{other}/list")).status_code == 404

    run(test)


def test_an_export_is_its_auditors_alone_and_on_record(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS, OTHER) as here:
            patient = await looks(here)
            await work(here)
            number = await order(here, "csv", citizen=NUMBER)
            await files(here, number)
            rows = await here.gateway.database.fetch(
                "SELECT citizen FROM access_record WHERE interaction = 'export' AND client = 'auditor' ORDER BY id"
            )
            assert [row["citizen"] for row in rows] == [patient, "", ""], "ordered, and each file taken"
            for wrong in ("x", "content2", "..."):
                assert (await here.web.get(f"/console/exports/{number}/{wrong}")).status_code == 404
            PURPOSE["auditor2"] = "HOPERAT"
            await work(here, "auditor2")
            assert (await here.web.get(f"/console/exports/{number}/content")).status_code == 404
            assert number not in (await here.web.get("/console/exports")).text
            here.world.clock.forward(8 * 86_400)
            assert await make_exports(here.gateway) == 0
            assert await here.gateway.database.fetchval("SELECT count(*) FROM export_part") == 0

    run(test)
