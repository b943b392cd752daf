"""What an operator does and a reader sees: `gateway fetch` and the serving gateway ask case systems on real sockets."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest

from gateway.bootstrap import opened
from gateway.cli import check, fetch
from gateway.cli.serve import running
from gateway.errors import SettingsError
from gateway.flows import fetch as fetching
from tests.acceptance.test_delivery import Site, site
from tests.outbound.case_system import CPR, CaseSystem, Momentum, Nexus, Reply, grant, listening

__all__ = ["site"]

NEXUS, MOMENTUM = "koebenhavn-nexus", "koebenhavn-momentum"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEXUS_SECRET", "hush")
    (tmp_path / "key").write_text("k3y\n")


def connect(site: Site, system: CaseSystem, **more: Any) -> str:
    """The source that asks this system."""
    name, root = (NEXUS, "/api/v2/") if isinstance(system, Nexus) else (MOMENTUM, "/api/")
    there = {"url": system.url + root, "token": f"{system.url}/token", "client": "fp", "secret": "NEXUS_SECRET"}
    there |= {"key": str(site.folder / "key")} if name == MOMENTUM else {}
    site.source(name, fetch=there | more)
    return name


@contextmanager
def elsewhere(system: CaseSystem) -> Iterator[CaseSystem]:
    """The system in a thread of its own: a command brings its own loop."""
    loop = asyncio.new_event_loop()
    opened = listening(system)
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result(5)
        yield system
        asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def command(site: Site, *words: str) -> int:
    parser = argparse.ArgumentParser()
    fetch.arguments(parser)
    return fetch.run(parser.parse_args(words), site.settings)


def test_an_operator_fetches_and_sees_counts_alone(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    system = Nexus()
    system.add(CPR, [grant(1)])
    with elsewhere(system), caplog.at_level(logging.DEBUG):
        name = connect(site, system)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{CPR[:6]}-{CPR[6:]}\n\n"))
        assert command(site, "--source", name, "--citizen", "-", "--json") == 0
        first = json.loads(capsys.readouterr().out)
        assert (first["new"], first["unchanged"], first["failure"]) == (1, 0, "")
        system.answers["GET /api/v2/grants/1"] = lambda _: Reply(None, 418)
        assert command(site, "--source", name) == 1, "known by now, and asked for"
        assert "1 failed" in capsys.readouterr().out
        assert command(site, "--state") == 1
        told = capsys.readouterr().out
        assert "1 citizens, 1 failing" in told
        assert "  1: The system answered HTTP 418 at grants." in told
        assert CPR not in told + caplog.text
        assert "Bruno" not in told + caplog.text


def test_the_serving_gateway_asks_by_itself_and_the_metrics_tell(site: Site) -> None:
    async def test() -> None:
        system = Nexus()
        system.add(CPR, [grant(1)])
        async with listening(system):
            name = connect(site, system)
            async with opened(site.settings) as gateway:
                source = gateway.sources[name]
                await fetching.fetch(gateway, fetch.opened_systems(gateway, site.settings), source, [CPR])
            before = len(system.asked)
            async with running(site.settings) as here, httpx2.AsyncClient(base_url=here.url) as client:
                page = ""
                while f'gateway_fetch_failing_citizens{{source="{name}"}} 0.0' not in page:
                    page = (await client.get("/metrics")).text
                assert len(system.asked) > before
                assert "unchanged" in page
                assert CPR not in page

    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_gateway_whose_secret_is_not_there_does_not_start(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXUS_SECRET")
    connect(site, Nexus(port=1))
    connect(site, Momentum(port=1))

    async def test() -> None:
        async with running(site.settings):
            pass

    with pytest.raises(SettingsError) as caught:
        asyncio.run(test())
    assert "NEXUS_SECRET (koebenhavn-momentum)" in caught.value.told()
    assert "NEXUS_SECRET (koebenhavn-nexus)" in caught.value.told()


def test_what_is_wrong_under_fetch_is_told_with_its_line(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    file = site.settings.mappings_folder / "sources" / f"{NEXUS}.yaml"
    lines = len(file.read_text("utf-8").splitlines())
    site.source(NEXUS, fetch={"url": "http://nexus.example/", "token": "https://x/", "client": "c", "secrt": "A"})
    parser = argparse.ArgumentParser()
    check.arguments(parser)
    assert check.run(parser.parse_args([]), replace(site.settings)) == 1
    told = capsys.readouterr().out
    assert "unknown key secrt (did you mean secret?)" in told
    assert f"mappings/sources/{NEXUS}.yaml:{lines + 1}: fetch: secret is missing" in told
    assert "use https" in told
