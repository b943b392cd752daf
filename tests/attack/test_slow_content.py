"""Content made to be slow: whatever a client sends, it is answered as fast as content of its size.

Nothing is timed: what these ask for took minutes or hours once, and a test may take two.
"""

from __future__ import annotations

import pytest

from gateway.domain.record import masked
from tests.attack.world import JSON, SARAH, consent, doors, order, patient_of, plan
from tests.inbound.http_world import run

SIZE = 500_000
JSON_BOMBS = {
    "a string of escaped quotes that never ends": b'{"a":"' + b'\\"' * SIZE,
    "one that ends in half an escape": b'{"a":"' + b'\\"' * SIZE + b"\\",
    "quotes alone": b'"' * SIZE,
    "backslashes": b'{"a":"' + b"\\" * SIZE,
    "brackets in an open string": b'{"a":"' + b"[{" * SIZE,
    "depth": b'{"a":' * SIZE,
    "a number": b'{"a":' + b"9" * SIZE + b"}",
}


@pytest.mark.parametrize("path", ["/fhir/Consent", "/fhir/$process-message"])
def test_json_that_is_made_to_be_slow(database_url: str, path: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            headers = await here.bearer("social") | {"Content-Type": JSON}
            for name, body in JSON_BOMBS.items():
                answer = await here.http.raw("POST", path, headers, body)
                assert answer.status in (400, 413, 422), name

    run(test)


@pytest.mark.parametrize("part", ["identifier.", ".", "a.", "identifier:", "?identifier", "%2", "0-", "123456%20"])
def test_masking_looks_at_each_character_once(part: str) -> None:
    text = "GET Goal?patient=" + part * (SIZE // len(part))
    assert masked(masked(text)) == masked(text)


def test_a_query_that_is_made_to_be_slow_to_mask(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            slow = "identifier." * 5000
            found = await here.search("social", "CarePlan", f"patient={patient_of(SARAH)}&instantiates-uri={slow}")
            assert found.status == 200

    run(test)


def test_brackets_inside_strings_are_no_depth(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            said = consent(patient_of(SARAH), policyRule={"text": '[{"\\' * 100})
            assert (await here.write("social", said)).status == 201

    run(test)
