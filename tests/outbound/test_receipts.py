"""Receipts that come by themselves: matched to what was sent, kept when nothing was, never acknowledged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.outgoing import RECEIPT_WITHIN
from gateway.flows.deliver import claim
from gateway.flows.outbox import show
from gateway.flows.parts import Answer, Gateway
from gateway.flows.receipts import remind
from gateway.flows.receive import receive
from gateway.store import outbox
from tests.outbound.conftest import Office, connected, courier, delivered, states
from tests.outbound.receivers import SOMATIC, ack, letter, receiving

SOMATIC_SENDER, PSYCHIATRIC_SENDER = "SP|HGH", "SP|REGH"


def told(
    code: str, of: str = "M1", *more: str, sender: str = SOMATIC_SENDER, header: str = "|P|2.5", own: str = ""
) -> bytes:
    lines = [
        f"MSH|^~\\&|{sender}|GW|KK|20260302||ACK^T02^ACK|{own or 'A' + code + of}{header}",
        f"MSA|{code}|{of}",
        *more,
    ]
    return "".join(line + "\r" for line in lines).encode()


async def came(gateway: Gateway, *messages: bytes) -> list[Answer]:
    return [await receive(gateway, "hl7v2", one) for one in messages]


async def sent(gateway: Gateway, *numbers: int) -> Gateway:
    """The gateway, after messages were sent to a hospital that only says that it has stored them."""
    async with receiving(ack("CA")) as hospital:
        here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
        await outbox.put(gateway.database, [letter(n) for n in numbers], gateway.clock())
        await delivered(courier(here))
    assert {row[0] for row in (await states(gateway)).values()} == {"sent"}
    return here


def test_a_receipt_moves_what_it_is_about_and_gets_no_answer(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1, 2, 3)
        answers = await came(here, told("AA", "M1"), told("AE", "M2", "ERR||PID^1|101|E|||no such ward"))
        assert answers == [Answer(b"", True, status=204)] * 2
        found = await states(gateway)
        assert found["M1"][0] == "receipted"
        assert (found["M2"][0], found["M2"][2]) == ("failed", "no such ward")
        assert found["M3"][0] == "sent"
        assert (await show(gateway, [])).unmatched == []
        assert await gateway.database.fetchval("SELECT count(*) FROM message") == 0, "it is no message about anybody"

    office.run(work)


def test_who_waits_for_it_is_told_that_the_receipt_is_stored(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1)
        (answer,) = await came(here, told("AA", header="|P|2.5|||AL|NE"))
        assert answer.body.split(b"\r")[1] == b"MSA|CA|AAAM1"

    office.run(work)


def test_a_receipt_of_nothing_we_sent_is_kept_for_an_operator(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        (answer,) = await came(gateway, told("AE", "X-99", "ERR||PID^1|101|E|||what is this"))
        assert answer.body == b""
        (one,) = (await show(gateway, [])).unmatched
        assert (one.source, one.answered, one.outcome, one.told) == (SOMATIC, "X-99", "fatal-error", "what is this")

    office.run(work)


def test_nobody_answers_for_another_organisation(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1)
        await came(here, told("AE", sender=PSYCHIATRIC_SENDER))
        assert (await states(gateway))["M1"][0] == "sent"
        assert [one.source for one in (await show(gateway, [])).unmatched] == ["regionh-psyk-adt"]

    office.run(work)


def test_another_system_of_the_same_organisation_may_answer(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1)
        sources = dict(here.sources)
        sources[SOMATIC] = replace(sources[SOMATIC], organisation=sources["regionh-psyk-adt"].organisation)
        await came(replace(here, sources=sources), told("AA", sender=PSYCHIATRIC_SENDER))
        assert (await states(gateway))["M1"][0] == "receipted"

    office.run(work)


def test_the_same_receipt_again_changes_nothing(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1)
        await came(here, told("AR"), told("AR"), told("AR"))
        assert await gateway.database.fetchval("SELECT count(*) FROM receipt") == 1
        assert await gateway.database.fetchval("SELECT resends FROM outbox") == 1

    office.run(work)


def test_a_transient_error_is_sent_again_twice_and_may_end_well(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1)
        async with receiving(ack("CA")) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            one = courier(here)
            for round_ in range(4):
                await came(here, told("AR", own=f"T{round_}"))
                await delivered(one)
                office.clock.ahead += RECEIPT_WITHIN + timedelta(seconds=1)
                await delivered(one)
            assert hospital.numbers == ["M1", "M1"], "at most twice, and not at once"
            assert (await states(gateway))["M1"][0] == "failed"
            await came(here, told("AA"))
            assert (await states(gateway))["M1"][0] == "receipted"
            await came(here, told("AE"))
            assert (await states(gateway))["M1"][0] == "receipted", "never positive first and negative later"

    office.run(work)


def test_a_receipt_that_is_faster_than_the_line_counts(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        await outbox.put(gateway.database, [letter(1)], gateway.clock())
        ((one,),) = await claim(here)
        await came(here, told("AA"))
        await outbox.move(gateway.database, one, "sent", gateway.clock(), "", gateway.clock())
        await outbox.release(gateway.database, [one], gateway.clock())
        assert (await states(gateway))["M1"][0] == "receipted"

    office.run(work)


def test_silence_is_sent_again_where_every_message_is_receipted(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(lambda _: b"204 No Content\n", http=True) as town:
            here = connected(gateway, regionh_somatik_adt=f"http://127.0.0.1:{town.port}/")
            medcom = replace(letter(1), language="fhir-message", body=b'{"resourceType":"Bundle","id":"E1"}')
            await outbox.put(gateway.database, [medcom, letter(2)], gateway.clock())
            one = courier(here)
            await delivered(one)
            assert await remind(here) == 0
            counts = []
            for _ in range(4):
                office.clock.ahead += RECEIPT_WITHIN
                counts.append(await remind(here))
                await delivered(one)
            assert counts == [1, 1, 0, 0]
            found = await states(gateway)
            assert (found["M1"][0], found["M1"][2]) == ("failed", "no receipt came"), "an operator sees it"
            assert found["M2"][0] == "sent", "in HL7 v2 nothing more needs to come"
            assert [one[:1] for one in town.got] == [b"{", b"M", b"{", b"{"]
            envelopes = [json.loads(one)["id"] for one in town.got if one[:1] == b"{"]
            assert envelopes[0] == "E1"
            assert len(set(envelopes)) == 3, "each time in an envelope of its own"

    office.run(work)


@pytest.mark.parametrize(
    "message",
    [
        b"MSH|^~\\&|SP|HGH|GW|KK|2026||ACK|1|P|2.5\r",
        b"MSH|^~\\&|SP|HGH|GW|KK|2026||ACK|1|P|2.5\rMSA|ZZ|M1\r",
        b"MSH|^~\\&|WHO|KNOWS|GW|KK|2026||ACK|1|P|2.5\rMSA|AA|M1\r",
    ],
)
def test_a_broken_receipt_is_quarantined_and_not_acknowledged_either(office: Office, message: bytes) -> None:
    async def work(gateway: Gateway) -> None:
        here = await sent(gateway, 1)
        (answer,) = await came(here, message)
        assert (answer.body, answer.accepted) == (b"", False)
        assert (await states(gateway))["M1"][0] == "sent"
        assert await gateway.database.fetchval("SELECT state FROM message") == "quarantined"

    office.run(work)
