"""`gateway serve` as an operator runs it: it says where it is, stops when told, and leaves nothing running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from structlog.testing import capture_logs

from gateway.cli.again import again
from gateway.cli.listening import bound
from gateway.errors import SettingsError, Unavailable

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fp-serve-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def start(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    environment = os.environ | {
        "GATEWAY_DATA_FOLDER": str(folder),
        "GATEWAY_HTTP_PORT": "0",
        "GATEWAY_MLLP_PORT": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve"], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = {}
    for line in process.stdout:
        name, _, value = line.strip().partition("  ")
        lines[name] = value
        if "MLLP" in lines:
            break
    return process, lines["HTTP"], lines["MLLP"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_and_its_database_with_it_and_its_secrets_are_the_owners_alone(
    folder: Path, sign: signal.Signals
) -> None:
    process, url, mllp = start(folder)
    try:
        with urlopen(f"{url}/health/ready", timeout=10) as answer:
            assert answer.status == 200
        with urlopen(f"{url}/fhir/metadata", timeout=10) as answer:
            assert json.load(answer)["fhirVersion"] == "4.0.1"
        assert mllp.startswith("127.0.0.1:")
    finally:
        process.send_signal(sign)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert not (folder / "postgres" / "cluster" / "postmaster.pid").exists()
    for name in ("secret", "log-key.pem", "token-key.pem"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"HTTP door .* at 127\.0\.0\.1:{port}\. Set .*GATEWAY_HTTP_PORT"):
            bound("127.0.0.1", port)
    with pytest.raises(SettingsError, match=r"HTTP door .* \(the address is not known\) at no\.example\.invalid:0\."):
        bound("no.example.invalid", 0)


def test_nothing_that_goes_wrong_ends_work_that_is_done_again_and_again() -> None:
    failures = [Unavailable(), SettingsError("x"), ValueError("2512489996")]

    async def work() -> None:
        if not failures:
            raise asyncio.CancelledError
        raise failures.pop(0)

    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        asyncio.run(again(0, work, "counting"))
    assert [entry["event"] for entry in logs] == ["waits for the database", "failed", "failed"]
    assert {entry["work"] for entry in logs} == {"counting"}
    assert "2512489996" not in str(logs)
