"""Acknowledgement modes and batches at `POST /messages/hl7v2`: the status says what the body cannot."""

from __future__ import annotations

import pytest

from gateway.errors import Unavailable
from tests.inbound.http_world import Http, http, run
from tests.inbound.test_message_doors import ER7, SENDER, admission, count


def asking(accept: str, application: str, control: str = "M1", event: str = "A01") -> bytes:
    return admission(control, event=event).replace(b"|P|2.5||||||", f"|P|2.5|||{accept}|{application}||".encode())


async def post(here: Http, content: bytes) -> tuple[int, bytes]:
    headers = {**await here.bearer("system/Bundle.c"), "Content-Type": ER7}
    answer = await here.web.post("/messages/hl7v2", headers=headers, content=content)
    kind = "application/hl7-v2; charset=iso-8859-1"
    assert answer.headers.get("content-type", "") == (kind if answer.content else "")
    return answer.status_code, answer.content


def test_the_mode_is_the_sender_s(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            assert await post(here, asking("NE", "NE")) == (204, b"")
            assert await count(here, "message") == 1
            assert (await post(here, asking("NE", "NE", event="Q99"))) == (422, b"")
            status, body = await post(here, asking("AL", "NE", "M2"))
            assert (status, body.split(b"\r")[1]) == (200, b"MSA|CA|M2")
            status, body = await post(here, asking("AL", "NE", "M3", "Q99"))
            assert (status, body.split(b"\r")[1]) == (422, b"MSA|CR|M3")
            status, body = await post(here, asking("NE", "AL", "M4"))
            assert (status, body.split(b"\r")[1]) == (200, b"MSA|AA|M4"), "no connection: told at once"
            assert await count(here, "outbox") == 0
            status, body = await post(here, asking("AL", "AL", "M5"))
            assert (status, body.split(b"\r")[1]) == (200, b"MSA|CA|M5")
            assert await count(here, "outbox", "destination = 'regionh-somatik-adt' AND state = 'waiting'") == 1

    run(test)


def test_a_receipt_is_not_acknowledged(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            ack = rb"MSH|^~\&|SP|HGH|GW|KK|2026||ACK|A1|P|2.5" + b"\rMSA|AA|X1\r"
            assert await post(here, ack) == (204, b"")
            assert await count(here, "receipt", "outbox IS NULL") == 1
            stranger = ack.replace(b"|HGH|", b"|REGH|")
            status, body = await post(here, stranger)
            assert (status, body) == (403, b""), "not its own source, and still no acknowledgement of one"
            assert await count(here, "receipt") == 1

    run(test)


def test_a_batch_is_answered_as_one(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            head, tail = rb"BHS|^~\&|SP|HGH|GW|KK|2026||||B-1" + b"\r", b"BTS|3\r"
            messages = [admission("M1"), admission("M2", event="Q99"), admission("M3")]
            status, body = await post(here, head + b"".join(messages) + tail)
            assert status == 200
            assert [line for line in body.split(b"\r") if line.startswith(b"MSA")] == [
                b"MSA|AA|M1", b"MSA|AR|M2", b"MSA|AA|M3",
            ]  # fmt: skip
            assert body.startswith(b"BHS|")
            assert body.endswith(b"BTS|3\r")
            status, body = await post(here, head + messages[1] + b"BTS|1\r")
            assert status == 422
            assert body.startswith(b"BHS|")
            assert await count(here, "message") == 3

    run(test)


@pytest.mark.parametrize("accept", ["AL", "ER"])
def test_a_transient_failure_asks_to_come_back(database_url: str, accept: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            headers = {**await here.bearer("system/Bundle.c"), "Content-Type": ER7}
            await here.gateway.database.close()
            answer = await here.web.post("/messages/hl7v2", headers=headers, content=asking(accept, "NE"))
            assert answer.status_code == Unavailable.status
            assert answer.headers["retry-after"] == "5"
            assert answer.content.split(b"\r")[1] == b"MSA|CR|M1"

    run(test)
