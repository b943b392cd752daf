"""The database gone in the middle of a story, and a sender that nobody had registered: nothing is lost either way."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import replay
from gateway.cli.playing.mllp_client import MllpClient
from gateway.cli.playing.story import wire
from gateway.settings import Settings
from gateway.store.embedded import EmbeddedPostgres
from gateway.translate.fhir import parse
from tests.stories.normal import text
from tests.stories.playing import PROJECT, STORIES, Stage, run, stage
from tests.stories.test_played import expected

FHIR = "application/fhir+json"


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server of its own, which the test may stop. Its socket lies where it lay before when it is started again."""
    folder = Path(tempfile.mkdtemp(prefix="fp-away-"))
    folder.chmod(0o755)
    one = EmbeddedPostgres(folder / "pg", durable=False)
    try:
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_story_in_whose_middle_the_database_goes_ends_as_it_always_does(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    async def play(url: str) -> None:
        async with stage("herberg", url, tmp_path) as here:
            await here.play("01", "02")
            bearer = await here.bearer("social")
            server.stop()
            await told_as_transient(here, bearer)
            assert server.start() == url
            for told in await here.play("03", "04", "05", "06", "07", "08"):
                assert told.accepted, told.answer
            for reader in here.story.readers:
                _, bundle = await here.plan(reader)
                assert json.loads(text(bundle)) == json.loads(expected("herberg", reader).read_text("utf-8")), reader
            assert await here.gateway.database.fetchval("SELECT count(*) FROM message WHERE state <> 'kept'") == 0

    run(play(server.start()))


async def told_as_transient(here: Stage, bearer: dict[str, str]) -> None:
    """Every door says that the same may be sent again, and says nothing else."""
    leave = wire(here.step("05").file.read_bytes())
    async with MllpClient(here.doors.host, here.doors.mllp_port) as sender:
        for _ in range(2):
            answer = await sender.send(leave)
            assert b"MSA|AR|PSY260310-0007" in answer
            assert b"|207^" in answer
    web, order = here.doors.http, here.step("03").file.read_bytes()
    headers = bearer | {"Content-Type": FHIR}
    answered = await web.post("/fhir/$process-message", content=order, headers=headers)
    assert (answered.status_code, "Retry-After" in answered.headers) == (503, True)
    assert parse(answered.content)["entry"][0]["resource"]["response"]["code"] == "transient-error"
    case = here.step("01").file.read_bytes()
    answered = await web.post("/cases/oio", content=case, headers=bearer | {"Content-Type": "application/xml"})
    assert answered.status_code == 503
    assert b"StatusKode>50<" in answered.content
    looked = await web.get(f"/fhir/Patient/{here.patient}/$joint-plan", headers=bearer)
    assert (looked.status_code, looked.json()["issue"][0]["code"]) == (503, "transient")
    assert (await web.get("/health/ready")).status_code == 503
    assert (await web.get("/health/live")).status_code == 200
    for one in (answered, looked):
        assert "socket" not in one.text
        assert "PGSQL" not in one.text


def test_what_an_unregistered_sender_said_is_replayed_once_it_is_registered(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = wire(STORIES["herberg"].steps[1].file.read_bytes()).replace(b"|SP|REGH|", b"|COSMIC|PSYK|")
    mappings = tmp_path / "mappings"
    shutil.copytree(PROJECT / "mappings", mappings)
    folder = tmp_path / "data"
    folder.mkdir()

    async def before() -> None:
        async with stage("herberg", database_url, folder, mappings_folder=mappings) as here:
            await here.play("01")
            async with MllpClient(here.doors.host, here.doors.mllp_port) as sender:
                answer = await sender.send(raw)
            assert b"MSA|AR|" in answer
            assert b"204^" in answer
            assert await here.gateway.database.fetchval("SELECT count(*) FROM resource WHERE kind = 'Encounter'") == 0

    async def after() -> None:
        async with stage("herberg", database_url, folder, mappings_folder=mappings) as here:
            _, bundle = await here.plan("hospital")
            stays = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Encounter"]
            assert [stay["status"] for stay in stays] == ["in-progress"]
            rows = await here.gateway.database.fetch("SELECT state, body FROM message ORDER BY id")
            assert [(r["state"], r["body"] is None) for r in rows] == [
                ("kept", False), ("replayed", True), ("kept", False),
            ]  # fmt: skip
            async with MllpClient(here.doors.host, here.doors.mllp_port) as sender:
                assert b"MSA|AA|" in await sender.send(raw), "what was refused then is accepted now"

    settings = Settings(data_folder=folder, database_url=database_url, mappings_folder=mappings)
    every = argparse.Namespace(id=None, json=True)
    run(before())
    assert replay.run(every, settings) == 1, "nothing is mended yet"
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "not registered" in told["error"]
    source = "extends: regionh\nname: Psykiatriens nye journal\norganisation: {sor: 399841000016000}\n"
    (mappings / "sources" / "psyk-ny.yaml").write_text(f'{source}senders: ["COSMIC|PSYK"]\n', "utf-8")
    assert replay.run(every, settings) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"] == ""
    run(after())
