"""Whom sources have told of, and everything about many citizens: by index, whoever else is in the store."""

from __future__ import annotations

import asyncio

from gateway.store import links, population, versions
from gateway.store.pool import Database

FACTS = b'{"kind":"Goal","id":"x","citizen":"c","sector":"region","source":"s","data_class":"health"}'


async def told(database: Database, source: str, number: int, citizen: str | None) -> None:
    await database.fetch(
        "INSERT INTO message (language, source, message_id, event, fingerprint, received_at, state, accepted, citizen,"
        " body, answer) VALUES ('x', $1, $2, 'e', $3, now(), 'kept', true, $4, '', '')",
        source, str(number), f"{source}|{number}".encode(), citizen,
    )  # fmt: skip


async def kept(database: Database, kind: str, identity: str, citizen: str) -> None:
    await database.fetch(
        "INSERT INTO resource (kind, id, citizen, version, updated, sector, withdrawn, facts, body, digest)"
        " VALUES ($1, $2, $3, 1, now(), 'region', false, $4, '', '')",
        kind, identity, citizen, FACTS,
    )  # fmt: skip


def test_the_circle_is_who_was_told_of_and_each_person_once(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        for number, (source, citizen) in enumerate(
            [("a", "p1"), ("a", "p1"), ("b", "p2"), ("a", "p3"), ("c", "p4"), ("a", None), ("a", "p5"), ("a", "gone")]
        ):
            await told(database, source, number, citizen)
        for identity, person in (("p1", "p1"), ("p2", "p2"), ("p3", "p1"), ("p4", "p4"), ("p5", "p5")):
            await kept(database, "Patient", identity, person)
        walk = await population.circle(database, {"a", "b"}, "", 100)
        assert [one.told for one in walk] == ["gone", "p1", "p2", "p3", "p5"]
        assert [one.told for one in walk if one.first] == ["p1", "p2", "p5"]  # p3 is p1, and nothing is kept of gone
        assert [one.told for one in await population.circle(database, {"a", "b"}, "p1", 2)] == ["p2", "p3"]
        assert await population.circle(database, (), "", 9) == ()
        assert [one.told for one in await population.circle(database, {"c"}, "", 9)] == ["p4"]
        await kept(database, "Goal", "g", "p1")
        found = await population.parts_of(database, ["p3", "p2", "nobody"])
        assert {asked: len(parts) for asked, (parts, _) in found.items()} == {"p3": 3, "p2": 1}
        assert set(await population.parts_of(database, ["p1", "p2"], {"Goal"})) == {"p1"}
        assert await population.owners_of(database, "Goal", ["g", "h"]) == {"g": "p1"}
        await database.close()

    asyncio.run(test())


def test_no_work_grows_with_everybody_in_the_store(database_url: str) -> None:
    """With 4,000 others there, every table is read by an index."""

    async def test() -> None:
        database = await Database.open(database_url, size=1)
        for kind in ("Patient", "Goal", "Consent"):
            await database.fetch(
                "INSERT INTO resource (kind, id, citizen, version, updated, sector, withdrawn, facts, body, digest)"
                " SELECT $1, md5($1 || g), md5('Patient' || g), 1, now(), 'region', false, '{}', '', ''"
                " FROM generate_series(1, 4000) g", kind,
            )  # fmt: skip
        await database.fetch(
            "INSERT INTO resource_version (kind, id, version, citizen, updated, facts, body)"
            " SELECT kind, id, 1, citizen, updated, facts, body FROM resource"
        )
        await database.fetch(
            "INSERT INTO message (language, source, message_id, event, fingerprint, received_at, state, accepted,"
            " citizen, body, answer) SELECT 'x', 's' || g % 3, g::text, 'e', md5(g::text)::bytea, now(), 'kept', true,"
            " md5('Patient' || g), '', '' FROM generate_series(1, 4000) g"
        )
        for table in ("resource", "resource_version", "message"):
            await database.fetch(f"ANALYZE {table}")
        one = str(await database.fetchval("SELECT md5('Patient7')"))
        last = versions.NEWEST
        asked = [
            (population._PARTS, [[one], None]),
            (population._PARTS, [[one], ["Goal"]]),
            (population._CIRCLE, [["s0", "s1"], "", 64]),
            (versions._OF_ONE, ["Goal", one, last.updated.replace(year=2000), last.updated, "", 0, 100]),
            (versions._OF_CITIZENS, ["Goal", [one], last.updated.replace(year=2000), last.updated, "", 0, 100]),
        ]
        for sql, values in asked:
            plan = "\n".join(row[0] for row in await database.fetch(f"EXPLAIN {sql}", *values))
            assert "Index" in plan
            assert "Seq Scan" not in plan, plan
        await database.close()

    asyncio.run(test())


def test_a_link_opens_for_whom_it_was_sealed_and_nobody_else() -> None:
    link = links.seal(b"s" * 32, b"who", b"2512489996")
    assert links.unseal(b"s" * 32, b"who", link) == b"2512489996"
    assert "2512489996" not in link
    assert link == links.seal(b"s" * 32, b"who", b"2512489996")
    for secret, bound, text in (
        (b"t" * 32, b"who", link), (b"s" * 32, b"whom", link), (b"s" * 32, b"who", link[:-1]), (b"s" * 32, b"who", ""),
        (b"s" * 32, b"who", f"A{link}"), (b"s" * 32, b"who", "å" * 30), (b"s" * 32, b"who", "A" * 200_000),
    ):  # fmt: skip
        assert links.unseal(secret, bound, text) is None
