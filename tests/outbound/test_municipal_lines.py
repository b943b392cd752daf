"""What goes to municipal systems: over mutual TLS, and what each of their answers means."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.source import Connection
from gateway.errors import SettingsError
from gateway.flows.deliver import waiting
from gateway.flows.outbox import show
from gateway.flows.parts import Gateway
from gateway.flows.receipts import remind
from gateway.flows.receive import receive
from gateway.outbound.lines import lines, own_contexts
from gateway.translate.oio.walk import read
from tests.certificates import authority, signed
from tests.flows.messages import CPR
from tests.flows.told import FASIT, SOCIAL, exports
from tests.outbound.conftest import delivered, states
from tests.outbound.municipal import NAME, Town, business, municipal, server, soap, technical, town
from tests.outbound.receivers import closing, receiving

__all__ = ["town"]


def test_a_note_goes_out_over_mutual_tls_and_its_two_receipts_come(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        of = town.ids[SOCIAL]
        async with municipal(town, lambda _: technical("20", of)) as receiver:
            one = town.courier(gateway, sf2900=receiver.port)
            await delivered(one)
            await delivered(one)
            assert len(receiver.got) == 1
            assert "content-type: text/xml; charset=utf-8" in receiver.heads[0]
            assert 'soapaction: "urn:test:afsend"' in receiver.heads[0]
            envelope = read(receiver.got[0])
            said = {node.name: node.text for node in envelope.walk() if node.text}
            assert said["MessageID"] == f"urn:uuid:{of}"
            assert said["TransaktionsId"] == of
            assert "sluttede" in base64.b64decode(said["Notat"]).decode()
            assert (await states(gateway))[of][0] == "sent"
            (record,) = await exports(gateway, town.since)
            assert record["messages"] == [of]
        answer = await receive(gateway, "sf2900", business("20", of))
        assert (answer.accepted, answer.status, answer.body) == (True, 204, b"")
        assert (await states(gateway))[of][0] == "receipted"

    town.run(work)


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        (technical("40", text="Ukendt KLE-emne"), "failed", "Fordelingskomponenten afviste beskeden. Ukendt KLE-emne"),
        (technical("50"), "waiting", "Fordelingskomponenten kan ikke modtage nu."),
        (technical("20", "another"), "waiting", "The receiver answered another message than the one it was sent."),
        (technical("99"), "waiting", "The receiver's answer cannot be read."),
        (b"200 OK\n", "waiting", "The receiver gave no technical receipt."),
        (b"200 OK\n<html>", "waiting", "The receiver's answer cannot be read."),
        (b"200 OK\n<TekniskKvittering/>", "waiting", "The receiver's answer cannot be read."),
        (b'200 OK\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "waiting", "The receiver's answer cannot be read."),
        (b"200 OK\n" + business("20", "x"), "waiting", "The receiver's answer cannot be read."),
        (b"500 Internal\nNullPointerException", "waiting", "The receiver answered HTTP 500."),
        (b"422 No\n<html>", "failed", "The receiver answered HTTP 422."),
        (b"403 Forbidden\n", "waiting", "The receiver answered HTTP 403."),
        (b"302 Elsewhere\n", "waiting", "The receiver answered HTTP 302."),
        (b"200 OK\n" + b"x" * 30_000, "waiting", "The receiver's answer is too large."),
        (None, "waiting", "The receiver did not answer. (RemoteProtocolError)"),
    ],
)
def test_what_each_answer_means(town: Town, answer: bytes | None, state: str, told: str) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: answer) as receiver:
            await delivered(town.courier(gateway, sf2900=receiver.port))
            assert (await states(gateway))[town.ids[SOCIAL]] == (state, 1, told)

    town.run(work)


@pytest.mark.parametrize(
    ("fault", "state"), [("soap:Client", "failed"), ("soap:Client.Validering", "failed"), ("soap:Server", "waiting")]
)
def test_a_soap_fault_that_repeats_what_it_was_sent_shows_nobody(town: Town, fault: str, state: str) -> None:
    told = f"Borger {CPR} Ask {NAME.upper()} (251248-9996) findes ikke"

    async def work(gateway: Gateway) -> None:
        body = (
            f"<s:Fault><faultcode>{fault}</faultcode><faultstring>{told}</faultstring><detail>{told}</detail></s:Fault>"
        )
        async with municipal(town, lambda _: soap(body, "500 Internal Server Error")) as receiver:
            await delivered(town.courier(gateway, sf2900=receiver.port))
            found = (await states(gateway))[town.ids[SOCIAL]]
            assert found[0] == state
            assert found[2].startswith("SOAP fault ")
            assert "findes ikke" in found[2]
            for word in (CPR, "251248", NAME, NAME.upper(), "Ask"):
                assert word not in found[2]

    town.run(work)


def test_a_negative_business_receipt_fails_it_with_its_reason_and_a_later_good_one_mends_it(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        of = town.ids[SOCIAL]
        async with municipal(town, lambda _: technical("20")) as receiver:
            await delivered(town.courier(gateway, sf2900=receiver.port))
            assert (await receive(gateway, "sf2900", business("40", of, f"Sagen er lukket for {CPR}"))).accepted
            (row,) = [one for one in (await show(gateway, ["failed"])).messages if one.message_id == of]
            assert row.told == "Modtageren afviste beskeden. Sagen er lukket for xxxxxxxxxx"
            await receive(gateway, "sf2900", business("40", of, f"Sagen er lukket for {CPR}"))
            assert await gateway.database.fetchval("SELECT count(*) FROM receipt") == 1, "the same one again is none"
            await receive(gateway, "sf2900", business("20", of))
            assert (await states(gateway))[of][0] == "receipted"
            await receive(gateway, "sf2900", business("40", of, "too late"))
            assert (await states(gateway))[of][0] == "receipted", "what is well stays well"

    town.run(work)


def test_a_business_receipt_may_be_faster_than_the_technical_one(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        of = town.ids[SOCIAL]
        async with municipal(town, lambda _: technical("20", of)) as receiver:
            receiver.held.clear()
            one = town.courier(gateway, sf2900=receiver.port)
            await one.look()
            await receiver.arrived.wait()
            assert (await receive(gateway, "sf2900", business("20", of))).accepted
            receiver.held.set()
            await one.idle()
            assert (await states(gateway))[of][0] == "receipted"

    town.run(work)


def test_another_municipality_gives_no_receipt_for_it(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        of = town.ids[SOCIAL]
        async with municipal(town, lambda _: technical("20")) as receiver:
            await delivered(town.courier(gateway, sf2900=receiver.port))
            stranger = await receive(gateway, "sf2900", business("20", of, cvr="11259979"))
            assert not stranger.accepted
            assert b"faultcode" in stranger.body
            known = await receive(gateway, "sf2900", business("20", of), sends=["koebenhavn-sag"])
            assert (known.accepted, known.status) == (False, 403)
            assert (await states(gateway))[of][0] == "sent"
            nobody = await receive(gateway, "sf2900", business("20", "11111111-2222-4333-8444-555555555555"))
            assert nobody.accepted, "it is kept and shown"
            assert len((await show(gateway, [])).unmatched) == 1

    town.run(work)


def test_a_business_receipt_that_does_not_come_is_overdue_and_nothing_is_sent_again(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        of = town.ids[SOCIAL]
        async with municipal(town, lambda _: technical("20")) as receiver:
            one = town.courier(gateway, sf2900=receiver.port)
            await delivered(one)
            town.clock.ahead += timedelta(hours=23)
            assert (await show(gateway, ["overdue"])).messages == []
            town.clock.ahead += timedelta(hours=2)
            try:
                assert await remind(gateway) == 0
                await delivered(one)
                assert len(receiver.got) == 1
                (row,) = (await show(gateway, ["overdue"])).messages
                assert (row.message_id, row.state) == (of, "overdue")
                assert [row.message_id for row in (await show(gateway, ["sent"])).messages] == []
                assert (await waiting(gateway))["overdue"][0] == 1
                await receive(gateway, "sf2900", business("20", of))
                assert (await show(gateway, ["overdue"])).messages == []
            finally:
                town.clock.ahead = timedelta()

    town.run(work)


def test_a_line_that_breaks_before_the_receipt_sends_the_same_message_again(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: None) as receiver:
            one = town.courier(gateway, sf2900=receiver.port)
            await delivered(one)
            receiver.behaviour = lambda _: technical("20")
            town.clock.ahead += timedelta(seconds=10)
            await delivered(one)
            town.clock.ahead = timedelta()
            first, second = receiver.got
            assert first == second, "the same id, and the same bytes"
            assert (await states(gateway))[town.ids[SOCIAL]][0] == "sent"
            assert len(await exports(gateway, town.since)) == 2, "each time that it may have left is on record"

    town.run(work)


def test_it_is_on_record_before_it_leaves(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: technical("20")) as receiver:
            receiver.held.clear()
            one = town.courier(gateway, sf2900=receiver.port)
            await one.look()
            await receiver.arrived.wait()
            (record,) = await exports(gateway, town.since)
            assert record["messages"] == [town.ids[SOCIAL]]
            receiver.held.set()
            await one.idle()

    town.run(work)


def test_a_stop_in_the_middle_loses_nothing(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: technical("20")) as receiver:
            receiver.held.clear()
            one = replace(town.courier(gateway, sf2900=receiver.port), drain=0.05)
            running = asyncio.create_task(one.run())
            await receiver.arrived.wait()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            receiver.held.set()
            assert (await states(gateway))[town.ids[SOCIAL]][0] == "waiting"
            await delivered(town.courier(gateway, sf2900=receiver.port))
            assert (await states(gateway))[town.ids[SOCIAL]][0] == "sent"
            assert receiver.got[0] == receiver.got[-1]

    town.run(work)


def test_a_receiver_that_hangs_or_drips_is_left(town: Town) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

    async def work(gateway: Gateway) -> None:
        dripping = await asyncio.start_server(drip, "127.0.0.1", 0, ssl=server(town.folder))
        async with municipal(town, lambda _: technical("20")) as receiver:
            receiver.held.clear()
            dripped = dripping.sockets[0].getsockname()[1]
            await delivered(town.courier(gateway, wait=0.4, sf2900=receiver.port, fasit=dripped))
            found = await states(gateway)
            for name in (SOCIAL, FASIT):
                assert found[town.ids[name]] == ("waiting", 1, "The receiver did not answer. (TimeoutError)")
        dripping.close()

    town.run(work)


def test_while_the_receiver_is_away_nobody_is_looked_at(town: Town) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: technical("20")) as gone:
            port = gone.port
        one = town.courier(gateway, sf2900=port)
        await delivered(one)
        told = "The receiver cannot be reached. (ConnectionRefusedError)"
        assert (await states(gateway))[town.ids[SOCIAL]] == ("waiting", 1, told)
        assert await exports(gateway, town.since) == []

    town.run(work)


@pytest.mark.parametrize(("authority_of", "name"), [("own", "another.example"), ("stranger", "localhost")])
def test_a_receiver_with_a_wrong_certificate_gets_nothing(
    town: Town, tmp_path: Path, authority_of: str, name: str
) -> None:
    async def work(gateway: Gateway) -> None:
        context = server(town.folder if authority_of == "own" else tmp_path, name)
        async with receiving(lambda _: technical("20"), tls=context, http=True) as receiver:
            await delivered(town.courier(gateway, sf2900=receiver.port))
            told = "The receiver cannot be reached. (SSLCertVerificationError)"
            assert (await states(gateway))[town.ids[SOCIAL]] == ("waiting", 1, told)
            assert receiver.got == []
            assert await exports(gateway, town.since) == [], "nobody is looked at for nobody"

    town.run(work)


def test_a_receiver_that_knows_not_our_certificate_hears_nothing(town: Town, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: technical("20")) as receiver:
            stranger = signed(tmp_path, "stranger")
            there = Connection(
                f"https://localhost:{receiver.port}/", True, str(stranger.certificate), str(stranger.key),
                str(authority(town.folder)),
            )  # fmt: skip
            source = replace(gateway.sources[SOCIAL], deliver=there)
            one = town.courier(gateway)
            one = replace(one, gateway=replace(gateway, sources={**gateway.sources, SOCIAL: source}))
            one = replace(one, lines=lines(None, own_contexts([source]), seconds=5))
            await delivered(one)
            assert (await states(gateway))[town.ids[SOCIAL]][0] == "waiting"
            assert receiver.got == []

    town.run(work)


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        (b"200 OK\n<StandardRetur><StatusKode>20</StatusKode></StandardRetur>", "receipted", ""),
        (b"204 No Content\n", "sent", ""),
        (b"200 OK\n<OpretSvar><Id>7</Id></OpretSvar>", "sent", ""),
        (b"200 OK\n<html><body>Log ind</body></html>", "waiting", "The receiver's answer cannot be read."),
        (b"400 Bad\n<Fejl>nej</Fejl>", "failed", "The receiver answered HTTP 400."),
        (
            (
                b"400 Bad\n<StandardRetur><StatusKode>40</StatusKode><FejlbeskedTekst>Part</FejlbeskedTekst>"
                b"</StandardRetur>"
            ),
            "failed",
            "FASIT afviste dokumentet. Part",
        ),
        (
            b"200 OK\n<StandardRetur><StatusKode>50</StatusKode></StandardRetur>",
            "waiting",
            "FASIT kan ikke modtage nu.",
        ),
        (b"400 Bad\n", "failed", "The receiver answered HTTP 400."),
        (b"503 Away\n", "waiting", "The receiver answered HTTP 503."),
    ],
)
def test_fasit_takes_a_goal_as_a_document(town: Town, answer: bytes, state: str, told: str) -> None:
    async def work(gateway: Gateway) -> None:
        async with municipal(town, lambda _: answer) as receiver:
            await delivered(town.courier(gateway, fasit=receiver.port))
            assert (await states(gateway))[town.ids[FASIT]] == (state, 1, told)
            assert "content-type: application/xml" in receiver.heads[0]
            document = read(receiver.got[0])
            assert document.name == "OpretInput"
            content = next(node.text for node in document.walk() if node.name == "IndholdTekst")
            assert "Egen bolig" in base64.b64decode(content).decode()

    town.run(work)


def test_a_municipal_system_is_not_called_without_a_certificate(town: Town) -> None:
    source = replace(town.parts.sources[FASIT], deliver=Connection("https://fasit.example/"))
    with pytest.raises(SettingsError) as told:
        own_contexts([source])
    assert told.value.where == f"mappings/sources/{FASIT}.yaml"
    with pytest.raises(ValueError, match="certificate"):
        lines()(source)
    own = signed(town.folder, "node")
    assert set(own_contexts([source], own.certificate, own.key)) == {FASIT}
    broken = replace(source, deliver=Connection("https://fasit.example/", True, "none.pem", "none.key"))
    with pytest.raises(SettingsError):
        own_contexts([broken])
