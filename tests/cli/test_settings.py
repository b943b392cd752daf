"""What is wrong with a setting is told by its name, before anything else happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import cli
from gateway.errors import SettingsError
from gateway.settings import Settings, read

PROJECT = Path(__file__).parents[2]
ADMISSION = PROJECT / "mappings" / "hl7v2" / "examples" / "admission.hl7"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("HTTP_PORT", "99999", "a whole number from 0 to 65535"),
        ("HTTP_PORT", "x", "a whole number from 0 to 65535"),
        ("DATABASE_CONNECTIONS", "0", "a whole number, at least 1"),
        ("CHECKPOINT_SECONDS", "nan", "a number, at least 0.01"),
        ("WITNESS_SECONDS", "inf", "a number, at least 0.01"),
        ("MESSAGE_BYTES", "-1", "a whole number, at least 1000"),
        ("MLLP_IDLE_SECONDS", "-1", "a whole number, at least 1"),
        ("QUARANTINE_DAYS", "-1", "a whole number, at least 0"),
        ("DPOP_NONCES", "maybe", "yes or no"),
        ("DATABASE_URL", "mysql://root:geheim@db", "a postgresql:// URL"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_what_it_must_be(name: str, value: str, wanted: str) -> None:
    with pytest.raises(SettingsError) as told:
        read({f"GATEWAY_{name}": value})
    assert f"GATEWAY_{name} must be {wanted}." in told.value.told()
    assert "geheim" not in told.value.told()


def test_all_that_is_wrong_is_told_at_once_and_defaults_are_right() -> None:
    with pytest.raises(SettingsError) as told:
        read({"GATEWAY_HTTP_PORT": "-1", "GATEWAY_NONSENSE": "1", "GATEWAY_LOG_DAYS": "x"})
    assert all(name in told.value.told() for name in ("HTTP_PORT", "NONSENSE is not a setting", "LOG_DAYS"))
    assert read({}) == Settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_two_doors_at_one_port_are_told(host: str) -> None:
    given = {"GATEWAY_HTTP_PORT": "2575", "GATEWAY_MLLP_HOST": host}
    with pytest.raises(SettingsError) as told:
        read(given)
    assert "GATEWAY_HTTP_PORT and GATEWAY_MLLP_PORT are one port" in told.value.told()
    assert read({**given, "GATEWAY_MLLP_HOST": "127.0.0.2"}).http_port == 2575
    assert read({"GATEWAY_HTTP_PORT": "0", "GATEWAY_MLLP_PORT": "0"}).mllp_port == 0, "any two free ones"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"HTTP_HOST": "::1", "HTTP_PORT": "0"}, "http://[::1]:4711"),
        ({"HTTP_CERTIFICATE": "a.pem", "HTTP_PORT": "0"}, "https://127.0.0.1:4711"),
        ({"PUBLIC_URL": "https://plan.example.dk", "HTTP_HOST": "::1"}, "https://plan.example.dk"),
    ],
)
def test_by_what_url_the_doors_are_called(given: dict[str, str], url: str) -> None:
    settings = read({f"GATEWAY_{name}": value for name, value in given.items()})
    assert settings.url(0 if settings.http_port else 4711) == url


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GATEWAY_MAPPINGS_FOLDER", "nowhere", "There is no such mappings folder at nowhere."),
        (
            "GATEWAY_DATA_FOLDER",
            "/dev/null/data",
            "The data folder cannot be made (Not a directory) at /dev/null/data.",
        ),
        (
            "GATEWAY_DATABASE_URL",
            "postgresql://nobody:geheim@127.0.0.1:1/x",
            "The database cannot be reached. GATEWAY_DATABASE_URL names it.",
        ),
    ],
)
def test_what_is_not_there_is_told_in_one_line(
    name: str,
    value: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv(name, value)
    command = ["translate", str(ADMISSION)] if "MAPPINGS" in name else ["migrate"] if "URL" in name else ["replay"]
    assert cli.main(command) == 1
    assert capsys.readouterr().err == words + "\n"


def test_check_tells_a_mappings_folder_that_is_not_there_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_MAPPINGS_FOLDER", "nowhere")
    assert cli.main(["check"]) == 1
    assert capsys.readouterr().out == "nowhere: there is no such mappings folder\n1 error\n"


def test_a_reader_that_leaves_early_ends_the_command_quietly() -> None:
    command = [sys.executable, "-m", "gateway", "codes", "v2-role"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141
