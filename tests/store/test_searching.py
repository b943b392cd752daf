"""What a search asks of the store: everything by index, whoever else is there, and everything in one statement."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.domain.provenance import Version
from gateway.store import searching
from gateway.store.directory import Climb, Narrow, Want
from gateway.store.pool import SESSION, Database
from gateway.store.searching import Further, Named, Reach
from tests.store.test_population import kept, told
from tests.store.watched import Watched

CLOSED, OPEN = "koebenhavn-ffb", "regionh-medcom"


async def entry(
    database: Database, kind: str, identity: str, *refs: str, number: str = "", closed: bool = False, **keys: str
) -> None:
    """One of the directory, as its writers keep it."""
    names = [f"{kind}/{identity}", *([number] if number else [])]
    await database.fetch(
        "INSERT INTO directory (kind, id, version, updated, source, withdrawn, protected, names, refs, body)"
        " VALUES ($1, $2, 1, now(), $3, false, $4, $5, $6, '{}')",
        kind, identity, CLOSED if closed else OPEN, closed, names, list(refs),
    )  # fmt: skip
    for name, value in keys.items():
        await database.fetch("INSERT INTO directory_key VALUES ($1, $2, $3, $4)", kind, identity, name, value)


def test_citizens_are_found_however_they_are_named(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        for kind, identity, person in (
            ("Patient", "p1", "p1"), ("Patient", "p3", "p1"), ("Patient", "p2", "p2"), ("Goal", "g1", "p1"),
            ("Goal", "g2", "p2"), ("Consent", "c1", "p1"),
        ):  # fmt: skip
            await kept(database, kind, identity, person)
        for key, person in (("urn:a|1", "p1"), ("urn:b|2", "p2"), ("urn:b|3", "p1")):
            await database.fetch("INSERT INTO identity VALUES ($1, $2, $3)", key, person, [key, "urn:both|9"])
        named = Named(["p3", "nobody"], ["urn:a|1", "urn:both|9", "urn:none|0\0"], "Goal", ["g2", "missing"])
        found = await searching.of_named(database, named, Further())
        assert found.named == {"urn:a|1": ["p1"], "urn:both|9": ["p1", "p2"], "g2": ["p2"]}
        assert set(found.met) == {"p1", "p2", "p3"}
        assert found.met["p3"] is found.met["p1"], "one person, whichever identity was asked"
        assert [(one.facts.kind, len(found.met["p1"].parts)) for one in found.met["p1"].parts[:1]] == [("Goal", 4)]
        assert [one.kind for one in found.met["p1"].ground] == ["Consent"]
        assert found.met["p1"].names == set(), "not asked for"
        more = await searching.of_named(database, Named(["p2"]), Further(names=True))
        assert more.met["p2"].names == {"urn:b|2", "urn:both|9"}
        assert (await searching.of_named(database, Named(), Further())).met == {}
        await database.close()

    asyncio.run(test())


def test_what_stood_before_comes_of_those_who_were_handed_over_alone(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        for person in ("p1", "p2"):
            await kept(database, "Patient", person, person)
            await kept(database, "CareTeam", f"t{person}", person)
            await database.fetch("UPDATE resource SET version = 3 WHERE kind = 'Patient' AND id = $1", person)
            for version in (1, 2, 3):
                await database.fetch(
                    "INSERT INTO resource_version (kind, id, version, citizen, updated, facts, body)"
                    " SELECT kind, id, $2, citizen, updated, facts, body FROM resource WHERE kind = 'Patient'"
                    " AND id = $1", person, version,
                )  # fmt: skip
        await database.fetch("UPDATE resource SET body = '{\"code\":\"acting-municipality\"}' WHERE id = 'tp1'")
        found = await searching.of_named(database, Named(["p1", "p2"]), Further(past=True))
        assert sorted(one.version for one in found.met["p1"].past) == [1, 2]
        assert found.met["p2"].past == []
        assert (await searching.of_named(database, Named(["p1"]), Further())).met["p1"].past == []
        await database.close()

    asyncio.run(test())


def test_a_circle_is_walked_and_told_of_at_once(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        for number, citizen in enumerate(("p1", "p2", "p3", "p4")):
            await told(database, "a", number, citizen)
            await kept(database, "Patient", citizen, "p1" if citizen == "p3" else citizen)
        await kept(database, "Goal", "g1", "p2")
        found = await searching.of_circle(database, {"a"}, "", 3, None, Further())
        assert (found.walked, set(found.met)) == (["p1", "p2", "p3"], {"p1", "p2"})
        found = await searching.of_circle(database, {"a"}, "p3", 3, None, Further())
        assert (found.walked, set(found.met)) == (["p4"], {"p4"})
        found = await searching.of_circle(database, {"a"}, "", 9, {"Goal"}, Further())
        assert (len(found.walked), set(found.met)) == (4, {"p2"})
        whole = [await searching.of_circle(database, {"a"}, "", most, None, Further(), whole=True) for most in (4, 5)]
        assert [len(one.met) for one in whole] == [0, 3], "of a circle that is too large nothing is fetched"
        assert (await searching.of_circle(database, (), "", 9, None, Further())).walked == []
        await database.close()

    asyncio.run(test())


def test_what_could_answer_passes_through_what_could_answer_before_it(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        await entry(database, "Organization", "o1", name="klinik", number="sor|1")
        await entry(database, "Organization", "o2", "sor|1", name="afsnit")
        await entry(database, "Organization", "o3", "Organization/o2", name="team")
        await entry(database, "Organization", "o4", "sor|1", name="klinik skjult", closed=True)
        await entry(database, "PractitionerRole", "r1", "sor|1", "Practitioner/n1", organization="sor|1")
        await entry(database, "PractitionerRole", "r2", "Organization/o3", organization="=o3")
        await entry(database, "Practitioner", "n1")
        klinik = Want("Organization", (Narrow("name", begins=("klinik",)),), 10)
        wants = (
            klinik,
            Want("PractitionerRole", (Narrow("organization", of=(0,)),), 10),
            Want("PractitionerRole", (Narrow("organization", exact=("=o3",), of=(0,)),), 10),
            Want("Practitioner", (Narrow("", of=(1,)),), 10),
            Climb("Organization", "o1", (), True, 10),
            Climb("Organization", "o3", (), False, 10),
            Climb("Organization", "nothing", ("sor|1",), True, 10),
            Climb("Organization", "o4", (), True, 10),
            Want("Organization", (), 2),
            Want("Organization", (), 9, after="o1", behind=8),
            Want("Organization", (), 9, ids=("o2", "o9")),
            Want("Organization", (), 9, behind=10),
        )
        told = await searching.of_directory(database, Further(wants, (OPEN,)))
        ids = {place: [one.id for one in these] for place, these in told.items()}
        assert ids == {
            0: ["o1"], 1: ["r1"], 2: ["r1", "r2"], 3: ["n1"], 4: ["o1", "o2", "o3"], 5: ["o1", "o2", "o3"],
            6: ["o2", "o3"], 8: ["o1", "o2"], 9: ["o3"], 10: ["o2"],
        }, "what is closed is nowhere, and nothing is led by way of it"  # fmt: skip
        told = await searching.of_directory(database, Further(wants, (OPEN, CLOSED)))
        assert [one.id for one in told[0]] == ["o1", "o4"]
        assert [one.id for one in told[7]] == ["o4"]
        assert await searching.of_directory(database, Further()) == {}
        both = await searching.of_named(database, Named(["nobody"]), Further((klinik,), (OPEN,)))
        assert [one.id for one in both.entries[0]] == ["o1"], "in the statement that finds citizens too"
        await database.close()

    asyncio.run(test())


def test_includes_reach_as_far_as_they_are_asked_to(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        await entry(database, "Organization", "o1", "Organization/o2")
        await entry(database, "Organization", "o2", "Organization/o3")
        await entry(database, "Organization", "o3", "Organization/o1")  # a ring ends
        await entry(database, "PractitionerRole", "r1", "Organization/o3", "Practitioner/n1")
        await entry(database, "PractitionerRole", "r2", "table|7")
        await entry(database, "Practitioner", "n1", "table|7")
        await entry(database, "Practitioner", "n2", closed=True)
        await kept(database, "Goal", "g", "p")

        async def there(**said: Any) -> list[str]:
            plain: dict[str, Any] = {
                "names": (), "own": (), "forward": (), "back": (), "forward_again": (), "back_again": (), "tables": (),
                "rounds": 5, "most": 100,
            }  # fmt: skip
            came = await searching.reached(database, Reach(**plain | said), [OPEN], (), lambda kind, key: key)
            return ["more"] if came.cut else [one.id for one in came.entries]

        staff = ("Practitioner",)
        assert await there(names=["Organization/o1", "Practitioner/n2"], forward=["Organization", *staff]) == ["o1"]
        again: dict[str, Any] = {"names": ["Organization/o1"], "forward": ["Organization"]}
        assert await there(**again, forward_again=["Organization"]) == ["o1", "o2", "o3"]
        assert await there(**again, forward_again=["Organization"], rounds=2) == ["o1", "o2"]
        roles: dict[str, Any] = again | {"forward_again": ["Organization", *staff]}
        assert await there(**roles, back_again=["PractitionerRole"]) == ["o1", "o2", "o3", "n1", "r1"]
        assert "r2" in await there(**roles, back_again=["PractitionerRole"], tables=["table|7"], rounds=6)
        assert await there(own=["Organization/o3", "nothing|0"], back=["PractitionerRole"]) == ["r1"]
        assert await there(**roles, back_again=["PractitionerRole"], rounds=5, most=1) == ["more"]
        nothing = await searching.reached(database, None, [OPEN], [Version("Goal", "g", 1)], lambda kind, key: key)
        assert (list(nothing.entries), nothing.told, nothing.cut) == ([], {}, False)
        await database.close()

    asyncio.run(test())


MANY = """
INSERT INTO resource (kind, id, citizen, version, updated, sector, withdrawn, facts, body, digest)
 SELECT k, md5(k || g), md5('Patient' || g), 1, now(), 'region', false, '{}', '', ''
   FROM generate_series(1, 4000) g, unnest(ARRAY['Patient', 'Goal', 'CareTeam']) k;
