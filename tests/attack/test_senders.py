"""Whoever may send as one source sends as no other: not at the door, and not round it."""

from __future__ import annotations

import json

from gateway.flows.replay import replay
from tests.attack.world import SARAH, bodies, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run


def spoiled(message: bytes) -> bytes:
    """A message that is not understood today: its code will be in the tables tomorrow."""
    return message.replace(b'"status": "active"', b'"status": "tomorrow"')


def mended(message: bytes) -> bytes:
    return message.replace(b'"status": "tomorrow"', b'"status": "active"')


def test_a_message_in_the_name_of_another_is_not_taken_later_either(database_url: str) -> None:
    """The hospital writes an order of the municipality, with a consent in it, that cannot be understood yet. When the
    mapping is mended and everything in quarantine is tried again, it is refused as it would have been at the door."""

    async def test() -> None:
        async with doors(database_url) as here:
            gateway = here.http.gateway
            word = {name: value for name, value in consent("x", "permit").items() if name != "patient"} | {"id": "w"}
            forged = order(SARAH, plan(), word)
            told = await here.send("psyk", forged)
            assert told.status == 403, "at the door"
            assert (await here.send("psyk", spoiled(forged))).status == 422
            (row,) = await gateway.database.fetch("SELECT id, body FROM message WHERE state = 'quarantined'")
            await gateway.database.fetchval(
                "UPDATE message SET body = $2 WHERE id = $1", row["id"], mended(bytes(row["body"]))
            )  # as if a mapping had been mended
            (again,) = await replay(gateway)
            assert "not registered to send" in again.error
            (again,) = await replay(gateway)
            assert "not registered to send" in again.error, "it is remembered whose it is"
            assert await gateway.database.fetchval("SELECT count(*) FROM statement") == 0
            (reason,) = await gateway.database.fetch("SELECT reason FROM message WHERE state = 'quarantined'")
            assert json.loads(reason["reason"])["kind"] == "Forbidden"

    run(test)


def test_the_same_bytes_from_their_own_sender_are_taken(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            message = order(SARAH, plan())
            for who in ("psyk", "social"):
                assert (await here.send(who, spoiled(message))).status == 422
            gateway = here.http.gateway
            rows = await gateway.database.fetch("SELECT id, body FROM message WHERE state = 'quarantined' ORDER BY id")
            assert len(rows) == 2, "one from each sender"
            for row in rows:
                await gateway.database.fetchval(
                    "UPDATE message SET body = $2 WHERE id = $1", row["id"], mended(bytes(row["body"]))
                )
            first, second = await replay(gateway)
            assert first.error
            assert not second.error
            assert len(bodies(await here.get("social", f"Patient/{patient_of(SARAH)}/$joint-plan"))) == 4

    run(test)


def test_one_message_that_breaks_the_gateway_keeps_no_other_in_quarantine(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            for number in ("1", "2"):
                assert (await here.send("social", spoiled(order(SARAH, plan(), number=number)))).status == 422
            gateway = here.http.gateway
            rows = await gateway.database.fetch("SELECT id, body FROM message ORDER BY id")
            strange = b'{"resourceType":"Bundle","type":"message","entry":{}}'
            for row, raw in zip(rows, (strange, mended(rows[1]["body"])), strict=True):
                await gateway.database.fetchval("UPDATE message SET body = $2 WHERE id = $1", row["id"], raw)
            first, second = await replay(gateway)
            assert first.error
            assert not second.error

    run(test)


def test_a_client_sends_as_nobody_else(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            for who, message in (
                ("social", stay(SARAH)), ("herlev", stay(SARAH)), ("elsewhere", order(SARAH, plan())),
                ("nursing", order(SARAH, plan())), ("jobcenter", stay(SARAH)), ("auditor", stay(SARAH)),
            ):  # fmt: skip
                assert (await here.send(who, message)).status == 403, who
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM statement") == 0
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM message") == 0

    run(test)
