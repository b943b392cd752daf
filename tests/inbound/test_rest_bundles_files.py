"""Files as entries of a Bundle: each goes to the document that names it, or that it names."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_rest_binary import LETTER, binary, contents, document
from tests.inbound.test_rest_bundles import ONE, TWO, answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import counts, placed

OTHER = b"%PDF-1.7 et andet brev"


def loose(content: bytes = LETTER, **more: Any) -> dict[str, Any]:
    """A file that names no document."""
    return {"resourceType": "Binary", "contentType": "application/pdf", "data": b64encode(content).decode(), **more}


def naming(here: Rest, *names: str, **more: Any) -> dict[str, Any]:
    content = [{"attachment": {"url": one, "title": "Brev"}} for one in names]
    return here.about("DocumentReference", **{"status": "current", "content": content} | more)


async def read(here: Rest, told: dict[str, Any]) -> bytes:
    place = told["response"]["location"].partition("/fhir")[2]
    return (await here.call("GET", place, Accept="application/pdf")).content


def test_a_document_comes_with_its_files(database_url: str) -> None:
    """As IHE MHD sends them: the attachment names the Binary; in whatever order they stand."""

    async def test() -> None:
        async with rest(database_url) as here:
            told = await answers(
                here, "transaction", entry("POST", "Binary", loose(), ONE),
                entry("POST", "DocumentReference", naming(here, TWO, ONE)), entry("POST", "Binary", loose(OTHER), TWO),
            )  # fmt: skip
            assert statuses(told) == ["201"] * 3
            assert [await read(here, told[0]), await read(here, told[2])] == [LETTER, OTHER]
            held = await contents(here, placed(told[1]).partition("/")[2])
            assert [(one["title"], one["contentType"], one["size"]) for one in held] == [
                ("Brev", "application/pdf", len(OTHER)), ("Brev", "application/pdf", len(LETTER)),
            ]  # fmt: skip
            named = [{"securityContext": {"reference": TWO}}, {"securityContext": {"reference": "urn:uuid:other"}}]
            plain = here.about("DocumentReference", status="current", content=[
                {"attachment": {"contentType": "text/plain", "data": "QQ=="}}])  # fmt: skip
            told = await answers(
                here, "transaction", entry("POST", "DocumentReference", plain, TWO),
                entry("POST", "Binary", loose(**named[0])),
            )  # fmt: skip
            assert await read(here, told[1]) == LETTER
            held = await contents(here, placed(told[0]).partition("/")[2])
            assert [("data" in one, "url" in one) for one in held] == [(True, False), (False, True)]

    run(test)


def test_files_for_a_document_that_is_here(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            identity = await document(here)
            for kind, content in (("batch", b"%PDF-1.7 a"), ("transaction", b"%PDF-1.7 b")):
                told = await answers(
                    here, kind, entry("POST", "Binary", binary(identity, content)), entry("POST", "Goal", here.goal())
                )
                assert statuses(told) == ["201", "201"]
                assert await read(here, told[0]) == content
            told = await answers(
                here, "transaction", entry("POST", "Binary", binary(identity, b"%PDF-1.7 c")),
                entry("POST", "Binary", binary(identity, b"%PDF-1.7 d")),
            )  # fmt: skip
            assert [await read(here, one) for one in told] == [b"%PDF-1.7 c", b"%PDF-1.7 d"]
            assert len(await contents(here, identity)) == 5
            stands = await here.call("GET", f"/DocumentReference/{identity}")
            assert stands.headers["etag"] == 'W/"4"', "two files of one transaction are one version"
            changed = stands.json() | {"description": "Brev"}
            told = await answers(
                here, "transaction", entry("POST", "Binary", binary(identity, b"%PDF-1.7 e")),
                entry("PUT", f"DocumentReference/{identity}", changed, ifMatch='W/"4"'),
            )  # fmt: skip
            assert (statuses(told), await read(here, told[0])) == (["201", "200"], b"%PDF-1.7 e")

    run(test)


def test_a_file_that_belongs_nowhere_keeps_everything_out(database_url: str) -> None:
    nowhere, second = "Bundle.entry[0]", "Bundle.entry[1]"

    async def test() -> None:
        async with rest(database_url) as here:
            identity = await document(here)
            theirs = await document(here, "social")
            before = await counts(here)
            here_ = f"DocumentReference/{identity}"
            patch = {"resourceType": "Parameters", "parameter": []}
            for entries, status, place in (
                ([entry("POST", "Binary", loose())], 422, "Bundle.entry[0].resource.securityContext"),
                ([entry("POST", "Binary", loose(), ONE), entry("POST", "Goal", here.goal(ONE))], 422, nowhere),
                ([entry("POST", "Binary", loose(securityContext="x"))], 422, nowhere),
                ([entry("POST", "Binary", loose(securityContext={"reference": ONE}))], 422, nowhere),
                ([entry("POST", "Goal", here.goal()), entry("POST", "Binary", binary(theirs))], 404, second),
                ([entry("POST", "Binary", binary("f" * 32))], 404, nowhere),
                ([entry("POST", "Binary", binary(identity) | {"data": "%"})], 422, nowhere),
                ([entry("POST", "Binary", binary(identity), ifNoneExist="_id=x")], 400, nowhere),
                ([entry("POST", "Binary", here.goal())], 400, nowhere),
                ([entry("POST", "Binary", binary(identity)), entry("DELETE", here_)], 422, ""),
                ([entry("POST", "Binary", binary(identity)), entry("PATCH", here_, patch, ifMatch='W/"1"')], 422, ""),
                ([entry("POST", "Binary", loose(), ONE),
                  entry("POST", "DocumentReference", naming(here, ONE, status="x"))], 422, second),
                *(([entry("POST", "Binary", loose(securityContext={"reference": TWO})),
                    entry("POST", "DocumentReference", naming(here) | {"content": odd}, TWO)], 422, second)
                  for odd in ("x", 7, ["x"], [{"attachment": "x"}], {})),
            ):  # fmt: skip
                told = await here.call("POST", "", bundle("transaction", *entries))
                assert told.status_code == status, (entries, told.text)
                assert told.json()["issue"][0]["expression"][0].startswith(place)
                assert await counts(here) == before

    run(test)


def test_a_file_takes_the_scopes_of_its_document(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            identity = await document(here)
            for kind in ("batch", "transaction"):
                told = await here.call(
                    "POST", "", bundle(kind, entry("POST", "Binary", binary(identity))), who="limited"
                )
                assert "403" in (
                    str(told.status_code),
                    *(one["response"]["status"] for one in told.json().get("entry", [])),
                )
            assert len(await contents(here, identity)) == 1

    run(test)


def test_a_large_file_is_taken_wherever_it_comes(database_url: str) -> None:
    """Alone, in a batch and in a transaction: up to the size of a message."""

    async def test() -> None:
        async with rest(database_url) as here:
            identity = await document(here)
            whole = [b"%PDF-1.7 " + bytes([one]) * 2_200_000 for one in (65, 66, 67)]
            assert (await here.call("POST", "/Binary", binary(identity, whole[0]))).status_code == 201
            for kind, content in zip(("batch", "transaction"), whole[1:], strict=True):
                (told,) = await answers(here, kind, entry("POST", "Binary", binary(identity, content)))
                assert await read(here, told) == content
            goal = entry("POST", "Goal", here.goal("x" * 2_200_000))
            assert (await here.call("POST", "", bundle("transaction", goal))).status_code == 413

    run(test)


def test_many_files_for_one_document_at_once(database_url: str) -> None:
    """Who sends a file names no version of its document: nobody was faster, as with a file that comes alone."""

    async def test() -> None:
        async with rest(database_url) as here:
            identity, goals = await document(here), "resource WHERE kind = 'Goal'"
            before = await here.count(goals)
            told = await asyncio.gather(*(
                answers(here, "transaction", entry("POST", "Goal", here.goal()),
                        entry("POST", "Binary", binary(identity, b"%PDF-1.7 " + bytes([65 + one]))))
                for one in range(4)
            ))  # fmt: skip
            assert [statuses(one) for one in told] == [["201", "201"]] * 4
            assert len(await contents(here, identity)) == 5
            assert await here.count(goals) == before + 4

    run(test)