INSERT INTO resource_version (kind, id, version, citizen, updated, facts, body)
 SELECT kind, id, 1, citizen, updated, facts, body FROM resource;
INSERT INTO identity SELECT 'urn:a|' || g, md5('Patient' || g), ARRAY['urn:a|' || g, 'urn:b|' || g]
  FROM generate_series(1, 4000) g;
INSERT INTO message (language, source, message_id, event, fingerprint, received_at, state, accepted, citizen, body,
                     answer)
 SELECT 'x', 's' || g % 3, g::text, 'e', md5(g::text)::bytea, now(), 'kept', true, md5('Patient' || g), '', ''
   FROM generate_series(1, 4000) g;
INSERT INTO statement (citizen, identity, kind, key, message, received_at, body)
 SELECT citizen, 'x', kind, 'k', NULL, updated, '' FROM resource WHERE kind = 'Goal';
INSERT INTO directory (kind, id, version, updated, source, withdrawn, protected, names, refs, body)
 SELECT k, k || g, 1, now(), 'a', false, false, ARRAY[k || '/' || k || g], ARRAY['Organization/' || g % 50], ''
   FROM generate_series(1, 4000) g, unnest(ARRAY['Practitioner', 'Organization']) k;
INSERT INTO directory_key SELECT kind, id, 'name', 'n' || id FROM directory
"""
TABLES = ("resource", "resource_version", "identity", "message", "statement", "directory", "directory_key")


def test_no_work_grows_with_everybody_in_the_store(database_url: str) -> None:
    """With 4,000 others there, every table is read by an index."""
    assert SESSION["plan_cache_mode"] == "force_generic_plan"

    async def test() -> None:
        database = await Database.open(database_url, size=1)
        for sql in (*MANY.split(";"), *(f"ANALYZE {one}" for one in TABLES)):
            await database.fetch(sql)
        watched: Any = Watched(database)
        want = Want("Organization", (Narrow("name", begins=("nOrganization77",)),), 10)
        through = Want("Organization", (Narrow("", of=(0,)), Narrow("name", of=(0,))), 10)
        wants = (want, through, Climb("Organization", "Organization7", ("x",), True, 10))
        named = Named(["a"], ["urn:a|7"], "Goal", ["b"])
        for further in (Further(), Further(wants, ("a",), True, True)):
            await searching.of_named(watched, named, further)
            await searching.of_circle(watched, {"s0", "s1"}, "", 64, {"Goal"}, further)
            await searching.of_circle(watched, {"s0"}, "", 1025, None, further, whole=True)
        reach = Reach(["Organization/7"], ["Organization/8"], ["Organization"], ["Practitioner"], ["Organization"],
                      ["Practitioner"], ["urn:x|1"], 5, 2000)  # fmt: skip
        await searching.reached(watched, reach, (), [Version("Goal", "a", 1)], lambda kind, key: key)
        assert len(watched.plans) == 7, "one statement each"
        assert "ix_directory_key_kind_name_value" in watched.plans[3], "by its values, not by looking at each"
        for plan in watched.plans:
            assert "Index" in plan
            assert "Seq Scan" not in plan, plan
        await database.close()

    asyncio.run(test())
