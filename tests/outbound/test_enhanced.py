"""Enhanced mode through the flow: what is told later stands in the outbox by the same commit as the message."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import Unavailable
from gateway.flows.parts import Answer, Gateway
from gateway.flows.receive import keep_message, receive
from gateway.flows.replay import replay
from gateway.store import outbox
from tests.flows.conftest import caller
from tests.flows.messages import adt, case
from tests.outbound.conftest import Office, connected, courier, delivered, states
from tests.outbound.receivers import SOMATIC, ack, letter, receiving


def admitted(number: int, accept: str, application: str, event: str = "A01") -> bytes:
    """An admission in Herlev, which asks for these acknowledgements."""
    head, _, rest = adt(event, number, "20260302090000+0100").partition(b"\r")
    fields = head.split(b"|")
    fields += [b""] * (18 - len(fields))
    fields[2:4], fields[14], fields[15] = [b"SP", b"HGH"], accept.encode(), application.encode()
    return b"|".join(fields) + b"\r" + rest


def codes(answer: Answer) -> list[str]:
    return [line.split("|")[1] for line in answer.body.decode().split("\r") if line.startswith("MSA")]


async def waiting(gateway: Gateway) -> list[tuple[str, str, str]]:
    """Destination, MSA-1 and MSA-2 of everything in the outbox."""
    rows = await gateway.database.fetch("SELECT destination, body FROM outbox ORDER BY id")
    lines = [(row["destination"], row["body"].decode().split("\r")[1].split("|")) for row in rows]
    return [(destination, msa[1], msa[2]) for destination, msa in lines]


@pytest.mark.parametrize("entitled", [True, False])
def test_taken_at_once_and_well_later(office: Office, *, entitled: bool) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(ack("CA")) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            if entitled:
                await receive(here, "oio", case())
            message = admitted(1, "AL", "AL")
            first = await receive(here, "hl7v2", message)
            again = await asyncio.gather(*(receive(here, "hl7v2", message) for _ in range(4)))
            assert codes(first) == ["CA"]
            assert {one.body for one in again} == {first.body}, "the same answer to the same message"
            assert [row[:2] for row in await waiting(here)] == [(SOMATIC, "AA")]
            await delivered(courier(here))
            assert hospital.got == [], "not before the acknowledgement on the line"
            office.clock.ahead += timedelta(seconds=2)
            await delivered(courier(here))
            (answer,) = hospital.got
            assert answer.split(b"\r")[1] == b"MSA|AA|" + message.split(b"|")[9]
            assert {row[0] for row in (await states(here)).values()} == {"sent"}

    office.run(work)


def test_what_is_wrong_is_told_later_once(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        message = admitted(1, "AL", "AL").replace(b"PID|", b"PIX|")
        for _ in range(3):
            assert codes(await receive(here, "hl7v2", message)) == ["CA"]
        assert [row[1] for row in await waiting(here)] == ["AE"]
        assert (await replay(here))[0].error
        assert [row[1] for row in await waiting(here)] == ["AE"], "a replay tells nothing new"

    office.run(work)


def merged(number: int, *pairs: tuple[str, str], accept: str = "AL", application: str = "AL") -> bytes:
    """Several merges in one message, which asks for these acknowledgements."""
    head = b"\r".join(admitted(number, accept, application, "A40").split(b"\r")[:2]) + b"\r"
    return head + b"".join(f"PID|1||{one}\rMRG|{other}\r".encode() for one, other in pairs)


GOOD, ALSO, BAD = (
    ("2505544849^^^CPR", "L1^^^REGH"),
    ("2512489996^^^CPR", "L2^^^REGH"),
    ("0000000000^^^CPR", "L3^^^REGH"),
)


@pytest.mark.parametrize(
    ("pairs", "code", "place"),
    [
        ((GOOD, ALSO), "AA", b""), ((GOOD, BAD), "AE", b"ERR||PID^2^3|"), ((BAD, GOOD), "AE", b"ERR||PID^1^3|"),
        ((BAD, GOOD, BAD, ALSO), "AE", b"ERR||PID^1^3|"), ((GOOD, ALSO, BAD), "AE", b"ERR||PID^3^3|"),
    ],
)  # fmt: skip
def test_of_several_merges_in_one_message_one_word_is_told_later(
    office: Office, pairs: tuple[tuple[str, str], ...], code: str, place: bytes
) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        message = merged(1, *pairs)
        for _ in range(2):
            assert codes(await receive(here, "hl7v2", message)) == ["CA"]
            ((destination, told, _),) = await waiting(here)
            assert (destination, told) == (SOMATIC, code)
        (row,) = await here.database.fetch("SELECT body, answers FROM outbox")
        assert place in row["body"]
        assert row["answers"].encode() == message.split(b"|")[9]
        assert (await receive(here, "hl7v2", message)).accepted is (code == "AA")

    office.run(work)


def test_what_is_to_be_sent_again_is_told_of_when_it_was(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away while the first of two merges is kept, and would be there again for the second."""
    tried: list[bytes] = []

    async def away_at_first(gateway: Gateway, language: str, raw: bytes, *rest: Any) -> Answer:
        tried.append(raw)
        if len(tried) == 1:
            raise Unavailable
        return await keep_message(gateway, language, raw, *rest)

    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        message = merged(1, GOOD, ALSO)
        with monkeypatch.context() as patched:
            patched.setattr("gateway.flows.receive.keep_message", away_at_first)
            answer = await receive(here, "hl7v2", message)
        assert (codes(answer), answer.transient, len(tried)) == (["CR"], True, 1)
        assert await waiting(here) == []
        for _ in range(2):
            assert codes(await receive(here, "hl7v2", message)) == ["CA"]
            assert [row[1] for row in await waiting(here)] == ["AA"]

    office.run(work)


