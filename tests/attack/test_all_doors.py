"""What holds at every door of the routing table: no cache, no frame, no other site, nothing compressed, nothing in
parts, and no operation or definition that a caller could change (T5, T28, T29, T32; L29)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator

from gateway.inbound import definitions
from gateway.inbound.door import Bearer, Door, template
from gateway.inbound.doors import DOORS
from tests.attack.world import JSON, SARAH, Doors, doors, order, patient_of, plan
from tests.inbound.http_world import Raw, run

PUBLIC = re.compile(r"/(log/|console/console\.css|openapi|\.well-known|fhir/(\.well-known|metadata))")
"""Doors whose answers are the same for everybody: these may be kept."""
ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
BOMB = gzip.compress(b'{"resourceType":"Patient","id":"' + b"a" * 30_000_000 + b'"}')
TWICE = gzip.compress(BOMB)
PARTS = b'--x\r\nContent-Disposition: form-data; name="a"; filename="../../etc/a"\r\n\r\n{}\r\n--x--\r\n'
CONFORMANCE = (
    *definitions.KINDS, "StructureDefinition", "SearchParameter", "OperationDefinition", "CapabilityStatement",
    "CompartmentDefinition", "ImplementationGuide", "CodeSystem", "ValueSet", "ConceptMap", "NamingSystem",
    "StructureMap", "GraphDefinition", "MessageDefinition",
)  # fmt: skip
NOT_OFFERED = (
    "$meta", "$meta-add", "$meta-delete", "$expunge", "$reindex", "$import", "$graphql", "$graph", "$merge", "$match",
    "$purge", "$convert", "$apply", "$snapshot", "$versions", "$mark-all-resources-for-reindexing", "$delete-expunge",
)  # fmt: skip


def paths() -> Iterator[tuple[Door, str]]:
    """Each door, with a path for one of its types."""
    for door in DOORS:
        kind = "Patient" if not door.kinds or "Patient" in door.kinds else door.kinds[0]
        filled = template(door).replace("{kind}", kind).replace("{id}", "f" * 32)
        yield door, re.sub(r"\{\w+\}", "1", filled)


def test_nothing_is_kept_framed_or_told_to_another_site(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            bearer = await here.bearer("social")
            for door, path in [
                *paths(),
                *((None, f"/fhir/{kind}") for kind in ("Goal", f"Patient/{patient_of(SARAH)}")),
            ]:
                for headers in (ELSEWHERE, ELSEWHERE | bearer):
                    told = await here.http.raw(door.method if door else "GET", path, headers)
                    where = (path, told.status)
                    assert not [name for name in told.headers if name.startswith("access-control")], where
                    assert "frame-ancestors 'none'" in told.headers["content-security-policy"], where
                    assert told.headers["x-content-type-options"] == "nosniff", where
                    assert "etag" not in told.headers or "vary" in told.headers or PUBLIC.match(path), where
                    if not PUBLIC.match(path):
                        assert told.headers["cache-control"] == "no-store", where
                    if told.status == 200 and isinstance(door, Bearer):
                        assert "Authorization" in told.headers.get("vary", ""), where
                    told = await here.http.raw("OPTIONS", path, headers | {"Access-Control-Request-Method": "PUT"})
                    assert not [name for name in told.headers if name.startswith("access-control")], where

    run(test)


def test_nothing_compressed_and_nothing_in_parts_is_taken(database_url: str) -> None:
    """A bomb is refused by its name, before a byte of it is unpacked."""

    async def test() -> None:
        async with doors(database_url) as here:
            before = await here.http.gateway.database.fetchval("SELECT count(*) FROM statement")
            for door, path in paths():
                if door.method in ("GET", "DELETE"):
                    continue
                bearer = await here.bearer("social")
                for coding, body in (("gzip", BOMB), ("gzip, gzip", TWICE), ("deflate", BOMB), ("x-gzip", BOMB)):
                    named = {"Content-Type": JSON, "Content-Encoding": coding, "Content-Length": str(len(body))}
                    told = await here.http.raw(door.method, path, bearer | named, body)
                    assert refused(told), (door.method, path, told.status, told.body[:200])
                parts = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(len(PARTS) * 1000)}
                told = await here.http.raw(door.method, path, bearer | parts, PARTS * 1000)
                assert refused(told), (door.method, path, told.status, told.body[:200])
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM statement") == before

    run(test)


def refused(told: Raw) -> bool:
    """Refused, or a page of the console that needs nothing that was sent: the way out, and where one begins anew."""
    return 400 <= told.status < 500 or (told.status in (200, 303) and b"<!doctype" in (told.body or b"<!doctype"))


def test_definitions_are_not_changed_by_callers(database_url: str) -> None:
    """A profile or a search parameter that somebody sends changes no check and no search."""

    async def test() -> None:
        async with doors(database_url) as here:
            bearer = await here.bearer("social") | {"Content-Type": JSON}
            for kind in dict.fromkeys(CONFORMANCE):
                evil = json.dumps({
                    "resourceType": kind, "id": "f", "url": "http://hl7.org/fhir/StructureDefinition/Goal",
                    "status": "active", "type": "Goal", "kind": "resource", "abstract": False,
                }).encode()  # fmt: skip
                for method, path in (
                    ("POST", kind), ("PUT", f"{kind}/f"), ("PATCH", f"{kind}/f"), ("DELETE", f"{kind}/f"),
                    ("PUT", f"{kind}?url=x"), ("DELETE", f"{kind}?url=x"),
                ):  # fmt: skip
                    told = await here.http.raw(method, f"/fhir/{path}", bearer, evil)
                    assert told.status in (404, 405), (method, path, told.status)
                    one = {"request": {"method": method, "url": path}, "resource": json.loads(evil)}
                    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [one]}
                    told = await here.http.raw("POST", "/fhir", bearer, json.dumps(bundle).encode())
                    assert told.json()["entry"][0]["response"]["status"][:3] in ("400", "404", "405"), (method, path)

    run(test)


def test_operations_that_would_change_what_is_known_are_not_there(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            patient = patient_of(SARAH)
            bearer = await here.bearer("social") | {"Content-Type": JSON}
            for name in NOT_OFFERED:
                for path in (f"/fhir/{name}", f"/fhir/Patient/{name}", f"/fhir/Patient/{patient}/{name}"):
                    for method in ("GET", "POST", "DELETE"):
                        told = await here.http.raw(method, path, bearer, b"{}" if method == "POST" else b"")
                        assert told.status in (404, 405), (method, path, told.status)
            for path in (
                f"Patient/{patient}/_history",
                f"Patient/{patient}/_history/1",
                "Patient/_history",
                "_history",
            ):
                told = await here.http.raw("DELETE", f"/fhir/{path}", bearer)
                assert told.status in (404, 405), path

    run(test)


__all__ = ["Doors"]
