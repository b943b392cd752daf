"""What an integrator sets up and an operator sees: certificates that select sources, acknowledgements later, a stop in
the middle. Through the real doors, as `gateway serve` opens them."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import ssl
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from gateway.cli import outbox
from gateway.cli.serve import running
from gateway.settings import Settings
from tests.certificates import Files, authority, signed
from tests.inbound.mllp_senders import answer, frame
from tests.outbound.receivers import Receiver, ack, receiving
from tests.outbound.test_enhanced import admitted
from tests.outbound.test_lines import server_context


@dataclass
class Site:
    """An installation: its settings, its sources' connections, its authority."""

    folder: Path
    settings: Settings

    def source(self, name: str, **keys: object) -> None:
        """Add keys to a source's file."""
        file = self.settings.mappings_folder / "sources" / f"{name}.yaml"
        file.write_text(file.read_text("utf-8") + yaml.safe_dump(keys), "utf-8")

    def caller(self, files: Files | None) -> ssl.SSLContext:
        """TLS of a sender with this certificate."""
        context = ssl.create_default_context(cafile=str(authority(self.folder)))
        if files:
            context.load_cert_chain(files.certificate, files.key)
        return context


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Site:
    shutil.copytree(Settings().mappings_folder, tmp_path / "mappings")
    return Site(
        tmp_path,
        Settings(
            data_folder=tmp_path / "data", database_url=database_url, http_port=0, mllp_port=0, checkpoint_seconds=30,
            mappings_folder=tmp_path / "mappings", delivery_seconds=0.02,
        ),
    )  # fmt: skip


def secured(site: Site) -> Site:
    own = signed(site.folder, "gateway", names=("localhost",))
    tls = {"tls_certificate": own.certificate, "tls_key": own.key, "tls_ca": authority(site.folder)}
    return Site(site.folder, replace(site.settings, **tls))  # type: ignore[arg-type]


async def told(port: int, tls: ssl.SSLContext | None, message: bytes) -> list[str]:
    """The MSA and ERR of one answer."""
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
    try:
        writer.write(frame(message))
        lines = (await answer(reader)).decode().split("\r")
        return [line for line in lines if line.startswith(("MSA", "ERR"))]
    finally:
        writer.close()


async def until(receiver: Receiver, count: int) -> None:
    while len(receiver.got) < count:
        receiver.arrived.clear()
        await receiver.arrived.wait()


def run(test: object) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()  # type: ignore[operator]

    asyncio.run(bounded())


def test_a_certificate_selects_the_source_and_the_answer_comes_later(site: Site) -> None:
    here = secured(site)
    epj = signed(site.folder, "epj.example")
    other = signed(site.folder, "psyk.example", names=("sender.psyk.example",))
    stranger = signed(site.folder, "stranger.example")

    async def test() -> None:
        async with receiving(ack("CA"), tls=server_context(site.folder)) as hospital:
            here.source("regionh-somatik-adt", certificate=["CN=epj.example"])
            here.source("regionh-somatik-adt", deliver={"url": f"mllps://localhost:{hospital.port}"})
            here.source("regionh-psyk-adt", certificate="sender.psyk.example")
            async with running(here.settings) as gateway:
                port = gateway.mllp_port
                assert await told(port, here.caller(epj), admitted(1, "", "")) == [f"MSA|AA|{control(1)}"]
                assert await told(port, here.caller(epj), admitted(2, "AL", "AL")) == [f"MSA|CA|{control(2)}"]
                await until(hospital, 1)
                assert f"MSA|AA|{control(2)}".encode() in hospital.got[0].split(b"\r")
                for files in (other, stranger):
                    refused = await told(port, here.caller(files), admitted(3, "", ""))
                    assert refused[0] == f"MSA|AR|{control(3)}"
                    assert refused[1].startswith("ERR||MSH^1^3|")
                own = admitted(4, "", "").replace(b"|HGH|", b"|REGH|")
                assert (await told(port, here.caller(other), own))[0] == f"MSA|AA|{control(4)}"
                assert (await told(port, here.caller(epj), own))[0] == f"MSA|AR|{control(4)}"
                for tls in (here.caller(None), None):
                    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                        await told(port, tls, admitted(5, "", ""))
                kept = await gateway.gateway.database.fetchval("SELECT count(*) FROM message")
                assert kept == 3, "what a certificate may not send leaves nothing behind"

    run(test)


def control(number: int) -> str:
    return admitted(number, "", "").split(b"|")[9].decode()


def test_a_stop_in_the_middle_loses_nothing_and_an_operator_sees_what_waits(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async def first() -> int:
        async with receiving() as gone:
            port = gone.port
        site.source("regionh-somatik-adt", deliver={"url": f"mllp://127.0.0.1:{port}"})
        async with running(site.settings) as gateway:
            for number in (1, 2, 3):
                assert await told(gateway.mllp_port, None, admitted(number, "AL", "AL")) == [
                    f"MSA|CA|{control(number)}"
                ]
            receipt = b"MSH|^~\\&|SP|HGH|GW|KK|2026||ACK|A|P|2.5|||AL\rMSA|AE|2512489996 never|\x1b[2Jgone\r"
            assert await told(gateway.mllp_port, None, receipt) == ["MSA|CA|A"]
            nowhere = admitted(4, "AL", "AL").replace(b"|HGH|", b"|REGH|")
            assert await told(gateway.mllp_port, None, nowhere) == [f"MSA|CA|{control(4)}"]
            failed = "SELECT count(*) FROM outbox WHERE state = 'failed'"
            while not await gateway.gateway.database.fetchval(failed):  # noqa: ASYNC110 - it is another task's row
                await asyncio.sleep(0.01)
        return port

    async def second(port: int) -> list[bytes]:
        async with receiving(ack("CA"), port=port) as back, running(site.settings) as gateway:
            await gateway.gateway.database.fetchval("UPDATE outbox SET due = now() - interval '1 minute'")
            await until(back, 3)
            return back.got

    port = asyncio.run(asyncio.wait_for(first(), 60))
    shown = argparse.Namespace(state=None, again=None, notify_again=None, told=True, json=True)
    assert outbox.run(shown, site.settings) == 1, "something failed"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["state"] for line in lines] == ["waiting"] * 3 + ["failed", "unmatched"]
    assert lines[0]["destination"] == "regionh-somatik-adt"
    assert "deliver is missing in mappings/sources/regionh-psyk-adt.yaml" in lines[3]["told"]
    assert lines[4]["message"] == "xxxxxxxxxx never"
    assert lines[4]["told"] == "\x1b[2Jgone"
    assert "Lind" not in json.dumps(lines)
    assert (
        outbox.run(argparse.Namespace(state=None, again=None, notify_again=None, told=True, json=False), site.settings)
        == 1
    )
    assert "\x1b" not in capsys.readouterr().out, "what others wrote does not steer the operator's terminal"
    again = argparse.Namespace(state=None, again=[lines[3]["id"], 999], notify_again=None, told=False, json=False)
    assert outbox.run(again, site.settings) == 1
    assert capsys.readouterr().out.splitlines()[0] == f"{lines[3]['id']} waits again"
    got = asyncio.run(asyncio.wait_for(second(port), 60))
    answered = [one.split(b"\r")[1].decode() for one in got]
    assert answered == [f"MSA|AA|{control(number)}" for number in (1, 2, 3)]