@pytest.mark.parametrize(("application", "pairs", "told"), [("ER", (GOOD, ALSO), []), ("SU", (GOOD, BAD), []),
                                                            ("ER", (GOOD, BAD), ["AE"])])  # fmt: skip
def test_what_is_not_asked_for_is_not_told_later(
    office: Office, application: str, pairs: tuple[tuple[str, str], ...], told: list[str]
) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        await receive(here, "hl7v2", merged(1, *pairs, application=application))
        assert [row[1] for row in await waiting(here)] == told

    office.run(work)


def test_who_wants_no_answer_gets_none(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        good, bad = admitted(1, "NE", "NE"), admitted(2, "NE", "NE", "Q99")
        assert await receive(gateway, "hl7v2", good) == Answer(b"", True)
        assert (await receive(gateway, "hl7v2", bad)).body == b""
        assert await waiting(gateway) == []
        assert await gateway.database.fetchval("SELECT count(*) FROM message") == 2

    office.run(work)


def test_nobody_makes_us_write_to_another_source(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        stranger = caller("nursing", sends=("regionh-psyk-adt",))
        for message in (admitted(1, "AL", "AL"), admitted(2, "AL", "AL").replace(b"PID|", b"PIX|")):
            await receive(here, "hl7v2", message, stranger)
            await receive(here, "hl7v2", message, sends=())
        assert await waiting(here) == []

    office.run(work)


def test_a_certificate_of_another_source_is_refused_with_its_place(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        answer = await receive(gateway, "hl7v2", admitted(1, "", ""), sends=("regionh-psyk-adt",))
        assert codes(answer) == ["AR"]
        assert b"ERR||MSH^1^3|" in answer.body
        assert (await receive(gateway, "hl7v2", admitted(1, "", ""), sends=(SOMATIC,))).accepted

    office.run(work)


NAMELESS = [admitted(n, "", "").replace(b"|SP|HGH|", b"|NEW NAME||") for n in (1, 2)]


def test_a_certificate_of_one_source_selects_it_where_the_message_names_none(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        await receive(gateway, "oio", case())
        assert (await receive(gateway, "hl7v2", NAMELESS[0], sends=(SOMATIC,))).accepted
        for sends in ((SOMATIC, "regionh-psyk-adt"), (), None):
            refused = await receive(gateway, "hl7v2", NAMELESS[1], sends=sends)
            assert codes(refused) == ["AR"]
            assert b"|204^Unknown key identifier" in refused.body
        kept = await gateway.database.fetchval("SELECT source FROM message WHERE state = 'kept' AND language = 'hl7v2'")
        assert kept == SOMATIC

    office.run(work)


def test_a_replay_knows_whose_certificate_it_was(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        await receive(gateway, "oio", case())
        broken = NAMELESS[0].replace(b"PID|", b"PIX|")
        assert codes(await receive(gateway, "hl7v2", broken, sends=(SOMATIC,))) == ["AE"]
        (again,) = await replay(gateway)
        assert "PID^1" in again.error, "still what it was, and not an unknown sender"
        await gateway.database.fetchval("UPDATE message SET body = $1 WHERE state = 'quarantined'", NAMELESS[0])
        (again,) = await replay(gateway)
        assert again.error == ""
        sources = await gateway.database.fetch("SELECT source FROM message WHERE state = 'kept' AND language = 'hl7v2'")
        assert [row["source"] for row in sources] == [SOMATIC]

    office.run(work)


def test_a_receipt_in_quarantine_is_matched_when_it_is_replayed(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(ack("CA")) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            await delivered(courier(here))
        receipt = b"MSH|^~\\&|WHO|KNOWS|GW|KK|2026||ACK|1|P|2.5\rMSA|AA|M1\r"
        await receive(here, "hl7v2", receipt)
        known = receipt.replace(b"|WHO|KNOWS|", b"|SP|HGH|")
        await gateway.database.fetchval("UPDATE message SET body = $1", known)
        assert [one.error for one in await replay(here)] == [""]
        assert (await states(here))["M1"][0] == "receipted"
        assert await replay(here) == []

    office.run(work)


def test_a_database_that_is_away_is_told_at_once(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        await here.database.close()
        answers = [await receive(here, "hl7v2", admitted(1, *mode)) for mode in (("AL", "AL"), ("NE", "AL"), ("", ""))]
        assert [codes(one) for one in answers] == [["CR"], ["AR"], ["AR"]]
        assert all(one.transient for one in answers)

    office.run(work)


def batch(*messages: bytes, count: str = "") -> bytes:
    trailer = count or str(len(messages))
    return b"".join([b"BHS|^~\\&|SP|HGH|GW|KK|2026||||B-1\r", *messages, f"BTS|{trailer}\r".encode()])


def test_one_bad_message_does_not_sink_its_batch(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        await receive(gateway, "oio", case())
        good = [admitted(n, "", "") for n in (1, 2)]
        answer = await receive(gateway, "hl7v2", batch(good[0], admitted(3, "", "", "Q99"), good[1]))
        assert codes(answer) == ["AA", "AR", "AA"]
        assert answer.accepted
        states_ = await gateway.database.fetch("SELECT state FROM message WHERE language = 'hl7v2' ORDER BY id")
        assert [row["state"] for row in states_] == ["kept", "quarantined", "kept"]
        again = await receive(gateway, "hl7v2", batch(good[0], good[1], count="5"))
        assert codes(again) == ["AA", "AA", "AE"]
        assert b"ERR||BTS^1^1|" in again.body
        kept = await gateway.database.fetchval("SELECT count(*) FROM message WHERE state = 'kept'")
        assert kept == 3, "the case and two messages: sent again they change nothing"

    office.run(work)


def test_a_batch_while_the_database_is_away_is_sent_again_whole(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        await gateway.database.close()
        answer = await receive(gateway, "hl7v2", batch(admitted(1, "", ""), admitted(2, "", "", "Q99")))
        assert (answer.accepted, answer.transient, answer.status) == (False, True, 503)
        assert codes(answer) == ["AR", "AR"]

    office.run(work)


def test_a_batch_of_nothing_but_bad_messages_is_refused(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        answer = await receive(gateway, "hl7v2", batch(admitted(1, "", "", "Q98"), admitted(2, "", "", "Q99")))
        assert (answer.accepted, answer.status) == (False, 422)

    office.run(work)


def test_an_empty_batch_is_well(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        answer = await receive(gateway, "hl7v2", batch())
        assert (answer.accepted, answer.status, codes(answer)) == (True, 200, [])
        assert answer.body.endswith(b"BTS|0\r")
        assert codes(await receive(gateway, "hl7v2", batch(count="3"))) == ["AE"]

    office.run(work)


def test_messages_of_a_batch_ask_for_their_own_acknowledgements(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        messages = [admitted(1, "AL", "AL"), admitted(2, "NE", "NE"), admitted(3, "", "")]
        answer = await receive(here, "hl7v2", batch(*messages))
        assert codes(answer) == ["CA", "AA"]
        assert [row[1] for row in await waiting(here)] == ["AA"]
        assert (await receive(here, "hl7v2", batch(messages[1]))).body == b""

    office.run(work)


def test_a_message_of_a_batch_that_holds_several_merges_asks_for_its_own_acknowledgement(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        messages = [
            merged(1, GOOD, BAD),
            merged(2, GOOD, ALSO),
            admitted(3, "AL", "AL"),
            merged(4, ALSO, application=""),
        ]
        answer = await receive(here, "hl7v2", batch(*messages))
        assert codes(answer) == ["CA"] * 4
        assert answer.accepted
        assert [row[1:] for row in await waiting(here)] == [("AE", "M1"), ("AA", "M2"), ("AA", "M3")]
        bodies = [row["body"] for row in await here.database.fetch("SELECT body FROM outbox ORDER BY id")]
        assert b"ERR||PID^2^3|" in bodies[0]

    office.run(work)
