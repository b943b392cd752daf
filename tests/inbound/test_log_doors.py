"""The log's doors: an outside verifier can prove the log and learns nothing of anybody; the witness protocol."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from gateway.domain.checkpoint import Checkpoint, note_key, open_checkpoint, parse_note, sign_checkpoint
from gateway.domain.list_proof import verify_list
from gateway.domain.listing import extension
from gateway.domain.merkle import Range, consistency_plan, extends, includes, leaf_hash, node_hash, prove
from gateway.domain.witness import cosigned, write_submission
from gateway.errors import BadRequest, Unavailable
from gateway.flows.forget_log import forget_log
from gateway.flows.log import integrate
from gateway.flows.parts import Gateway, Witnessing
from gateway.flows.witness import ask_witnesses
from gateway.inbound.clients import Client
from gateway.inbound.log_doors import _numbered
from gateway.inbound.scopes import Scope
from gateway.store import keys, log
from tests.inbound.http_world import Http, http
from tests.inbound.oauth_client import hospital
from tests.store.log_stories import START, record

CITIZEN = "c" * 32
WHY = {"ihe_iua": {"subject_name": "Ida Prøve", "subject_id": "x|dpo-1", "purpose_of_use": ["HOPERAT"]}}


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def auditor() -> Client:
    return hospital(id="dpo", role="auditor", purposes=("HOPERAT",), scopes=(Scope("AuditEvent", "rs"),))


async def filled(here: Http, count: int, *, steps: int = 1) -> None:
    """So many records in `steps` checkpoints, an hour apart."""
    made = 0
    for step in range(steps):
        upto = count * (step + 1) // steps
        async with here.gateway.database.connection() as connection:
            some = [record(n, citizen=CITIZEN if n % 3 else f"{n:032x}") for n in range(made, upto)]
            await log.append(connection, some)
        made = upto
        await integrate(here.gateway)
        here.world.clock.forward(3600)


async def leaves(here: Http) -> list[bytes]:
    rows = await here.gateway.database.fetch("SELECT leaf FROM log_leaf ORDER BY tree_index")
    return [row["leaf"] for row in rows]


def point(note: str, here: Http) -> Checkpoint:
    return open_checkpoint(note, [here.gateway.log_key.public], keys.verify)


def test_the_tree_can_be_built_from_tiles_alone(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            await filled(here, 300)
            signed = point((await here.web.get("/log/checkpoint")).text, here)
            full = await here.web.get("/log/tile/entries/000")
            rest = await here.web.get("/log/tile/entries/001.p/44")
            assert full.headers["content-type"] == "application/octet-stream"
            assert "immutable" in full.headers["cache-control"]
            bundle = full.content + rest.content
            entries = [bundle[at + 2 : at + 34] for at in range(0, len(bundle), 34)]
            assert entries == await leaves(here)
            assert {bundle[at : at + 2] for at in range(0, len(bundle), 34)} == {b"\x00\x20"}
            assert Range().grow(entries).root() == signed.root
            hashes = (await here.web.get("/log/tile/0/000")).content + (
                await here.web.get("/log/tile/0/001.p/44")
            ).content
            assert hashes == b"".join(map(leaf_hash, entries))
            top = (await here.web.get("/log/tile/1/000.p/1")).content
            row = [hashes[at : at + 32] for at in range(0, 256 * 32, 32)]
            while len(row) > 1:
                row = [node_hash(one, other) for one, other in zip(row[::2], row[1::2], strict=True)]
            assert top == row[0]

    run(test)


@pytest.mark.parametrize(
    "path",
    ["0/001", "0/001.p/45", "0/000.p/256", "0/000.p/0", "0/1", "0/x000/001.p/44", "6/000", "a/000", "1/000",
     "entries/002.p/1", "0/001.p/044", "0/999999"],
)  # fmt: skip
def test_a_tile_that_is_not_there(database_url: str, path: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            await filled(here, 300)
            assert (await here.web.get(f"/log/tile/{path}")).status_code == 404

    run(test)


def test_tiles_are_numbered_as_the_standard_says() -> None:
    assert _numbered("x001/x234/067") == (1234067, 256)
    assert _numbered("x001/x234/067.p/8") == (1234067, 8)
    assert _numbered("000") == (0, 256)


def test_proofs_by_place_id_size_and_day(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            await filled(here, 30, steps=3)
            told = (await here.web.get("/log/inclusion", params={"index": "4"})).json()
            signed = point(told["checkpoint"], here)
            proof = [b64decode(step) for step in told["proof"]]
            assert includes(b64decode(told["leaf"]), 4, told["size"], proof, signed.root)
            assert (await here.web.get("/log/inclusion", params={"id": "5"})).json() == told
            told = (await here.web.get("/log/consistency", params={"old": "10", "new": "30"})).json()
            roots = {r["size"]: r["root"] for r in await here.gateway.database.fetch("SELECT * FROM checkpoint")}
            assert extends(10, roots[10], 30, roots[30], [b64decode(step) for step in told["proof"]])
            moments = [
                r["made_at"] for r in await here.gateway.database.fetch("SELECT * FROM checkpoint ORDER BY size")
            ]
            later = [(moment + timedelta(minutes=1)).isoformat() for moment in moments]
            told = (await here.web.get("/log/consistency", params={"from": later[0], "to": later[2]})).json()
            old, new = point(told["old_checkpoint"], here), point(told["new_checkpoint"], here)
            assert (old.size, new.size) == (10, 30)
            assert extends(10, old.root, 30, new.root, [b64decode(step) for step in told["proof"]])
            on = await here.web.get(f"/log/checkpoint/on/{later[1].replace('+00:00', 'Z')}")
            assert point(on.text, here).size == 20
            day = await here.web.get(f"/log/checkpoint/on/{moments[2].date().isoformat()}")
            assert point(day.text, here).size in (20, 30)

    run(test)


def test_questions_that_make_no_sense(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            assert (await here.web.get("/log/inclusion", params={"index": "0"})).status_code == 404
            await filled(here, 3)
            for path, status in (
                ("/log/inclusion", 400), ("/log/inclusion?index=3", 404), ("/log/inclusion?id=99", 404),
                ("/log/inclusion?index=-1", 400), ("/log/inclusion?index=1&id=1", 400),
                ("/log/inclusion?index=1&index=2", 400), ("/log/consistency?old=3&new=2", 404),
                ("/log/consistency?old=1&new=9", 404), ("/log/consistency?old=1", 400),
                ("/log/consistency?from=2020-01-01&to=2021-01-01", 404), ("/log/checkpoint/on/2020-01-01", 404),
                ("/log/checkpoint/on/2020-13-01", 400), ("/log/checkpoint/on/today", 400),
                ("/log/checkpoint/cosigned", 404), ("/log/witness?origin=nobody", 404), ("/log/witness", 400),
            ):  # fmt: skip
                answer = await here.web.get(path)
                assert answer.status_code == status, path
                if "/checkpoint/" in path or "from=" in path:
                    assert (status == 404) == ("no such checkpoint" in answer.text), "nothing is hidden here"

    run(test)


def test_a_citizens_list_over_http(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, auditor(), hospital()) as here:
            await filled(here, 30, steps=2)
            audit = await here.bearer("system/AuditEvent.rs", client="dpo", extensions=WHY)
            answer = await here.web.get(f"/log/lists/{CITIZEN}", headers=audit)
            assert answer.status_code == 200, answer.text
            report = verify_list(answer.content, keys.verify, [here.gateway.log_key.public])
            assert (report.ok, report.lists) == (True, [(CITIZEN, 20, 0)])
            assert answer.headers["cache-control"] == "no-store"
            await integrate(here.gateway)
            again = verify_list(
                (await here.web.get(f"/log/lists/{CITIZEN}", headers=audit)).content,
                keys.verify,
                [here.gateway.log_key.public],
            )
            assert again.lists == [(CITIZEN, 21, 0)], "the auditor's look before is in the list"
            nobody = await here.web.get(f"/log/lists/{'d' * 32}", headers=audit)
            assert verify_list(nobody.content, keys.verify).lists == [("d" * 32, 0, 0)], "nobody looked: that is shown"
            assert (await here.web.get("/log/lists/2512489996", headers=audit)).status_code == 400
            other = await here.bearer("system/*.rs")
            assert (await here.web.get(f"/log/lists/{CITIZEN}", headers=other)).status_code == 403
            assert (await here.web.get(f"/log/lists/{CITIZEN}")).status_code == 401
            bodies = await here.gateway.database.fetch(
                "SELECT body, decision FROM access_record ORDER BY id DESC LIMIT 2"
            )
            assert json.loads(bodies[0]["body"])["decision"] == "deny"
            assert b"2512489996" not in b"".join(row["body"] for row in bodies)

    run(test)


def test_the_auditors_search_says_what_is_gone(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, auditor()) as here:
            await filled(here, 30)
            audit = await here.bearer("system/AuditEvent.rs", client="dpo", extensions=WHY)

            async def told(**asked: str) -> list[str]:
                answer = await here.web.get("/fhir/AuditEvent", params=asked, headers=audit)
                assert answer.status_code == 200, answer.text
                entries = answer.json().get("entry", [])
                outcomes = [one["resource"] for one in entries if one["search"]["mode"] == "outcome"]
                return [one["issue"][0]["details"]["text"] for one in outcomes]

            assert await told(patient=CITIZEN) == []
            here.world.clock.now = START + timedelta(days=200)
            audit = await here.bearer("system/AuditEvent.rs", client="dpo", extensions=WHY)
            before = START + timedelta(milliseconds=15)
            assert await forget_log(here.gateway, before, user="x|operator", client="gateway forget-log") == 15
            assert await forget_log(here.gateway, before, user="x|operator", client="gateway forget-log") == 0
            with pytest.raises(BadRequest, match="180 days"):
                await forget_log(here.gateway, here.gateway.clock() - timedelta(days=179), user="", client="")
            (text,) = await told(patient=CITIZEN)
            assert text.endswith("Of these citizens there were 10.")
            assert text.startswith("Records from before 2026-03-01T08:00:00")
            assert len(await told()) == 1
            assert await told(patient=CITIZEN, date="ge2026-06-01") == []
            assert await told(patient=CITIZEN, _count="1") == [], "told at the end of the list"

    run(test)


# --- witnesses ------------------------------------------------------------------------------------------------------

OTHER = keys.make("log.region.example/plan")


def tree(count: int) -> tuple[Range, list[tuple[int, int, bytes]]]:
    made = Range()
    return made, made.extend(sha256(bytes([number])).digest() for number in range(count))


def note(count: int, key: keys.LogKey = OTHER, origin: str = OTHER.origin) -> str:
    made, _ = tree(count)
    text = Checkpoint(origin, count, made.root(), datetime(2026, 3, 1, tzinfo=UTC), (extension(bytes(32)),))
    return sign_checkpoint(text, key.public, key.sign)


def submission(old: int, new: int) -> bytes:
    _, nodes = tree(new)
    stored = {(level, index): value for level, index, value in nodes}
    plan = consistency_plan(old, new) if old else []
    return write_submission(old, prove(plan, lambda level, index: stored[level, index]), note(new))


def witnessing(here: Http, tmp_path: object) -> Gateway:
    key = keys.witness_key(tmp_path / "witness-key.pem", "municipality.example/witness")  # type: ignore[operator]
    return replace(here.gateway, witnessing=Witnessing(key, (OTHER.public,)))


async def submit(here: Http, body: bytes, path: str = "/log/witness/add-checkpoint") -> tuple[int, str, str]:
    answer = await here.web.post(path, content=body)
    return answer.status_code, answer.text, answer.headers["content-type"]


def test_the_witness_cosigns_what_continues(database_url: str, tmp_path: object) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = witnessing(here, tmp_path)
            object.__setattr__(here.inbound, "gateway", gateway)
            for old, new, path in (
                (0, 5, "/log/witness"),
                (5, 5, "/log/witness"),
                (5, 21, "/log/witness/add-checkpoint"),
            ):
                status, text, kind = await submit(here, submission(old, new), path)
                assert (status, kind) == (200, "text/plain; charset=utf-8"), text
                own = gateway.witnessing.key
                assert own is not None
                whole = parse_note(note(new) + text)
                assert cosigned(whole, [own.public], keys.verify) == {
                    own.public: gateway.clock().replace(microsecond=0)
                }
                raw = b64decode(text.split(" ")[2])
                assert raw[:4] == sha256(own.origin.encode() + b"\n\x04" + own.public.public).digest()[:4]
                message = f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n".encode() + whole.text.encode()
                assert keys.verify(own.public.public, raw[12:], message)
            told = (await here.web.get("/log/keys")).text.splitlines()
            assert told == [f"log {gateway.log_key.vkey}", f"witness {own.vkey}"]
            seen = await here.web.get("/log/witness", params={"origin": OTHER.origin})
            assert seen.text == note(21)

    run(test)


def test_the_witness_refuses(database_url: str, tmp_path: object) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            assert (await submit(here, submission(0, 5)))[0] == 404, "no log is witnessed here"
            object.__setattr__(here.inbound, "gateway", witnessing(here, tmp_path))
            assert (await submit(here, submission(0, 21)))[0] == 200
            known = (409, "21\n", "text/x.tlog.size")
            assert await submit(here, submission(0, 5)) == known
            assert await submit(here, submission(5, 30)) == known
            assert (await submit(here, write_submission(21, (), note(5))))[0] == 400, (
                "older than what is said to be old"
            )
            spoiled = submission(21, 30).replace(b"\n", b"\n" + b64encode(bytes(32)) + b"\n", 1)
            assert (await submit(here, spoiled))[0] == 422
            assert (await submit(here, write_submission(21, (), note(30))))[0] == 422
            anew = Range().grow(bytes([7]) * 32 for _ in range(21))
            forged = sign_checkpoint(Checkpoint(OTHER.origin, 21, anew.root()), OTHER.public, OTHER.sign)
            assert await submit(here, write_submission(21, (), forged)) == known, "another history of the same size"
            stranger = keys.make(OTHER.origin)
            assert (await submit(here, write_submission(21, (), note(21, stranger))))[0] == 403
            assert (await submit(here, write_submission(0, (), note(3, OTHER, "another.log"))))[0] == 404
            for body in (b"", b"old 1", b"old x\n\n" + note(5).encode(), b"old 05\n\n" + note(5).encode(), b"\xff",
                         b"old 21\n" + b64encode(bytes(31)) + b"\n\n" + note(30).encode(),
                         b"old 21\n" + (b64encode(bytes(32)) + b"\n") * 64 + b"\n" + note(30).encode()):  # fmt: skip
                assert (await submit(here, body))[0] == 400, body
            assert (await submit(here, submission(21, 30)))[0] == 200, "nothing of all this was kept"

    run(test)


def test_two_sectors_witness_each_other(database_url: str, tmp_path: object) -> None:
    """The region's gateway asks the municipality's; what is rolled back or written anew is not cosigned again."""

    async def test() -> None:
        async with http(database_url) as here:
            await filled(here, 10)
            own = here.gateway.log_key
            witness = keys.witness_key(tmp_path / "w.pem", "municipality.example/witness")  # type: ignore[operator]
            there = Witnessing(witness, (own.public,), ((witness.public, "/log/witness/add-checkpoint"),))
            gateway = replace(here.gateway, witnessing=there)
            object.__setattr__(here.inbound, "gateway", gateway)

            async def ask(url: str, body: bytes) -> tuple[int, bytes]:
                answer = await here.web.post(url, content=body)
                return answer.status_code, answer.content

            assert [asked.size for asked in await ask_witnesses(gateway, ask)] == [10]
            served = await here.web.get("/log/checkpoint/cosigned")
            assert list(cosigned(parse_note(served.text), [witness.public], keys.verify)) == [witness.public]
            assert served.text == (await here.web.get("/log/checkpoint")).text
            assert note_key(own.vkey) == own.public
            await filled(here, 25)
            assert [asked.size for asked in await ask_witnesses(gateway, ask)] == [35]
            assert await ask_witnesses(gateway, unreachable) == await ask_witnesses(gateway, ask), (
                "nothing new: not asked"
            )
            async with gateway.database.connection() as connection:
                await connection.execute("ALTER TABLE cosignature DISABLE TRIGGER append_only")
                await connection.execute("DELETE FROM cosignature WHERE size = 35")
            assert [asked.size for asked in await ask_witnesses(gateway, ask)] == [35], "the witness says what it knows"
            async with gateway.database.connection() as connection:
                await connection.execute("UPDATE witnessed SET size = 99")
                await connection.execute("DELETE FROM cosignature")
            (asked,) = await ask_witnesses(gateway, ask)
            assert "rolled back" in asked.refused

            async def lying(url: str, body: bytes) -> tuple[int, bytes]:
                value = b64encode(witness.public.id + bytes(72)).decode()
                return 200, f"\u2014 municipality.example/witness {value}\n".encode()

            (asked,) = await ask_witnesses(gateway, lying)
            assert asked.refused == "its cosignature is wrong"
            with pytest.raises(Unavailable):
                await ask_witnesses(gateway, unreachable)

    async def unreachable(url: str, body: bytes) -> tuple[int, bytes]:
        raise Unavailable

    run(test)
